"""One at a time: whoever holds a name keeps others out until they are done, or have died."""

from datetime import timedelta

import pytest
from django.utils import timezone

from embudo.doors.api import hold
from embudo.doors.api.problem import Problem
from embudo.doors.models import Hold

pytestmark = pytest.mark.django_db


def test_a_name_is_held_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold, "PATIENCE_S", 0.05)
    with hold.held("person:1"):
        with pytest.raises(Problem) as refused, hold.held("person:1"):
            raise AssertionError("it was held twice")
        assert refused.value.kind.code == "in_progress"
        with hold.held("person:2"):
            pass
    with hold.held("person:1"):
        pass
    assert not Hold.objects.exists()


def test_who_died_holding_it_keeps_nobody_out() -> None:
    Hold.objects.create(name="person:1", turn="dead", until=timezone.now() - timedelta(seconds=1))
    with hold.held("person:1"):
        assert Hold.objects.get().turn != "dead"
