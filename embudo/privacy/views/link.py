"""A person's own page, without an account: which purposes they agree to, and a button to change each.

It shows nothing of the person and sets no cookie. The address itself is the permission: whoever has it may answer,
so there is no form token; GET changes nothing. Mail programs post to the address of one purpose (RFC 8058).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from embudo.accounts.attempts import Recent, address_of
from embudo.core.event import Event
from embudo.eventlog import LogUnavailable
from embudo.leads.models import Person
from embudo.leads.record import NotRecorded
from embudo.leads.story import history_of
from embudo.leads.views.applying import FACT, fact_id, person_now
from embudo.privacy import consent
from embudo.privacy.consent import Act
from embudo.privacy.link import BadToken, person_in
from embudo.privacy.models import NoWording, Purpose, Wording

WINDOW_S = 900
ANSWERS = 60  # in that time, by one link: nobody can use up another's, and no network shuts the page for its people
MISSES = 60  # in that time, of links that were not made here, by network address
_answers, _misses = Recent(WINDOW_S), Recent(WINDOW_S)


class NoSuchLink(Exception):
    """The link names nobody: it was not made here, or the person was erased."""


class TooMany(Exception):
    """There was too much of it lately; the message says to people of what."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who opened their link: the person as the page shows them, and `own`, the number under which they answer.

    Of somebody who was merged into another these differ: what they say stays theirs when the two are taken apart.
    """

    person: int
    own: int

    @property
    def identifier(self) -> str:
        """Whose an answer is."""
        return f"person:{self.own}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One purpose as its person sees it."""

    wording: Wording
    given: bool
    said: Event | None


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a view that anybody may ask with a token, which it gets as its holder; refusals become pages."""

    @wraps(view)
    def asked(request: HttpRequest, token: str, **parts: str) -> HttpResponse:
        try:
            holder = _holder(request, token)
            if request.method == "POST":
                _count(token)
            return view(request, holder, token, **parts)
        except NoSuchLink:
            return _closed(request, status=404)
        except TooMany as error:
            response = _closed(request, status=429, words=str(error))
            response["Retry-After"] = str(WINDOW_S)
            return response
        except (LogUnavailable, NotRecorded):
            return _closed(request, status=503, words=_("Nothing was changed: this cannot be saved just now."))

    return never_cache(csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(asked)))


@public
def page(request: HttpRequest, holder: Holder, token: str) -> HttpResponse:
    """Show the purposes; a POST answers one of them, or takes all consents back."""
    if request.method == "POST":
        _answer(request, holder, token)
        return HttpResponseRedirect(reverse("privacy:link", args=[token]) + "?done=1")
    return _page(request, holder, token, done=request.GET.get("done") == "1")


@public
def one_click(request: HttpRequest, holder: Holder, token: str, code: str) -> HttpResponse:
    """Withdraw from one purpose by one POST, as mail programs do; a GET shows the page, where a person can."""
    purpose = Purpose.objects.filter(code=code).first()
    if purpose is None:
        raise NoSuchLink
    if request.method != "POST":
        return _page(request, holder, token, only=code)
    consent.withdraw(purpose, holder.identifier, act=Act.ONE_CLICK, id=f"one-click-{fact_id()}")
    return _page(request, holder, token, done=True)


def _holder(request: HttpRequest, token: str) -> Holder:
    """Whose link this is; wrong links are counted, and whoever has tried many of them must wait with more."""
    try:
        own = person_in(token)
    except BadToken as error:
        _count_miss(address_of(request))
        raise NoSuchLink from error
    try:
        person = person_now(own).id
    except Http404 as error:
        raise NoSuchLink from error
    return Holder(person, own if Person.objects.filter(pk=own).exists() else person)


def _count_miss(sender: str) -> None:
    if _misses.count(sender, time.monotonic()) >= MISSES:
        raise TooMany(_("There were too many requests from your network. Please wait 15 minutes."))
    _misses.add(sender, time.monotonic())


def _count(token: str) -> None:
    if _answers.count(token, time.monotonic()) >= ANSWERS:
        raise TooMany(_("This link was used too often lately. Please wait 15 minutes."))
    _answers.add(token, time.monotonic())


def _answer(request: HttpRequest, holder: Holder, token: str) -> None:
    """Record what was pressed: yes to the words that were shown, no to a purpose, or no to all."""
    given = request.POST.get("fact", "")
    id = f"consent-{token[:16]}-{given if FACT.fullmatch(given) else fact_id()}"
    whose, pressed = holder.identifier, request.POST.get("answer", "")
    if pressed == "yes":
        wording = _shown(request.POST.get("wording", ""))
        if wording is not None:
            consent.give(wording, whose, act=Act.LINK, id=id)
    elif pressed == "no":
        purpose = Purpose.objects.filter(code=request.POST.get("purpose", "")[:40]).first()
        if purpose is not None:
            consent.withdraw(purpose, whose, act=Act.LINK, id=id)
    elif pressed == "none":
        consent.withdraw("", whose, act=Act.LINK, id=id)


def _shown(number: str) -> Wording | None:
    """The words that stood on the page; of a purpose that is asked for still."""
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    found = Wording.objects.select_related("purpose").filter(pk=int(number), purpose__archived_at=None)
    return found.first()


def _page(request: HttpRequest, holder: Holder, token: str, *, done: bool = False, only: str = "") -> HttpResponse:
    asked = []
    for each in consent.standings(history_of(holder.person)):
        if each.purpose is None or (each.purpose.archived and not each.given) or (only and each.code != only):
            continue
        try:
            asked.append(Asked(each.purpose.wording(get_language() or ""), each.given, each.said))
        except NoWording:
            continue
    context = {
        "asked": asked, "done": done, "fact": fact_id(), "any": any(each.given for each in asked),
        "action": reverse("privacy:link", args=[token]), "only": only,
    }  # fmt: skip
    return _private(render(request, "privacy/link.html", context))


def _closed(request: HttpRequest, *, status: int, words: str = "") -> HttpResponse:
    return _private(render(request, "privacy/link_closed.html", {"words": words}, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the address out of search engines and out of other sites' logs."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
