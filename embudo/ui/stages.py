"""How the stages of the funnel are called and drawn: one colour and one shape for each, everywhere alike."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True)
class Stage:
    """A stage as it is shown. `shape` is an SVG drawing in a box of 12 x 12: the disc fills up along the funnel."""

    code: str
    label: Any
    plural: Any
    shape: str


_RING = '<circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5"/>'
STAGES = (
    Stage("visitor", _("Visitor"), _("Visitors"), _RING),
    Stage("lead", _("Lead"), _("Leads"), _RING + '<path d="M6 6V2.6A3.4 3.4 0 0 1 9.4 6z"/>'),
    Stage(
        "qualified",
        pgettext_lazy("stage of one person", "Qualified"),
        pgettext_lazy("stage of several people", "Qualified"),
        _RING + '<path d="M6 2.6a3.4 3.4 0 0 1 0 6.8z"/>',
    ),
    Stage("prospect", _("Prospect"), _("Prospects"), _RING + '<path d="M6 2.6A3.4 3.4 0 1 1 2.6 6H6z"/>'),
    Stage("opportunity", _("Opportunity"), _("Opportunities"), _RING + '<circle cx="6" cy="6" r="3"/>'),
    Stage("customer", _("Customer"), _("Customers"), '<circle cx="6" cy="6" r="5.5"/>'),
    Stage(
        "ambassador",
        _("Ambassador"),
        _("Ambassadors"),
        '<path d="m6 .4 1.7 3.6 3.9.5-2.9 2.7.8 3.9L6 9.2l-3.5 1.9.8-3.9L.4 4.5 4.3 4z"/>',
    ),
    Stage(
        "discarded",
        _("Discarded"),
        _("Discarded"),
        _RING + '<path d="M3 9 9 3" stroke="currentColor" stroke-width="1.5"/>',
    ),
)
BY_CODE = {stage.code: stage for stage in STAGES}
FUNNEL = STAGES[:-1]


def stage_of(code: str) -> Stage:
    """Return how a stage is shown; a company's own stage gets its code as label and the plain ring."""
    return BY_CODE.get(code) or Stage(code, code.replace("_", " ").capitalize(), code, _RING)
