"""What becomes of a tag as a whole: another name, joined, deleted, and each taken back."""

from typing import Any

import pytest
from django.conf import settings

from embudo.accounts.models import AuditEntry, User
from embudo.leads import tag_changes, tags
from embudo.leads.acts import TagOff, TagOn
from embudo.leads.clock import now
from embudo.leads.models import SavedView, Tag, Tagging
from embudo.leads.showing import BadValue
from tests.cast import ada, bruno, clara
from tests.leads.conftest import Following
from tests.leads.races import meanwhile
from tests.leads.test_tags import people, put, rosa, shown

__all__ = ["people", "rosa"]


def view(query: str) -> SavedView:
    return SavedView.objects.create(name="v", query=query, at=now())


def test_a_name_goes_on_all_who_have_the_tag_and_on_the_views_that_ask_for_it(rosa: User) -> None:
    fair, asks, other = put("fair", ada), view("tag=FAIR&stage=lead&tag=vip"), view("tag=fairs")
    tag_changes.rename(fair, " Expo \x1f 2026 ", by=rosa)
    assert shown(ada) == ["Expo 2026"]
    asks.refresh_from_db(), other.refresh_from_db()
    assert (asks.query, other.query) == ("tag=Expo+2026&tag=vip&stage=lead", "tag=fairs")
    tag_changes.rename(fair, "EXPO 2026", by=rosa)
    assert shown(ada) == ["EXPO 2026"] and Tag.objects.count() == 1
    assert AuditEntry.objects.filter(verb="tag_renamed", by=rosa).count() == 2
    with pytest.raises(BadValue):
        tag_changes.taken(fair, " \x1f ")


def test_a_join_gives_everybody_the_other_tag_once_and_parting_gives_each_their_own_back(
    rosa: User, following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_changes, "SLICE", 1)
    following.hears(clara.submits("contact"))
    fair, vip = put("fair", ada, bruno), put("vip", bruno, clara)
    asks = view("tag=fair")
    assert tag_changes.taken(fair, "VIP") == vip
    views = tag_changes.join(fair, vip, by=rosa)
    assert [shown(each) for each in (ada, bruno, clara)] == [["vip"]] * 3
    assert (tags.tag_of("fair"), tags.used(9)) == (None, ["vip"])
    asks.refresh_from_db()
    assert asks.query == "tag=vip"
    following.agrees()
    fair.refresh_from_db()
    tag_changes.part(fair, vip, views, by=rosa)
    assert [shown(each) for each in (ada, bruno, clara)] == [["fair"], ["fair", "vip"], ["vip"]]
    asks.refresh_from_db()
    assert asks.query == "tag=fair"
    following.agrees()


def test_a_tag_that_goes_while_somebody_puts_it_on_is_refused_and_not_put_on_what_lies_aside(rosa: User) -> None:
    fair, vip = put("fair", ada), put("vip", ada)
    on, off = TagOn.read({"tag": "fair"}), TagOff.read({"tag": "fair"})
    steps = on.plan([bruno.subject])
    tag_changes.join(fair, vip, by=rosa)
    for act in (on, off):
        with pytest.raises(BadValue, match="not there any more"):
            act.do(steps, by=rosa, run="x")
    assert (shown(ada), shown(bruno)) == (["vip"], []) and Tagging.objects.filter(tag=fair).count() == 1
    assert not AuditEntry.objects.filter(verb__in=["tag_put", "tag_taken"]).exists()


def test_of_two_changes_of_one_tag_at_once_the_second_is_refused(rosa: User) -> None:
    fair, vip, best = put("fair", ada), put("vip", bruno), put("best", bruno)
    tag_changes.join(fair, vip, by=rosa)
    for change in (
        lambda: tag_changes.join(fair, best, by=rosa),
        lambda: tag_changes.join(best, fair, by=rosa),
        lambda: tag_changes.remove(fair, by=rosa),
        lambda: tag_changes.rename(fair, "expo", by=rosa),
    ):
        with pytest.raises(BadValue, match="not there any more"):
            change()
    assert (shown(ada), shown(bruno)) == (["vip"], ["best", "vip"])
    assert tags.tag_of("expo") is None


def test_who_is_tagged_while_the_tag_is_joined_has_the_other_one(rosa: User) -> None:
    """PostgreSQL lets both write at once: the join waits for who puts it on."""
    fair, vip = put("fair", ada), put("vip", ada)
    on = TagOn.read({"tag": "fair"})
    with meanwhile(lambda: on.do(on.plan([bruno.subject]), by=rosa, run="x")):
        tag_changes.join(fair, vip, by=rosa)
    assert shown(bruno) == ["vip"]


def test_a_deleted_tag_is_off_everybody_and_comes_back_with_them(rosa: User) -> None:
    fair = put("fair", ada)
    tag_changes.remove(fair, by=rosa)
    assert (shown(ada), tags.kept(fair.pk)) == ([], None)
    again = put("Fair", bruno)
    assert again != fair
    with pytest.raises(BadValue, match="by now"):
        tag_changes.restore(fair, by=rosa)
    tag_changes.rename(again, "other", by=rosa)
    tag_changes.restore(fair, by=rosa)
    assert (shown(ada), shown(bruno)) == (["fair"], ["other"])


def test_what_lay_aside_for_a_week_is_thrown_away(rosa: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_changes, "SLICE", 2)
    old, fresh = put("old", ada, bruno, clara), put("fresh", ada)
    for each in (old, fresh):
        tag_changes.remove(each, by=rosa)
    Tag.objects.filter(pk=old.pk).update(removed_at=now() - tag_changes.KEPT - 1)
    assert "embudo.leads.tag_changes.purge" in settings.SWEEPS
    tag_changes.purge()
    assert list(Tag.objects.all()) == [fresh] and Tagging.objects.count() == 1


def test_a_tag_that_is_brought_back_meanwhile_is_not_thrown_away(rosa: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the people of one go, somebody brings back both: the one that goes is gone, the other one stays."""
    going, stays = put("going", ada), put("stays", bruno)
    for each in (going, stays):
        tag_changes.remove(each, by=rosa)
    Tag.objects.update(removed_at=now() - tag_changes.KEPT - 1)
    one = tag_changes.sql.one

    def and_somebody_comes(statement: str, values: Any) -> int:
        if values == [going.pk] and Tag.objects.filter(pk=stays.pk).exclude(removed_at=None).exists():
            with pytest.raises(BadValue, match="not there any more"):
                tag_changes.restore(going, by=rosa)
            tag_changes.restore(stays, by=rosa)
        return one(statement, values)

    monkeypatch.setattr(tag_changes.sql, "one", and_somebody_comes)
    tag_changes.purge()
    assert list(Tag.objects.all()) == [stays] and shown(bruno) == ["stays"] and not shown(ada)
    assert AuditEntry.objects.filter(verb="tag_restored").count() == 1
