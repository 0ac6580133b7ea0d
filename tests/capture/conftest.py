"""A site, its install, and somebody who looks at it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from embudo.accounts.models import User
from embudo.capture.models import Site
from embudo.config import Config
from embudo.eventlog import Log, open_log


@pytest.fixture(autouse=True)
def here(config: Config, settings: Any) -> Config:
    """A fresh data folder and log as the site's own; the tables are the test's."""
    settings.EMBUDO = config
    return config


@pytest.fixture
def log(here: Config) -> Log:
    """The install's log."""
    return open_log(here)


@pytest.fixture
def signed_in(db: None) -> Callable[[str], Client]:
    """A browser in which somebody of a role is signed in."""

    def sign_in(role: str = "marketing") -> Client:
        user = User.objects.create_user(f"{role}@norte.example", "a long password", name=role.title(), role=role)
        client = Client(headers={"accept-language": "en"})
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def site(db: None) -> Site:
    """A site with its public key."""
    norte = Site(name="Norte", domains=["norte.example"], mode="implied")
    norte.open(by=None)
    return norte
