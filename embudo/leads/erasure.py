"""How one person is erased: from the log with evidence, then from everything derived (DESIGN 9.16).

`embudo erase ana@example.com --why "she asked" --yes` is the operator's way to it.
"""

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from embudo.core.event import Door, Event, Verdict, subject_of
from embudo.core.identity import mail_identifier
from embudo.eventlog import Log
from embudo.eventlog.erase import Evidence
from embudo.leads.clock import now
from embudo.leads.identity import ERASED, Directory
from embudo.leads.models import Identifier, Person
from embudo.leads.pointers import Pointers
from embudo.leads.record import APP, the_log


def main(arguments: Sequence[str], *, how: Callable[..., Evidence] | None = None) -> int:
    """Erase one person by number or mail address; return 0, 1 when `--yes` is missing, 2 when there is nobody.

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
        evidence = (how or erase)(person.id, by=getpass.getuser(), why=given.why)
        folder = settings.EMBUDO.data / "erased"
        print(_("Erased: %(rows)s facts. The evidence is in %(folder)s.") % {"rows": evidence.rows, "folder": folder})
        return 0


def _found(who: str) -> Person | None:
    identifier = mail_identifier(who)
    if identifier:
        held = Identifier.objects.filter(subject=subject_of(identifier)).select_related("person").first()
        return held.person if held else None
    return Person.objects.filter(id=int(who)).first() if who.isascii() and who.isdecimal() and len(who) < 19 else None


def erase(person: int, *, by: Any, why: str, log: Log | None = None) -> Evidence:
    """Erase a person with everybody merged into them and return the log's evidence.

    The log forgets at once. The rows go when follow reads the fact that says so, which holds nothing but a number.
    """
    log = log or the_log()
    directory = Directory(Pointers.load())
    root = directory.pointers.root(person)
    directory.load_people([root])
    subjects = directory.subjects([root])[root].union(directory.pointers.tree(root))
    texts = [holding.identifier.partition(":")[2] for holding in directory.holdings.values()]
    evidence = log.erase(subjects, by=str(by), why=why, identifiers=texts)
    log.append([_fact(root, evidence.at + 1)])
    return evidence


def _fact(person: int, at: int) -> Event:
    return Event(
        source=APP,
        id=f"erased-{person}-{at}",
        kind=ERASED,
        at=at,
        received_at=now(),
        known_at=at,
        identifier=f"person:{person}",
        subject=person,
        door=Door.APP,
        verdict=Verdict.MACHINE,
    )
