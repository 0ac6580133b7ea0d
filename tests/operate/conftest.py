"""An install inside the test process, and people who sign in."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from embudo.accounts.models import User
from embudo.config import Config
from embudo.eventlog import Log, open_log
from tests.install import on_own_ports


@pytest.fixture
def here(config: Config, settings: Any) -> Config:
    """The fresh install, as the site's own."""
    settings.EMBUDO = on_own_ports(replace(config, secret_key=""))
    return settings.EMBUDO


@pytest.fixture
def log(here: Config) -> Log:
    """The install's log."""
    return open_log(here)


@pytest.fixture
def signed_in(db: None) -> Callable[[str], Client]:
    """A browser in which somebody of a role is signed in."""

    def sign_in(role: str) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(User.objects.create_user(f"{role}@norte.example", "a long password", name=role, role=role))
        return client

    return sign_in
