"""How one person is erased: from the log with evidence, then from everything derived (DESIGN 9.16).

`embudo erase ana@example.com --why "she asked" --yes` is the operator's way to it.
"""

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from embudo.core.event import Event, Verdict, subject_of
from embudo.core.identity import claim_of, mail_identifier
from embudo.eventlog import Log
from embudo.eventlog.erase import Evidence
from embudo.leads import follow, rebuild, sql
from embudo.leads.decided import events_behind
from embudo.leads.identity import ERASED, IDENTITY_KINDS, Directory
from embudo.leads.lock import Lock
from embudo.leads.models import Identifier, Person
from embudo.leads.pointers import Pointers
from embudo.leads.record import Saying, fact_of, the_log

TRIES = 5
PATIENCE_S = 60.0  # for follow


class NotNow(Exception):
    """Nothing was erased, for it is not known yet what belongs to the person; the message says what to do."""


def main(arguments: Sequence[str], *, how: Callable[..., Evidence] | None = None) -> int:
    """Erase one person by number or mail address; return 0, 1 without `--yes`, 2 for nobody, 3 when not now.

    `how` erases; by default it is `erase`.
    """
    parser = argparse.ArgumentParser(prog="embudo erase", description="Erase one person from log and tables, for good.")
    parser.add_argument("who", help="the mail address, or the number in the address of the person's page")
    parser.add_argument("--why", required=True, help="the reason, kept with the evidence")
    parser.add_argument("--yes", action="store_true", help="really erase")
    given = parser.parse_args(arguments)
    with translation.override(settings.EMBUDO.language):
        person = _found(given.who)
        if person is None:
            print(_("There is nobody with the number or address %(who)s.") % {"who": given.who}, file=sys.stderr)
            return 2
        if not given.yes:
            name = person.name or person.mail or given.who
            print(_("This erases %(name)s with all facts, for good. To go on, add --yes.") % {"name": name})
            return 1
        try:
            evidence = (how or erase)(person.id, by=getpass.getuser(), why=given.why)
        except NotNow as error:
            print(error, file=sys.stderr)
            return 3
        folder = settings.EMBUDO.data / "erased"
        print(_("Erased: %(rows)s facts. The evidence is in %(folder)s.") % {"rows": evidence.rows, "folder": folder})
        return 0


def _found(who: str) -> Person | None:
    identifier = mail_identifier(who)
    if identifier:
        held = Identifier.objects.filter(subject=subject_of(identifier)).first()
        return Person.objects.filter(pk=held.person_id).first() if held else None
    return Person.objects.filter(id=int(who)).first() if who.isascii() and who.isdecimal() and len(who) < 19 else None


@dataclass(frozen=True, slots=True)
class Everything:
    """What is of a person: who survived, with everybody merged into them, all subjects, and the identifiers' texts."""

    root: int
    people: frozenset[int]
    subjects: frozenset[int]
    names: frozenset[str]


def erase(person: int, *, by: Any, why: str, log: Log | None = None, everything: Everything | None = None) -> Evidence:
    """Erase a person with everybody merged into them and return the log's evidence; raises NotNow.

    The log forgets at once. The rows go when follow reads the fact that says so, which holds nothing but a number.
    `everything` is given by those who have just asked for it.
    """
    log = log or the_log()
    known = everything or everything_of(person, log)
    evidence = log.erase(known.subjects, by=str(by), why=why, identifiers=known.names)
    log.append([_fact(known.root, evidence.at + 1)])
    return evidence


def erase_again(log: Log) -> int:
    """Have whoever was erased and stands in the tables nevertheless, as after a restore, forgotten; return how many.

    Who came back after the erasure is somebody new and stays.
    """
    found: dict[int, int] = {}
    pointers = Pointers.load()
    holders = "leads_identifier i JOIN leads_person p ON p.id = i.person_id"
    rows = sql.rows(f"SELECT i.subject, i.person_id, p.created_at FROM {holders}")
    erased = log.erased_until([subject for subject, _person, _created_at in rows])
    for subject, person, created_at in rows:
        if created_at <= erased.get(subject, created_at - 1):
            found[pointers.root(person)] = erased[subject]
    if found:
        log.append([_fact(root, until + 1) for root, until in sorted(found.items())])
        follow.catch_up(log, Lock(log.config, "follow"), PATIENCE_S)
    return len(found)


def everything_of(person: int, log: Log) -> Everything:
    """Return all that is of a person, once no fact that may say more is left to be followed; raises NotNow."""
    for _try in range(TRIES):
        if rebuild.running() or not follow.catch_up(log, Lock(log.config, "follow"), PATIENCE_S):
            break
        cursor, directory = follow.cursor_of_tables(), Directory(Pointers.load())
        root = directory.pointers.root(person)
        directory.load_people([root])
        people = frozenset(directory.pointers.tree(root))
        subjects = people.union(directory.subjects([root])[root])
        if not any(_concerns(event, subjects) for event in events_behind(log, cursor)):
            names = frozenset(each.identifier.partition(":")[2] for each in directory.holdings.values())
            return Everything(root, people, subjects, names)
    raise NotNow(_("People are still being brought up to date with the log. Try again in a few minutes."))


def _concerns(event: Event, subjects: AbstractSet[int]) -> bool:
    """Whether a fact is about these subjects, or may link them with others."""
    claim = claim_of(event)
    claimed = (claim.identifier, *claim.others) if claim else ()
    return event.kind in IDENTITY_KINDS or not subjects.isdisjoint((event.subject, *map(subject_of, claimed)))


def _fact(person: int, at: int) -> Event:
    """The fact that somebody was erased: a number and an instant, and nobody's name."""
    return fact_of(Saying(ERASED, {}, f"erased-{person}-{at}", person, at=at), verdict=Verdict.MACHINE)
