"""What people in the app say of a person: once however often they click, and taken back to the last row."""

import re
import time
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from embudo.accounts.models import AuditEntry
from embudo.core.event import DAY, HOUR, Door
from embudo.leads import rebuild
from embudo.leads.models import Person, StageChange
from embudo.leads.story import history_of
from tests.cast import Journey, ada, bruno
from tests.leads.conftest import Following, moves_of, rows
from tests.leads.test_identity import merged
from tests.leads.views.conftest import SignIn, named, text

FITTING = {"industry": "logistics", "company_size": 180, "role": "director", "country": "MX"}
ANSWERS = [
    {"answer": "accept"},
    {"answer": "reject", "reason": "no_budget"},
    {"answer": "reject", "reason": "no_budget", "discard": "1", "note": "a student"},
]


def today() -> int:
    """An hour ago, so that what people say in the app comes after it."""
    return time.time_ns() // 1000 - HOUR


def asks_for_sales(who: Any = ada) -> Journey:
    return who.journey(today()).visits("/pricing").says(**FITTING).requests("demo")


def address(rest: str, who: Any = ada) -> str:
    return f"/people/{named(who).id}/{rest}"


def fresh() -> str:
    return str(uuid4())


def undo_of(page: str) -> str:
    found = re.search(r'class="toast-card".*?action="([^"]+)"', page.replace("&amp;", "&"), re.DOTALL)
    assert found
    return found[1]


def rebuilt(site: Following) -> None:
    """Make everything again from the log."""
    rebuild.ask(site.log)
    while rebuild.running():
        site.follower.advance_rebuild()


# -- taking back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ANSWERS, ids=["accepted", "refused", "discarded"])
def test_an_answer_taken_back_at_once_leaves_every_row_as_it_was(
    site: Following, sign_in: SignIn, answer: dict[str, str]
) -> None:
    site.hears(asks_for_sales())
    client, before = sign_in("sales"), rows()
    assert named(ada).handoff_ready
    page = text(client.post(address("handoff/"), {**answer, "fact": fresh()}, follow=True))
    assert not named(ada).handoff_ready
    page = text(client.post(undo_of(page), follow=True))
    assert "Ready for sales" in page and "Taken back" in page
    assert named(ada).handoff_ready
    assert rows() == before
    site.agrees()
    rebuilt(site)
    site.agrees()
    assert named(ada).handoff_ready


def test_the_story_says_what_was_taken_back_and_the_funnel_forgets_it(site: Following, sign_in: SignIn) -> None:
    site.hears(asks_for_sales())
    client = sign_in("sales")
    page = text(client.post(address("handoff/"), {"answer": "accept", "fact": fresh()}, follow=True))
    page = text(client.post(undo_of(page), follow=True))
    timeline = page[page.index('id="_timeline"') :]
    assert "took back: sales accepted the hand-off" in timeline
    assert timeline.count("taken back") == 1
    assert [to for _from, to in moves_of(named(ada))] == ["visitor", "lead", "qualified"]
    assert StageChange.objects.filter(to_stage="prospect").exclude(superseded_at=None).exists()


def test_an_answer_is_taken_back_days_later_and_what_came_after_stays(site: Following, sign_in: SignIn) -> None:
    long_ago = today() - 3 * DAY
    site.hears(ada.journey(long_ago).says(**FITTING).requests("demo").is_told("handoff_accepted"))
    site.hears(ada.journey(long_ago + DAY).visits("/docs", reads_s=80))
    assert named(ada).stage == "prospect"
    client = sign_in("sales")
    forms = re.findall(r'action="(/people/\d+/facts/[^"]+/withdrawal/)"', text(client.get(address(""))))
    assert len(forms) == 1
    client.post(forms[0])
    assert named(ada).stage == "qualified" and named(ada).handoff_ready
    assert named(ada).events == 4
    site.agrees()
    client.post(address("handoff/"), {"answer": "reject", "reason": "too_early", "fact": fresh()})
    assert named(ada).stage == "lead"


def test_a_fact_is_taken_back_once_and_a_form_sent_again_says_so(site: Following, sign_in: SignIn) -> None:
    site.hears(asks_for_sales())
    client, form = sign_in("sales"), {"answer": "accept", "fact": fresh()}
    undo = undo_of(text(client.post(address("handoff/"), form, follow=True)))
    client.post(undo)
    assert "taken back already" in text(client.post(undo, follow=True))
    assert "taken back. Load the page again" in text(client.post(address("handoff/"), form, follow=True))
    assert [event.kind for event in history_of(named(ada).id)].count("fact_withdrawn") == 1
    assert named(ada).handoff_ready


