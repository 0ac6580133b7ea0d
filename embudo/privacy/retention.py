"""How long facts stay, as the page of it asks: what is held of each kind, and how much a change would let go now."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from embudo.accounts.models import AuditEntry, User
from embudo.capture.sight import what_happened
from embudo.config import Config
from embudo.eventlog import Log
from embudo.leads import expiry
from embudo.setting_text import EVERY_OTHER


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of fact: how many there are, since when, for how many days it stays, how many would leave now."""

    kind: str
    called: str
    facts: int
    oldest_at: int
    days: int | None
    stays: bool  # whatever is settled: who is who, and consents, rest on it
    leaving: int


def lines(log: Log, days: Mapping[str, int], *, at: int) -> list[Line]:
    """Return every kind that the log holds or the policy names, the largest first."""
    policy = expiry.as_policy(days)
    held = log.survey(policy, at=at)
    found = [
        Line(
            kind, what_happened(kind), each.facts, each.oldest_at, days.get(kind), kind in expiry.STAYING, each.leaving
        )
        for kind, each in held.items()
    ]
    found += [
        Line(kind, what_happened(kind), 0, 0, each, False, 0)
        for kind, each in days.items()
        if kind not in (*held, EVERY_OTHER)
    ]
    return sorted(found, key=lambda line: (line.stays, -line.facts, line.kind))


def settle(config: Config, days: Mapping[str, int], *, by: User) -> None:
    """Keep a policy, with the old and the new one in the trail."""
    old = expiry.days_of(config)
    if dict(days) == old:
        return
    with transaction.atomic():
        AuditEntry.record(by, "retention_changed", old=written(old), new=written(days))
        expiry.settle(config, days)


def written(days: Mapping[str, int]) -> str:
    """Return a policy as the operator's setting writes it."""
    return ", ".join(f"{kind}={number}d" for kind, number in sorted(days.items())) or "—"
