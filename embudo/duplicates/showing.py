"""How a pair is shown: both people side by side, trait by trait, with what each trait says in words."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from embudo.duplicates.models import Pair
from embudo.leads.models import Person
from embudo.leads.naming import attribute_called, option_label

TRAITS = {  # the attributes of a person that stand for a trait, the first one that is known
    "first_name": ("first_name", "name"), "last_name": ("last_name", "name"), "birthday": ("birthday",),
    "mail": ("email",), "phone": ("phone",), "company": ("company",), "number": ("street",), "street": ("street",),
    "postcode": ("postal_code",), "city": ("city",),
}  # fmt: skip
CALLED = {"number": _("house number"), "street": _("street"), "postcode": _("postal code"), "birthday": _("birthday")}
DEGREES = {
    "same": pgettext_lazy("two values", "the same"), "swapped": pgettext_lazy("two names", "swapped"),
    "alike": pgettext_lazy("two values", "almost the same"), "partly": pgettext_lazy("two values", "alike"),
    "near": pgettext_lazy("two house numbers", "near by"), "hardly": pgettext_lazy("two values", "a little alike"),
    "differs": pgettext_lazy("two values", "different"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One trait of a pair; `bits` above 0 speak for one person, below 0 for two."""

    trait: str
    left: str
    right: str
    degree: str
    bits: float


def lines(pair: Pair) -> list[Line]:
    """Return the traits that both people have, those that say most first."""
    found = [
        Line(
            str(CALLED.get(trait) or attribute_called({"mail": "email"}.get(trait, trait))),
            _value(pair.left, trait),
            _value(pair.right, trait),
            str(DEGREES[degree]),
            bits,
        )
        for trait, degree, bits in pair.signs
    ]
    return sorted(found, key=lambda line: -abs(line.bits))


def _value(person: Person, trait: str) -> str:
    for name in TRAITS[trait]:
        if value := person.attributes.get(name):
            return option_label(name, value)
    return ""
