"""Facts by the number, and what Hypothesis needs to make up arbitrary ones."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from embudo.core.event import MINUTE, SECOND, Door, Event, Verdict, subject_of
from tests.cast import MONDAY, SITE

PEOPLE = 7


def fact(number: int, *, who: int | None = None, **changes: Any) -> Event:
    """Return the fact of a number, always the same one; `who` is one of a few visitors, by default by turns."""
    browser = f"browser-{(number if who is None else who) % PEOPLE}"
    event = Event(
        source=SITE,
        id=f"fact-{number}",
        kind="page_viewed",
        at=MONDAY + number * MINUTE,
        received_at=MONDAY + number * MINUTE + SECOND,
        known_at=MONDAY + number * MINUTE + SECOND,
        identifier=f"anon:{browser}",
        subject=subject_of(f"anon:{browser}"),
        door=Door.PUBLIC,
        anonymous_id=browser,
        site=SITE,
        props={"path": f"/page/{number % 5}", "dwell_s": float(number)},
    )
    return replace(event, **changes)


def facts(first: int, last: int) -> list[Event]:
    """Return the facts of the numbers from `first` up to and without `last`."""
    return [fact(number) for number in range(first, last)]


_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_json: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_instant = st.integers(0, 4_000_000_000 * SECOND)


@st.composite
def any_event(draw: st.DrawFn) -> Event:
    """Make up an event with any content a door may let in."""
    identifier = draw(
        st.sampled_from(["anon:x", "mail:ana@norte.example", "user:42", "person:9", "phone:+528181234567"])
    )
    return Event(
        source=draw(_text),
        id=draw(_text),
        kind=draw(_text),
        at=draw(_instant),
        received_at=draw(_instant),
        known_at=draw(_instant),
        identifier=identifier,
        subject=subject_of(identifier),
        door=draw(st.sampled_from(Door)),
        verdict=draw(st.sampled_from(Verdict)),
        reasons=tuple(draw(st.lists(_text, max_size=2))),
        anonymous_id=draw(st.none() | _text),
        user_id=draw(st.none() | _text),
        site=draw(_text),
        props=draw(st.dictionaries(_text, _json, max_size=4)),
        context=draw(st.dictionaries(_text, _json, max_size=2)),
        consent=draw(st.dictionaries(_text, _json, max_size=2)),
    )
