"""What speaks for a machine."""

from typing import Any

import pytest

from embudo.collector import suspicion
from embudo.collector.suspicion import TRACKER, WINDOW_S, Visitors, agent_marks, marks_of
from embudo.core.intake import IMPOSSIBLE_VIEWS, UNREAD_VIEWS

PEOPLE = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
    "Chrome/130.0.0.0 Mobile Safari/537.36",
]  # fmt: skip
ROBOTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "curl/8.5.0",
    "python-requests/2.32.0",
    "Barracuda Sentinel (EE)",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_browsers_of_people_carry_no_mark(agent: str) -> None:
    assert agent_marks(agent) == ()


@pytest.mark.parametrize("agent", ROBOTS)
def test_robots_say_what_they_are(agent: str) -> None:
    assert agent_marks(agent) == ("user_agent:bot",)


def test_a_browser_without_a_name_or_without_a_window_is_marked() -> None:
    assert agent_marks("  ") == ("user_agent:missing",)
    assert agent_marks("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0.0.0") == ("user_agent:headless",)


@pytest.mark.parametrize("header", ["sec-purpose", "purpose", "x-purpose", "x-moz"])
def test_a_page_fetched_ahead_was_not_seen(header: str) -> None:
    assert marks_of({header: "prefetch"}, PEOPLE[0]) == ("prefetch",)
    assert marks_of({header: "other"}, PEOPLE[0]) == ()


def page(**more: Any) -> dict[str, Any]:
    """A page view."""
    return {"type": "page", **more}


def read(dwell_s: object) -> dict[str, Any]:
    """A page that was read."""
    return {"type": "track", "event": "page_read", "properties": {"dwell_s": dwell_s}}


def test_more_pages_than_a_person_can_view_are_marked_until_it_slows_down() -> None:
    at = [0.0]
    visitors = Visitors(clock=lambda: at[0])
    marks = [visitors.marks("a", page()) for _ in range(IMPOSSIBLE_VIEWS + 1)]
    assert "impossible_rate" not in marks[-2] and "impossible_rate" in marks[-1]
    assert visitors.marks("b", page()) == ()
    at[0] = WINDOW_S + 1
    assert "impossible_rate" not in visitors.marks("a", page())


def test_who_views_and_never_reads_is_marked_until_they_do() -> None:
    at = [0.0]
    visitors = Visitors(clock=lambda: at[0])
    ours = page(context={"library": {"name": TRACKER}})
    for _ in range(UNREAD_VIEWS):
        at[0] += 5
        assert visitors.marks("a", ours) == ()
    assert visitors.marks("a", ours) == ("no_reading",)
    assert visitors.marks("a", read(0)) == visitors.marks("a", read("long")) == ("no_reading",)
    assert visitors.marks("a", read(4.5)) == ()


def test_no_more_visitors_are_remembered_than_there_is_room_for() -> None:
    visitors = Visitors()
    for each in range(suspicion.MAX_VISITORS + 5):
        visitors.marks(str(each), page())
        visitors.marks(f"no page {each}", {"type": "track"})
    assert len(visitors._seen) <= suspicion.MAX_VISITORS


@pytest.mark.parametrize("context", [None, "x", {}, {"library": None}, {"library": {"name": "analytics.js"}}])
def test_scripts_that_never_tell_of_reading_are_not_held_against_their_visitors(context: object) -> None:
    at = [0.0]
    visitors = Visitors(clock=lambda: at[0])
    for _ in range(3 * UNREAD_VIEWS):
        at[0] += 5
        assert visitors.marks("a", page(context=context)) == ()