def test_an_answer_taken_back_on_a_joint_page_stays_taken_back_when_the_two_are_apart(
    site: Following, sign_in: SignIn
) -> None:
    site.hears(asks_for_sales(ada), asks_for_sales(bruno))
    client = sign_in("sales")
    client.post(address("handoff/", bruno), {"answer": "accept", "fact": fresh()})
    now = time.time_ns() // 1000
    site.hears(merged(ada.subject, bruno.subject, at=now))
    forms = re.findall(r'action="(/people/\d+/facts/[^"]+/withdrawal/)"', text(client.get(f"/people/{ada.subject}/")))
    client.post(forms[0])
    assert Person.objects.get(pk=ada.subject).handoff_ready
    site.hears(merged(ada.subject, bruno.subject, kind="people_unmerged", at=now + 1))
    assert named(bruno).handoff_ready and named(bruno).stage == "qualified"
    site.agrees()


def test_only_what_was_recorded_here_is_taken_back(site: Following, sign_in: SignIn) -> None:
    site.hears(asks_for_sales())
    client = sign_in("sales")
    asked = next(event for event in history_of(named(ada).id) if event.kind == "demo_requested")
    assert client.post(address(f"facts/{asked.id}/withdrawal/")).status_code == 404
    assert client.get(address(f"facts/{asked.id}/withdrawal/")).status_code == 405
    client.post(address("attributes/city/"), {"value": "Lima", "fact": (stated := fresh())})
    assert client.post(address(f"facts/{stated}/withdrawal/")).status_code == 404


def test_marketing_takes_no_answer_of_sales_back(site: Following, sign_in: SignIn) -> None:
    site.hears(asks_for_sales())
    sign_in("sales").post(address("handoff/"), {"answer": "accept", "fact": (fact := fresh())})
    assert sign_in("marketing").post(address(f"facts/{fact}/withdrawal/")).status_code == 403
    assert "withdrawal/" not in text(sign_in("marketing").get(address("")))


def test_an_opportunity_taken_back_is_none(site: Following, sign_in: SignIn) -> None:
    site.hears(asks_for_sales())
    client = sign_in("sales")
    page = text(client.post(address("opportunities/"), {"verb": "open", "name": "Fleet", "fact": fresh()}, follow=True))
    deal = client.get(address("")).context["opportunities"][0].id
    won = text(
        client.post(address("opportunities/"), {"verb": "won", "opportunity": deal, "fact": fresh()}, follow=True)
    )
    client.post(undo_of(won))
    assert client.get(address("")).context["opportunities"][0].status == "open"
    assert named(ada).stage == "opportunity"
    client.post(undo_of(page))
    assert client.get(address("")).context["opportunities"] == []
    assert named(ada).stage == "qualified"
    site.agrees()


# -- double clicks --------------------------------------------------------------------------------------


def deal_of(client: Client) -> dict[str, str]:
    client.post(address("opportunities/"), {"verb": "open", "name": "Fleet", "fact": fresh()})
    return {"opportunity": client.get(address("")).context["opportunities"][0].id}


def nothing(_client: Client) -> dict[str, str]:
    return {}


COMMANDS = [
    ("notes/", {"kind": "call_made", "note": "spoke"}, nothing, "call_made"),
    ("notes/", {"kind": "meeting_held"}, nothing, "meeting_held"),
    ("notes/", {"kind": "note_written", "note": "mornings"}, nothing, "note_written"),
    ("stage/", {"stage": "customer", "reason": "on paper"}, nothing, "stage_set"),
    *[("handoff/", answer, nothing, f"handoff_{answer['answer']}ed") for answer in ANSWERS],
    ("opportunities/", {"verb": "open", "name": "Fleet", "amount": "9,000"}, nothing, "opportunity_opened"),
    ("opportunities/", {"verb": "won"}, deal_of, "opportunity_won"),
    ("opportunities/", {"verb": "lost", "reason": "price"}, deal_of, "opportunity_lost"),
    ("attributes/city/", {"value": "Lima"}, nothing, "profile_changed"),
]


@pytest.mark.parametrize(("rest", "form", "prepared", "kind"), COMMANDS, ids=[f"{c[0]}{c[3]}" for c in COMMANDS])
def test_every_command_sent_twice_is_one_fact_and_no_complaint(
    site: Following, sign_in: SignIn, rest: str, form: dict[str, str], prepared: Any, kind: str
) -> None:
    site.hears(asks_for_sales())
    client = sign_in()
    sent = {**form, **prepared(client), "fact": fresh()}
    first = text(client.post(address(rest), sent, follow=True))
    after = rows()
    second = text(client.post(address(rest), sent, follow=True))
    assert "is-failed" not in first + second
    told = [event for event in history_of(named(ada).id) if event.kind == kind and event.door is Door.APP]
    assert len(told) == 1
    assert rows() == after


