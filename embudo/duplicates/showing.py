"""How a pair is shown: both side by side, trait by trait, with what each trait says in words."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from embudo.duplicates.models import Pair
from embudo.engines.likeness import Whose
from embudo.leads.models import Company, Person
from embudo.leads.naming import attribute_called, option_label
from embudo.leads.templatetags.leads import called

TRAITS = {  # the attributes of a person that stand for a trait, the first one that is known
    "first_name": ("first_name", "name"), "last_name": ("last_name", "name"), "birthday": ("birthday",),
    "mail": ("email",), "phone": ("phone",), "company": ("company",), "number": ("street",), "street": ("street",),
    "postcode": ("postal_code",), "city": ("city",),
}  # fmt: skip
CALLED = {
    "number": _("house number"), "street": _("street"), "postcode": _("postal code"), "birthday": _("birthday"),
    "domain": _("domain"), "site": _("name in the domain"),
}  # fmt: skip
DEGREES = {
    "same": pgettext_lazy("two values", "the same"), "swapped": pgettext_lazy("two names", "swapped"),
    "alike": pgettext_lazy("two values", "almost the same"), "partly": pgettext_lazy("two values", "alike"),
    "near": pgettext_lazy("two house numbers", "near by"), "hardly": pgettext_lazy("two values", "a little alike"),
    "differs": pgettext_lazy("two values", "different"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what it is called, where its page is, and how many facts, or people, it has."""

    name: str
    address: str
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One trait of a pair; `bits` above 0 speak for one person, below 0 for two."""

    trait: str
    left: str
    right: str
    degree: str
    bits: float


def sides(pair: Pair) -> list[Side]:
    """Return both of a pair that was read with its sides."""
    both = pair.left, pair.right
    if pair.whose == Whose.COMPANIES:
        return [Side(str(each), reverse("leads:company", args=[each.pk]), each.people_count) for each in both]
    return [Side(called(each), reverse("leads:person", args=[each.pk]), each.events) for each in both]


def lines(pair: Pair) -> list[Line]:
    """Return the traits that both have, those that say most first."""
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


def _value(side: Person | Company, trait: str) -> str:
    if isinstance(side, Company) and trait in ("name", "domain", "site"):
        return side.name if trait == "name" else side.domain or side.name
    for name in TRAITS[trait]:
        if value := side.attributes.get(name):
            return option_label(name, value)
    return ""
