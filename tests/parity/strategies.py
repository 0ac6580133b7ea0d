"""Arbitrary definitions and histories: what Hypothesis feeds to every engine.

EMBUDO_EXAMPLES=5000 tries longer than the default, which is sized for every run of the tests.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from embudo.core.condition import Compare, Condition, Every, Not, Op, Some
from embudo.core.definition import Action, Criterion, Definition, Group, Promotion, Rule
from embudo.core.event import DAY, HOUR, MINUTE, SECOND, Door, Event, Verdict, subject_of
from embudo.core.funnel import DISCARDED, STAGES
from embudo.core.window import Limit, Period

parity = settings(
    max_examples=int(os.environ.get("EMBUDO_EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ZONES = (
    "UTC", "America/Sao_Paulo", "America/New_York", "Europe/Madrid", "Australia/Lord_Howe", "America/St_Johns",
    "Pacific/Apia", "Asia/Kathmandu",
)  # fmt: skip
KINDS = (
    "page_viewed", "page_read", "demo_requested", "content_downloaded", "survey_answered", "stage_set", "purchase_made",
    "handoff_accepted", "handoff_rejected", "opportunity_opened", "opportunity_won", "opportunity_lost",
    "custom's \"kind\"",
)  # fmt: skip
TEXTS = (
    "", "/pricing", "/pricing/é", "/Pricing", "/pri%_\\", "é", "e\u0301", "𝒳y", "\uffee", "O'Hara \"x\"", "null", "1",
    "true", "[1]", "a\nb", "$.a",
)  # fmt: skip
NUMBERS = (0, 1, 1.0, -2.5, 60, 59.999, 0.1, 0.30000000000000004, 1e-7, 10**15, 2**53 - 1, 2**53, 2**53 + 1, -0.0)
HOT_TEXTS, HOT_NUMBERS = ("path", "topic"), ("dwell_s", "score")
COLD = ("plan", "tags", "a.b", 'it\'s "odd"', "opportunity")
TRAITS = ("industry", "company_size", "role", "vip", 'it\'s "odd"')
AROUND = tuple(
    int(datetime(*day, tzinfo=UTC).timestamp()) * SECOND
    for day in (
        (2024, 3, 10), (2024, 3, 31), (2024, 4, 7), (2024, 11, 3), (2011, 12, 30), (2018, 11, 4), (2018, 2, 18),
        (2006, 10, 29), (2024, 2, 29), (2023, 12, 31), (2025, 6, 15),
    )
)  # fmt: skip

scalars: st.SearchStrategy[Any] = st.sampled_from((*TEXTS, *NUMBERS, True, False))
values = st.one_of(
    scalars,
    scalars,
    st.none(),
    st.lists(st.one_of(scalars, st.none(), st.just({}), st.just([])), max_size=3),
    st.just({"a": 1}),
)


def instants(center: int, spread: int) -> st.SearchStrategy[int]:
    """Instants around one: whole hours, midnights of some zone to the microsecond, or any."""
    hours = st.integers(-spread // HOUR, spread // HOUR).map(lambda n: center + n * HOUR)
    edges = st.builds(lambda n, half, near: center + n * DAY + half * 30 * MINUTE + near,
                      st.integers(-spread // DAY, spread // DAY), st.integers(-28, 28), st.integers(-1, 1))  # fmt: skip
    return st.one_of(hours, edges, st.integers(center - spread, center + spread))


def compares(names: st.SearchStrategy[str]) -> st.SearchStrategy[Condition]:
    """Comparisons that `condition.parse` could have read."""
    texts, numbers = st.sampled_from(TEXTS), st.sampled_from(NUMBERS)
    return st.one_of(
        st.builds(Compare, names, st.just(Op.IS), scalars),
        st.builds(Compare, names, st.just(Op.ONE_OF), st.lists(scalars, min_size=1, max_size=3).map(tuple)),
        st.builds(Compare, names, st.sampled_from((Op.BEGINS_WITH, Op.CONTAINS)), texts),
        st.builds(Compare, names, st.sampled_from((Op.AT_LEAST, Op.AT_MOST)), st.one_of(texts, numbers)),
        st.builds(Compare, names, st.just(Op.KNOWN), st.booleans()),
    )


def trees(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    """Conditions of any shape over the leaves."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda parts: Every(tuple(parts))),
            st.lists(inner, max_size=3).map(lambda parts: Some(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=4,
    )


EVENT_NAMES = (
    *HOT_TEXTS, *HOT_NUMBERS, *COLD, "site", "door", "context.utm.source", "context.place", "context.a.it's",
)  # fmt: skip
of_kind = st.one_of(
    st.sampled_from(KINDS).map(lambda kind: Compare("kind", Op.IS, kind)),
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=4).map(
        lambda kinds: Compare("kind", Op.ONE_OF, tuple(kinds))
    ),
)
about_events = st.one_of(
    of_kind,
    st.builds(lambda kind, rest: Every((kind, rest)), of_kind, trees(compares(st.sampled_from(EVENT_NAMES)))),
    trees(st.one_of(of_kind, compares(st.sampled_from((*EVENT_NAMES, "kind"))))),
)
about_people = trees(compares(st.sampled_from(TRAITS)))
points = st.one_of(st.integers(-20, 50).map(lambda n: n * 1000), st.integers(-5000, 5000))
lines = st.one_of(st.integers(0, 100).map(lambda n: n * 1000), st.integers(-1000, 40_000))


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """Any definition of a lead."""
    groups = tuple(
        Group(f"g{n}", draw(st.one_of(st.none(), st.integers(-5, 60).map(lambda cap: cap * 1000))))
        for n in range(draw(st.integers(1, 3)))
    )
    limits = st.one_of(st.none(), st.builds(Limit, st.integers(1, 3), st.sampled_from(Period)))
    rules = tuple(
        Rule(
            f"r{n}", draw(st.sampled_from(groups)).name, draw(about_events), draw(points), draw(limits),
            draw(st.sampled_from((True, True, False))),
        )
        for n in range(draw(st.integers(1, 5)))
    )  # fmt: skip
    criteria = draw(st.lists(st.tuples(about_people, points), max_size=3))
    against = draw(st.lists(about_people, max_size=1))
    engagement = draw(lines)
    return Definition(
        version=draw(st.integers(0, 3)),
        name="arbitrary",
        zone=draw(st.sampled_from(ZONES)),
        half_life=draw(st.one_of(st.sampled_from((HOUR, DAY, 30 * DAY, 365 * DAY)), st.integers(HOUR, 400 * DAY))),
        criteria=tuple(Criterion(f"c{n}", when, worth) for n, (when, worth) in enumerate(criteria)),
        disqualifiers=tuple(Criterion(f"d{n}", when) for n, when in enumerate(against)),
        groups=groups,
        rules=rules,
        promotion=Promotion(
            fit=draw(st.sampled_from((0, 0, 20_000, 60_000))),
            engagement=engagement,
            keeps=engagement - draw(st.sampled_from((0, 1, 5000))),
            within=draw(st.sampled_from((HOUR, DAY, 30 * DAY))),
            actions=(Action("asks", draw(of_kind)),),
            ambassador=(Action("recommends", draw(of_kind)),),
        ),
    )


