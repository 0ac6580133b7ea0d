"""The doctor says when webhooks are paused or nobody sends them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from embudo.config import Config
from embudo.doors.models import Delivery, Endpoint
from embudo.operate.doctor import ALL, QUICK
from embudo.operate.finding import Grade
from embudo.operate.outgoing import LATE, webhooks

pytestmark = pytest.mark.django_db


def hook(name: str = "CRM") -> Endpoint:
    return Endpoint.objects.create(name=name, url="https://hooks.example/", secret="whsec_AAAA", since_at=0)


def test_nothing_is_said_while_all_is_well(config: Config) -> None:
    assert webhooks(config) == []
    made = hook()
    Delivery.objects.create(endpoint=made, key="k", message="m", kind="stage_changed")
    made.pause("by_hand", by=None)
    assert webhooks(config) == []
    assert webhooks in ALL and webhooks in QUICK


def test_a_webhook_that_was_paused_for_failing_is_named(config: Config) -> None:
    hook("Chat").pause("failing", by=None)
    (found,) = webhooks(config)
    assert (found.grade, "Chat" in found.what) == (Grade.NOTE, True)


def test_deliveries_that_nobody_sends_are_bad(config: Config) -> None:
    due = timezone.now() - LATE - timedelta(minutes=1)
    Delivery.objects.create(endpoint=hook(), key="k", message="m", kind="stage_changed", next_at=due)
    (found,) = webhooks(config)
    assert (found.grade, "1 delivery is overdue" in found.what) == (Grade.BAD, True)
