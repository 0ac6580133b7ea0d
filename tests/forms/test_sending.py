"""What a form that was sent becomes: facts first, by the rules of the public door."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from embudo.core.event import Door, Verdict
from embudo.eventlog import Log, LogUnavailable
from embudo.forms import counts, sending
from embudo.forms.content import Content, Field, Kind, Means, Widget
from embudo.forms.counts import count
from embudo.forms.models import Form, Showing
from embudo.forms.ticket import Ticket
from embudo.leads.models import Person
from embudo.privacy.consent import standings
from embudo.privacy.models import Purpose, Wording
from tests.forms.conftest import FIELDS, fills_in, published

pytestmark = pytest.mark.usefixtures("slow_hands")
ANA = {"f_f1": "Ana@Norte.example", "f_f2": "Ana", "f_f3": "now", "f_f4": "1:en"}


def facts(log: Log) -> dict[str, Any]:
    rows, _cursor = log.read(log.end().moved(dict.fromkeys(range(log.shards), 0)), 1000)
    return {row.event.kind: row.event for row in rows if row.event.door is Door.PUBLIC}


def test_a_sent_form_is_a_fact_an_answer_and_a_receipt(visitor: Client, form: Form, log: Log) -> None:
    answer = fills_in(visitor, **ANA)
    assert answer.status_code == 200 and "Thanks!" in answer.content.decode()
    found = facts(log)
    assert set(found) == {"form_submitted", "survey_answered", "consent_given"}
    sent = found["form_submitted"]
    assert (sent.identifier, sent.door, sent.verdict) == ("mail:ana@norte.example", Door.PUBLIC, Verdict.HUMAN)
    assert sent.props["traits"] == {"email": "ana@norte.example", "first_name": "Ana"}
    assert (sent.props["form"], sent.props["version"], sent.source) == ("contact", 1, form.site.public_id)
    assert found["survey_answered"].props["fields"] == {"When?": "Now"}
    receipt = found["consent_given"].props
    wording = Purpose.objects.get(code="newsletter").wording("en")
    assert (receipt["purpose"], receipt["wording_version"], receipt["wording_hash"]) == ("newsletter", 1, wording.hash)
    assert receipt["act"] == "ticked" and receipt["form"] == "contact"


def test_the_person_is_there_with_attributes_consent_and_first_touch(
    visitor: Client, form: Form, follow: Callable[[], int], log: Log
) -> None:
    fills_in(visitor, query="?utm_source=fair&utm_medium=offline", **ANA)
    follow()
    ana = Person.objects.get(mail="ana@norte.example")
    assert (ana.known, ana.stage, ana.source, ana.medium) == (True, "lead", "fair", "offline")
    assert ana.attributes["first_name"] == "Ana"
    news = next(each for each in standings(log.history({ana.id})) if each.code == "newsletter")
    assert news.given


def test_a_box_that_is_not_ticked_is_no_consent(visitor: Client, form: Form, log: Log) -> None:
    fills_in(visitor, **{**ANA, "f_f4": ""})
    assert "consent_given" not in facts(log)


def test_words_that_have_changed_meanwhile_are_read_again(visitor: Client, form: Form, log: Log) -> None:
    answer = fills_in(visitor, **{**ANA, "f_f4": "7:en"})
    assert answer.status_code == 422
    assert "The words have changed" in answer.content.decode()
    assert facts(log) == {}


def test_the_edition_that_stood_beside_the_box_is_the_one_of_the_receipt(visitor: Client, form: Form, log: Log) -> None:
    page = visitor.get("/f/contact/").content.decode()
    assert 'value="1:en"' in page
    Purpose.objects.get(code="newsletter").word({"en": ("News", "Other words.")}, by=None)
    fills_in(visitor, **ANA)
    assert facts(log)["consent_given"].props["wording_version"] == 1
    assert 'value="2:en"' in visitor.get("/f/contact/").content.decode()


def test_a_double_click_counts_once_and_a_correction_is_a_fact_of_its_own(
    visitor: Client, form: Form, log: Log
) -> None:
    from tests.forms.conftest import hidden

    kept = hidden(visitor.get("/f/contact/").content.decode())
    for answers in (ANA, ANA, {**ANA, "f_f2": "Anna"}):
        assert visitor.post("/f/contact/", {**kept, **answers}).status_code == 200
    assert log.ledger().kept == 6
    assert count(form, 1).sent == 1


def test_what_is_missing_is_said_and_what_was_typed_stays(visitor: Client, form: Form, log: Log) -> None:
    answer = fills_in(visitor, f_f1="ana@", f_f2="Ana <b>", f_f3="never")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "is no mail address" in page and "Choose one of the answers offered." in page
    assert 'value="ana@"' in page and "Ana &lt;b&gt;" in page
    assert facts(log) == {}


def test_when_the_log_is_down_nothing_is_promised_and_nothing_typed_is_lost(
    visitor: Client, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> Any:
        raise LogUnavailable("the disk is full")

    monkeypatch.setattr(sending, "the_log", down)
    answer = fills_in(visitor, **ANA)
    page = answer.content.decode()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert 'value="Ana@Norte.example"' in page and "still here" in page
    assert 'value="1:en" checked' in page
    assert count(form, 1).sent == 0


def test_a_crash_between_log_and_table_is_found_out(
    visitor: Client, form: Form, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embudo.forms import counts

    fills_in(visitor, **ANA)
    Showing.objects.update(sent_at=None, verdict="")
    monkeypatch.setattr(counts, "WAITS", -1)
    assert counts.settle(form) == 1
    assert count(form, 1).sent == 1


def test_a_row_whose_fact_was_never_kept_is_no_sending(
    visitor: Client, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embudo.forms import counts

    monkeypatch.setattr(sending, "the_log", lambda: (_ for _ in ()).throw(LogUnavailable("down")))
    fills_in(visitor, **ANA)
    monkeypatch.setattr(counts, "WAITS", -1)
    assert counts.settle(form) == 0
    assert count(form, 1).sent == 0
    assert not Showing.objects.exclude(fact="").exists()


def test_a_form_that_names_nobody_identifies_only_itself(
    visitor: Client, site: Any, content: Content, log: Log
) -> None:
    published(site, replace(content, fields=FIELDS[2:3]), "survey")
    fills_in(visitor, "survey", f_f3="later")
    fills_in(visitor, "survey", f_f3="later")
    rows, _ = log.read(log.end().moved({0: 0}), 100)
    sent = [row.event for row in rows if row.event.kind == "form_submitted"]
    assert len({event.identifier for event in sent}) == 2
    assert all(event.identifier.startswith("anon:") for event in sent)


def test_what_the_form_means_is_a_fact_a_rule_may_count(visitor: Client, site: Any, content: Content, log: Log) -> None:
    published(site, replace(content, means=Means.DEMO), "demo")
    fills_in(visitor, "demo", **ANA)
    assert facts(log)["demo_requested"].identifier == "mail:ana@norte.example"


def test_a_recommendation_is_a_score_of_its_own_fact(visitor: Client, site: Any, content: Content, log: Log) -> None:
    scale = Field("f9", Kind.QUESTION, Widget.SCALE, label={"en": "Would you recommend us?"})
    published(site, replace(content, fields=(FIELDS[0], scale)), "nps")
    fills_in(visitor, "nps", f_f1="ana@norte.example", f_f9="9")
    assert facts(log)["survey_answered"].props["score"] == 9
    assert fills_in(visitor, "nps", f_f1="ana@norte.example", f_f9="11").status_code == 422


@pytest.mark.parametrize(
    ("mode", "headers", "linked"),
    [("implied", {}, True), ("cookieless", {}, False), ("implied", {"sec-gpc": "1"}, False),
     ("implied", {"dnt": "1"}, False)],
)  # fmt: skip
def test_the_browser_is_linked_only_where_its_owner_agreed(
    visitor: Client, form: Form, log: Log, mode: str, headers: dict[str, str], linked: bool
) -> None:
    form.site.mode = mode
    form.site.save()
    browser = "8a0f4d1c-1111-4222-8333-444455556666"
    fills_in(visitor, headers=headers, **ANA, _anon=browser)
    assert facts(log)["form_submitted"].anonymous_id == (browser if linked else None)


def test_a_browser_id_that_is_none_is_not_kept(visitor: Client, form: Form, log: Log) -> None:
    fills_in(visitor, **ANA, _anon="mail:boss@norte.example")
    assert facts(log)["form_submitted"].anonymous_id is None


def test_a_form_from_a_public_page_overwrites_nothing_stronger(
    visitor: Client, form: Form, follow: Callable[[], int], log: Log
) -> None:
    from tests.cast import ada

    stated = {"email": ada.mail, "first_name": "Ada"}
    log.append(list(ada.journey().through(Door.SECRET).does("profile_changed", traits=stated)))
    fills_in(visitor, **{**ANA, "f_f1": ada.mail, "f_f2": "Mallory"})
    follow()
    assert Person.objects.get(mail=ada.mail).attributes["first_name"] == "Ada"


def test_business_addresses_only_when_that_is_wanted(visitor: Client, site: Any, content: Content) -> None:
    published(site, replace(content, business_mail=True), "demo")
    answer = fills_in(visitor, "demo", f_f1="ana@gmail.com")
    assert answer.status_code == 422 and "your company" in answer.content.decode()
    assert fills_in(visitor, "demo", f_f1="ana@norte.example").status_code == 200


def archived() -> None:
    Purpose.objects.filter(code="newsletter").update(archived_at=timezone.now())


def unworded() -> None:
    Wording.objects.filter(purpose__code="newsletter").delete()


@pytest.mark.parametrize("happens", [archived, unworded])
def test_what_nobody_is_asked_any_more_is_not_demanded(
    visitor: Client, site: Any, content: Content, log: Log, happens: Any
) -> None:
    published(site, replace(content, fields=(*FIELDS[:3], replace(FIELDS[3], required=True))), "news")
    assert fills_in(visitor, "news", **{**ANA, "f_f4": ""}).status_code == 422
    happens()
    assert 'name="f_f4"' not in visitor.get("/f/news/").content.decode()
    assert fills_in(visitor, "news", **ANA).status_code == 200  # ticked on a page opened before
    assert set(facts(log)) == {"form_submitted", "survey_answered"}


def test_people_who_say_the_same_without_a_ticket_are_as_many_as_they_are(
    visitor: Client, site: Any, content: Content, log: Log
) -> None:
    made = published(site, replace(content, fields=FIELDS[2:3]), "survey")
    for last in (1, 2, 3, 3):
        address = {"REMOTE_ADDR": f"203.0.113.{last}"}
        assert visitor.post("/f/survey/", {"f_f3": "now"}, **address).status_code == 200
    other = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"})
    other.post("/f/survey/", {"f_f3": "now"}, REMOTE_ADDR="203.0.113.3")
    assert count(made, 1).sent == 4
    assert all("203.0.113" not in str(row) for row in Showing.objects.values())


def test_what_is_kept_just_now_is_not_let_go(
    visitor: Client, form: Form, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = Ticket.new("contact", 1, at_s=time.time() - 3600).signed()  # the page was open for an hour

    def meanwhile() -> Log:
        counts.settle(form)
        assert Showing.objects.get().fact
        return log

    monkeypatch.setattr(sending, "the_log", meanwhile)
    assert visitor.post("/f/contact/", {**ANA, "_ticket": ticket}).status_code == 200
    row = Showing.objects.get()
    assert (row.fact, row.subject) == (facts(log)["form_submitted"].id, facts(log)["form_submitted"].subject)


def test_what_took_longer_than_anybody_waits_is_kept_all_the_same(
    visitor: Client, form: Form, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "WAITS", -1)

    def meanwhile() -> Log:
        counts.settle(form)
        assert not Showing.objects.get().fact
        return log

    monkeypatch.setattr(sending, "the_log", meanwhile)
    fills_in(visitor, **ANA)
    row = Showing.objects.get()
    assert row.sent_at and (row.fact, row.subject) == (
        facts(log)["form_submitted"].id, facts(log)["form_submitted"].subject,
    )  # fmt: skip


def test_a_correction_that_could_not_be_kept_leaves_what_was(
    visitor: Client, form: Form, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.forms.conftest import hidden

    kept = hidden(visitor.get("/f/contact/").content.decode())
    visitor.post("/f/contact/", {**kept, **ANA})
    before = Showing.objects.values().get()
    monkeypatch.setattr(sending, "the_log", lambda: (_ for _ in ()).throw(LogUnavailable("down")))
    assert visitor.post("/f/contact/", {**kept, **ANA, "f_f1": "other@norte.example"}).status_code == 503
    assert Showing.objects.values().get() == before
