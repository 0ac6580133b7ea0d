"""Erases one person everywhere: long work that ends with evidence of each store, and a last look for what is left.

The log and what is derived from it are leads/erasure.py. Here come the tables of every other app that points at the
person, the names in the trail of changes, the files, and the bytes that a database keeps of deleted rows.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.accounts.models import AuditEntry
from embudo.accounts.sealing import Unreadable, opened, sealed
from embudo.core.identity import mail_identifier, phone_identifier
from embudo.eventlog.erase import Evidence
from embudo.leads import erasure as leads
from embudo.leads import exported, follow, sql
from embudo.leads.identity import ERASED
from embudo.leads.lock import Lock
from embudo.leads.models import Person
from embudo.leads.record import the_log
from embudo.privacy import stored
from embudo.privacy.everything import tables_about_people
from embudo.work.kinds import Progress, Refused, Steps

LABEL, RESULT = gettext_lazy("Erasure of a person"), "privacy/_evidence.html"
MUST_END = True  # half an erasure cannot be repaired: the person's page is gone, and not all of what is theirs
STEPS = 6
SEALED = "embudo.privacy.erasing"  # the purpose under which the job remembers the person
ADDED = frozenset("tail_rows segment_rows segments failed_bodies".split())
PATIENCE_S = 60.0  # for follow
MOST_BYTES = 2_000_000_000  # of the tables' file, beyond which its bytes are not overwritten while people work
TRIES, LOOK_S = 50, 0.1
_BLOCK = 1 << 20


def main(arguments: Sequence[str]) -> int:
    """Erase from the command line; see leads/erasure.py."""
    return leads.main(arguments, how=erase_everywhere)


@dataclass
class Known:
    """All that is of the person, found before anything goes; later no row and no fact tells it any more."""

    people: set[int] = field(default_factory=set)
    subjects: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)  # texts of identifiers

    @classmethod
    def kept(cls, text: str) -> "Known":
        """Return what an earlier run kept."""
        try:
            told = json.loads(opened(text, SEALED)) if text else {}
        except Unreadable:
            told = {}
        return cls(**{name: set(values) for name, values in told.items()})

    def keep(self) -> str:
        """Return it as the job may remember it: sealed, so that the tables hold no name meanwhile nor afterwards."""
        return sealed(json.dumps({name: sorted(values) for name, values in vars(self).items()}), SEALED)

    def add(self, found: leads.Everything) -> None:
        """Learn more."""
        self.people |= found.people
        self.subjects |= found.subjects
        self.names |= found.names


def run(job: Any) -> Steps:
    """Erase `wants["person"]` because of `wants["why"]`; a repeat after a failure goes on and ends the same."""
    result: dict[str, Any] = dict(job.memory)
    known = Known.kept(result.pop("known", ""))
    steps = _steps(int(job.wants["person"]), known, gone="at" in result, why=str(job.wants["why"]), by=job.by)
    for done, told in enumerate(steps, 1):
        told.pop("_evidence", None)
        result |= {name: _with(result.get(name), value, name) for name, value in told.items()}
        yield Progress(done, STEPS, {**result, "known": known.keep()}, at_once=True)
    return result


def _with(before: Any, value: Any, name: str) -> Any:
    """What one run and the one that went on after it found together."""
    if name in ADDED:
        return (before or 0) + value
    return {**(before or {}), **value} if name == "tables" else value


def erase_everywhere(person: int, *, by: Any, why: str) -> Evidence:
    """Erase without a page; return the log's evidence; raises leads.erasure.NotNow."""
    evidence: Evidence | None = None
    try:
        for told in _steps(person, Known(), gone=False, why=why, by=by):
            evidence = told.pop("_evidence", evidence)
    except Refused as error:
        raise leads.NotNow(str(error)) from error
    assert evidence is not None
    return evidence


def _steps(person: int, known: Known, *, gone: bool, why: str, by: Any) -> Iterator[dict[str, Any]]:
    """Do it step by step, yielding what each has to tell; `gone`: an earlier run has taken them out of the log."""
    found = None
    try:
        if not gone:
            found = leads.everything_of(person, the_log())
            known.add(found)
        yield {}
        told = _out_of_the_log(found, why=why, by=by) if found else {}
    except leads.NotNow as error:
        raise Refused(str(error)) from error
    yield told
    yield {"tables": forget_elsewhere(known)}
    if not follow.catch_up(the_log(), Lock(settings.EMBUDO, "follow"), PATIENCE_S):
        raise Refused(_("The log has forgotten the person, but the tables do not follow yet. Try again later."))
    exported.forget(known.people)  # also those that were being made while follow forgot the person
    yield {"derived": _left(known) == 0}
    yield {"overwritten": overwrite()}
    facts = [event for event in the_log().history(known.subjects) if event.kind != ERASED]  # a number, and no more
    yield {"left": _left(known), "left_facts": len(facts), **search(known.names)}


