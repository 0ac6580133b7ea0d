"""The cast: tests may rely on its journeys being the same in every run."""

from embudo.core.event import DAY, MINUTE, Door, Verdict
from tests.cast import CAST, MONDAY, ada, bruno


def test_a_journey_tells_facts_in_order_of_time() -> None:
    journey = ada.visits("/pricing", reads_s=40).later(days=1).requests("demo")
    assert [event.kind for event in journey] == ["page_viewed", "page_read", "demo_requested"]
    assert [event.at for event in journey] == sorted(event.at for event in journey)
    assert journey[0].at == MONDAY
    assert journey[2].at >= MONDAY + DAY


def test_a_journey_is_the_same_in_every_run() -> None:
    assert ada.visits("/a").requests("demo").events == ada.visits("/a").requests("demo").events


def test_a_verb_does_not_change_the_journey_it_starts_from() -> None:
    first = ada.visits("/a")
    first.visits("/b")
    assert len(first) == 1


def test_ids_of_facts_are_unique_over_the_cast() -> None:
    keys = [event.key for who in CAST for event in who.visits("/a").visits("/b").requests("demo")]
    assert len(set(keys)) == len(keys)


def test_who_gives_no_name_is_only_a_browser() -> None:
    event = ada.visits("/a")[0]
    assert (event.identifier, event.subject) == (ada.anonymous, ada.visitor)


def test_a_form_carries_the_mail_address_and_the_browser() -> None:
    event = ada.submits("contact", question="price?")[0]
    assert event.identifier == ada.mailbox
    assert event.anonymous_id == ada.browser
    assert event.props["fields"] == {"question": "price?"}


def test_machines_are_marked() -> None:
    opened, clicked = bruno.by_machine().opens("News").by_hand().clicks("News")
    assert (opened.verdict, clicked.verdict) == (Verdict.MACHINE, Verdict.HUMAN)
    assert clicked.at == opened.at + MINUTE


def test_what_the_app_says_comes_in_by_its_own_door() -> None:
    event = ada.is_told("stage_set", stage="customer")[0]
    assert (event.source, event.door, event.identifier) == ("app", Door.APP, ada.mailbox)
