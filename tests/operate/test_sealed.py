"""The doctor says which secrets the install's key does not open any more, and how to mend it."""

from typing import Any

import pytest
from allauth.core import context
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import RequestFactory

from embudo.accounts.models import User
from embudo.config import Config
from embudo.doors.models import Endpoint
from embudo.operate.doctor import ALL, QUICK
from embudo.operate.finding import Grade
from embudo.operate.sealed import secrets

pytestmark = pytest.mark.django_db


def test_nothing_is_said_while_all_can_be_read(config: Config) -> None:
    Endpoint.objects.create(name="CRM", url="https://hooks.example/", secret="whsec_AAAA", since_at=0)
    assert secrets(config) == []
    assert secrets in ALL and secrets in QUICK


def test_after_the_key_changed_it_is_said_what_cannot_be_read(config: Config, settings: Any) -> None:
    made = Endpoint.objects.create(name="CRM", url="https://hooks.example/", secret="whsec_AAAA", since_at=0)
    user = User.objects.create_user("ana@norte.example", "a long password", name="Ana", role="admin")
    with context.request_context(RequestFactory().get("/")):
        TOTP.activate(user, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        RecoveryCodes.activate(user)
    assert secrets(config) == []
    was, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    hooks, second_steps = secrets(config)
    assert (hooks.grade, second_steps.grade) == (Grade.BAD, Grade.BAD)
    assert "CRM" in hooks.what and "1 person" in second_steps.what
    assert "secret_key" in hooks.mend and "new secret" in hooks.mend
    made.change_secret(by=user)
    assert [each.what for each in secrets(config)] == [second_steps.what]
    settings.SECRET_KEY = was
    assert [each.what for each in secrets(config)] == [hooks.what]  # the new one is of the other key


def test_removed_webhooks_do_not_matter(config: Config, settings: Any) -> None:
    Endpoint.objects.create(name="CRM", url="https://hooks.example/", secret="whsec_AAAA", since_at=0).retire(by=None)
    settings.SECRET_KEY = "another"
    assert secrets(config) == []
