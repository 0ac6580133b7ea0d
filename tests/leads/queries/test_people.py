"""Pages of the people list: every offered filter in every offered order gives the right people, page by page."""

from collections.abc import Callable
from itertools import product
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from embudo.core.event import DAY
from embudo.leads.models import Person
from embudo.leads.profile import folded, words
from embudo.leads.queries import asked, people, reached
from embudo.leads.queries.filters import Filter
from embudo.leads.queries.people import OFFERED, SORTS, Count, Position, Sort
from tests.leads.queries.conftest import NOW, Crowd, plan

Holds = Callable[[Person], bool]
SIZE = 7


def begins(person: Person, text: str) -> bool:
    """Whether each word typed begins a word of the person, worked out plainly."""
    there = person.search.split()
    return all(any(each.startswith(term) for each in there) for term in words(folded(text)))


EXAMPLES: dict[str, list[tuple[dict[str, object], Holds]]] = {
    "none": [({}, lambda p: True)],
    "search": [
        ({"q": "ÁLVARO"}, lambda p: begins(p, "alvaro")),
        ({"q": "an ru"}, lambda p: begins(p, "an ru")),
        ({"q": "norte.example"}, lambda p: begins(p, "norte example")),
        ({"q": "81812345"}, lambda p: begins(p, "81812345")),
        ({"q": "nobody"}, lambda p: False),
    ],
    "stage": [
        ({"stage": "lead"}, lambda p: p.stage == "lead"),
        ({"stage": ["qualified", "customer"]}, lambda p: p.stage in ("qualified", "customer")),
    ],
    "grade": [({"grade": ["A", "-"]}, lambda p: p.grade in ("A", "")), ({"grade": "D"}, lambda p: p.grade == "D")],
    "score": [
        ({"score.min": "12.5"}, lambda p: p.engagement_order >= 12.5),
        ({"score.min": "1", "score.max": "50"}, lambda p: 1 <= p.engagement_order <= 50),
    ],
    "source": [({"source": "google"}, lambda p: p.source == "google"), ({"source": "-"}, lambda p: p.source == "")],
    "seen": [({"seen": "5"}, lambda p: p.last_seen_at >= NOW - 5 * DAY)],
    "unseen": [({"unseen": "5"}, lambda p: p.last_seen_at < NOW - 5 * DAY)],
    "tag": [({"tag": "vip"}, lambda p: p.tagged)],
    "company": [({"company": "7"}, lambda p: p.company_id == 7)],
    "touch": [
        ({"direction": "outbound"}, lambda p: p.medium == "Cold Call"),
        (
            {"direction": "inbound", "last.source": "news"},
            lambda p: p.medium != "Cold Call" and p.last_source == "news",
        ),
        ({"medium": "organic"}, lambda p: p.medium == "organic"),
        ({"last.source": "google"}, lambda p: p.last_source == "google"),
    ],
    "consent": [
        ({"consent.newsletter": "given"}, lambda p: p.newsletter is True),
        ({"consent.newsletter": "withdrawn"}, lambda p: p.newsletter is False),
        ({"consent.phone": "unsaid", "consent.newsletter": "unsaid"}, lambda p: p.newsletter is None),
    ],
    "handoff": [({"handoff": "1"}, lambda p: p.handoff_ready)],
    "choice": [({"a.industry": "logistics"}, lambda p: p.given["industry"] == "logistics")],
    "number": [
        ({"a.budget.min": "5000", "a.budget.max": "10000"}, lambda p: p.given["budget"] == 5000),
        ({"a.renewal.min": "2026-10-01"}, lambda p: p.given["renewal"] == "2027-01-31"),
        ({"a.renewal.max": "2026-09-01"}, lambda p: p.given["renewal"] == "2026-09-01"),
    ],
}
SEVERAL = [
    ({"stage": "lead", "grade": "A", "source": "google"},
     lambda p: (p.stage, p.grade, p.source) == ("lead", "A", "google")),
    ({"q": "an", "score.min": "10"}, lambda p: begins(p, "an") and p.engagement_order >= 10),
    ({"a.industry": "energy", "a.budget.min": "1", "seen": "9"},
     lambda p: p.given["industry"] == "energy" and (p.given["budget"] or 0) >= 1 and p.last_seen_at >= NOW - 9 * DAY),
]  # fmt: skip
VALUE: dict[str, Callable[[Person], object]] = {
    "engagement": lambda p: p.engagement_order,
    "seen": lambda p: p.last_seen_at,
    "new": lambda p: p.first_seen_at,
    "fit": lambda p: -1.0 if p.fit is None else p.fit,
    "name": lambda p: p.search,
}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "now", lambda: NOW)


