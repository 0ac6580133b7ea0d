import pytest

from embudo.core.event import DAY
from embudo.eventlog import Cursor
from embudo.leads import kept, sql
from embudo.leads.advance import FRESH, Clockwork, advance, refresh_order
from embudo.leads.follow import Follower, cursor_of_tables
from embudo.leads.models import EngagementSnapshot, Person, Score
from tests.cast import MONDAY, ada, bruno
from tests.leads.conftest import Following, moves_of


def test_somebody_qualified_falls_back_at_the_instant_the_score_crosses_the_line(following: Following) -> None:
    following.hears(ada.visits("/pricing").requests("demo"))
    due = Score.objects.get().next_change_at
    assert following.person(ada).stage == "qualified"
    while following.person(ada).stage == "qualified":
        assert following.reaches(due - 1) == 0
        assert following.reaches(due) == 1
        fell_at, due = due, Score.objects.get().next_change_at

    person = following.person(ada)
    assert moves_of(person)[-1] == ("qualified", "lead")
    assert person.stage_since_at == fell_at
    online = following.follower.online
    curve = online.curve(online.decode(bytes(Score.objects.get().state)))
    assert curve.at(fell_at) < 30 <= curve.at(fell_at - 1)
    following.agrees()


def test_a_hand_off_waits_only_as_long_as_its_window(following: Following) -> None:
    following.hears(ada.requests("demo"))
    assert following.person(ada).handoff_ready
    while following.reaches(MONDAY + 31 * DAY):
        pass

    assert not following.person(ada).handoff_ready
    following.agrees()


def test_time_passes_only_as_far_as_the_log_is_followed(following: Following) -> None:
    following.hears(ada.requests("demo"))
    clockwork = Clockwork(following.config, following.log)
    following.log.append(list(ada.journey(MONDAY + DAY).visits("/pricing")))
    clockwork.advance_due(MONDAY + 300 * DAY)
    assert following.person(ada).stage == "qualified"

    following.follower.catch_up()
    while clockwork.advance_due(MONDAY + 300 * DAY):
        pass
    assert following.person(ada).stage == "lead"


def test_who_was_written_by_follow_meanwhile_is_left_for_the_next_look(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    following.hears(ada.requests("demo"), bruno.requests("demo"))
    load = kept.load

    def overtaken(*given: object) -> object:
        found = load(*given)
        sql.one("UPDATE leads_score SET revision = revision + 1 WHERE person_id = %s", [ada.subject])
        monkeypatch.undo()
        return found

    monkeypatch.setattr(kept, "load", overtaken)
    advance(following.follower.online, following.log, MONDAY + 300 * DAY)
    due = set(Score.objects.filter(next_change_at__lte=MONDAY + 300 * DAY).values_list("person_id", flat=True))
    assert due == {ada.subject}

    following.reaches(MONDAY + 300 * DAY)
    following.agrees()


def test_states_of_another_definition_are_read_again(following: Following) -> None:
    following.hears(ada.requests("demo"))
    sql.one("UPDATE leads_score SET state = %s", [b""])
    while following.reaches(MONDAY + 300 * DAY):
        pass

    assert following.person(ada).stage == "lead"
    following.agrees()


def test_the_order_of_the_list_is_freshened_in_slices_and_not_too_often(following: Following) -> None:
    following.hears(ada.requests("demo"), bruno.visits("/"))
    online = following.follower.online
    while refresh_order(online, MONDAY + DAY):
        pass
    snapshot = EngagementSnapshot.objects.get()
    assert (snapshot.as_of_at, snapshot.people) == (MONDAY + DAY, 1)
    first = Person.objects.get(pk=ada.subject).engagement_order
    refresh_order(online, MONDAY + DAY + FRESH - 1)
    assert Person.objects.get(pk=ada.subject).engagement_order == first
    refresh_order(online, MONDAY + 31 * DAY)

    assert Person.objects.get(pk=ada.subject).engagement_order == pytest.approx(first / 2, rel=1e-5)
    assert EngagementSnapshot.objects.get().as_of_at == MONDAY + 31 * DAY


def test_a_second_look_finds_nothing_to_do(following: Following) -> None:
    following.hears(ada.requests("demo"))
    while following.reaches(MONDAY + 300 * DAY):
        pass
    assert following.reaches(MONDAY + 300 * DAY) == 0
    assert Follower(following.config, following.log).step() == 0


def test_facts_followed_while_a_person_is_read_again_are_not_written_over(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    following.hears(ada.visits("/").requests("demo"))
    sql.one("UPDATE leads_score SET state = %s", [b""])

    def meanwhile() -> Cursor:
        cursor = cursor_of_tables()
        monkeypatch.undo()
        following.hears(ada.journey(MONDAY + DAY).requests("demo"))
        return cursor

    monkeypatch.setattr("embudo.leads.advance.cursor_of_tables", meanwhile)
    following.reaches(MONDAY + 300 * DAY)
    while following.reaches(MONDAY + 300 * DAY):
        pass
    assert following.person(ada).events == 3
    following.agrees()
