"""Long work goes on whatever happens to the one who does it, and its row always says how it stands."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from embudo.work import run
from embudo.work.kinds import Progress, kind_of
from embudo.work.models import KEPT, STALE, Job

pytestmark = pytest.mark.django_db
GO_ON = threading.Event()  # never set


def asked(to: int = 3, kind: str = "counting") -> Job:
    return Job.objects.create(kind=kind, wants={"to": to})


def claimed(worker: str = "one") -> Job:
    job = Job.claim(worker)
    assert job is not None
    return job


def test_what_is_asked_for_is_done_and_its_result_kept(monkeypatch) -> None:
    monkeypatch.setattr(run, "NOTE_S", 0)
    asked(to=3)
    run.do(job := claimed(), GO_ON)
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.result, job.worker) == ("done", 3, 3, {"counted": 3, "from": 0}, "")
    assert job.memory == {}
    assert job.ended_at is not None


def test_the_oldest_comes_first_and_nobody_gets_it_twice() -> None:
    first, second = asked(), asked()
    assert [claimed("one").pk, claimed("two").pk] == [first.pk, second.pk]
    assert Job.claim("three") is None


def test_of_two_who_reach_for_one_job_at_once_one_gets_it() -> None:
    job = asked()
    assert Job.objects.filter(pk=job.pk, state="waiting").update(
        state="running", worker="quicker", beat_at=timezone.now()
    )
    assert Job.claim("slower") is None


def test_a_job_whose_worker_died_is_taken_over_and_the_old_worker_is_shut_out(monkeypatch) -> None:
    monkeypatch.setattr(run, "NOTE_S", 0)
    asked(to=5)
    old = claimed("old")
    old.note(Progress(2, 5, {"at": 2}))
    Job.objects.update(beat_at=timezone.now() - STALE - timedelta(seconds=1))
    new = claimed("new")
    assert new.pk == old.pk
    assert old.note(Progress(3, 5, {"at": 3})) is None
    old.end("failed", trouble="too late")
    run.do(new, GO_ON)
    new.refresh_from_db()
    assert (new.state, new.result["from"], new.done) == ("done", 2, 5)


def test_work_that_is_paused_goes_on_from_where_it_stopped(monkeypatch) -> None:
    monkeypatch.setattr(run, "NOTE_S", 0)
    asked(to=4)
    job = claimed()
    assert job.pause()
    run.do(job, GO_ON)
    job.refresh_from_db()
    assert (job.state, job.done) == ("paused", 1)
    assert Job.claim("anybody") is None
    assert job.go_on()
    run.do(claimed(), GO_ON)
    job.refresh_from_db()
    assert (job.state, job.done, job.result["from"]) == ("done", 4, 1)


def test_cancelled_work_stops_at_its_next_step(monkeypatch) -> None:
    monkeypatch.setattr(run, "NOTE_S", 0)
    asked(to=4)
    job = claimed()
    assert job.cancel()
    run.do(job, GO_ON)
    job.refresh_from_db()
    assert (job.state, job.done, job.go_on(), job.pause()) == ("cancelled", 1, False, False)


def test_a_worker_that_has_to_leave_puts_the_job_back() -> None:
    leaving = threading.Event()
    leaving.set()
    asked(to=4)
    run.do(job := claimed(), leaving)
    job.refresh_from_db()
    assert (job.state, job.memory["at"]) == ("waiting", 1)


def test_work_that_cannot_be_done_says_so_in_its_own_words() -> None:
    asked(kind="refusing")
    run.do(job := claimed(), GO_ON)
    job.refresh_from_db()
    assert (job.state, job.trouble) == ("failed", "The file is empty. Choose another.")


def test_a_mistake_of_ours_is_told_without_words_of_the_machine_and_can_be_tried_again() -> None:
    asked(kind="breaking")
    run.do(job := claimed(), GO_ON)
    job.refresh_from_db()
    assert job.state == "failed"
    assert "secret" not in job.trouble and job.trouble
    assert job.try_again()
    assert claimed().trouble == ""


def test_the_files_of_work_that_ended_long_ago_are_swept_away() -> None:
    old, new = asked(), asked()
    for job in (old, new):
        (job.make_folder() / "people.csv").write_text("name")
        job.cancel()
    Job.objects.filter(pk=old.pk).update(ended_at=timezone.now() - KEPT - timedelta(hours=1))
    assert run.sweep() == 1
    assert (old.folder.exists(), new.folder.exists()) == (False, True)
    assert new.folder.stat().st_mode & 0o777 == 0o700


def test_a_kind_nobody_offers_is_an_error() -> None:
    with pytest.raises(KeyError):
        kind_of("juggling")


@pytest.mark.django_db(transaction=True)
def test_the_process_does_what_is_asked_for_and_stops_when_told(here) -> None:
    job = asked(to=3)
    stop = threading.Event()
    process = threading.Thread(target=run.run, args=(here, stop))
    process.start()
    for _look in range(200):
        job.refresh_from_db()
        if job.ended:
            break
        threading.Event().wait(0.05)
    stop.set()
    process.join(timeout=10)
    assert (job.state, process.is_alive()) == ("done", False)


def test_a_database_that_fails_when_a_job_ends_does_not_end_the_worker(monkeypatch) -> None:
    monkeypatch.setattr(run, "NOTE_S", 0)
    monkeypatch.setattr(run, "close_old_connections", lambda: None)  # the test's own is in a transaction
    ends, end = [], Job.end

    def fail_once(job: Job, state: str, **changes: object) -> None:
        ends.append(state)
        if len(ends) <= 2:  # the end, and the end that says it failed
            raise OperationalError("the server closed the connection")
        end(job, state, **changes)

    monkeypatch.setattr(Job, "end", fail_once)
    job = asked(to=3)
    assert run._take_one("one", GO_ON) is False
    job.refresh_from_db()
    assert job.state == "running"
    Job.objects.update(beat_at=timezone.now() - STALE - timedelta(seconds=1))
    assert run._take_one("one", GO_ON) is True
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"counted": 3, "from": 3})


def test_a_sign_of_life_that_could_not_be_given_is_given_again(monkeypatch) -> None:
    monkeypatch.setattr(run, "BEAT_S", 0.01)
    beats, third = [], threading.Event()

    def beat(_job: Job) -> None:
        beats.append(1)
        if len(beats) == 3:
            third.set()
        raise OperationalError("database is locked")

    monkeypatch.setattr(Job, "beat", beat)
    with run._Pulse(asked()):
        assert third.wait(5)


def test_a_database_that_fails_while_files_are_swept_does_not_end_the_process(monkeypatch) -> None:
    monkeypatch.setattr(run, "close_old_connections", lambda: None)
    monkeypatch.setattr(run, "sweep", lambda: 1 / 0)
    run._try_to_sweep()


def test_work_that_must_end_is_cancelled_only_before_it_has_begun() -> None:
    waits, begun = asked(kind="finishing"), asked(kind="finishing")
    assert waits.may_be_cancelled and waits.cancel()
    running = claimed()
    assert running.pk == begun.pk
    assert not running.may_be_cancelled and not running.cancel()
    running.refresh_from_db()
    assert (running.state, running.asked) == ("running", "")
    running.end("waiting")  # the worker had to leave
    running.refresh_from_db()
    assert not running.may_be_cancelled and not running.cancel()
    assert running.pause() and not running.cancel()
    assert running.go_on()
    run.do(claimed(), GO_ON)
    running.refresh_from_db()
    assert running.state == "done"


def test_a_step_that_asks_for_it_is_written_down_before_the_next(monkeypatch) -> None:
    monkeypatch.setattr(run, "NOTE_S", 3600)
    monkeypatch.setattr(run.time, "monotonic", lambda: 1.0)
    asked(kind="finishing")
    noted = []
    monkeypatch.setattr(Job, "note", lambda self, progress: noted.append(progress.memory) or "")
    run.do(claimed(), GO_ON)
    assert noted[0] == {"at": 1}
