"""The tags there are: how many people have each, another name, joined, deleted."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.permissions import require
from embudo.leads import tag_changes, tag_joining, tags
from embudo.leads.models import Tag
from embudo.leads.queries import people
from embudo.leads.queries.belonging import Tagged
from embudo.leads.showing import BadValue
from embudo.ui import keyset
from embudo.ui.toasts import toast

SIZE = 50
MOST_VIEWS = 100  # that the address of an Undo names


@require_GET
@require("people.see")
def page(request: HttpRequest) -> HttpResponse:
    """One page of the tags in alphabetical order, each with how many people the list shows by it."""
    found = keyset.page(request, Tag.objects.filter(removed_at=None), order=("key",), size=SIZE)
    context = {"page": found, "rows": [(each, people.count([Tagged(each)])) for each in found.rows]}
    return render(request, "leads/tags.html", context)


@require_POST
@require("tags.edit")
def change(request: HttpRequest, tag: int) -> HttpResponse:
    """Call a tag something else; where another tag is called so, the two become one."""
    found = get_object_or_404(Tag, pk=tag, removed_at=None)
    before = found.name
    wanted = request.POST.get("name") or request.GET.get("name", "")  # an Undo's address holds what was
    try:
        there = tag_changes.taken(found, wanted)
        if there is not None:
            return _joined(request, found, there)
        tag_changes.rename(found, wanted, by=request.user)
    except BadValue as error:
        return _refused(request, error)
    undo = f"{reverse('leads:tag_change', args=[found.pk])}?{urlencode({'name': before})}"
    words = _("The tag “%(before)s” is called “%(name)s” now.")
    toast(request, words % {"before": before, "name": found}, undo=undo if found.name != before else "")
    return redirect("leads:tag_list")


def _joined(request: HttpRequest, tag: Tag, into: Tag) -> HttpResponse:
    if tags.count(tag) > tag_changes.AT_ONCE:
        return redirect("work:job", tag_joining.ask(tag, into, by=request.user).pk)
    views = tag_changes.join(tag, into, by=request.user)
    undo = f"{reverse('leads:tag_parting', args=[tag.pk, into.pk])}?{urlencode({'view': views}, doseq=True)}"
    words = _("Whoever had the tag “%(tag)s” has “%(into)s” now.")
    toast(request, words % {"tag": tag, "into": into}, undo=undo)
    return redirect("leads:tag_list")


@require_POST
@require("tags.edit")
def parting(request: HttpRequest, tag: int, into: int) -> HttpResponse:
    """Undo that a tag was joined to another."""
    found, other = get_object_or_404(Tag, pk=tag), get_object_or_404(Tag, pk=into)
    views, job = _numbers(request, "view")[:MOST_VIEWS], _numbers(request, "job")
    if job:  # long work knows them, however many they are
        views = list(tag_joining.views_of(job[0], found, other))
    if found.removed_at is not None and tags.count(found) > tag_changes.AT_ONCE:
        try:
            return redirect("work:job", tag_joining.ask_undo(found, other, views, by=request.user).pk)
        except BadValue as error:
            return _refused(request, error)
    return _brought_back(request, found, lambda: tag_changes.part(found, other, views, by=request.user))


@require_POST
@require("tags.edit")
def removal(request: HttpRequest, tag: int) -> HttpResponse:
    """Delete a tag, or bring a deleted one back."""
    found = get_object_or_404(Tag, pk=tag)
    if request.GET.get("back") == "1":
        return _brought_back(request, found, lambda: tag_changes.restore(found, by=request.user))
    if found.removed_at is None:
        try:
            tag_changes.remove(found, by=request.user)
        except BadValue as error:
            return _refused(request, error)
        undo = f"{reverse('leads:tag_removal', args=[found.pk])}?back=1"
        toast(request, _("The tag “%(name)s” is deleted.") % {"name": found}, undo=undo)
    return redirect("leads:tag_list")


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [int(each) for each in request.GET.getlist(name) if each.isascii() and each.isdecimal() and len(each) < 19]


def _brought_back(request: HttpRequest, tag: Tag, bring: Any) -> HttpResponse:
    if tag.removed_at is not None:
        try:
            bring()
        except BadValue as error:
            return _refused(request, error)
        toast(request, _("The tag “%(name)s” is back.") % {"name": tag})
    return redirect("leads:tag_list")


def _refused(request: HttpRequest, error: BadValue) -> HttpResponse:
    toast(request, str(error), failed=True)
    return redirect("leads:tag_list")
