"""The demo's ordinary records: what is not a fact, such as sites and the names of the company's own attributes."""

from embudo.demo.sale import GOALS, TOOLS
from embudo.leads.models import Attribute

OWN_ATTRIBUTES = {
    "field_teams": ("Field teams", "number", ()),
    "current_tool": ("Tool used today", "choice", TOOLS),
    "goals": ("Goals", "choices", GOALS),
    "has_dispatcher": ("Has a dispatcher", "boolean", ()),
    "renewal_on": ("Contract renewal", "date", ()),
}


def name_attributes() -> None:
    """Say how the company's own attributes are called and of what kind they are."""
    for name, (label, kind, options) in OWN_ATTRIBUTES.items():
        Attribute.objects.update_or_create(
            name=name, defaults={"label": label, "kind": kind, "options": list(options), "standard": False}
        )


def make_sites() -> None:
    """Make the company's sites."""
