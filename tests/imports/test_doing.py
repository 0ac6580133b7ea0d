"""The long work of imports: it goes on where it stopped, however it stopped."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from embudo.imports import report, undo
from embudo.imports import run as engine
from embudo.imports.following import followed
from embudo.imports.keeping import sweep
from embudo.imports.models import Upload
from embudo.leads.models import ImportBegun, ImportRow, ImportRun, Person
from embudo.leads.record import the_log
from embudo.work import run as worker
from embudo.work.models import Job
from tests.imports.test_undo import shown
from tests.imports.views.conftest import Marketer, here, marketer, signed_in, works

__all__ = ["here", "marketer", "signed_in"]
ROWS = 25
FILE = ("Email,Name\n" + "".join(f"p{n}@b.mx,P {n}\n" for n in range(ROWS))).encode()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in portions of four rows."""
    monkeypatch.setattr(engine, "PORTION", 4)
    monkeypatch.setattr(undo, "PORTION", 4)


def does_some(steps: int) -> Job:
    """Do a job that waits as far as so many steps, and die then."""
    job = Job.claim("dies")
    assert job is not None
    work = worker.kind_of(job.kind).run(job)
    for _step in range(steps):
        next(work)
    work.close()
    Job.objects.filter(pk=job.pk).update(beat_at=timezone.now() - timedelta(minutes=5))
    return job


def test_progress_counts_each_row_once(marketer: Marketer, small: None) -> None:
    marketer.asks(marketer.tries(marketer.brings("p.csv", FILE)))
    for kind in ("import_run", "import_undo"):
        job = Job.claim("somebody")
        assert job is not None and job.kind == kind
        seen = [(each.done, each.total) for each in worker.kind_of(kind).run(job)]
        assert {total for _done, total in seen} == {ROWS}
        assert seen == sorted(seen) and seen[0][0] == 0 and seen[-1][0] == ROWS
        job.end("done")
        if kind == "import_run":
            marketer.client.post(f"/imports/runs/{ImportRun.objects.get(dry_run=False).pk}/undo/")


def test_a_page_says_once_that_it_may_be_left(marketer: Marketer) -> None:
    upload = marketer.brings("p.csv", FILE)
    address = f"/imports/{upload.pk}/columns/"
    marketer.client.post(address, marketer.shown(address))
    job = Job.objects.get()
    for total, done in ((None, 0), (None, 3), (25, 0), (25, 3)):
        Job.objects.filter(pk=job.pk).update(total=total, done=done)
        page = marketer.client.get(f"/imports/{upload.pk}/state/").content.decode()
        assert page.count("You may leave this page") == 1


