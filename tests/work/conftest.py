"""Somebody who asks for long work, and kinds of it that do next to nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from embudo.accounts.models import User
from embudo.config import Config


@pytest.fixture(autouse=True)
def here(config: Config, settings: Any) -> Config:
    """A fresh data folder as the site's own, and the kinds of work of these tests."""
    settings.EMBUDO = config
    settings.WORK = {name: f"tests.work.{name}" for name in ("counting", "refusing", "breaking", "finishing")}
    return config


@pytest.fixture
def ana(db: None) -> User:
    """Asks for work."""
    return User.objects.create_user("ana@norte.example", "una frase larga", name="Ana", role="marketing")


@pytest.fixture
def browser() -> Callable[[User], Client]:
    """A browser in which somebody is signed in."""

    def open_browser(user: User) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(user)
        return client

    return open_browser
