"""Somebody written down by hand: by which way they came to us, what is stated of them, and which facts that makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.core.event import subject_of
from embudo.core.identity import mail_identifier, phone_identifier
from embudo.eventlog import Receipt
from embudo.leads.checking import checked
from embudo.leads.models import Attribute, Identifier, Person
from embudo.leads.record import record
from embudo.leads.showing import BadValue
from embudo.leads.story import survivor_of
from embudo.leads.touch import SOCIAL

NOTE_LENGTH = 4000


@dataclass(frozen=True, slots=True)
class Way:
    """One way by which somebody came to us; `kind` is the fact that it is, beside what is stated."""

    key: str
    label: Any
    icon: str
    source: str
    medium: str
    kind: str = ""


WAYS = {
    each.key: each
    for each in (
        Way("fair", gettext_lazy("Fair"), "calendar", "fair", "event", "event_attended"),
        Way("card", gettext_lazy("Business card"), "person", "business card", "offline"),
        Way("call", gettext_lazy("They called"), "phone", "phone", "phone", "call_made"),
        Way("social", gettext_lazy("Social profile"), "external", "social", "social", "social_interaction"),
    )
}  # fmt: skip
FIELDS = ("name", "email", "phone", "company", "title")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written down, checked; `errors` say by field what cannot be taken."""

    way: Way | None
    traits: Mapping[str, Any]
    where: str
    note: str
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def utm(self) -> dict[str, str]:
        """How they came, as the first touch reads it."""
        if self.way is None:
            return {}
        source = _network(self.where) if self.way.key == "social" else self.way.source
        campaign = self.where if self.way.key == "fair" else ""
        return {"source": source, "medium": self.way.medium, **({"campaign": campaign[:300]} if campaign else {})}


def read(typed: Mapping[str, str]) -> Written:
    """Check what was typed; nothing of it is lost, whatever is wrong."""
    way, errors, traits = WAYS.get(typed.get("way", "")), dict[str, str](), dict[str, Any]()
    where = " ".join(typed.get("where", "").replace("\0", "").split())[:300]
    for name in FIELDS:
        text = " ".join(typed.get(name, "").replace("\0", "").split())[:300]
        if not text:
            continue
        try:
            traits[name] = checked(Attribute(name=name), text, {})
        except BadValue as error:
            errors[name] = str(error)
    if way is not None and way.key == "social" and where:
        if urlsplit(where if "//" in where else f"https://{where}").hostname is None:
            errors["where"] = _("This is no address of a profile. Copy it from the browser.")
        traits["website"] = where
        traits.setdefault("name", where.rstrip("/").rpartition("/")[2] or where)
    if way is None:
        errors["way"] = _("Choose how you met.")
    if not {"name", "email", "phone"} & traits.keys() and not errors:
        errors["name"] = _("Write a name, a mail address or a phone number: one of them is enough.")
    return Written(way, traits, where, typed.get("note", "").strip()[:NOTE_LENGTH], errors)


def known(typed: Mapping[str, str]) -> list[Person]:
    """Return who is known by the mail address or the number typed so far, each once."""
    found: dict[int, Person] = {}
    for identifier in _identifiers(typed):
        held = Identifier.objects.filter(subject=subject_of(identifier)).select_related("person__company").first()
        if held is not None:
            person = survivor_of(held.person)
            found[person.pk] = person
    return [each for each in found.values() if each.known]


def keep(written: Written, *, by: Any, id: str, person: int | None = None) -> tuple[int | None, list[Receipt]]:
    """Record what was written down, of somebody known or of somebody new.

    Return who they are, None where their mail address or number says it, and where the facts stand.
    """
    stated = {"traits": dict(written.traits)}
    named = person is not None or _identified(written.traits)
    who = person if named else subject_of(f"written-down:{id}") & (2**62 - 1)  # whoever sends a form twice means one
    receipts = [record("profile_changed", props=stated, id=id, by=by, person=who, utm=written.utm)]
    subject = who if who is not None else _subject(written.traits)
    more = {"note": written.note} if written.note else {}
    kind = written.way.kind if written.way else ""
    if kind:
        props = {**({"name": written.where} if written.where else {}), **more}
        props |= {"outcome": "held"} if kind == "call_made" else {}
        receipts.append(record(kind, props=props, id=f"{id[:36]}-met", by=by, person=subject))
    elif more:
        receipts.append(record("note_written", props=more, id=f"{id[:36]}-note", by=by, person=subject))
    return subject, receipts


def _identifiers(typed: Mapping[str, str]) -> Sequence[str]:
    found = []
    for name, identify in (("email", mail_identifier), ("phone", phone_identifier)):
        text = typed.get(name, "").strip()
        try:
            found.append(identify(checked(Attribute(name=name), text, {}) if text else ""))
        except BadValue:
            continue
    return [each for each in found if each]


def _identified(traits: Mapping[str, Any]) -> bool:
    return bool(mail_identifier(traits.get("email")) or phone_identifier(traits.get("phone")))


def _subject(traits: Mapping[str, Any]) -> int:
    return subject_of(mail_identifier(traits.get("email")) or phone_identifier(traits.get("phone")) or "")


def _network(address: str) -> str:
    """The network of a profile's address: linkedin of https://www.linkedin.com/in/ana."""
    host = urlsplit(address if "//" in address else f"https://{address}").hostname or ""
    return next((label for label in host.split(".") if label in SOCIAL and len(label) > 1), host or "social")
