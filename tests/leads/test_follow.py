from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embudo.core.event import DAY, HOUR, Door, Event
from embudo.eventlog import Cursor, open_log
from embudo.leads import follow, kept
from embudo.leads.batch import Batch
from embudo.leads.follow import Follower, LostLead
from embudo.leads.models import Company, Dispute, FollowCursor, Identifier, Person, PersonAttribute, StageChange
from tests.cast import MONDAY, ada, bruno, clara, diego, eva
from tests.leads.conftest import Following, conserved, forget_everything, moves_of, rows

STORY = (
    *ada.visits("/pricing", reads_s=90).later(hours=1).submits("contact").requests("demo").later(days=2).opens("news"),
    *bruno.visits("/").later(days=1).subscribes().later(days=3).downloads("guide").says(role="director", budget=9000),
    *clara.visits("/blog").submits("contact").is_told("opportunity_opened", opportunity="c1").later(days=9)
    .is_told("opportunity_won", opportunity="c1").later(days=1).answers(10),
    *diego.visits("/careers").later(hours=5).visits("/careers").submits("jobs").later(days=40).visits("/"),
    *eva.visits("/").by_machine().opens("news").by_hand().later(days=1).starts_trial(),
)  # fmt: skip


def test_a_visitor_is_somebody_unknown_with_a_first_appearance(following: Following) -> None:
    following.hears(ada.visits("/pricing").later(hours=1).visits("/docs"))

    person = Person.objects.get()
    assert (person.id, person.known, person.stage, person.events) == (ada.visitor, False, "visitor", 2)
    assert (person.first_seen_at, person.last_seen_at) == (MONDAY, MONDAY + HOUR + 60_000_000)
    assert moves_of(person) == [("", "visitor")]
    following.agrees()


def test_a_form_makes_a_lead_of_a_visitor_and_takes_the_visits_along(following: Following) -> None:
    visits = ada.visits("/pricing", reads_s=90)
    following.hears(visits)
    following.hears(visits.later(hours=1).submits("contact")[len(visits) :])

    person = Person.objects.get()
    assert (person.id, person.known, person.stage, person.events) == (ada.subject, True, "lead", 3)
    assert (person.name, person.company_name, person.grade) == ("Ada Okafor", "Norte Logística", "A")
    assert moves_of(person) == [("", "visitor"), ("visitor", "lead")]
    assert Identifier.objects.get(identifier=ada.anonymous).evidence == "form"
    assert StageChange.objects.exclude(superseded_at=None).count() == 0
    following.agrees()


def test_a_second_browser_brings_its_visits_to_the_person(following: Following) -> None:
    phone = ada.on_another_browser("ada-phone")
    following.hears(ada.visits("/").submits("contact"))
    following.hears(phone.journey(MONDAY + 2 * DAY).visits("/pricing").visits("/docs"))
    assert Person.objects.count() == 2
    following.hears(phone.journey(MONDAY + 3 * DAY).submits("contact"))

    person = Person.objects.get()
    assert (person.id, person.events) == (ada.subject, 5)
    assert moves_of(person) == [("", "visitor"), ("visitor", "lead")]
    following.agrees()


def test_what_machines_do_is_kept_and_never_counted(following: Following) -> None:
    following.hears(ada.submits("contact"))
    before = rows()
    following.hears(ada.journey(MONDAY + DAY).by_machine().clicks("news").opens("news").visits("/pricing"))

    assert rows() == before
    assert len(following.log.history([ada.subject, ada.visitor])) > 1


def test_facts_that_are_taken_back_are_followed_few_at_a_time(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "RETELLING", 3)
    clicks, revised = ada.submits("contact"), ada.journey(MONDAY + 9 * DAY).by_machine()
    for day in range(8):
        clicks = clicks.later(days=1).clicks(f"news {day}")
    following.hears(clicks)
    for click in clicks[1:]:
        revised = revised.does("verdict_revised", source=click.source, id=click.id, verdict="machine")
    following.log.append(
        [replace(each, identifier=clicks[1].identifier, subject=clicks[1].subject) for each in revised]
    )
    following.follower.size = 500
    assert following.follower.step() == 3
    following.follower.catch_up()
    following.agrees()


