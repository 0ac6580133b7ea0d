"""The batch engine against the plain reading: any definition, any facts of several people, any partition of the log."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.core import attributes, scoring
from embudo.core.event import DAY, Verdict
from embudo.engines import on_duckdb
from embudo.engines.on_duckdb import opened, rescore_on
from tests.parity.agreement import agree, close, raw
from tests.parity.batch import facts_of, revised_of
from tests.parity.strategies import definitions, groupings, histories, parity


def by_person(events, grouping):
    found = {}
    for event in events:
        found.setdefault(grouping.person_of(event.subject), []).append(event)
    return found


def assert_same(scores, people, definition, at):
    """The rows of the batch engine say of everybody what the plain reading says."""
    found = {row["person"]: row for row in scores.to_pylist()}
    assert set(found) <= set(people)
    nothing = scoring.explain([], definition, at)
    for person, history in people.items():
        row = found.get(person) or {}
        explained = scoring.explain(history, definition, at)
        if row.get("engagement") is None:
            assert explained.groups == nothing.groups
        else:
            assert agree(raw(explained), row["engagement"])
            for place, group in enumerate(explained.groups):
                assert close(group.points, row[f"g{place}"])
        expected = scoring.fit(attributes.resolve(history, at), definition)
        if row.get("known_share") is None:
            assert expected == scoring.fit({}, definition)
        else:
            assert row["fit"] == pytest.approx(expected.score, abs=1e-6)
            assert row["known_share"] == pytest.approx(expected.known_share)
            assert row["disqualified_by"] == expected.disqualified_by


@pytest.mark.parametrize("portion", [on_duckdb.PORTION, 3])
@parity
@given(
    definitions(), histories(), groupings(), st.randoms(use_true_random=False), st.integers(-30 * DAY, 90 * DAY)
)  # fmt: skip
def test_the_batch_engine_says_what_the_plain_reading_says(portion, definition, history, grouping, chance, wait):
    revisions = {event.key: chance.choice(list(Verdict)) for event in history if chance.random() < 0.1}
    parts = [[], [], []]
    for event in history:
        parts[min(chance.randrange(6), 2)].append(event)
    at = max((each.at for each in history), default=0) + wait
    with TemporaryDirectory() as folder:
        facts = facts_of(parts, Path(folder), grouping)
        facts = replace(facts, revised=revised_of(history, revisions))
        with opened(facts, threads=1) as connection:
            scores = rescore_on(connection, definition, at, portion=portion)
    counted = [replace(event, verdict=revisions.get(event.key, event.verdict)) for event in history]
    assert_same(scores, by_person(counted, grouping), definition, at)