def _out_of_the_log(found: leads.Everything, *, why: str, by: Any) -> dict[str, Any]:
    evidence = leads.erase(found.root, by=by or "", why=why, everything=found)
    AuditEntry.record(by if hasattr(by, "pk") else None, "person_erased", rows=evidence.rows)
    return {
        "_evidence": evidence, "tail_rows": evidence.tail_rows, "segment_rows": evidence.segment_rows,
        "segments": len(evidence.segments), "failed_bodies": evidence.failed_bodies, "at": evidence.at, "why": why,
    }  # fmt: skip


def forget_elsewhere(known: Known) -> dict[str, int]:
    """Delete the rows that other apps keep of these people, and let each app forget its files; return how many.

    An app with a module `forgetting` has more to forget than rows: its `forget(subjects)` is called first. What that
    is, and how it is forgotten, its `WHAT` and `HOW` say in the evidence; its `left(subjects)` counts what there is.
    """
    gone = {f"{label}:files": int(module.forget(known.subjects)) for label, module in forgetting()}
    for model, columns in tables_about_people():
        if model._meta.app_label == "leads" and model.__name__ in DERIVED:
            continue
        rows = sum(model.objects.filter(**{f"{name}__in": known.people}).delete()[0] for name in columns)  # type: ignore[attr-defined]
        if rows:
            gone[model._meta.label] = rows
    return gone


def in_words(gone: Mapping[str, int]) -> list[tuple[Any, int, Any]]:
    """Return the evidence of `forget_elsewhere` for people to read: what was forgotten, how much of it, and how."""
    places, modules = stored.tables(), dict(forgetting())
    told = []
    for label, rows in gone.items():
        module = modules.get(label.removesuffix(":files"))
        if label.endswith(":files") and module:
            told.append((module.WHAT, rows, module.HOW))
        else:  # an erasure of long ago may name a table that is no more
            told.append((places[label].what if label in places else _("other rows"), rows, _("deleted")))
    return told


def forgetting() -> Iterator[tuple[str, Any]]:
    """The module `forgetting` of each app that has one, by the app's label."""
    for app in apps.get_app_configs():
        if app.name.startswith("embudo.") and find_spec(f"{app.name}.forgetting"):
            yield app.label, import_module(f"{app.name}.forgetting")


# Those that follow takes out itself when it reads the fact of the erasure.
DERIVED = frozenset(
    "OwnerChange Score StageChange Passage Identifier Merge Dispute PersonAttribute ImportRow Tagging "
    "PersonFile".split()
)  # fmt: skip


# Tables of leads whose rows name somebody.
NAMING = ("leads_person", "leads_identifier", "leads_personattribute", "leads_stagechange", "leads_opportunity")


def overwrite() -> str:
    """Overwrite what the database keeps of deleted rows; return how: "vacuum", "later" (PostgreSQL), or "not_now"."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM {', '.join(NAMING)}")
        return "later"
    if settings.EMBUDO.tables.exists() and settings.EMBUDO.tables.stat().st_size > MOST_BYTES:
        return "not_now"
    try:
        _merge_words()
        sql.one("VACUUM")
    except OperationalError:  # somebody writes or reads all the time
        return "not_now"
    for _try in range(TRIES):  # a reader may hold the journal for a moment
        if sql.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0:
            return "vacuum"
        time.sleep(LOOK_S)
    return "not_now"


def _merge_words() -> None:
    """Let the index of words drop what it only marks as deleted, in short steps (SQLite, FTS5, "merge")."""
    for pages in (-64, *[64] * 10_000):
        before = sql.rows("SELECT total_changes()")[0][0]
        sql.one("INSERT INTO person_search(person_search, rank) VALUES ('merge', %s)", [pages])
        if sql.rows("SELECT total_changes()")[0][0] - before < 2 and pages > 0:
            return


def search(names: Collection[str]) -> dict[str, Any]:
    """Look for the person's mail addresses and phone numbers in every byte of the data folder; return how many files
    hold one of them. Other names (numbers of a CRM, ids of browsers) may be anything and are not looked for.

    Segments are compressed, so that their bytes tell nothing; those are asked for the person's facts instead.
    """
    wanted = [name.encode() for name in names if mail_identifier(name) or phone_identifier(name)]
    files = [path for path in settings.EMBUDO.data.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    holding = [path for path in files if wanted and _holds(path, wanted)]
    shown = [str(path.relative_to(settings.EMBUDO.data)) for path in holding]
    return {"files": len(files), "files_holding": shown, "addresses": len(wanted)}


def _holds(path: Path, wanted: list[bytes]) -> bool:
    longest, kept = max(map(len, wanted)), b""
    try:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                held = (kept + block).lower()
                if any(name.lower() in held for name in wanted):
                    return True
                kept = held[-longest:]
    except OSError:  # it went away meanwhile
        return False
    return False


def _left(known: Known) -> int:
    """How many rows of any table still point at these people, themselves included."""
    rows = Person.objects.filter(pk__in=known.people).count()
    rows += sum(int(module.left(known.subjects)) for _label, module in forgetting())
    for model, columns in tables_about_people():
        rows += sum(model.objects.filter(**{f"{name}__in": known.people}).count() for name in columns)  # type: ignore[attr-defined]
    return rows