def test_a_verdict_that_is_revised_takes_the_points_back(following: Following) -> None:
    clicks = ada.submits("contact").later(days=1).clicks("news")
    following.hears(clicks[:1])
    before = rows()
    following.hears(clicks[1:])
    engaged = following.person(ada).engagement
    click = clicks[-1]
    said = {"source": click.source, "id": click.id, "verdict": "machine"}
    revision = ada.journey(MONDAY + 2 * DAY).by_machine().does("verdict_revised", **said)
    following.hears([replace(revision[0], identifier=click.identifier, subject=click.subject)])

    assert engaged > before["people"][ada.subject]["engagement"]
    assert rows() == before


def test_a_late_fact_gives_an_earlier_first_appearance_and_keeps_the_old_row(following: Following) -> None:
    following.hears(ada.journey(MONDAY + DAY).visits("/docs"))
    following.hears(ada.journey(MONDAY).visits("/pricing"))

    person = Person.objects.get()
    assert person.first_seen_at == MONDAY
    assert moves_of(person) == [("", "visitor")]
    assert StageChange.objects.exclude(superseded_at=None).get().superseded_why == "late_fact"
    following.agrees()


def test_a_late_sales_action_moves_the_stage_at_its_own_time(following: Following) -> None:
    following.hears(ada.journey(MONDAY + 5 * DAY).submits("contact"))
    following.hears(ada.journey(MONDAY + 4 * DAY).requests("demo"))

    person = following.person(ada)
    assert moves_of(person)[-2:] == [("visitor", "lead"), ("lead", "qualified")]
    assert person.stage_since_at == MONDAY + 4 * DAY
    following.agrees()


def test_a_company_is_known_by_its_mail_domain_and_free_mail_is_nobodys(following: Following) -> None:
    following.hears(ada.submits("contact"), diego.submits("contact"))

    assert following.person(ada).company == Company.objects.get(domain="norte.example")
    assert following.person(diego).company is None


def test_two_people_on_one_browser_are_disputed_and_keep_their_names(following: Following) -> None:
    shared = replace(bruno, browser=ada.browser)
    following.hears(ada.submits("contact"), shared.journey(MONDAY + DAY).submits("contact"))

    assert Dispute.objects.get().identifier == ada.anonymous
    assert {person.name for person in Person.objects.filter(known=True)} == {ada.name, bruno.name}
    following.agrees()


def test_every_decision_on_identity_is_a_fact_in_the_log(following: Following) -> None:
    following.hears(ada.visits("/").submits("contact"))

    decisions = [row.event for row in following.log.read(Cursor(), 100)[0] if row.event.source == "embudo"]
    assert {event.props["identifier"] for event in decisions} == {ada.anonymous, f"phone:{ada.phone}"}
    assert all(event.props["person"] == ada.subject for event in decisions)


def test_the_whole_story_agrees_with_a_second_computation(following: Following) -> None:
    following.hears(STORY)

    following.agrees()
    assert following.person(clara).stage == "ambassador"


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), size=st.integers(1, 40))
def test_order_of_arrival_duplicates_and_batch_sizes_do_not_matter(
    following: Following, tmp_path_factory: pytest.TempPathFactory, seed: int, size: int
) -> None:
    random = Random(seed)
    forget_everything()
    in_order = told(following, list(STORY), 1000, tmp_path_factory)
    shuffled = [*STORY, *random.sample(STORY, 8)]
    random.shuffle(shuffled)
    forget_everything()

    assert told(following, shuffled, size, tmp_path_factory) == in_order


def told(following: Following, events: list[Event], size: int, folders: pytest.TempPathFactory) -> dict[str, object]:
    """The rows that come of facts in this order, followed in batches of this size."""
    config = replace(following.config, data=folders.mktemp("log"), shards=1, database_url="")
    log = open_log(config)
    follower = Follower(config, log)
    for start in range(0, len(events), size):
        log.append(events[start : start + size])
        follower.size = size
        follower.catch_up()
    conserved()
    log.close()
    return rows()


