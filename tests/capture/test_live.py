"""The live view: the wait that turns by itself, and what comes in, seen as people read it."""

import re
from typing import Any

import pytest
from django.utils import translation

from embudo.capture.models import Site
from embudo.capture.sight import what_happened
from embudo.collector.kind import KIND_ALIASES, KIND_OF_TYPE
from embudo.core.event import Door, Event, Verdict, subject_of
from embudo.eventlog import Log
from tests.cast import mallory

AT = 1_780_000_000_000_000


def event(source: str, number: int = 0, kind: str = "page_viewed", *, who: str = "anon:a", **more: Any) -> Event:
    props = more.pop("props", {"path": f"/page-{number}"})
    at = AT + number
    return Event(source, f"e{number}", kind, at, at, at, who, subject_of(who), props=props, site=source, **more)


def next_poll(page: str) -> str:
    return re.search(r'hx-get="([^"]+)"', page)[1].replace("&amp;", "&")


def test_the_wait_turns_into_the_list_by_itself(signed_in: Any, site: Site, log: Log) -> None:
    client = signed_in()
    poll = next_poll(client.get(f"/sites/{site.public_id}/").content.decode())
    assert "waiting=1" in poll
    assert client.get(poll).status_code == 204
    log.append([event(site.public_id)])
    answer = client.get(poll)
    assert answer.headers["HX-Retarget"] == "#live"
    assert "/page-0" in answer.content.decode()
    assert "waiting=1" not in next_poll(answer.content.decode())


def test_events_of_other_sites_move_the_cursor_and_the_wait_goes_on(signed_in: Any, site: Site, log: Log) -> None:
    client = signed_in()
    poll = next_poll(client.get(f"/sites/{site.public_id}/").content.decode())
    log.append([event("somewhere-else", number) for number in range(10)])
    answer = client.get(poll)
    page = answer.content.decode()
    assert "HX-Retarget" not in answer.headers and "page-" not in page
    assert "waiting=1" in next_poll(page) and client.get(next_poll(page)).status_code == 204


def test_new_events_come_once_the_newest_first(signed_in: Any, site: Site, log: Log) -> None:
    client = signed_in()
    log.append([event(site.public_id, 1)])
    page = client.get(f"/sites/{site.public_id}/").content.decode()
    assert "/page-1" in page
    log.append([event(site.public_id, number) for number in (2, 3)])
    more = client.get(next_poll(page)).content.decode()
    assert re.findall(r'class="muted">/(page-\d)', more) == ["page-3", "page-2"]
    assert 'hx-swap-oob="afterbegin:#live-rows"' in more and "is-new" in more
    assert client.get(next_poll(more)).status_code == 204


def test_of_a_flood_the_newest_are_shown_and_the_rest_is_counted(signed_in: Any, site: Site, log: Log) -> None:
    client = signed_in()
    log.append([event(site.public_id, 0)])
    poll = next_poll(client.get(f"/sites/{site.public_id}/").content.decode())
    log.append([event(site.public_id, number) for number in range(1, 1_501)])
    more = client.get(poll).content.decode()
    shown = re.findall(r'class="muted">/page-(\d+)', more)
    assert shown == [str(number) for number in range(1_500, 1_500 - len(shown), -1)] and len(shown) <= 20
    assert f"and {1_500 - len(shown):,} more, not shown" in more and "passed over" not in more
    log.append([event(site.public_id, number) for number in range(2_000, 5_000)])
    more = client.get(next_poll(more)).content.decode()
    assert re.findall(r'class="muted">/page-(\d+)', more)[0] == "4999"
    assert f"and {2_000 - len(shown):,} more, not shown; 1,000 of all sites were passed over" in more
    log.append([event(site.public_id, 6_000)])
    more = client.get(next_poll(more)).content.decode()
    assert "/page-6000" in more and "not shown" not in more


