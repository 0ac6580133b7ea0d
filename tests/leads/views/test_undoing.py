"""An act on several people is undone once, and only of those who are still as it left them."""

from typing import Any

import pytest
from django.test import Client

from embudo.accounts.models import AuditEntry, User
from embudo.leads import acting, tags
from embudo.leads.views import acts as views
from embudo.work.models import Job
from tests.cast import Someone, ada, bruno
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, named, text
from tests.leads.views.test_acts import does, undoes, works


@pytest.fixture(autouse=True)
def story(site: Following) -> None:
    site.hears(ada.visits("/pricing").submits("contact"), bruno.submits("contact"))


def by_hand(site: Following, client: Client, who: Someone, act: str, **fields: Any) -> None:
    """Somebody does the same on one page, after the act."""
    does(client, act, who, **fields)
    site.follower.catch_up()


AGAIN: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("owner", {"owner": "{rosa}"}, "owner", {"owner": "{luis}"}),
    ("tag", {"tag": "fair"}, "untag", {"tag": "fair"}),
    ("untag", {"tag": "old"}, "tag", {"tag": "old"}),
    ("stage", {"stage": "prospect"}, "stage", {"stage": "customer"}),
]


def state_of(who: Someone) -> Any:
    """What acts change of somebody."""
    person = named(who)
    return person.owner_id, tags.of([person.id]).get(person.id), person.stage


@pytest.mark.parametrize("at_once", [50, 1])
@pytest.mark.parametrize(("act", "fields", "then", "anew"), AGAIN)
def test_an_undo_takes_back_only_what_is_still_as_the_act_left_it(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, at_once: int,
    act: str, fields: dict[str, Any], then: str, anew: dict[str, Any],
) -> None:  # fmt: skip
    client = sign_in("manager")
    users = {
        each: User.objects.create_user(f"{each}@norte.example", name=each, role="sales").pk for each in ("rosa", "luis")
    }
    fields, anew = ({k: str(v).format(**users) for k, v in each.items()} for each in (fields, anew))
    does(client, "tag", ada, bruno, tag="old")
    site.follower.catch_up()
    before = state_of(bruno)
    monkeypatch.setattr(views, "AT_ONCE", at_once)
    page = does(client, act, ada, bruno, **fields)
    if at_once == 1:
        page = text(client.get(f"/work/{works(site).pk}/"))
    site.follower.catch_up()
    monkeypatch.setattr(views, "AT_ONCE", 50)
    by_hand(site, client, ada, then, **anew)
    changed, noted = state_of(ada), AuditEntry.objects.count()
    page = undoes(client, page)
    if at_once == 1:
        job = works(site)
        assert job.result == {"changed": 1, "since": 1, "total": 2, "undone": True}
        page = text(client.get(f"/work/{job.pk}/"))
        assert "they have changed since" in page
    else:
        assert "Undone. 1 has changed since and stays so." in page
    site.follower.catch_up()
    assert (state_of(ada), state_of(bruno)) == (changed, before)
    assert AuditEntry.objects.count() - noted == (1 if act in ("owner", "tag", "untag") else 0)
    site.agrees()


def test_long_work_is_undone_once_and_its_page_says_when_and_by_whom(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 1)
    client = sign_in("manager")
    does(client, "tag", ada, bruno, tag="fair")
    done = works(site)
    page = text(client.get(f"/work/{done.pk}/"))
    undoes(client, page)
    undoes(client, page)  # the page was open twice
    undo = works(site)
    assert Job.objects.count() == 2 and undo.result["changed"] == 2
    monkeypatch.setattr(views, "AT_ONCE", 50)
    does(client, "tag", ada, tag="fair")
    noted = AuditEntry.objects.count()
    page = text(client.get(f"/work/{done.pk}/"))
    assert "<dt>Undone</dt>" in page and str(undo.by) in page and "/undo/" not in page
    client.post(f"/people/acts/work/{done.pk}/undo/")
    assert Job.objects.count() == 2 and AuditEntry.objects.count() == noted
    assert tags.of([named(ada).id]) == {named(ada).id: ["fair"]}


def test_an_undo_that_was_cancelled_goes_on_where_it_stopped(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 1)
    monkeypatch.setattr(acting, "PORTION", 1)
    client = sign_in("manager")
    does(client, "tag", ada, bruno, tag="fair")
    done = works(site)
    first = acting.ask_undo(done, by=done.by)
    steps = acting.run(first)
    Job.objects.filter(pk=first.pk).update(memory=dict(next(steps).memory or {}), state="cancelled")
    steps.close()
    monkeypatch.setattr(views, "AT_ONCE", 50)
    does(client, "tag", ada, tag="fair")
    undoes(client, text(client.get(f"/work/{done.pk}/")))
    assert works(site).result == {"changed": 1, "total": 2, "undone": True}
    assert tags.of([named(ada).id, named(bruno).id]) == {named(ada).id: ["fair"]}