IDENTIFIERS = ("anon:laptop", "anon:phone", "mail:ada@norte.example", "mail:bruno@serra.example", "user:42", "anon:x")
props = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys((*HOT_TEXTS, *HOT_NUMBERS, *COLD), values),
        "stage": st.sampled_from((*STAGES, DISCARDED, "unknown")),
        "outcome": st.sampled_from(("nurture", DISCARDED)),
        "traits": st.one_of(
            st.dictionaries(st.sampled_from((*TRAITS, "email")), values, max_size=4), st.just("no mapping")
        ),
    },
)
context = st.fixed_dictionaries(
    {}, optional={"utm": st.dictionaries(st.sampled_from(("source", "it's")), values), "place": values, "a": values}
)


@st.composite
def histories(draw: st.DrawFn, *, longest: int = 14) -> list[Event]:
    """Facts of several people in any order, each key once, near the edges of calendars."""
    center = draw(st.sampled_from(AROUND))
    spread = draw(st.sampled_from((2 * DAY, 40 * DAY, 3 * 365 * DAY)))
    events: list[Event] = []
    for n in range(draw(st.integers(0, longest))):
        identifier, at = draw(st.sampled_from(IDENTIFIERS)), draw(instants(center, spread))
        door = draw(st.sampled_from((Door.PUBLIC, Door.SECRET, Door.SECRET, Door.APP)))
        events.append(
            Event(
                source=draw(st.sampled_from(("web", "app"))), id=f"{draw(st.sampled_from('abc'))}{n}",
                kind=draw(st.sampled_from(KINDS)), at=at, received_at=at, known_at=at, identifier=identifier,
                subject=subject_of(identifier), door=door,
                verdict=draw(st.sampled_from((*[Verdict.HUMAN] * 6, Verdict.MACHINE, Verdict.UNVERIFIED))),
                site=draw(st.sampled_from(("", "norte"))), props=draw(props), context=draw(context),
            )
        )  # fmt: skip
    return events


@dataclass(frozen=True)
class Grouping:
    """Who is who: the person of each subject that was linked, and merged people to who survives them."""

    links: dict[int, int]
    merges: dict[int, int]

    def person_of(self, subject: int) -> int:
        """The surviving person a fact of this subject belongs to."""
        person = self.links.get(subject, subject)
        while person in self.merges:
            person = self.merges[person]
        return person


@st.composite
def groupings(draw: st.DrawFn) -> Grouping:
    """Any links of identifiers and any merges, without circles."""
    subjects = [subject_of(each) for each in IDENTIFIERS]
    links = draw(st.dictionaries(st.sampled_from(subjects), st.sampled_from(subjects)))
    merges = {
        subjects[n]: subjects[draw(st.integers(n + 1, len(subjects) - 1))]
        for n in draw(st.sets(st.integers(0, len(subjects) - 2), max_size=3))
    }
    return Grouping(links, merges)
