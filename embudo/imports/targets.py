"""Where a column may go, in words, by what kind of file it is."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.core.attributes import STANDARD
from embudo.imports import consents
from embudo.imports.guessing import COMPANIES, OPPORTUNITIES
from embudo.imports.plan import DEAL_TARGETS, Plan, own_kind
from embudo.leads.attribute import kinds_there
from embudo.leads.models import Attribute
from embudo.leads.naming import label_of

Group = tuple[str, list[tuple[str, str]]]
IDENTITY = (
    ("mail", gettext_lazy("Mail address")),
    ("phone", gettext_lazy("Phone")),
    ("linkedin", gettext_lazy("LinkedIn profile")),
    ("twitter", gettext_lazy("Twitter/X profile")),
    ("facebook", gettext_lazy("Facebook profile")),
    ("instagram", gettext_lazy("Instagram profile")),
    ("id", gettext_lazy("Id in the other system")),
)
TOUCH = (
    ("touch:source", gettext_lazy("Source")),
    ("touch:medium", gettext_lazy("Medium")),
    ("touch:campaign", gettext_lazy("Campaign")),
    ("touch:landing_page", gettext_lazy("Landing page")),
    ("touch:referrer", gettext_lazy("Referring page")),
)
HISTORY = (
    ("at", gettext_lazy("When the contact began")),
    ("won:if", gettext_lazy("Became a customer: yes or no")),
    ("won:at", gettext_lazy("Became a customer: when")),
    ("won:amount", gettext_lazy("Became a customer: amount")),
    ("won:id", gettext_lazy("Became a customer: number of the sale")),
    ("gone", gettext_lazy("Unsubscribed from mail: when")),
    ("skip", gettext_lazy("Marked as deleted: leave the row out")),
)
DEAL = (
    ("deal:id", gettext_lazy("Id of the opportunity")),
    ("deal:name", gettext_lazy("Name of the opportunity")),
    ("deal:amount", gettext_lazy("Amount")),
    ("deal:currency", gettext_lazy("Currency")),
    ("deal:status", gettext_lazy("Status: open, won or lost")),
    ("deal:stage", gettext_lazy("Stage in the pipeline")),
    ("deal:opened", gettext_lazy("Opened on")),
    ("deal:closed", gettext_lazy("Closed on")),
    ("deal:reason", gettext_lazy("Reason it was lost")),
    ("deal:by", gettext_lazy("Who looks after it")),
)
FIRM = (("domain", gettext_lazy("Web site or domain")), ("company", gettext_lazy("Name of the company")))
NEW = "new"  # the column becomes an attribute, or a property of opportunities, of its own
FIGURED = ("attr:", "deal:amount", "won:amount")  # targets whose kind is shown
UNOFFERED = frozenset("email phone company_domain".split())
KINDS = (
    ("text", gettext_lazy("text")),
    ("number", gettext_lazy("number")),
    ("money", gettext_lazy("money")),
    ("choice", gettext_lazy("one choice")),
    ("choices", gettext_lazy("several choices")),
    ("date", gettext_lazy("date")),
    ("boolean", gettext_lazy("yes or no")),
)


def groups_of(kind: str) -> list[Group]:
    """Return the places for columns of this kind of file, in groups."""
    attributes = (_("What is known of them"), _attributes())
    if kind == COMPANIES:
        return [(_("Which company"), _said(FIRM)), attributes]
    who = (_("Who it is"), _said(IDENTITY))
    touch = (_("Where they came from"), _said(TOUCH))
    if kind == OPPORTUNITIES:
        return [(_("Opportunity"), _said(DEAL)), who, attributes, touch]
    agreed = (_("What they agreed to"), consents.targets())
    return [who, attributes, touch, (_("What happened"), _said(HISTORY)), *([agreed] if agreed[1] else [])]


def is_new(target: str, offered: list[Group]) -> bool:
    """Return whether a target would be a new attribute or property."""
    if not target.startswith(("attr:", "deal:")) or target in DEAL_TARGETS:
        return False
    return all(target != known for _label, places in offered for known, _words in places)


def kinds_shown(plan: Plan) -> list[str]:
    """Return of each column the kind in words that its target brings along, "" where there is none to speak of."""
    there, called = kinds_there(), dict(KINDS)
    return [
        str(called.get(own_kind(said["target"], there), "")) if said["target"].startswith(FIGURED) else ""
        for said in plan.columns.values()
    ]


def _attributes() -> list[tuple[str, str]]:
    there = {each.name: each for each in Attribute.objects.all()}
    names = [*STANDARD, *(name for name, each in there.items() if not each.standard)]
    known = [there.get(name) or Attribute(name=name, standard=True) for name in names if name not in UNOFFERED]
    return sorted(((f"attr:{each.name}", label_of(each)) for each in known), key=lambda each: each[1].casefold())


def _said(places: Any) -> list[tuple[str, str]]:
    return [(target, str(words)) for target, words in places]
