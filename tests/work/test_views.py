"""Everybody sees their own long work and may stop it; nobody another's, but for those who see the system."""

from datetime import timedelta

import pytest
from django.utils import timezone

from embudo.accounts.models import User
from embudo.work.models import Job
from tests.work import counting

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(ana: User) -> Job:
    return Job.objects.create(kind="counting", about="people.csv", by=ana, wants={"to": 9}, done=3, total=9)


def test_the_page_shows_how_far_it_is(ana: User, job: Job, browser) -> None:
    text = browser(ana).get(f"/work/{job.pk}/").content.decode()
    assert "people.csv" in text and "3 of 9" in text and "Waiting" in text


def test_a_fragment_asks_again_until_the_work_has_ended(ana: User, job: Job, browser) -> None:
    def ask() -> str:
        return browser(ana).get(f"/work/{job.pk}/", headers={"hx-request": "true"}).content.decode()

    assert "every 1s" in ask() and "<html" not in ask()
    job.cancel()
    assert "every 1s" not in ask()


def test_somebody_elses_work_is_not_there(job: Job, browser) -> None:
    luis = User.objects.create_user("luis@norte.example", "otra frase", name="Luis", role="sales")
    head = User.objects.create_user("eva@norte.example", "otra frase", name="Eva", role="manager")
    assert browser(luis).get(f"/work/{job.pk}/").status_code == 404
    assert browser(luis).post(f"/work/{job.pk}/cancellation/").status_code == 404
    assert "people.csv" not in browser(luis).get("/work/").content.decode()
    assert "people.csv" in browser(head).get("/work/").content.decode()


def test_it_is_paused_taken_up_and_cancelled_by_buttons(ana: User, job: Job, browser) -> None:
    client = browser(ana)
    for act, state in (("pause", "paused"), ("continuation", "waiting"), ("cancellation", "cancelled")):
        assert client.post(f"/work/{job.pk}/{act}/").status_code == 302
        job.refresh_from_db()
        assert job.state == state


def test_an_act_that_comes_too_late_says_so(ana: User, job: Job, browser) -> None:
    job.cancel()
    page = browser(ana).post(f"/work/{job.pk}/pause/", follow=True).content.decode()
    assert "It had changed meanwhile" in page


def test_looking_changes_nothing_and_an_unknown_act_is_refused(ana: User, job: Job, browser) -> None:
    assert browser(ana).get(f"/work/{job.pk}/pause/").status_code == 405
    assert browser(ana).post(f"/work/{job.pk}/explosion/").status_code == 400


def test_the_time_left_follows_from_the_pace_of_this_run(job: Job) -> None:
    job.state, job.started_from, job.done, job.total = "running", 2, 4, 8
    job.started_at = timezone.now() - timedelta(seconds=10)
    assert job.microseconds_left == pytest.approx(20e6, rel=0.05)


def test_the_list_says_what_will_stand_there(ana: User, browser) -> None:
    assert "Nothing has been asked for yet" in browser(ana).get("/work/").content.decode()


def test_no_button_cancels_work_that_must_end_once_it_has_begun(ana: User, browser) -> None:
    job = Job.objects.create(kind="finishing", by=ana, done=1, total=2)
    assert f"/work/{job.pk}/cancellation/" in browser(ana).get(f"/work/{job.pk}/").content.decode()
    Job.objects.update(started_at=timezone.now(), state="running")
    page = browser(ana).get(f"/work/{job.pk}/").content.decode()
    assert f"/work/{job.pk}/cancellation/" not in page and f"/work/{job.pk}/pause/" in page
    assert "It had changed" in browser(ana).post(f"/work/{job.pk}/cancellation/", follow=True).content.decode()


def test_what_work_is_about_is_told_by_its_kind_and_else_as_it_was_kept(
    ana: User, job: Job, browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert str(job) == "Counting: people.csv"
    monkeypatch.setattr(counting, "about", lambda job: f"to {job.wants['to']}", raising=False)
    assert str(job) == "Counting: to 9"
    for page in (f"/work/{job.pk}/", "/work/"):
        text = browser(ana).get(page).content.decode()
        assert "to 9" in text and "people.csv" not in text
