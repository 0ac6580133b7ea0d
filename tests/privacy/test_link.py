"""A person's own page: nobody makes a link, a GET changes nothing, and nothing of the person is shown."""

import logging
import re
from typing import Any

import pytest
from django.test import Client

from embudo.accounts.log_lines import WithoutLinks
from embudo.core.event import DAY
from embudo.eventlog import Cursor
from embudo.leads import follow
from embudo.leads.erasure import erase
from embudo.leads.lock import Lock
from embudo.leads.story import history_of
from embudo.privacy.consent import Act, give, standings
from embudo.privacy.link import BadToken, person_in, token_of
from embudo.privacy.models import Purpose
from embudo.privacy.views import link as views
from tests.cast import MONDAY, ada, bruno
from tests.leads.test_identity import merged
from tests.privacy.conftest import Following

Purposes = dict[str, Purpose]


@pytest.fixture(autouse=True)
def _fresh_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_answers", views.Recent(views.WINDOW_S))
    monkeypatch.setattr(views, "_misses", views.Recent(views.WINDOW_S))


def address(person: int) -> str:
    return f"/consent/{token_of(person)}/"


def facts(site: Following) -> int:
    return len(site.log.read(Cursor(), 10_000)[0])


def given(person: int) -> dict[str, bool]:
    return {each.code: each.given for each in standings(history_of(person)) if each.said}


def stranger(**headers: str) -> Client:
    return Client(enforce_csrf_checks=True, headers={"accept-language": "en", **headers})


def fields(page: Any, code: str, answer: str) -> dict[str, str]:
    """What the button of one purpose sends."""
    forms = re.findall(r"<form.*?</form>", page.content.decode(), re.S)
    mine = next(each for each in forms if f'value="{code}"' in each and f'value="{answer}"' in each)
    return {**dict(re.findall(r'name="(fact|purpose|wording)" value="([^"]*)"', mine)), "answer": answer}


# -- tokens ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [0, 1, ada.subject, 2**63 - 1, -(2**63)])
def test_a_token_names_one_person_and_says_nothing_of_them(person: int) -> None:
    token = token_of(person)
    assert person_in(token) == person
    assert len(token) == 32
    assert str(person) not in token or person in (0, 1)
    assert token_of(person) == token


def test_a_token_with_one_character_changed_is_no_token() -> None:
    token = token_of(ada.subject)
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(BadToken):
            person_in(token[:place] + other + token[place + 1 :])


@pytest.mark.parametrize("token", ["", "x", "A" * 32, "A" * 31, "A" * 33, "é" * 32, "../../etc/passwd", " " * 32])
def test_what_was_not_made_here_is_no_token(token: str) -> None:
    with pytest.raises(BadToken):
        person_in(token)


def test_two_peoples_tokens_have_nothing_in_common_and_another_secret_makes_others(settings: Any) -> None:
    one, other = token_of(1), token_of(2)
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 8
    settings.SECRET_KEY = "another"
    assert token_of(1) != one
    with pytest.raises(BadToken):
        person_in(one)


# -- the page -------------------------------------------------------------------------------------------


