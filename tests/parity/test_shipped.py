"""The shipped definition through every engine."""

from hypothesis import given
from hypothesis import strategies as st

from embudo.core import scoring
from embudo.core.event import DAY
from embudo.engines.on_duckdb import Facts, opened, rescore_on
from embudo.engines.online import Online
from tests.cast import ada, bruno, diego
from tests.engines.test_sql import SHIPPED
from tests.parity.agreement import agree, raw
from tests.parity.batch import identity_of, rows_of
from tests.parity.strategies import Grouping, parity
from tests.parity.test_duckdb import assert_same, by_person

ONLINE = Online(SHIPPED)
VERBS = (
    lambda j: j.visits("/"), lambda j: j.visits("/pricing", reads_s=90), lambda j: j.visits("/careers/backend"),
    lambda j: j.later(hours=7), lambda j: j.later(days=20), lambda j: j.requests("demo"), lambda j: j.starts_trial(),
    lambda j: j.downloads("guide"), lambda j: j.clicks("news"), lambda j: j.subscribes(), lambda j: j.by_machine(),
    lambda j: j.by_hand(), lambda j: j.is_told("call_made", outcome="held"),
    lambda j: j.is_told("meeting_held", outcome="missed"),
    lambda j: j.says(industry="logistics", company_size=80, role="owner"), lambda j: j.does("mail_unsubscribed"),
    lambda j: j.says(relation="competitor"), lambda j: j.attends("webinar"), lambda j: j.does("content_viewed"),
)  # fmt: skip


@st.composite
def journeys(draw):
    """What three of the cast do, each in an order of their own."""
    told = []
    for someone in (ada, bruno, diego):
        journey = someone.journey()
        for verb in draw(st.lists(st.sampled_from(VERBS), max_size=12)):
            journey = verb(journey)
        told.append(list(journey))
    return told


@parity
@given(journeys(), st.integers(0, 90 * DAY))
def test_the_shipped_definition_means_the_same_in_every_engine(told, wait):
    events = [event for journey in told for event in journey]
    grouping = Grouping({each.visitor: each.subject for each in (ada, bruno, diego)}, {})
    at = max((each.at for each in events), default=0) + wait
    with opened(Facts(tail=rows_of(events), identity=identity_of(events, grouping)), threads=1) as connection:
        scores = rescore_on(connection, SHIPPED, at)
    people = by_person(events, grouping)
    assert_same(scores, people, SHIPPED, at)
    for history in people.values():
        state, _ = ONLINE.replay(history, until=at)
        explained = scoring.explain(history, SHIPPED, at)
        value = sum(part.at(at, SHIPPED.half_life) for part in ONLINE.curve(state).parts) / 1000
        assert agree(raw(explained), value)
