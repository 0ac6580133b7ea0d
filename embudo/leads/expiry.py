"""How facts leave after their time: out of the log, then out of everything derived from them.

How long each kind stays is settled by the operator (`EMBUDO_RETENTION`), or else on the page of it, which keeps it in
`retention.json` of the data folder: whoever lets facts go asks no table.

Whose facts are about to leave is written down first. When they have left, a fact for each of these people says so, and
follow reads what is left of their history again, so that the tables stay what a rebuild gives.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from embudo.config import Config
from embudo.core.event import Door, Event, Verdict
from embudo.eventlog import Evidence, Log, Retention
from embudo.eventlog.manifest import sync_folder
from embudo.leads.history import BOOKKEEPING, EXPIRED
from embudo.leads.identity import SOURCE
from embudo.setting_text import EVERY_OTHER

STAYING = BOOKKEEPING | {"mail_suppressed", "consent_given", "consent_withdrawn"}
TOLD_DAYS = 30  # after which the facts that say so leave themselves
SAID = "said and followed"
SETTLED = "retention.json"
MOST_DAYS = 36_500
_PORTION = 500
_WAITING = "expired.subjects"


def days_of(config: Config) -> dict[str, int]:
    """Return after how many days the facts of each kind leave; `*` stands for every kind that is not named.

    A file that cannot be read is no policy: then everything stays.
    """
    if config.retention:
        return dict(config.retention)
    try:
        told = json.loads((config.data / SETTLED).read_bytes())
    except (OSError, ValueError):
        return {}
    found = told if isinstance(told, dict) else {}
    return {kind: days for kind, days in found.items() if isinstance(days, int) and 0 < days <= MOST_DAYS}


def settle(config: Config, days: Mapping[str, int]) -> None:
    """Keep for how many days facts stay, by kind, durably; it holds from the next run on."""
    fresh = config.data / f"{SETTLED}.new"
    with fresh.open("w") as file:
        json.dump(dict(sorted(days.items())), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(config.data / SETTLED)
    sync_folder(config.data)


def policy_of(config: Config) -> Retention:
    """Return the policy that holds in an install."""
    return as_policy(days_of(config))


def as_policy(given: Mapping[str, int]) -> Retention:
    """Return the policy of these days by kind."""
    days = dict(given)
    others = days.pop(EVERY_OTHER, None)
    return Retention(days, others, STAYING)


def expire(config: Config, log: Log, *, at: int, followed: bool) -> Evidence:
    """Let what is too old leave the log, and say of whom facts have left; what a crash interrupts the next run ends.

    With `followed`, when follow has read everything, what earlier runs have said leaves as well after some weeks.
    """
    waiting = config.data / "log" / _WAITING
    _say(log, waiting, at)
    evidence = log.retain(policy_of(config), at=at, leaving=lambda subjects: _note(waiting, subjects))
    _say(log, waiting, at)
    if followed and days_of(config):
        log.retain(Retention({EXPIRED: TOLD_DAYS}, why=SAID), at=at)
    return evidence


def removed(log: Log) -> Evidence | None:
    """Return what has left by the policy up to now, as if in one run that ended with the last; None: nothing has."""
    runs = [each for each in log.evidence() if each.what == "retained" and each.why != SAID]
    rows = sum(each.rows for each in runs)
    return Evidence("retained", "retention", runs[-1].why, runs[-1].at, segment_rows=rows) if rows else None


def _note(waiting: Path, subjects: set[int]) -> None:
    """Write subjects down, durably."""
    waiting.parent.mkdir(parents=True, exist_ok=True)
    with waiting.open("a") as file:
        file.writelines(f"{subject}\n" for subject in subjects)
        file.flush()
        os.fsync(file.fileno())


def _say(log: Log, waiting: Path, at: int) -> None:
    if not waiting.exists():
        return
    # A line that a crash cut short is of a step whose facts have not left.
    subjects = sorted({int(line) for line in waiting.read_text().splitlines(keepends=True) if line.endswith("\n")})
    for some in _portions(subjects):
        log.append([_fact(subject, at) for subject in some])
    waiting.unlink()


def _portions(subjects: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(subjects), _PORTION):
        yield subjects[start : start + _PORTION]


def _fact(subject: int, at: int) -> Event:
    return Event(
        source=SOURCE,
        id=f"expired-{subject}-{at}",
        kind=EXPIRED,
        at=at,
        received_at=at,
        known_at=at,
        identifier=f"person:{subject}",
        subject=subject,
        door=Door.SYSTEM,
        verdict=Verdict.MACHINE,
        reasons=("embudo",),
    )