@pytest.fixture(params=["few at once", "straight", "walked", "walked in haste"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """Force each way in which a page can be found; the budget of time for one page."""
    if request.param != "few at once":
        monkeypatch.setattr(people, "FEW", -1)
    monkeypatch.setattr(people, "STRETCHES", (11, 11) if "walked" in request.param else (10_000, 10_000))
    monkeypatch.setattr(reached, "STRETCHES", people.STRETCHES)
    return 0.0 if "haste" in request.param else 60.0


def read(query: dict[str, object]) -> list[Filter]:
    return asked.read(QueryDict(urlencode(query, doseq=True)))


def listed(crowd: Crowd) -> list[Person]:
    return [each for each in crowd.people if each.known and each.merged_into_id is None]


def expected(crowd: Crowd, holds: Holds, sort: Sort) -> list[int]:
    found = sorted((each for each in listed(crowd) if holds(each)), key=lambda each: each.id, reverse=sort.turned)
    found.sort(key=VALUE[sort.key], reverse=sort.descends)
    return [each.id for each in found]


def all_pages(wanted: list[Filter], sort: Sort, budget_s: float) -> tuple[list[int], list[people.Page]]:
    found, pages, after = [], [], None
    while True:
        page = people.page(wanted, sort, after=after, size=SIZE, budget_s=budget_s)
        found += page.ids
        pages.append(page)
        if page.after is None:
            return found, pages
        after = Position.of(page.after.text, sort)
        assert after is not None
        assert len(pages) < 500


CASES = [
    (kind, query, holds, sort)
    for kind, sorts in OFFERED.items()
    if kind != "reached"
    for (query, holds), sort in product(EXAMPLES[kind], sorts)
] + [("several", query, holds, sort) for (query, holds), sort in product(SEVERAL, SORTS)]


def test_every_offered_filter_in_every_order_gives_the_right_people_each_once(crowd: Crowd, way: float) -> None:
    for kind, query, holds, key in CASES:
        for sort in (SORTS[key], SORTS[key].turn()):
            found, _pages = all_pages(read(query), sort, way)
            assert found == expected(crowd, holds, sort), (kind, query, sort.address)


def test_going_back_shows_the_same_pages(crowd: Crowd, way: float) -> None:
    if not way:
        pytest.skip("a page that stopped early ends elsewhere going back")
    for key in SORTS:
        _found, pages = all_pages(read({"stage": "lead"}), SORTS[key], way)
        assert len(pages) > 3
        page = pages[-1]
        for earlier in reversed(pages[:-1]):
            page = people.page(read({"stage": "lead"}), SORTS[key], before=page.before, size=SIZE)
            assert page.ids == earlier.ids


def test_the_first_page_has_none_before_it(crowd: Crowd) -> None:
    assert people.page([], SORTS["name"], size=SIZE).before is None


def test_counts_are_exact_up_to_the_limit_and_say_more_beyond(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    for _kind, query, holds, _sort in CASES:
        assert people.count(read(query)) == Count(len(expected(crowd, holds, SORTS["name"]))), query
    monkeypatch.setattr(people, "EXACT", 20)
    assert people.count([]) == Count(20, exact=False)


def test_a_count_out_of_time_says_that_there_are_more(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "FEW", -1)
    monkeypatch.setattr(people, "STRETCHES", (11, 11))
    counted = people.count(read({"grade": "A", "seen": "9", "source": "google"}), budget_s=0.0)
    assert counted.number <= 11
    assert not counted.exact


def test_a_walk_goes_on_from_its_position_not_from_the_bound_of_a_filter(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the plan is written in SQLite's words")
    monkeypatch.setattr(people, "FEW", -1)
    with CaptureQueriesContext(connection) as captured:
        people.page(read({"unseen": "5"}), SORTS["new"], after=Position(NOW - 9 * DAY, 5))
    walked = [each["sql"] for each in captured if "INDEXED BY person_by_first_seen" in each["sql"]]
    assert any(f"p.first_seen_at < {NOW - 9 * DAY}" in each and "+p.first_seen_at" in each for each in walked)


def test_a_position_that_was_not_made_here_is_none() -> None:
    odd = (Position("a", 1), Position(True, 1), Position(10**40, 1))
    for text in ("", "x", "bnVsbA", "WzFd", "4pyT" * 400, "W1tb" * 20_000, *(each.text for each in odd)):
        assert Position.of(text, SORTS["engagement"]) is None
    for key in ("a\0b", "\ud800", "ada \udfff"):
        assert Position.of(Position(key, 1).text, SORTS["name"]) is None
    assert Position.of(Position("ada 😀", 7).text, SORTS["name"]) == Position("ada 😀", 7)
    assert Position.of(Position(1.5, 7).text, SORTS["engagement"]) == Position(1.5, 7)


def test_the_people_behind_a_number_of_the_funnel_come_latest_first(crowd: Crowd) -> None:
    start, end = NOW - 12 * DAY, NOW + 10 * DAY
    for stage in ("visitor", "lead", "qualified", "customer"):
        wanted = read({"reached": stage, "from": start, "to": end})
        found, _pages = all_pages(wanted, people.REACHED, 60.0)
        moves = Person.objects.in_bulk(found)
        assert len(found) == len(set(found)) == len(moves) == people.count(wanted).number
        further = [
            people.count(read({"reached": stage, "from": start, "to": end, "further": each})).number
            for each in ("yes", "no")
        ]
        assert sum(further) == len(found)


@pytest.mark.parametrize("query", [{}, {"stage": "lead"}, {"q": "an"}, {"a.industry": "energy"}], ids=str)
@pytest.mark.parametrize("sort", SORTS)
def test_no_page_sorts_the_whole_table(
    crowd: Crowd, query: dict[str, object], sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the plan is written in SQLite's words")
    monkeypatch.setattr(people, "FEW", -1)
    with CaptureQueriesContext(connection) as captured:
        people.page(read(query), SORTS[sort], after=Position("a" if sort == "name" else 1, 5))
    walks = [each["sql"] for each in captured if "FROM leads_person p INDEXED BY" in each["sql"]]
    assert walks
    for statement in walks:
        said = plan(statement.replace("%", "%%"), ())
        assert "TEMP B-TREE" not in said, said
        assert "USING INDEX person_by" in said or "USING COVERING INDEX person_by" in said, said


def test_the_offered_filters_are_all_tried() -> None:
    assert set(EXAMPLES) | {"reached"} == set(OFFERED)
