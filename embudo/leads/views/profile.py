"""The attributes of one person as the profile shows them: value, how known, history."""

from dataclasses import dataclass, field
from typing import Any

from embudo.core.attributes import STANDARD
from embudo.core.event import Event
from embudo.leads.attribute import kind_of
from embudo.leads.models import Attribute, Person
from embudo.leads.naming import label_of
from embudo.leads.profile import folded, name_of
from embudo.leads.showing import number_kept, value_shown
from embudo.leads.statements import Said, statements

USUAL = (
    "name", "email", "phone", "title", "role", "company", "industry", "company_size", "country", "city", "language",
    "budget",
)  # fmt: skip

PARTS = ("first_name", "last_name")  # stand before the others that are less usual


MOST_ASIDE = 50  # lines


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute of one person."""

    attribute: Attribute
    label: str
    value: Any
    shown: str
    said: list[Said] = field(default_factory=list)
    aside: bool = False  # this person has it, not everybody: only a public key has stated it, or it is hidden

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.value not in (None, "", [])

    @property
    def typed(self) -> str:
        """The value as it stands in a form."""
        if not self.known:
            return ""
        return number_kept(self.value) if isinstance(self.value, float) else str(self.value)

    @property
    def latest(self) -> Said | None:
        """The statement in force."""
        return next((each for each in self.said if each.in_force), None)


def profile_card(person: Person, history: list[Event]) -> dict[str, Any]:
    """Return what the card of the profile shows; of what is aside the first alone, as one page may state thousands."""
    known = fields(person, history)
    aside = [each for each in known if each.aside]
    return {
        "fields": [each for each in known if not each.aside],
        "aside": aside[:MOST_ASIDE],
        "aside_count": len(aside),
        "aside_left": max(0, len(aside) - MOST_ASIDE),
    }


def fields(person: Person, history: list[Event]) -> list[Field]:
    """Return the usual attributes, known or not, the others that have a value or are everybody's, and those aside."""
    attributes = {each.name: each for each in Attribute.objects.all()}
    said = statements(history)
    names = [name for name in USUAL if name in attributes or name in person.attributes]
    if "name" in names and "name" not in {*person.attributes, *said} and name_of(person.attributes):
        names.remove("name")  # its two parts say it
    others = {name for name in [*person.attributes, *said] if name not in names}
    made = {name for name, each in attributes.items() if not (each.standard or each.hidden) and name not in names}
    found = [field_of(name, attributes, person, said) for name in others | made]
    found.sort(key=lambda each: (each.aside, each.attribute.name not in PARTS, folded(each.label)))
    return [*(field_of(name, attributes, person, said) for name in names), *found]


def field_of(name: str, attributes: dict[str, Attribute], person: Person, said: dict[str, list[Said]]) -> Field:
    """Return one attribute of the person."""
    value = person.attributes.get(name)
    attribute = attributes.get(name) or Attribute(name=name, kind=kind_of(name, value), standard=name in STANDARD)
    aside = attribute.hidden or (name not in attributes and name not in STANDARD)
    return Field(attribute, label_of(attribute), value, value_shown(attribute, value), said.get(name, []), aside)
