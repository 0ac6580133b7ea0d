from dataclasses import astuple, replace
from itertools import permutations

from embudo.core.event import DAY
from embudo.leads.summary import summary_of
from tests.cast import MONDAY, ada


def test_the_order_of_facts_does_not_matter() -> None:
    facts = [
        *ada.coming_from("news", "email").visits("/a").later(days=2).coming_from("ads").visits("/b"),
        *ada.journey(MONDAY + 3 * DAY).submits("contact").is_told("stage_set", stage="prospect"),
    ]
    found = {astuple(summary_of(order)) for order in permutations(facts)}

    assert len(found) == 1
    summary = summary_of(facts)
    assert (summary.first_seen_at, summary.events, summary.known) == (MONDAY, 3, True)
    assert summary.touch.source == "news"


def test_what_our_side_notes_is_no_visit_of_theirs() -> None:
    noted = ada.is_told("profile_changed", traits={"email": ada.mail}).later(days=9).is_told("stage_set", stage="lead")
    assert (summary_of(noted).events, summary_of(noted).last_seen_at) == (0, MONDAY)

    called = [*noted, *ada.journey(MONDAY + DAY).is_told("call_made", outcome="held")]
    assert (summary_of(called).events, summary_of(called).last_seen_at) == (1, MONDAY + DAY)


def test_who_came_with_an_import_without_times_was_seen_at_no_known_time() -> None:
    imported = [replace(fact, context={"time": "unknown"}) for fact in ada.journey(MONDAY - 900 * DAY).visits("/a")]
    assert (summary_of(imported).first_seen_known, summary_of(imported).last_seen_known) == (False, False)

    came_later = [*imported, *ada.journey(MONDAY).visits("/b")]
    found = {astuple(summary_of(order)) for order in permutations(came_later)}
    assert len(found) == 1
    summary = summary_of(came_later)
    assert (summary.first_seen_known, summary.last_seen_known, summary.last_seen_at) == (False, True, MONDAY)


def test_the_last_touch_is_the_latest_that_came_from_somewhere_in_whatever_order() -> None:
    facts = [
        *ada.coming_from("google", "cpc").visits("/pricing"),
        *ada.journey(MONDAY + DAY).coming_from("news", "email").visits("/case"),
        *ada.journey(MONDAY + 2 * DAY).visits("/docs"),
    ]
    found = {astuple(summary_of(order)) for order in permutations(facts)}
    assert len(found) == 1
    summary = summary_of(facts)
    assert (summary.touch.source, summary.last_touch.source) == ("google", "news")


def test_where_nothing_brought_them_the_last_direct_visit_is_the_last_touch() -> None:
    visits = [*ada.visits("/a"), *ada.journey(MONDAY + DAY).visits("/b")]
    facts = [replace(fact, context={"url": f"https://norte.example{fact.props['path']}"}) for fact in visits]
    assert (summary_of(facts).touch.landing_page, summary_of(facts).last_touch.landing_page) == ("/a", "/b")
