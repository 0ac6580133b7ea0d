"""Which attributes everybody has: the standard ones, and those that were stated by a server, an import or the app.

What is stated through a public key alone stays with the person it was stated of: whoever reads the key in a page could
otherwise put names of their own on every profile. It becomes everybody's when somebody accepts it.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from embudo.core.attributes import STANDARD
from embudo.leads import sql
from embudo.leads.models import Attribute
from embudo.leads.profile import folded, words

KINDS = {  # of standard attributes whose first value says too little
    "budget": "money",
    "company_size": "number",
    "industry": "choice",
    "country": "choice",
    "language": "choice",
    "gender": "choice",
    "interests": "choices",
    "birthday": "date",
    "age": "number",
}
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
DATE = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")


def kind_of(name: str, value: Any) -> str:
    """Return the kind of an attribute, as its first value suggests it."""
    if name in KINDS:
        return KINDS[name]
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case list() | tuple():
            return "choices"
        case str() if DATE.fullmatch(value):
            return "date"
        case _:
            return "text"


def catalogue() -> dict[str, Attribute]:
    """Return all attributes by name: the standard ones, stated by anybody yet or not, and the company's own."""
    found = {name: Attribute(name=name, kind=kind_of(name, ""), standard=True) for name in sorted(STANDARD)}
    for each in Attribute.objects.all():
        each.kind = KINDS.get(each.name, each.kind)
        found[each.name] = each
    return found


def kinds_there() -> dict[str, str]:
    """Return the kind of each attribute that there is."""
    return {name: each.kind for name, each in catalogue().items()}


def accept(name: str, value: Any) -> None:
    """Make an attribute everybody's from now on, hidden before or not known yet."""
    Attribute.objects.get_or_create(name=name[:100], defaults={"kind": kind_of(name, value)})
    Attribute.objects.filter(pk=name[:100]).update(hidden=False)


def hide(name: str) -> bool:
    """Show an attribute only on people who have it, and in no filter; return whether it was everybody's."""
    return Attribute.objects.filter(pk=name, standard=False, hidden=False).update(hidden=True) == 1


def declare(kinds: Mapping[str, str]) -> None:
    """Add the attributes of these names that are not there yet."""
    if not kinds:
        return
    there = {name for (name,) in sql.rows("SELECT name FROM leads_attribute")}
    columns = ("name", "label", "kind", "options", "standard")
    sql.many(
        f"{sql.insert('leads_attribute', columns)} ON CONFLICT (name) DO NOTHING",
        [(name[:100], "", kinds[name], "[]", name in STANDARD) for name in sorted(kinds) if name[:100] not in there],
    )


class BadAttribute(ValueError):
    """No attribute can be made of this; the message says why."""


def made(label: str, kind: str, options: str) -> Attribute:
    """Make an attribute of the company's own, which everybody has from now on; raises BadAttribute.

    `options` are the values of a choice, one a line.
    """
    label = label.strip()[:200]
    name = "_".join(words(folded(label)))[:100]
    if not NAME.fullmatch(name):
        raise BadAttribute(_("Give it a name that begins with a letter."))
    if Attribute.objects.filter(pk=name).exists():
        raise BadAttribute(_("There is an attribute of this name already."))
    if kind not in Attribute.KINDS:
        raise BadAttribute(_("Choose of which kind it is."))
    lines = list(dict.fromkeys(line.strip()[:200] for line in options.splitlines() if line.strip()))
    return Attribute.objects.create(name=name, label=label, kind=kind, options=lines[:100])
