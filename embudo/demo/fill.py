"""Fills an install with the demo company: users, sites, attributes, the history, what broke, and all that follows."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.contrib.auth.hashers import make_password
from django.db import transaction

from embudo.accounts.models import User
from embudo.config import Config
from embudo.core.event import DAY, Event
from embudo.definition.in_force import in_force
from embudo.demo import breakage, records, showings
from embudo.demo.history import history
from embudo.demo.progress import Progress
from embudo.demo.world import world
from embudo.eventlog import Log, open_log
from embudo.leads import free_mail
from embudo.leads.follow import Follower
from embudo.leads.lock import Lock

GROUP = 5000  # facts of one durable transaction
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which demo company: equal plans give equal facts. `until` in microseconds."""

    people: int
    days: int
    seed: int
    until: int

    @property
    def start(self) -> int:
        """The first instant of the history."""
        return self.until - self.days * DAY


class Busy(Exception):
    """Another process follows this log right now; the install is running."""


def fill(config: Config, plan: Plan, progress: Progress) -> str:
    """Fill the install and return the password of its users; a second run of an equal plan goes on where it stopped."""
    lock = Lock(config, "follow")
    if not lock.take():
        raise Busy("This install is running; stop it first, or choose another folder with --data.")
    log = open_log(config)
    try:
        password = _records(progress)
        owners, sendings = _history(log, plan, progress)
        _follow(config, log, progress)
        records.give_owners(owners)
        with progress.busy("Forms and who saw them"):
            seen = showings.make(sendings, seed=plan.seed, start=plan.start)
        progress.done(f"{seen:,} showings")
        with progress.busy("Sealing the history to Parquet"):
            segments = log.seal()
        progress.done(f"{len(segments)} segments")
    finally:
        lock.release()
    return password


def _records(progress: Progress) -> str:
    """Make users, sites and attributes."""
    progress.begin("Users, sites and attributes")
    password = secrets.token_urlsafe(9)
    encoded = make_password(password)
    with transaction.atomic():
        for each in world().staff:
            user = User.objects.filter(email=each.mail).first() or User(email=each.mail)
            user.name, user.role, user.language = each.name, each.role, each.language
            user.password = encoded
            user.save()
        records.make_sites()
        records.name_attributes()
        records.name_free_mail()
    progress.done(f"{len(world().staff)} users")
    return password


def _history(log: Log, plan: Plan, progress: Progress) -> tuple[dict[str, str], list[Event]]:
    """Write the history to the log in big groups, then what broke at the door.

    Return which rep accepted whom, and the sendings of forms.
    """
    progress.begin("Writing the history")
    facts = history(people=plan.people, days=plan.days, seed=plan.seed, until=plan.until, definition=in_force())
    count, owners, sendings = 0, dict[str, str](), list[Event]()
    for group in groups(facts, GROUP):
        log.append(group)
        count += len(group)
        owners |= {fact.identifier: fact.props["by"] for fact in group if fact.kind == "handoff_accepted"}
        sendings += showings.wanted(group)
        progress.at((group[-1].received_at - plan.start) / (plan.until - plan.start), f"{count:,} facts")
    if not log.failed(limit=1):
        failures = breakage.failures(plan.people // 300, plan.start, plan.until, plan.seed)
        log.commit(failures=failures, refused=breakage.REFUSED)
    progress.done(f"{count:,} facts")
    return owners, sendings


def _follow(config: Config, log: Log, progress: Progress) -> None:
    """Follow the log to its end: people, scores and stages."""
    progress.begin("Following it: people, scores, stages")
    total = max(1, log.ledger().accepted)
    follower = Follower(config, log)
    free_mail.settle()
    while follower.step():
        progress.at(min(1.0, follower.followed / total), f"{follower.followed:,} facts")
    progress.done(f"{follower.followed:,} facts")


def groups(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    """Yield the things in lists of `size`, the last one with what is left."""
    rest = iter(things)
    while group := list(islice(rest, size)):
        yield group
