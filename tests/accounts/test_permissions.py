"""Every address is guarded, and each role passes exactly where the table lets it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from embudo.accounts.permissions import TABLE, Role, may, require, roles_that_may
from embudo.urls import urlpatterns

# Doors that strangers must be able to open; each guards itself.
OPEN = {
    "accounts:sign_in", "accounts:sign_out", "accounts:set_up", "accounts:new_password", "accounts:preferences",
    "accounts:accept", "operate:healthz", "ui:gallery", "privacy:link", "privacy:one_click",
    # django-allauth's names stand without a prefix: the sign-in, its second step, and the way to a provider and back
    ":account_login", ":mfa_authenticate", ":mfa_login_webauthn", ":openid_connect_login", ":openid_connect_callback",
    ":socialaccount_login_cancelled",
}  # fmt: skip


def views_of(patterns: list[Any], namespace: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views_of(pattern.url_patterns, f"{pattern.namespace or namespace}")
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}:{pattern.name}", pattern.callback


def permission_of(view: Any) -> str | None:
    """The permission of a view, also below decorators that stand around the check."""
    while view is not None:
        if hasattr(view, "permission"):
            return str(view.permission)
        view = getattr(view, "__wrapped__", None)
    return None


def test_every_address_of_the_site_asks_who_you_are_or_is_a_known_open_door() -> None:
    unguarded = {name for name, view in views_of(urlpatterns) if permission_of(view) is None}
    assert unguarded - OPEN == set()


def test_the_walk_over_addresses_finds_them() -> None:
    names = {name for name, _ in views_of(get_resolver().url_patterns)}
    assert {"accounts:users", "capture:sites", "accounts:sign_in"} <= names


def test_every_permission_a_view_asks_for_is_in_the_table() -> None:
    asked = {permission_of(view) for _, view in views_of(urlpatterns)} - {None, ""}
    assert asked <= set(TABLE)


def test_a_misspelt_permission_is_found_when_the_view_is_defined() -> None:
    with pytest.raises(KeyError):
        require("people.sea")
    with pytest.raises(KeyError):
        may("admin", "people.sea")


def test_administrators_may_everything() -> None:
    assert all(may(Role.ADMIN, permission) for permission in TABLE)


def test_what_any_role_may_a_manager_may_but_for_users_and_the_trail() -> None:
    beyond = {permission for permission in TABLE if not may(Role.MANAGER, permission)}
    assert beyond == {"users.edit", "audit.see"}


def test_roles_are_named_in_the_order_of_the_choices() -> None:
    assert roles_that_may("system.see") == [Role.MANAGER, Role.ADMIN]


PAGES = {
    "/users/": "users.edit",
    "/users/new/": "users.edit",
    "/changes/": "audit.see",
    "/sites/": "sites.see",
    "/sites/new/": "sites.edit",
    "/me/": "",
    "/me/security/": "",
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", list(PAGES))
def test_a_role_sees_a_page_when_the_table_says_so(person: Any, browser: Any, here: Any, role: str, path: str) -> None:
    answer = browser(person(role)).get(path)
    allowed = not PAGES[path] or may(role, PAGES[path])
    assert answer.status_code == (200 if allowed else 403)
    if not allowed:
        assert "This page is for these roles" in answer.content.decode()


@pytest.mark.parametrize("path", list(PAGES))
def test_strangers_are_asked_to_sign_in_and_led_back(client: Any, db: None, path: str) -> None:
    answer = client.get(path + "?a=1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/sign-in/?next={path.replace('/', '%2F')}%3Fa%3D1"


def test_a_fragment_asked_for_by_a_stranger_leads_the_whole_page_to_the_sign_in(client: Any, db: None) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/sites/"}
    answer = client.get("/users/", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in/?next=%2Fsites%2F")


def test_somebody_deactivated_may_nothing(person: Any) -> None:
    assert not person("admin", is_active=False).may("people.see")
