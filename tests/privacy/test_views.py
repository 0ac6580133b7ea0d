"""The screens of consent and privacy: who sees what, what is kept, and what odd input becomes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import Role, may
from embudo.core.event import DAY, Door
from embudo.eventlog import Cursor
from embudo.leads import expiry
from embudo.leads.models import Person
from embudo.leads.story import history_of
from embudo.privacy.consent import Act, give, standings
from embudo.privacy.link import token_of
from embudo.privacy.models import Purpose, Wording
from embudo.privacy.receipts import receipts
from embudo.work.models import Job
from tests.cast import MONDAY, ada
from tests.leads.views.conftest import SignIn, text
from tests.privacy.conftest import Following

Purposes = dict[str, Purpose]
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
PERSON = f"/people/{ada.subject}"
SEEN = {
    "/privacy/": "privacy.see",
    "/privacy/stored/": "privacy.see",
    "/privacy/purposes/new/": "purposes.edit",
    "/privacy/purposes/phone/": "privacy.see",
    "/privacy/purposes/phone/receipts/": "privacy.see",
    "/privacy/retention/": "retention.edit",
    "/privacy/erasures/": "people.erase",
    f"{PERSON}/consents/": "people.see",
    f"{PERSON}/consents/phone/": "consents.record",
    f"{PERSON}/everything/": "people.take_out",
    f"{PERSON}/erasure/": "people.erase",
}
DONE = {
    "/privacy/purposes/new/": "purposes.edit",
    "/privacy/purposes/phone/": "purposes.edit",
    "/privacy/purposes/phone/archival/": "purposes.edit",
    "/privacy/purposes/phone/reopening/": "purposes.edit",
    "/privacy/retention/": "retention.edit",
    f"{PERSON}/consents/phone/": "consents.record",
    f"{PERSON}/everything/": "people.take_out",
    f"{PERSON}/erasure/": "people.erase",
}


@pytest.fixture
def known(site: Following, purposes: Purposes) -> Following:
    """Ada is known."""
    site.hears(ada.visits("/pricing").submits("contact"))
    return site


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_and_does_what_the_table_says(known: Following, sign_in: SignIn, role: Role) -> None:
    client = sign_in(role.value)
    for path, permission in SEEN.items():
        assert client.get(path).status_code == (200 if may(role, permission) else 403), path
    for path, permission in DONE.items():
        assert (client.post(path).status_code == 403) is not may(role, permission), path


def test_strangers_are_sent_to_the_door_and_nothing_changes(known: Following, client: Any) -> None:
    before = len(known.log.read(Cursor(), 1000)[0])
    for path in SEEN:
        assert "/sign-in/" in client.get(path)["Location"]
    for path in DONE:
        assert "/sign-in/" in client.post(path, {"answer": "yes", "why": "x", "sure": "1", "act": "keep"})["Location"]
    assert len(known.log.read(Cursor(), 1000)[0]) == before
    assert not Job.objects.exists()


def test_without_the_forms_token_nothing_is_done(known: Following, sign_in: SignIn) -> None:
    client = sign_in("admin", enforce_csrf_checks=True)
    for path in DONE:
        assert client.post(path, {"why": "asked", "sure": "1"}).status_code == 403
    assert not Job.objects.exists()


def test_gets_change_nothing(known: Following, sign_in: SignIn) -> None:
    client = sign_in("admin")
    before = len(known.log.read(Cursor(), 1000)[0]), AuditEntry.objects.count(), Wording.objects.count()
    for path in SEEN:
        client.get(path + "?act=keep&answer=yes&why=x&sure=1&days.page_viewed=1")
    for path in ("/privacy/purposes/phone/archival/", "/privacy/purposes/phone/reopening/"):
        assert client.get(path).status_code == 405
    assert (len(known.log.read(Cursor(), 1000)[0]), AuditEntry.objects.count(), Wording.objects.count()) == before
    assert not Job.objects.exists() and not expiry.days_of(known.config)


# -- purposes -------------------------------------------------------------------------------------------


def words(**fields: str) -> dict[str, str]:
    return {"label": "Fax", "title_en": "Fax", "text_en": "You may fax me.", **fields}


def test_a_purpose_is_added_put_in_other_words_archived_and_brought_back(known: Following, sign_in: SignIn) -> None:
    client = sign_in("marketing")
    assert client.post("/privacy/purposes/new/", words(label="Fax é à")).status_code == 302
    fax = Purpose.objects.get(code="fax_e_a")
    client.post("/privacy/purposes/fax_e_a/", words(text_en="You may fax me at night."))
    assert fax.version == 2
    page = text(client.get("/privacy/purposes/fax_e_a/"))
    assert "You may fax me at night." in page and "You may fax me.</p>" in page
    client.post("/privacy/purposes/fax_e_a/archival/")
    assert Purpose.objects.get(pk=fax.pk).archived and fax not in Purpose.in_use()
    client.post("/privacy/purposes/fax_e_a/reopening/")
    assert fax in Purpose.in_use()
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"purpose_added", "purpose_worded", "purpose_archived", "purpose_reopened"} <= verbs


def test_two_purposes_of_one_name_have_two_codes(known: Following, sign_in: SignIn) -> None:
    client = sign_in("marketing")
    for label in ("Fax", "Fax", "日本", "9 lives"):
        client.post("/privacy/purposes/new/", words(label=label))
    assert {"fax", "fax_2", "purpose", "purpose_9_lives"} <= set(Purpose.objects.values_list("code", flat=True))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"text_en": "", "title_en": ""}, "in one language at least"),
        ({"label": ""}, "required"),
        ({"title_es": "Fax"}, "needs words below it"),
        ({"text_en": "x" * 4001}, "4000"),
    ],
)
def test_what_cannot_be_asked_is_told_and_nothing_typed_is_lost(
    known: Following, sign_in: SignIn, fields: dict[str, str], told: str
) -> None:
    answer = sign_in("marketing").post("/privacy/purposes/new/", words(**fields))
    assert answer.status_code == 422
    assert told in text(answer) and (fields.get("label") == "" or "Fax" in text(answer))


def test_words_are_text_everywhere(known: Following, sign_in: SignIn) -> None:
    client = sign_in("admin")
    evil = "<script>alert(1)</script>{{ request.user }}{% load static %}"
    client.post("/privacy/purposes/phone/", words(label=evil[:100], title_en=evil[:100], text_en=evil))
    give(Purpose.objects.get(code="phone").wording("en"), f"person:{ada.subject}", act=Act.STAFF, id="c1", how=evil)
    for path in ("/privacy/", "/privacy/purposes/phone/", f"{PERSON}/consents/", f"{PERSON}/consents/phone/",
                 f"/consent/{token_of(ada.subject)}/", "/changes/", f"{PERSON}/"):  # fmt: skip
        page = text(client.get(path))
        assert "<script>alert" not in page, path
        assert "{{ request.user }}" in page or "alert(1)" not in page, path


def test_receipts_are_counted_by_version_and_language(known: Following, sign_in: SignIn, purposes: Purposes) -> None:
    for number, language in enumerate(("en", "en", "es")):
        wording = purposes["phone"].wording(language)
        give(wording, f"person:{ada.subject}", act=Act.STAFF, id=f"c{number}", at=MONDAY + number)
    known.log.seal()
    purposes["phone"].word({"en": ("", "Other words.")}, by=None)
    give(purposes["phone"].wording("en"), f"person:{ada.subject}", act=Act.STAFF, id="c9", at=MONDAY + 9)
    known.hears(ada.journey(MONDAY + DAY).through(Door.SECRET).does("consent_given", purposes={"phone": True}))
    client = sign_in("sales")
    rows = client.get("/privacy/purposes/phone/receipts/").context["rows"]
    counted = [(version, language, count) for version, language, count, _known in rows]
    assert counted == [(2, "English", 1), (1, "Español", 1), (1, "English", 2), (0, "", 1)]


# -- a person's consents ----------------------------------------------------------------------------------


def answered(answer: str = "yes", **fields: str) -> dict[str, str]:
    return {"answer": answer, "how": "phone", "at": "", "language": "en", "fact": "a" * 32, **fields}


def test_what_a_person_said_is_written_down_with_who_how_and_when(known: Following, sign_in: SignIn) -> None:
    Wording.objects.update(created_at=NEW_YEAR)
    client = sign_in("sales")
    path = f"{PERSON}/consents/phone/"
    posted = answered(at="2026-03-05T10:30", note="She called us")
    assert client.post(path, posted)["Location"] == f"{PERSON}/"
    client.post(path, posted)
    (standing,) = [each for each in standings(history_of(ada.subject)) if each.said]
    assert standing.given and len(standing.answers) == 1
    slot = text(client.get(f"{PERSON}/consents/", headers={"HX-Request": "true"}))
    expected = ("Agreed", "on the phone", "written down by sales", "She called us", "version 1, English", "5 Mar 2026")
    assert [words for words in expected if words not in slot] == []
    assert "<html" not in slot and "<html" in text(client.get(f"{PERSON}/consents/"))
    client.post(path, answered("no", fact="b" * 32))
    assert "Withdrew or refused" in text(client.get(f"{PERSON}/consents/"))
    known.follower.catch_up()
    known.agrees()


def test_the_receipt_of_an_earlier_answer_names_the_words_of_then(
    known: Following, sign_in: SignIn, purposes: Purposes
) -> None:
    Wording.objects.update(created_at=NEW_YEAR)
    purposes["phone"].word({"en": ("Phone", "Other words of today.")}, by=None)
    client, path = sign_in("sales"), f"{PERSON}/consents/phone/"
    for number, at in enumerate(("2025-06-01T10:00", "2026-03-05T10:30", "")):
        client.post(path, answered(at=at, fact=str(number) * 32))
    (standing,) = [each for each in standings(history_of(ada.subject)) if each.said]
    said = [(each.version, bool(each.words), each.altered) for each in receipts(standing)]
    assert said == [(2, True, False), (1, True, False), ("", False, False)]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"at": "2999-01-01T00:00"}, "lies ahead"),
        ({"at": "0001-01-01T00:00"}, "too long ago"),
        ({"at": "yesterday"}, "valid date"),
        ({"answer": "maybe"}, "not one of the available"),
        ({"how": "carrier pigeon"}, "not one of the available"),
        ({"language": "fr"}, "not one of the available"),
        ({"note": "x" * 501}, "at most 500"),
    ],
)
def test_odd_answers_are_told(known: Following, sign_in: SignIn, fields: dict[str, str], told: str) -> None:
    answer = sign_in("sales").post(f"{PERSON}/consents/phone/", answered(**fields))
    assert answer.status_code == 422 and told in text(answer)
    assert not any(each.said for each in standings(history_of(ada.subject)))


def test_the_link_of_their_own_page_can_be_copied(known: Following, sign_in: SignIn) -> None:
    assert f"/consent/{token_of(ada.subject)}/" in text(sign_in("sales").get(f"{PERSON}/consents/"))


def test_receipts_with_other_words_than_kept_say_so(known: Following, sign_in: SignIn, purposes: Purposes) -> None:
    give(purposes["phone"].wording("en"), f"person:{ada.subject}", act=Act.STAFF, id="c1")
    Wording.objects.filter(purpose=purposes["phone"]).update(text="tampered")
    assert "the words kept here are other ones" in text(sign_in("sales").get(f"{PERSON}/consents/"))


# -- how long facts stay ----------------------------------------------------------------------------------


def test_a_change_is_previewed_then_kept_and_holds(known: Following, sign_in: SignIn) -> None:
    known.log.seal()
    known.hears(ada.journey(MONDAY + DAY).visits("/docs"))
    client = sign_in("admin")
    preview = client.post("/privacy/retention/", {"days.page_viewed": "30", "days.*": "", "act": "preview"})
    assert preview.context["leaving"] == 2
    assert "would leave within a day" in text(preview)
    assert expiry.days_of(known.config) == {}
    client.post("/privacy/retention/", {"days.page_viewed": "30", "days.*": "4000", "act": "keep"})
    assert expiry.days_of(known.config) == {"page_viewed": 30, "*": 4000}
    assert AuditEntry.objects.get(verb="retention_changed").detail == {"old": "—", "new": "*=4000d, page_viewed=30d"}

    events = Person.objects.get(mail=ada.mail).events
    evidence = expiry.expire(known.config, known.log, at=MONDAY + 60 * DAY, followed=True)
    known.follower.catch_up()
    assert evidence.rows == 2
    assert Person.objects.get(mail=ada.mail).events == events - 2
    known.agrees()


def test_the_preview_is_what_leaves(known: Following, sign_in: SignIn) -> None:
    known.hears(ada.journey(MONDAY + DAY).visits("/docs").requests("demo"))
    known.log.seal()
    for days in ({"*": 30}, {"page_viewed": 30, "*": 40}, {"form_submitted": 1}):
        policy, at = expiry.as_policy(days), MONDAY + 45 * DAY
        expected = sum(held.leaving for held in known.log.survey(policy, at=at).values())
        rows = len(known.log.read(Cursor(), 10_000)[0])
        assert known.log.retain(policy, at=at).rows == expected
        assert len(known.log.read(Cursor(), 10_000)[0]) == rows - expected


def test_consents_and_who_is_who_stay_whatever_is_typed(known: Following, sign_in: SignIn, purposes: Purposes) -> None:
    give(purposes["phone"].wording("en"), f"person:{ada.subject}", act=Act.STAFF, id="c1", at=MONDAY)
    sign_in("admin").post("/privacy/retention/", {"days.consent_given": "1", "days.*": "1", "act": "keep"})
    assert expiry.days_of(known.config) == {"*": 1}
    expiry.expire(known.config, known.log, at=MONDAY + 400 * DAY, followed=True)
    assert any(each.given for each in standings(history_of(ada.subject)))


@pytest.mark.parametrize("typed", ["0", "-1", "1.5", "abc", "36501", "99999999", "٣", "1e3"])
def test_days_that_are_none_are_told_and_nothing_is_kept(known: Following, sign_in: SignIn, typed: str) -> None:
    answer = sign_in("admin").post("/privacy/retention/", {"days.page_viewed": typed, "act": "keep"})
    assert answer.status_code == 422
    assert "Write whole days" in text(answer) and f'value="{typed}"' in text(answer)
    assert expiry.days_of(known.config) == {}


def test_what_the_operator_settled_is_not_changed_here(known: Following, sign_in: SignIn, settings: Any) -> None:
    from dataclasses import replace

    settings.EMBUDO = replace(known.config, retention=(("page_viewed", 700),))
    client = sign_in("admin")
    assert "EMBUDO_RETENTION" in text(client.get("/privacy/retention/"))
    client.post("/privacy/retention/", {"days.page_viewed": "1", "act": "keep"})
    assert expiry.days_of(settings.EMBUDO) == {"page_viewed": 700}
    assert expiry.days_of(known.config) == {}


def test_a_damaged_setting_lets_nothing_go(known: Following) -> None:
    file = known.config.data / expiry.SETTLED
    for content in ("", "[1]", "{", '{"page_viewed": "1"}', '{"page_viewed": -1}', "null"):
        file.write_text(content)
        assert expiry.days_of(known.config) == {}