def test_two_people_who_answer_one_hand_off_are_told_that_it_was_answered(site: Following, sign_in: SignIn) -> None:
    site.hears(asks_for_sales())
    sign_in("sales").post(address("handoff/"), {"answer": "accept", "fact": fresh()})
    page = text(sign_in("manager").post(address("handoff/"), {"answer": "accept", "fact": fresh()}, follow=True))
    assert "answered already" in page
    assert [event.kind for event in history_of(named(ada).id)].count("handoff_accepted") == 1


def test_an_opportunity_that_is_closed_is_not_closed_again(site: Following, sign_in: SignIn) -> None:
    site.hears(asks_for_sales())
    client = sign_in()
    deal = deal_of(client)
    client.post(address("opportunities/"), {"verb": "won", "fact": fresh(), **deal})
    lost = {"verb": "lost", "reason": "price", "fact": fresh(), **deal}
    assert "not open any more" in text(client.post(address("opportunities/"), lost, follow=True))
    assert client.get(address("")).context["opportunities"][0].status == "won"


# -- who looks after them -------------------------------------------------------------------------------


def test_a_change_of_owner_is_in_the_timeline_and_comes_back_with_undo(site: Following, sign_in: SignIn) -> None:
    site.hears(asks_for_sales())
    client = sign_in("manager")
    mine = client.session["_auth_user_id"]
    page = text(client.post(address("owner/"), {"owner": mine}, follow=True))
    assert "was given to manager" in page and "recorded by manager" in page
    client.post(address("owner/"), {"owner": mine})
    page = text(client.post(undo_of(page), follow=True))
    assert named(ada).owner is None
    assert page.count("was given to manager") == 1 and page.count("was given to nobody") == 1
    assert AuditEntry.objects.filter(verb="owner_changed").count() == 2


def test_who_left_is_given_nobody(site: Following, sign_in: SignIn) -> None:
    site.hears(asks_for_sales())
    client = sign_in()
    mine = client.session["_auth_user_id"]
    client.post(address("owner/"), {"owner": mine})
    answers = {
        wanted: client.post(address("owner/"), {"owner": wanted}, follow=True) for wanted in ("999999", "9" * 30, "me")
    }
    assert "do not work here" in text(answers["999999"])
    assert all("Choose who looks after them" in text(answers[wanted]) for wanted in ("9" * 30, "me"))
    assert "Choose who looks after them" in text(client.post(address("owner/"), {}, follow=True))
    assert str(named(ada).owner_id) == mine


@pytest.mark.parametrize(
    ("rest", "form", "words"),
    [
        ("handoff/", {"answer": "maybe", "reason": "no_budget"}, "accept the hand-off or refuse it"),
        ("handoff/", {"reason": "no_budget"}, "accept the hand-off or refuse it"),
        ("handoff/", {"answer": "reject", "reason": "rainy"}, "Choose why."),
        ("notes/", {"kind": "telegram", "note": "x"}, "a call, a meeting or a note"),
        ("notes/", {"note": "x"}, "a call, a meeting or a note"),
        ("notes/", {"kind": "call_made", "outcome": "shouted"}, "how the call ended"),
        ("stage/", {"stage": "emperor"}, "Choose a stage."),
        ("opportunities/", {"verb": "gifted"}, "what happened to the opportunity"),
    ],
)
def test_an_answer_that_is_none_is_refused_in_words_and_nothing_is_recorded(
    site: Following, sign_in: SignIn, rest: str, form: dict[str, str], words: str
) -> None:
    site.hears(asks_for_sales())
    client, before = sign_in(), rows()
    answer = client.post(address(rest), {**form, "fact": fresh()})
    assert (answer.status_code, words in text(answer)) == (400, True)
    assert rows() == before and named(ada).handoff_ready


def test_who_accepted_by_mistake_owns_nobody_once_it_is_taken_back(site: Following, sign_in: SignIn) -> None:
    site.hears(asks_for_sales())
    client, before = sign_in("sales"), rows()
    page = text(client.post(address("handoff/"), {"answer": "accept", "fact": fresh()}, follow=True))
    assert str(named(ada).owner) == "sales"
    client.post(undo_of(page))
    assert rows() == before


def test_an_amount_that_is_too_large_is_called_so(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.submits("contact"))
    form = {"verb": "open", "name": "Fleet", "amount": "9" * 30, "currency": "EUR", "fact": fresh()}
    page = text(sign_in().post(address("opportunities/"), form, follow=True))
    assert "This number is too large. Write one below 1,000,000,000,000,000." in page
