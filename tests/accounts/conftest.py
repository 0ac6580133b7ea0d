"""People with accounts, and the browsers they sit at."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from embudo.accounts import attempts
from embudo.accounts.models import User
from embudo.config import Config

PASSWORD = "una frase bastante larga"
Person = Callable[..., User]
Browser = Callable[[User | None], Client]


@pytest.fixture(autouse=True)
def quick(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords hash fast here, and no test sees the failures and the used codes of another."""
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(attempts, "_by_address", attempts.Recent(attempts.WINDOW.total_seconds()))


@pytest.fixture
def here(config: Config, settings: Any) -> Config:
    """A fresh data folder as the site's own; the tables are the test's."""
    settings.EMBUDO = replace(config, database_url=settings.EMBUDO.database_url)
    return settings.EMBUDO


@pytest.fixture
def person(db: None) -> Person:
    """Makes a user of a role."""

    def make(role: str = "admin", name: str = "", **fields: Any) -> User:
        number = User.objects.count()
        email = fields.pop("email", f"{role}{number}@norte.example")
        return User.objects.create_user(email, PASSWORD, name=name or f"{role.title()} {number}", role=role, **fields)

    return make


@pytest.fixture
def browser() -> Browser:
    """Opens a browser, signed in as somebody or not; it checks CSRF as a real one has to pass it.

    Who is signed in has just given their password, unless `fresh` is false.
    """

    def open_browser(user: User | None = None, *, csrf: bool = False, fresh: bool = True) -> Client:
        client = Client(enforce_csrf_checks=csrf, headers={"accept-language": "en"})
        if user:
            client.force_login(user)
        if user and fresh:
            just_confirmed(client, user)
        return client

    return open_browser


def just_confirmed(client: Client, user: User) -> None:
    """Leave in the session what giving the password leaves there."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
