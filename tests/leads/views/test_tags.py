"""The page of tags, and what the trail says of who put which tag on whom."""

import re
from typing import Any

import pytest
from django.test import Client

from embudo.accounts.audit import sentence
from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import Role, may
from embudo.leads import tag_changes, tags
from embudo.leads.acts import TagOn
from embudo.leads.erasure import erase
from embudo.leads.models import PeopleAct, Tag
from tests.cast import Someone, ada, bruno
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, named, text
from tests.leads.views.test_acts import does, undoes


@pytest.fixture(autouse=True)
def story(site: Following) -> None:
    site.hears(ada.submits("contact"), bruno.submits("contact"))


def put(name: str, *people: Someone) -> Tag:
    tag = tags.tag_of(name, make=True)
    assert tag is not None
    tags.put([named(each).id for each in people], tag, by=None)
    return tag


def shown(who: Someone) -> list[str]:
    return tags.of([named(who).id]).get(named(who).id, [])


def undo(client: Client, page: str) -> str:
    found = re.search(r'action="(/people/tags/[^"]+)" [^>]*data-toast-undo|toast-undo[^>]*action="([^"]+)"', page)
    address = found and (found[1] or found[2])
    address = address or re.findall(r'action="(/people/tags/\d+/(?:\?name|parting|removal/\?back)[^"]*)"', page)[0]
    return text(client.post(address.replace("&amp;", "&"), follow=True))


@pytest.mark.parametrize("role", list(Role))
def test_everybody_sees_the_tags_and_who_may_changes_them(sign_in: SignIn, role: Role) -> None:
    fair, client = put("fair", ada, bruno), sign_in(role.value)
    page = text(client.get("/people/tags/"))
    assert "/people/?tag=fair" in page and ">2</a>" in page
    assert ("Rename" in page) is may(role, "tags.edit")
    for address in (f"/people/tags/{fair.pk}/", f"/people/tags/{fair.pk}/removal/"):
        assert client.get(address).status_code == 405
        assert (client.post(address, {"name": "x"}).status_code == 403) is not may(role, "tags.edit")


def test_strangers_are_sent_to_the_door(client: Client) -> None:
    fair = put("fair", ada)
    for part in ("", "removal/", f"parting/{fair.pk}/"):
        assert "/sign-in/" in client.post(f"/people/tags/{fair.pk}/{part}", {"name": "x"})["Location"]
    assert shown(ada) == ["fair"]


def test_a_tag_is_renamed_joined_deleted_and_each_is_undone(sign_in: SignIn) -> None:
    client = sign_in("marketing")
    fair, vip = put("fair <b>", ada), put("vip", bruno)
    page = text(client.post(f"/people/tags/{fair.pk}/", {"name": "expo"}, follow=True))
    assert "is called “expo” now." in page and shown(ada) == ["expo"]
    undo(client, page)
    assert shown(ada) == ["fair <b>"]
    page = text(client.post(f"/people/tags/{fair.pk}/", {"name": "VIP"}, follow=True))
    assert "Whoever had the tag “fair &lt;b&gt;” has “vip” now." in page
    assert (shown(ada), shown(bruno)) == (["vip"], ["vip"])
    assert "is back." in undo(client, page)
    assert (shown(ada), shown(bruno)) == (["fair <b>"], ["vip"])
    page = text(client.post(f"/people/tags/{vip.pk}/removal/", follow=True))
    assert "The tag “vip” is deleted." in page and shown(bruno) == []
    undo(client, page)
    assert shown(bruno) == ["vip"]
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))
    wanted = ["tag_renamed", "tag_renamed", "tag_joined", "tag_parted", "tag_removed", "tag_restored"]
    assert [each for each in verbs if each.startswith("tag_")] == wanted


def test_a_name_that_is_none_is_refused(sign_in: SignIn) -> None:
    fair = put("fair", ada)
    assert "Write a tag first." in text(sign_in().post(f"/people/tags/{fair.pk}/", {"name": " "}, follow=True))
    assert sign_in().post("/people/tags/999999/", {"name": "x"}).status_code == 404
    assert "No tag yet" not in text(sign_in().get("/people/tags/"))


def said() -> list[str]:
    return [sentence(each) for each in AuditEntry.objects.filter(verb__startswith="tag_").order_by("id")]


def test_the_trail_says_who_put_which_tag_on_whom(site: Following, sign_in: SignIn) -> None:
    client = sign_in("sales")
    client.post(f"/people/{named(ada).id}/tags/", {"tag": "vip"})
    page = does(client, "tag", ada, bruno, tag="vip")
    undoes(client, page)
    client.post(f"/people/{named(ada).id}/tags/", {"tag": "vip", "act": "untag"})
    on, off = "put the tag “vip” on {}", "took the tag “vip” off {}"
    ada_, bruno_ = str(named(ada)), str(named(bruno))
    assert said() == [on.format(ada_), on.format(bruno_), off.format(bruno_), off.format(ada_)]
    assert {each.by.role for each in AuditEntry.objects.filter(verb__startswith="tag_") if each.by} == {"sales"}
    erase(named(ada).id, by="Luis", why="she asked", log=site.log)
    site.follower.catch_up()
    assert ada_ not in " ".join(said()) and bruno_ in " ".join(said())


def test_an_undo_finds_its_tag_under_another_name_and_says_when_it_is_gone(sign_in: SignIn) -> None:
    client = sign_in()
    page = does(client, "tag", ada, tag="vip")
    tag = Tag.objects.get()
    client.post(f"/people/tags/{tag.pk}/", {"name": "expo"})
    undoes(client, page)
    assert shown(ada) == [] and Tag.objects.count() == 1
    page = does(client, "tag", ada, tag="expo")
    client.post(f"/people/tags/{tag.pk}/removal/")
    assert "This tag is not there any more." in undoes(client, page)


@pytest.mark.parametrize("act", ["tag", "untag"])
def test_a_tag_that_goes_while_it_is_put_on_or_taken_off_is_told(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """Somebody deletes it between the look at who changes and the change itself."""
    client = sign_in()
    worn = [ada] if act == "untag" else [bruno]
    page, plan = does(client, "tag", *worn, tag="vip"), TagOn.plan
    tag = Tag.objects.get()

    def plans(self: TagOn, people: Any) -> Any:
        steps = plan(self, people)
        tag_changes.remove(tag, by=None)
        return steps

    with monkeypatch.context() as patched:
        patched.setattr(TagOn, "plan", plans)
        assert "This tag is not there any more." in does(client, act, ada, tag="vip")
        tag_changes.restore(tag, by=None)
        one = client.post(f"/people/{named(ada).id}/tags/", {"tag": "vip", "act": act}, follow=True)
        assert "This tag is not there any more." in text(one)
    assert PeopleAct.objects.count() == 1 and not tags.of([named(each).id for each in (ada, bruno)])
    tag_changes.restore(tag, by=None)
    still = TagOn.still

    def stays(self: TagOn, steps: Any, *, run: str) -> Any:
        found = still(self, steps, run=run)
        tag_changes.remove(tag, by=None)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(TagOn, "still", stays)
        assert "This tag is not there any more." in undoes(client, page)
    tag_changes.restore(tag, by=None)
    assert shown(worn[0]) == ["vip"]
    assert "Undone." in undoes(client, page) and shown(worn[0]) == []