def test_a_get_shows_nothing_of_the_person_and_changes_nothing(site: Following, purposes: Purposes) -> None:
    site.hears(ada.visits("/pricing").submits("contact"))
    before = facts(site)
    for method in ("get", "head"):
        page = getattr(stranger(), method)(address(ada.subject))
        assert page.status_code == 200
        assert not page.cookies
        assert page["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page["X-Robots-Tag"]
        assert "no-store" in page["Cache-Control"]
    shown = stranger().get(address(ada.subject)).content.decode()
    assert "Not answered yet" in shown and ">No<" not in shown
    assert "News by e-mail" in shown and "Contact by phone" in shown
    for secret in (ada.mail, ada.name, ada.company, str(ada.subject), ada.phone or "+52"):
        assert secret not in shown
    assert "<script" not in shown and "style=" not in shown
    for address_ in (f"{address(ada.subject)}newsletter/", f"{address(ada.subject)}?answer=none&purpose=newsletter"):
        assert stranger().get(address_).status_code == 200
    assert facts(site) == before


def test_the_buttons_agree_and_withdraw_without_a_cookie(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"))
    client = stranger()
    pressed = fields(client.get(address(ada.subject)), "newsletter", "yes")
    answer = client.post(address(ada.subject), pressed)
    assert (answer.status_code, answer["Location"]) == (302, f"{address(ada.subject)}?done=1")
    assert given(ada.subject) == {"newsletter": True}
    assert "Saved." in client.get(answer["Location"]).content.decode()

    said = standings(history_of(ada.subject))[0].said
    assert said is not None
    wording = purposes["newsletter"].wording("en")
    assert said.props["wording_hash"] == wording.hash and said.props["act"] == "link"

    before = facts(site)
    client.post(address(ada.subject), pressed)  # a double click
    assert facts(site) == before

    client.post(address(ada.subject), fields(client.get(address(ada.subject)), "newsletter", "no"))
    assert given(ada.subject) == {"newsletter": False}
    assert ">No<" in client.get(address(ada.subject)).content.decode()
    site.follower.catch_up()
    site.agrees()


def test_all_consents_are_taken_back_at_once(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"))
    for code in ("newsletter", "phone"):
        give(purposes[code].wording("en"), f"person:{ada.subject}", act=Act.STAFF, id=code, at=MONDAY + DAY)
    stranger().post(address(ada.subject), {"answer": "none"})
    assert given(ada.subject) == {"newsletter": False, "phone": False}


def test_the_words_that_were_seen_are_the_words_of_the_receipt(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"))
    client = stranger()
    seen = fields(client.get(address(ada.subject)), "phone", "yes")
    purposes["phone"].word({"en": ("Phone", "Other words altogether.")}, by=None)
    client.post(address(ada.subject), seen)
    said = next(each.said for each in standings(history_of(ada.subject)) if each.code == "phone")
    assert said is not None and said.props["wording_version"] == 1


@pytest.mark.parametrize(
    "posted",
    [
        {}, {"answer": "maybe"}, {"answer": "yes"}, {"answer": "yes", "wording": "999999"},
        {"answer": "yes", "wording": "1 OR 1=1"}, {"answer": "yes", "wording": "9" * 40}, {"answer": "no"},
        {"answer": "no", "purpose": "' OR 1=1 --"}, {"answer": "no", "purpose": "x" * 500},
    ],
)  # fmt: skip
def test_odd_answers_record_nothing(site: Following, purposes: Purposes, posted: dict[str, str]) -> None:
    site.hears(ada.submits("contact"))
    before = facts(site)
    assert stranger().post(address(ada.subject), posted).status_code == 302
    assert facts(site) == before


def test_an_archived_purpose_is_not_agreed_to_but_can_be_withdrawn(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"))
    wording = purposes["phone"].wording("en")
    give(wording, f"person:{ada.subject}", act=Act.STAFF, id="c1", at=MONDAY + DAY)
    Purpose.objects.filter(code="phone").update(archived_at="2026-01-01T00:00Z")
    client = stranger()
    client.post(address(ada.subject), fields(client.get(address(ada.subject)), "phone", "no"))
    assert given(ada.subject)["phone"] is False
    client.post(address(ada.subject), {"answer": "yes", "wording": str(wording.pk)})
    assert given(ada.subject)["phone"] is False


def test_one_post_of_a_mail_program_withdraws_one_purpose(site: Following, purposes: Purposes) -> None:
    """RFC 8058: no cookie, no session, no redirect."""
    site.hears(ada.submits("contact"))
    for code in ("newsletter", "phone"):
        give(purposes[code].wording("en"), f"person:{ada.subject}", act=Act.STAFF, id=code, at=MONDAY + DAY)
    answer = stranger().post(f"{address(ada.subject)}newsletter/", {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, dict(answer.cookies)) == (200, {})
    assert given(ada.subject) == {"newsletter": False, "phone": True}
    assert stranger().post(f"{address(ada.subject)}nothing/").status_code == 404


def test_the_page_speaks_the_language_of_the_browser(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"))
    spanish = Client(headers={"accept-language": "es-MX,es;q=0.9"}).get(address(ada.subject)).content.decode()
    assert '<html lang="es">' in spanish and "Contacto por teléfono" in spanish
    portuguese = Client(headers={"accept-language": "pt-BR"}).get(address(ada.subject)).content.decode()
    assert "Contato por telefone" in portuguese


def test_forged_links_are_all_alike_and_many_of_them_must_wait(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"))
    token = token_of(ada.subject)
    forged = [token[:-1] + "A" if token[-1] != "A" else token[:-1] + "B", "A" * 32, token_of(12345), "x", "%2e%2e"]
    answers = {
        (answer.status_code, answer.content) for each in forged for answer in [stranger().get(f"/consent/{each}/")]
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    for _ in range(views.MISSES):
        stranger().get("/consent/nothing/")
    answer = stranger().get("/consent/nothing/")
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")


def test_a_stranger_shuts_nobody_out(site: Following, purposes: Purposes) -> None:
    """Everybody may have one network address: a company, a phone network, a proxy that nobody listed."""
    site.hears(ada.submits("contact"), bruno.submits("contact"))
    for _ in range(views.MISSES + 1):
        stranger().get("/consent/nothing/")
    for _ in range(views.ANSWERS + 1):
        stranger().post(address(bruno.subject), {"answer": "x"})
    assert stranger().post(f"{address(ada.subject)}newsletter/").status_code == 200
    assert given(ada.subject) == {"newsletter": False}


def test_many_answers_by_one_link_must_wait(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"))
    statuses = [stranger().post(address(ada.subject), {"answer": "x"}).status_code for _ in range(views.ANSWERS + 1)]
    assert statuses == [302] * views.ANSWERS + [429]
    assert stranger().get(address(ada.subject)).status_code == 200


@pytest.mark.parametrize("one_click", [True, False])
def test_who_withdraws_while_merged_has_withdrawn_after_they_are_taken_apart(
    site: Following, purposes: Purposes, one_click: bool
) -> None:
    site.hears(ada.submits("contact"), bruno.submits("contact"))
    for person in (ada.subject, bruno.subject):
        words = purposes["newsletter"].wording("en")
        give(words, f"person:{person}", act=Act.STAFF, id=f"c{person}", at=MONDAY + DAY)
    site.hears(merged(ada.subject, bruno.subject))
    if one_click:
        stranger().post(f"{address(bruno.subject)}newsletter/")
    else:
        stranger().post(address(bruno.subject), {"answer": "none"})
    assert given(ada.subject)["newsletter"] is False
    site.hears(merged(ada.subject, bruno.subject, kind="people_unmerged", at=MONDAY + 21 * DAY))
    assert given(bruno.subject)["newsletter"] is False
    assert given(ada.subject)["newsletter"] is True
    site.agrees()


def test_the_link_goes_on_after_a_merge_and_ends_with_an_erasure(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"), bruno.submits("contact"), merged(ada.subject, bruno.subject))
    stranger().post(address(bruno.subject), {"answer": "no", "purpose": "phone"})
    assert given(ada.subject) == {"phone": False}
    erase(ada.subject, by="Luis", why="asked", log=site.log)
    follow.catch_up(site.log, Lock(site.config, "follow"))
    assert stranger().get(address(bruno.subject)).status_code == 404
    assert stranger().post(address(ada.subject), {"answer": "none"}).status_code == 404


def test_words_with_markup_are_text(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"))
    payload = "<script>alert(1)</script>{{ settings.SECRET_KEY }}{% load x %}<img src=x onerror=alert(2)>"
    purposes["phone"].word({"en": (payload[:100], payload)}, by=None)
    shown = stranger().get(address(ada.subject)).content.decode()
    assert "<script" not in shown and "<img" not in shown
    assert "{{ settings.SECRET_KEY }}" in shown


def test_other_methods_are_refused(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"))
    assert [getattr(stranger(), method)(address(ada.subject)).status_code for method in ("put", "delete")] == [405, 405]


def test_no_log_line_holds_a_link() -> None:
    token = token_of(ada.subject)
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (f"/consent/{token}/",), None)
    assert WithoutLinks().filter(record)
    assert record.getMessage() == "Not Found: /consent/..."