@pytest.mark.parametrize("crashes", [1, 2, 3])
def test_facts_of_an_import_that_dies_again_and_again_are_taken_back(
    marketer: Marketer, small: None, monkeypatch: pytest.MonkeyPatch, crashes: int
) -> None:
    before = shown()
    marketer.asks(marketer.tries(marketer.brings("p.csv", FILE)))

    def dies(*_args: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    for crash in range(crashes):  # each after the log has taken some rows more, before any is reported
        monkeypatch.setattr(engine, "PORTION", 4 * crash + 4)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(report, "write", dies)
            does_some(9)
        Job.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    works()
    run = ImportRun.objects.get(dry_run=False)
    assert (run.rows, run.accepted, run.fresh, run.facts, Person.objects.count()) == (ROWS,) * 5
    marketer.undoes(run)
    assert shown() == before


@pytest.mark.parametrize("steps", [1, 3, 7])
def test_an_import_whose_process_died_is_finished_and_counts_each_row_once(
    marketer: Marketer, small: None, steps: int
) -> None:
    before = shown()
    upload = marketer.tries(marketer.brings("p.csv", FILE))
    marketer.asks(upload)
    does_some(steps)
    works()
    run = ImportRun.objects.get(dry_run=False)
    assert (run.rows, run.accepted, run.fresh, run.facts) == (ROWS, ROWS, ROWS, ROWS)
    assert ImportRow.objects.filter(run=run).count() == ROWS
    assert Person.objects.count() == ROWS
    marketer.undoes(run)
    assert shown() == before


def test_facts_that_the_log_took_just_before_a_crash_are_taken_back_too(
    marketer: Marketer, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown()
    upload = marketer.tries(marketer.brings("p.csv", FILE))
    marketer.asks(upload)
    written = report.write
    calls: list[int] = []

    def dies(run: int, *args: Any, **more: Any) -> None:
        calls.append(run)
        if len(calls) == 3:
            raise KeyboardInterrupt
        written(run, *args, **more)

    monkeypatch.setattr(report, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        does_some(9)
    monkeypatch.setattr(report, "write", written)
    for _share in followed(the_log()):  # so that those people are known when it is taken up again
        pass
    assert 0 < Person.objects.count() < ROWS
    (noted,) = ImportBegun.objects.values_list("rows", flat=True)
    assert [each[1] for each in json.loads(noted)] == [10, 11, 12, 13]
    Job.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    works()
    run = ImportRun.objects.get(dry_run=False)
    assert (run.rows, run.accepted, run.fresh, run.facts, Person.objects.count()) == (ROWS,) * 5
    assert [each.line for each in ImportRow.objects.filter(run=run).order_by("row")] == list(range(2, ROWS + 2))
    marketer.undoes(run)
    assert shown() == before


def test_facts_that_the_log_took_before_a_crash_are_taken_back_though_the_import_never_goes_on(
    marketer: Marketer, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown()
    upload = marketer.tries(marketer.brings("p.csv", FILE))
    marketer.asks(upload)

    def dies(*_args: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(report, "write", dies)
        does_some(9)
    for _share in followed(the_log()):
        pass
    assert Person.objects.count() == 4
    Job.objects.filter(kind="import_run").update(state="cancelled", ended_at=timezone.now())
    marketer.undoes(ImportRun.objects.get(dry_run=False))
    assert shown() == before
    run = marketer.starts(marketer.tries(marketer.brings("p.csv", FILE)))
    assert (run.accepted, run.fresh, Person.objects.filter(known=True).count()) == (ROWS,) * 3


def test_a_cancelled_import_keeps_what_it_recorded_and_can_be_undone(marketer: Marketer, small: None) -> None:
    before = shown()
    upload = marketer.tries(marketer.brings("p.csv", FILE))
    marketer.asks(upload)
    job = does_some(4)
    Job.objects.filter(pk=job.pk).update(asked="cancelled")
    job = Job.claim("again")
    assert job is not None
    worker.do(job, threading.Event())
    job.refresh_from_db()
    assert job.state == "cancelled"
    run = ImportRun.objects.get(dry_run=False)
    page = marketer.client.get(f"/imports/runs/{run.pk}/").content.decode()
    assert "stopped before its end" in page and "Undo this import" in page
    marketer.undoes(run)
    assert shown() == before


def test_an_undo_whose_process_died_is_finished(marketer: Marketer, small: None) -> None:
    before = shown()
    run = marketer.starts(marketer.tries(marketer.brings("p.csv", FILE)))
    marketer.client.post(f"/imports/runs/{run.pk}/undo/")
    does_some(3)
    assert 0 < undo.left(run) < ROWS
    works()
    assert undo.left(run) == 0
    assert shown() == before
    assert ImportRun.objects.get(pk=run.pk).undone_at is not None


def test_a_trial_leaves_no_rows_once_the_file_is_brought_in(marketer: Marketer) -> None:
    run = marketer.starts(marketer.tries(marketer.brings("p.csv", FILE)))
    assert set(ImportRow.objects.values_list("run_id", flat=True)) == {run.pk}
    assert ImportRun.objects.count() == 1


def test_files_are_kept_for_seven_days(marketer: Marketer) -> None:
    upload = marketer.tries(marketer.brings("p.csv", FILE))
    assert sweep() == 0
    Upload.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert sweep() == 1
    assert not upload.folder.exists()
    assert (Upload.objects.count(), ImportRow.objects.count()) == (0, 0)
    assert marketer.client.get(f"/imports/{upload.pk}/trial/").status_code == 404


def test_old_files_go_by_themselves_while_nobody_brings_anything_in(marketer: Marketer) -> None:
    upload = marketer.tries(marketer.brings("p.csv", FILE))
    marketer.starts(upload)
    Upload.objects.update(created_at=timezone.now() - timedelta(days=8))
    worker._try_to_sweep()
    assert not upload.folder.exists()
    assert Person.objects.count() == ROWS
