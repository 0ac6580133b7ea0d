"""A tag of very many people joined to another: long work that goes on after a crash, can be cancelled, and undone."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from embudo.accounts.models import AuditEntry
from embudo.leads import tag_changes, tag_joining, tags
from embudo.leads.clock import now
from embudo.leads.models import SavedView, Tag, Tagging
from embudo.work import run
from embudo.work.models import Job, State
from tests.cast import Someone, ada, bruno, clara
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, sign_in, site, text
from tests.leads.views.test_tags import put, shown

__all__ = ["sign_in", "site"]
EVERYBODY = (ada, bruno, clara)


@pytest.fixture
def pair(site: Following, monkeypatch: pytest.MonkeyPatch) -> tuple[Tag, Tag]:
    """Everybody has one tag and Bruno the other, too; one person is many."""
    monkeypatch.setattr(tag_changes, "SLICE", 1)
    monkeypatch.setattr(tag_changes, "AT_ONCE", 2)
    site.hears(*(each.submits("contact") for each in EVERYBODY))
    return put("fair", *EVERYBODY), put("vip", bruno)


def asked(client: Client, tag: Tag, name: str = "vip") -> Job:
    place = client.post(f"/people/tags/{tag.pk}/", {"name": name})["Location"]
    return Job.objects.get(pk=int(place.removeprefix("/work/").rstrip("/")))


def done(job: Job) -> Job:
    claimed = Job.claim("somebody")
    assert claimed == job
    run.do(job := claimed, threading.Event())
    job.refresh_from_db()
    return job


def worn(*people: Someone) -> list[list[str]]:
    return [shown(each) for each in people or EVERYBODY]


def undone(client: Client, job: Job) -> Job:
    found = re.search(r'action="(/people/tags/[^"]*/parting/[^"]*)"', text(client.get(f"/work/{job.pk}/")))
    assert found
    place = client.post(found[1].replace("&amp;", "&"))["Location"]
    return Job.objects.get(pk=int(place.removeprefix("/work/").rstrip("/")))


def test_a_tag_of_many_is_joined_as_long_work_and_parted_as_such(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    view = SavedView.objects.create(name="v", query="tag=fair", at=now())
    job = asked(client, pair[0])
    assert (tags.tag_of("fair"), worn()) == (None, [[], ["vip"], []])
    job = done(job)
    assert (job.state, job.done, job.total, job.result["people"]) == ("done", 3, 3, 3)
    assert worn() == [["vip"]] * 3
    view.refresh_from_db()
    assert view.query == "tag=vip"
    back = undone(client, job)
    assert worn() == [["fair", "vip"]] * 3
    assert done(back).state == "done" and worn() == [["fair"], ["fair", "vip"], ["fair"]]
    view.refresh_from_db()
    assert view.query == "tag=fair"
    for page in (job, back):
        assert "/parting/" not in text(client.get(f"/work/{page.pk}/"))
    assert "Undo: fair → vip" in text(client.get("/work/"))
    assert "Deshacer: fair → vip" in text(client.get(f"/work/{back.pk}/", headers={"accept-language": "es"}))
    verbs = AuditEntry.objects.filter(verb__startswith="tag_").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["tag_joined", "tag_parted"]


def test_all_views_that_asked_for_the_tag_ask_for_it_again(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    SavedView.objects.bulk_create(SavedView(name="v", query="tag=fair", at=now()) for _each in range(120))
    theirs = SavedView.objects.create(name="v", query="tag=vip", at=now())
    job = done(asked(client, pair[0]))
    assert SavedView.objects.filter(query="tag=vip").count() == 121
    assert done(undone(client, job)).state == "done"
    assert SavedView.objects.filter(query="tag=fair").count() == 120
    theirs.refresh_from_db()
    assert theirs.query == "tag=vip"
    assert tag_joining.views_of(job.pk, pair[1], pair[0]) == ()


def test_an_undo_whose_address_names_nonsense_brings_the_tag_back(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    done(asked(client, pair[0]))
    nonsense = f"job={'9' * 30}&job=4711&view={'9' * 30}&view=x"
    place = client.post(f"/people/tags/{pair[0].pk}/parting/{pair[1].pk}/?{nonsense}")["Location"]
    assert place.startswith("/work/") and tags.tag_of("fair") == pair[0]


def test_few_are_joined_and_parted_at_once(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    place = client.post(f"/people/tags/{pair[1].pk}/", {"name": "fair"})["Location"]
    assert place == "/people/tags/" and worn() == [["fair"]] * 3
    place = client.post(f"/people/tags/{pair[1].pk}/parting/{pair[0].pk}/")["Location"]
    assert place == "/people/tags/" and worn() == [["fair"], ["fair", "vip"], ["fair"]]
    assert not Job.objects.exists()


def test_who_takes_it_up_after_a_crash_goes_on_from_there(
    pair: tuple[Tag, Tag], sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = asked(sign_in("marketing"), pair[0])
    steps = tag_joining.run(job)
    job.memory = dict(next(steps).memory or {})
    steps.close()
    assert sum("vip" in each for each in worn()) in (1, 2) and job.memory["done"] == 1
    seen: list[Any] = list(tag_joining.run(job))
    assert [(each.done, each.total) for each in seen] == [(2, 3), (3, 3)] and worn() == [["vip"]] * 3


def test_what_was_done_of_cancelled_work_is_undone(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    job = asked(client, pair[0])
    begin(job)
    assert job.cancel()
    back = done(undone(client, job))
    assert back.state == "done" and worn() == [["fair"], ["fair", "vip"], ["fair"]]


def begin(job: Job) -> None:
    """Do the first step of work and no more."""
    steps = tag_joining.run(job)
    next(steps)
    steps.close()


def there(*pair: Tag) -> list[bool]:
    return [Tag.objects.filter(pk=each.pk).exists() for each in pair]


def test_tags_of_work_that_is_not_done_are_not_thrown_away(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    job = asked(client, pair[0])
    assert job.pause()
    client.post(f"/people/tags/{pair[1].pk}/removal/")
    Tag.objects.update(removed_at=1)
    tag_changes.purge()
    assert there(*pair) == [True, True]
    assert job.cancel()
    tag_changes.purge()
    assert there(*pair) == [False, False]


def test_tags_of_work_that_failed_are_kept_for_a_week_more(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    job = asked(client, pair[0])
    client.post(f"/people/tags/{pair[1].pk}/removal/")
    job = done(job)
    assert job.state == State.FAILED
    Tag.objects.update(removed_at=1)
    tag_changes.purge()
    assert there(*pair) == [True, True] and tag_joining.can_be_undone(job)
    Job.objects.update(ended_at=timezone.now() - timedelta(microseconds=tag_changes.KEPT + 1))
    tag_changes.purge()
    assert there(*pair) == [False, False]
    assert not Tagging.objects.exists() and not tag_joining.can_be_undone(job)


def test_of_a_tag_that_is_being_thrown_away_nothing_is_carried_or_undone(
    pair: tuple[Tag, Tag], sign_in: SignIn
) -> None:
    client = sign_in("marketing")
    job = asked(client, pair[0])
    Tag.objects.filter(pk=pair[0].pk).update(removed_at=tag_changes.CLAIMED)
    job = done(job)
    assert job.state == State.FAILED and worn() == [[], ["vip"], []]
    assert "/parting/" not in text(client.get(f"/work/{job.pk}/"))
    page = text(client.post(f"/people/tags/{pair[0].pk}/parting/{pair[1].pk}/", follow=True))
    assert "This tag is not there any more." in page


def test_work_on_a_tag_that_came_back_meanwhile_ends(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    job = asked(client, pair[0])
    client.post(f"/people/tags/{pair[0].pk}/removal/?back=1")
    job = done(job)
    assert job.state == State.FAILED and "changed meanwhile" in job.trouble
    assert not Tagging.objects.exclude(joined_from=None).exists()
    Tag.objects.filter(pk=pair[1].pk).delete()
    assert job.try_again() and done(job).state == State.FAILED


def test_a_tag_whose_people_still_wait_for_it_is_joined_to_no_other(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    job = asked(client, pair[0])
    put("best", clara)
    page = text(client.post(f"/people/tags/{pair[1].pk}/", {"name": "best"}, follow=True))
    assert "“vip” is being joined or parted just now." in page
    assert done(job).state == "done" and worn() == [["vip"], ["vip"], ["best", "vip"]]
    back = undone(client, job)
    for tag, name in ((pair[0], "best"), (pair[1], "best"), (tags.tag_of("best"), "vip")):
        assert tag is not None
        assert "joined or parted just now." in text(client.post(f"/people/tags/{tag.pk}/", {"name": name}, follow=True))
    assert done(back).state == "done" and worn() == [["fair"], ["fair", "vip"], ["best", "fair"]]
    client.post(f"/people/tags/{pair[1].pk}/", {"name": "best"})
    assert worn() == [["fair"], ["best", "fair"], ["best", "fair"]]


def test_a_join_to_a_tag_that_was_deleted_meanwhile_fails_and_is_undone(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    job = asked(client, pair[0])
    begin(job)
    client.post(f"/people/tags/{pair[1].pk}/removal/")
    job = done(job)
    assert job.state == State.FAILED and "changed meanwhile" in job.trouble
    assert worn() == [[], [], []]
    assert done(undone(client, job)).state == "done" and worn() == [["fair"]] * 3
    client.post(f"/people/tags/{pair[1].pk}/removal/?back=1")
    assert worn() == [["fair"], ["fair", "vip"], ["fair"]]


def test_a_name_that_was_given_anew_is_told(pair: tuple[Tag, Tag], sign_in: SignIn) -> None:
    client = sign_in("marketing")
    job = done(asked(client, pair[0]))
    put("Fair", bruno)
    page = text(client.post(f"/people/tags/{pair[0].pk}/parting/{pair[1].pk}/", follow=True))
    assert "There is a tag called “fair” by now" in page and Job.objects.count() == 1
    assert "/parting/" in text(client.get(f"/work/{job.pk}/"))