def test_a_batch_that_was_not_written_is_worked_out_again_with_the_same_decisions(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    following.log.append(list(STORY))
    monkeypatch.setattr(kept, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        following.follower.step()
    monkeypatch.undo()
    decided = following.log.end()
    assert Person.objects.count() == 0
    assert FollowCursor.objects.count() == 0

    Follower(following.config, following.log).catch_up()
    assert following.log.end() == decided
    following.follower.forget()
    following.agrees()


def test_a_follower_whose_cursor_was_moved_by_another_stops(following: Following) -> None:
    other = Follower(following.config, following.log)
    following.hears(ada.visits("/"))

    with pytest.raises(LostLead):
        other.step()


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_fact_that_cannot_be_processed_is_kept_as_a_failed_event_and_stops_nobody(following: Following) -> None:
    fact = bruno.journey(MONDAY + DAY).through(Door.APP).does("people_merged", survivor="nobody")[0]
    following.hears(ada.submits("contact"), [fact], clara.submits("contact"))

    failed = following.log.failed()
    assert [(each.reason, each.source) for each in failed] == [("not_followed", fact.source)]
    assert "absorbed" in failed[0].detail or "nobody" in failed[0].detail
    assert Person.objects.filter(known=True).count() == 2
    assert following.log.ledger().balanced


def test_attributes_that_databases_dislike_are_kept_as_far_as_they_go(following: Following) -> None:
    odd = {"email": ada.mail, "name": "A\0da", "note": ["x\0", 1], "size": 1e308, "title": "z" * 900}
    following.hears(ada.does("form_submitted", traits=odd))

    person = following.person(ada)
    assert (person.name, person.attributes["note"], len(person.title)) == ("Ada", ["x", 1], 300)
    assert following.log.failed() == []


def test_only_the_values_of_attributes_that_changed_are_written_anew(following: Following) -> None:
    following.hears(ada.says(role="buyer", budget=9000, interests=["rail", "sea"], vip=1))
    before = set(PersonAttribute.objects.values_list("id", "attribute", "text", "number"))

    following.hears(ada.journey(MONDAY + DAY).says(role="buyer", budget=9500, interests=["sea", "rail"], vip=True))

    after = set(PersonAttribute.objects.values_list("id", "attribute", "text", "number"))
    gone = {("budget", "9000", 9000.0), ("vip", "1", 1.0)}
    assert {row[1:] for row in before - after} == gone
    assert {row[1:] for row in after - before} == {("budget", "9500", 9500.0), ("vip", "true", None)}
    assert following.person(ada).attributes["vip"] is True
    following.agrees()


def test_attributes_stated_again_leave_the_rows_as_they_are(following: Following) -> None:
    following.hears(ada.says(role="buyer", interests=["rail"]))
    before = list(PersonAttribute.objects.order_by("id").values())

    following.hears(ada.journey(MONDAY + DAY).says(role="buyer", interests=["rail"]))

    assert list(PersonAttribute.objects.order_by("id").values()) == before
    person = following.person(ada)
    assert (person.attributes["role"], person.events, person.last_seen_at) == ("buyer", 2, MONDAY + DAY)
    following.agrees()


def test_decisions_of_a_fact_that_is_skipped_are_not_waited_for(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Batch.write

    def fails_on_ada(batch: Batch) -> None:
        if any(kept.id == ada.subject for kept in batch.people.values()):
            raise ValueError("a name nobody thought of")
        write(batch)

    monkeypatch.setattr(Batch, "write", fails_on_ada)
    following.hears(clara.visits("/"), ada.submits("contact"))
    monkeypatch.undo()
    following.hears(bruno.submits("contact"))

    assert [each.reason for each in following.log.failed()] == ["not_followed"]
    assert Identifier.objects.get(subject=bruno.visitor).person_id == bruno.subject
