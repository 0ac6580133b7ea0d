"""Counting what happened lately, in memory."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import RequestFactory

from embudo.accounts import attempts
from embudo.accounts.attempts import Recent, address_of


def test_only_the_window_counts() -> None:
    recent = Recent(window_s=10)
    for now in (0, 5, 9):
        recent.add("a", now)
    assert [recent.count("a", now) for now in (9, 10, 15.5, 19)] == [3, 2, 1, 0]
    assert recent.count("b", 9) == 0


def test_memory_is_bounded_by_dropping_the_keys_unused_for_longest() -> None:
    recent = Recent(window_s=10, keys=2)
    for key in ("a", "b", "a", "c"):
        recent.add(key, 0)
    assert [recent.count(key, 1) for key in "abc"] == [2, 0, 1]


@pytest.mark.parametrize(
    ("trusted", "address"), [("", "10.0.0.7"), ("10.0.0.7", "203.0.113.9"), ("10.0.0.0/8", "203.0.113.9")]
)
def test_a_proxy_is_trusted_by_address_or_network_as_at_the_collector(
    settings: Any, trusted: str, address: str
) -> None:
    settings.EMBUDO = replace(settings.EMBUDO, trusted_proxies=trusted)
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.7", headers={"x-forwarded-for": "198.51.100.1, 203.0.113.9"}
    )
    assert address_of(request) == address


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("trusted", "forwarded", "waits"), [("", True, False), ("10.0.0.7", True, False), ("", False, True)]
)
def test_behind_a_proxy_that_is_not_listed_one_stranger_locks_nobody_else_out(
    settings: Any, monkeypatch: pytest.MonkeyPatch, trusted: str, forwarded: bool, waits: bool
) -> None:
    monkeypatch.setattr(attempts, "_by_address", Recent(window_s=900))
    settings.EMBUDO = replace(settings.EMBUDO, trusted_proxies=trusted)

    def asks(visitor: str) -> Any:
        headers = {"x-forwarded-for": visitor} if forwarded else {}
        return RequestFactory().post("/sign-in/", REMOTE_ADDR="10.0.0.7", headers=headers)

    for number in range(attempts.FAILURES_PER_ADDRESS):
        attempts.failed(asks("203.0.113.9"), f"{number}@guessed.example")
    assert (attempts.refusal(asks("198.51.100.1"), "ana@norte.example") is attempts.TOO_MANY) is waits
    for _again in range(attempts.FAILURES_HERE):
        attempts.failed(asks("203.0.113.9"), "ana@norte.example")
    refused = attempts.refusal(asks("198.51.100.1"), "ana@norte.example")
    hidden = forwarded and not trusted
    assert refused is (attempts.TOO_MANY if waits else attempts.TOO_FAST if hidden else None)