def test_the_wait_passes_over_no_row_and_looks_at_the_newest_too(signed_in: Any, site: Site, log: Log) -> None:
    client = signed_in()
    log.append([event("busy", number) for number in range(2_100)])
    log.append([event(site.public_id, 1)])
    log.append([event("busy", number) for number in range(3_000, 5_100)])
    page = client.get(f"/sites/{site.public_id}/").content.decode()
    assert "Waiting for your first event" in page
    answer = client.get(next_poll(page))
    assert answer.headers["HX-Retarget"] == "#live" and "/page-1" in answer.content.decode()
    quiet = Site(name="Quiet")
    quiet.born_at_cursor = ""
    quiet.open(by=None)
    log.append([event(quiet.public_id, 2)])
    assert "/page-2" in client.get(f"/sites/{quiet.public_id}/live/?after=&waiting=1").content.decode()


def test_a_line_tells_kind_person_door_and_verdict(signed_in: Any, site: Site, log: Log) -> None:
    log.append(
        [
            event(site.public_id, 1, "demo_requested", who="mail:ada@norte.example", door=Door.SECRET),
            event(site.public_id, 2, verdict=Verdict.MACHINE, reasons=("user_agent:bot",), door=Door.PUBLIC),
            event(site.public_id, 3, "webinar_watched", who="daily:x", props={"name": "Q3"}),
            event(site.public_id, 5, "demo_requested", who="user:42", props={}),
            event(
                site.public_id, 6, "profile_changed", who="user:43", props={"traits": {"email": "eva@ribera.example"}}
            ),
            event(site.public_id, 4, "page_read", props={"path": "/case", "scroll_share": 0.92}),
        ]
    )
    page = signed_in().get(f"/sites/{site.public_id}/").content.decode()
    for words in ("Demo requested", "ada@norte.example", "by a secret key", "machine", "says that it is a robot",
                  "anonymous visitor", "Webinar watched",
                  "daily visitor", "92% read", "user 42", "eva@ribera.example", "human"):  # fmt: skip
        assert words in page


def test_what_strangers_send_is_never_markup(signed_in: Any, site: Site, log: Log) -> None:
    log.append(
        [
            event(
                site.public_id,
                1,
                f"x{mallory.title}",
                who=f"mail:{mallory.name}",
                props={"path": mallory.name, "n": mallory.title},
            )
        ]
    )
    page = signed_in().get(f"/sites/{site.public_id}/").content.decode()
    assert "<script>alert" not in page and "<img src=x" not in page


@pytest.mark.parametrize("share", ["full", None, True, [1]])
def test_odd_values_do_not_break_the_page(signed_in: Any, site: Site, log: Log, share: object) -> None:
    log.append([event(site.public_id, 1, "page_read", props={"path": ["a"], "scroll_share": share})])
    assert signed_in().get(f"/sites/{site.public_id}/").status_code == 200


@pytest.mark.parametrize("cursor", ["x", "1:2:3", "0:abc", "<script>", "0:" + "9" * 30])
def test_a_damaged_cursor_is_refused(signed_in: Any, site: Site, cursor: str) -> None:
    assert signed_in().get(f"/sites/{site.public_id}/live/", {"after": cursor}).status_code == 400


def test_the_list_of_sites_tells_when_each_was_heard_of(signed_in: Any, site: Site, log: Log) -> None:
    quiet = Site(name="Quiet")
    quiet.open(by=None)
    log.append([event(site.public_id, 1)])
    page = signed_in().get("/sites/").content.decode()
    assert page.count("none lately") == 1 and "2026-05-28" in page


def test_a_site_that_sent_something_long_ago_does_not_wait(signed_in: Any, site: Site, log: Log) -> None:
    log.append([event(site.public_id, 1)])
    log.append([event("busy", number) for number in range(2_100)])
    page = signed_in().get(f"/sites/{site.public_id}/").content.decode()
    assert "Waiting for your first event" not in page and "Nothing lately" in page


def test_every_kind_that_the_door_names_has_words() -> None:
    words = {kind: what_happened(kind) for kind in (*KIND_ALIASES.values(), *KIND_OF_TYPE.values(), "link_clicked")}
    with translation.override("es"):
        assert not [kind for kind, english in words.items() if what_happened(kind) == english]
