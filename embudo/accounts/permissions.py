"""What each role may do: one table, asked by views (`require`), templates (`user.may`) and the menu."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

View = Callable[..., HttpResponse]


class Role(TextChoices):
    MARKETING = "marketing", gettext_lazy("Marketing")
    SALES = "sales", gettext_lazy("Sales")
    MANAGER = "manager", gettext_lazy("Manager")
    ADMIN = "admin", gettext_lazy("Administrator")


EVERYBODY = frozenset(Role)
MARKETING = frozenset({Role.MARKETING, Role.MANAGER, Role.ADMIN})
SALES = frozenset({Role.SALES, Role.MANAGER, Role.ADMIN})
MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

TABLE: dict[str, frozenset[Role]] = {
    "funnel.see": EVERYBODY,
    "people.see": EVERYBODY,
    "people.edit": EVERYBODY,  # attributes, owner, calls, the stage by hand
    "tags.edit": MARKETING,  # what tags are called, join and delete them; on and off is people.edit
    "people.merge": EVERYBODY,  # reversible: unmerge is the same permission
    "people.export": EVERYBODY,  # the list as a file; each export is in the trail
    "opportunities.edit": SALES,  # open, win, lose
    "sites.see": MARKETING,
    "sites.edit": MARKETING,  # create, consent mode, keys
    "forms.see": MARKETING,
    "forms.edit": MARKETING,  # build, publish, archive
    "api_keys.make": EVERYBODY,  # one's own; a key may no more than who made it
    "webhooks.edit": MANAGERS,
    "failed_events.see": MARKETING,
    "failed_events.replay": MANAGERS,
    "failed_events.dismiss": MANAGERS,
    "privacy.see": EVERYBODY,  # purposes and their words, what is stored where
    "purposes.edit": MARKETING,
    "consents.record": EVERYBODY,  # what a person said about consent; the link of their own page
    "people.take_out": MANAGERS,  # everything about one person, as files
    "people.erase": MANAGERS,
    "retention.edit": MANAGERS,
    "imports.see": MARKETING,
    "imports.run": MARKETING,  # bring a file in, take an import back
    "system.see": MANAGERS,
    "users.edit": ADMINS,
    "audit.see": ADMINS,
}


def may(role: str, permission: str) -> bool:
    """Return whether a role has a permission; raises KeyError on a permission the table does not know."""
    return role in TABLE[permission]


def roles_that_may(permission: str) -> list[Role]:
    """Return the roles that have a permission, in the order of the choices."""
    return [role for role in Role if role in TABLE[permission]]


class NotAllowed(PermissionDenied):
    """The signed-in person's role lacks a permission; the 403 page says which roles have it."""

    def __init__(self, permission: str) -> None:
        self.permission = permission
        self.roles = roles_that_may(permission)
        names = ", ".join(str(role.label) for role in self.roles)
        super().__init__(_("This page is for these roles: %(roles)s.") % {"roles": names})


def require(permission: str) -> Callable[[View], View]:
    """Return a decorator: strangers go to the sign-in page, others without it get a 403 that says who has it."""
    if permission not in TABLE:
        raise KeyError(permission)

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            if request.user.owes_second_step():
                return _to_second_step(request)
            if not request.user.may(permission):
                raise NotAllowed(permission)
            return view(request, *args, **kwargs)

        checked.permission = permission  # type: ignore[attr-defined]  # read by the matrix test
        return checked

    return decorate


def signed_in(view: View) -> View:
    """Return a view that any person with an account may see, whatever the role."""
    return _for_anybody(view, owing=False)


def settling_in(view: View) -> View:
    """Return a view of one's own account, open also to who owes a second step: that is where it is set up."""
    return _for_anybody(view, owing=True)


def _for_anybody(view: View, *, owing: bool) -> View:
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if not owing and request.user.owes_second_step():
            return _to_second_step(request)
        return view(request, *args, **kwargs)

    checked.permission = ""  # type: ignore[attr-defined]
    return checked


def _to_second_step(request: HttpRequest) -> HttpResponse:
    """Lead somebody whose role asks for a second step to the page where it is set up."""
    there = resolve_url("mfa_index")
    if request.headers.get("HX-Request") != "true":
        return redirect(there)
    response = HttpResponse(status=403)
    response["HX-Redirect"] = there
    return response


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """A page redirects; a fragment asked for by htmx makes the whole page go to the sign-in page."""
    if request.headers.get("HX-Request") != "true":
        return redirect(_sign_in_address(request.get_full_path()))
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    response = HttpResponse(status=401)
    response["HX-Redirect"] = _sign_in_address(here.path or "/")
    return response


def _sign_in_address(then: str) -> str:
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': then})}"
