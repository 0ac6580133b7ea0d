"""The rate of a key holds whichever process answers, and costs nothing where one process is alone."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from django.db import connections

from embudo.core.event import SECOND
from embudo.doors.api import rate
from embudo.doors.models import ApiKey, Spending
from tests.doors.conftest import user_of

AT = 1_700_000_000 * SECOND


def key_of(name: str = "sync") -> ApiKey:
    return ApiKey.make(name=name, scopes=[], maker=user_of("admin"), expires_at=None)[0]


@pytest.fixture
def many(settings: Any) -> None:
    """A site of several processes, in which a key may ask 10 times a second."""
    settings.EMBUDO = replace(settings.EMBUDO, api_rate=10, web_workers=4)


@pytest.mark.django_db
def test_a_seconds_worth_passes_at_once_and_then_as_time_goes_on(many: None) -> None:
    key, other = key_of(), key_of("other")
    assert [rate.allows(key, at=AT) for _ in range(12)] == [True] * 10 + [False] * 2
    assert rate.allows(other, at=AT)
    assert [rate.allows(key, at=AT + SECOND // 4) for _ in range(4)] == [True, True, True, False]
    assert [rate.allows(key, at=AT + 60 * SECOND) for _ in range(11)] == [True] * 10 + [False]


@pytest.mark.django_db
def test_a_host_whose_clock_is_behind_gives_nothing_back(many: None) -> None:
    key = key_of()
    assert all(rate.allows(key, at=AT) for _ in range(10))
    assert not rate.allows(key, at=AT - 60 * SECOND)
    assert not rate.allows(key, at=AT)


@pytest.mark.django_db(transaction=True)
def test_several_that_answer_at_once_spend_one_rate(many: None) -> None:
    key, passed = key_of(), []

    def answers() -> None:
        passed.extend(rate.allows(key, at=AT) for _ in range(8))
        connections.close_all()

    threads = [threading.Thread(target=answers) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(passed), sum(passed)) == (32, 10)


@pytest.mark.django_db
def test_zero_lifts_it_and_one_process_alone_writes_nothing(settings: Any, django_assert_num_queries: Any) -> None:
    key = key_of()
    alone = replace(settings.EMBUDO, web_workers=1, database_url="")
    assert rate.is_alone(alone) and not rate.is_alone(replace(alone, web_workers=2))
    assert not rate.is_alone(replace(alone, database_url="postgresql://x/y"))
    with django_assert_num_queries(0):
        for config in (replace(settings.EMBUDO, api_rate=0), replace(alone, api_rate=5)):
            settings.EMBUDO = config
            assert all(rate.allows(key) for _ in range(5))
        assert not all(rate.allows(key) for _ in range(5))
    assert not Spending.objects.exists()
