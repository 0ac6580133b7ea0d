"""How attributes, their values, evidence and reasons are called in the reader's language.

Codes come from the log and from `core`; what the company made itself keeps the words it gave.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from embudo.leads.countries import country_called, language_called
from embudo.leads.models import Attribute

ATTRIBUTES = {
    "name": _("name"), "first_name": _("first name"), "last_name": _("last name"), "email": _("e-mail"),
    "phone": _("phone"), "title": _("job title"), "role": _("role"), "company": _("company"),
    "company_size": _("company size"), "industry": _("industry"), "country": _("country"),
    "city": _("city"), "language": _("language"), "budget": _("budget"), "interests": _("interests"),
    "relation": _("relation"), "website": _("web site"), "seniority": _("seniority"), "department": _("department"),
    "company_domain": _("domain of the company"), "state": _("state or province"), "postal_code": _("postal code"),
    "street": _("street"), "gender": _("gender"), "birthday": _("birthday"), "age": _("age"),
    "timezone": _("time zone"),
}  # fmt: skip

VALUES = {
    ("relation", "competitor"): _("competitor"), ("relation", "partner"): _("partner"),
    ("relation", "supplier"): _("supplier"), ("role", "owner"): _("owner"), ("role", "director"): _("director"),
    ("role", "manager"): _("manager"), ("role", "student"): _("student"), ("role", "job_seeker"): _("looks for work"),
    ("role", "specialist"): _("specialist"), ("industry", "software"): _("software"),
    ("industry", "logistics"): _("logistics"), ("industry", "manufacturing"): _("manufacturing"),
    ("industry", "retail"): _("retail"), ("industry", "finance"): _("finance"),
    ("industry", "healthcare"): _("healthcare"), ("industry", "energy"): _("energy"),
    ("industry", "facilities"): _("facilities"), ("industry", "construction"): _("construction"),
    ("industry", "education"): _("education"),
}  # fmt: skip

CODED = {"country": country_called, "language": language_called}  # their values are codes

NO_LABELS: Mapping[str, str] = {}

KINDS = {
    "text": _("text"), "number": _("number"), "money": _("amount of money"), "choice": _("one of several"),
    "choices": _("several choices"), "date": _("date"), "boolean": _("yes or no"),
}  # fmt: skip

EVIDENCE = {
    "": _("first seen"), "first_seen": _("first seen"), "form": _("wrote it in a form"),
    "identify": _("signed in or was identified"), "mail_click": _("followed a link in a mail"),
    "confirmation": _("confirmed by a link"), "alias": _("linked by the web site"),
    "import": _("came with an import"), "by_hand": _("decided by a person here"),
}  # fmt: skip

STRENGTHS = {
    1: pgettext_lazy("evidence", "weak"),
    2: pgettext_lazy("evidence", "claimed"),
    3: pgettext_lazy("evidence", "confirmed"),
    4: pgettext_lazy("evidence", "strong"),
    5: pgettext_lazy("evidence", "decided"),
    6: pgettext_lazy("evidence", "own"),
}

WHY = {
    "arrived": _("was seen for the first time"), "identified": _("said who they are"),
    "thresholds": _("fit and engagement reached their lines"), "faded": _("engagement faded below the line"),
    "profile": _("the profile no longer matches"), "set_by_hand": _("set by hand"), "accepted": _("sales accepted"),
    "rejected": _("sales said no"), "opportunity_opened": _("an opportunity was opened"), "won": _("bought"),
    "lost": _("the opportunity was lost"), "recommends": _("recommends us"), "sales_action": _("asked for sales again"),
}  # fmt: skip

REJECTIONS = {
    "no_fit": _("does not fit"), "no_budget": _("no budget"), "no_interest": _("no interest"),
    "unreachable": _("could not be reached"), "too_early": _("too early"), "wrong_person": _("the wrong person"),
}  # fmt: skip

LOSSES = {
    "price": _("price"), "competitor": _("chose a competitor"), "no_decision": _("no decision was taken"),
    "timing": _("not the time"), "missing": _("something was missing"), "other": _("something else"),
}  # fmt: skip

DIRECT = {
    "direct": _("direct"), "": _("no known source"), "email": _("e-mail"), "organic": _("organic search"),
    "referral": _("referral"), "organic_search": _("organic search"), "paid_search": _("paid search"),
    "social": _("social media"), "display": _("display advertising"), "direct_traffic": _("direct"),
    "unknown": _("unknown"),
    "other": _("other"), "newsletter": _("newsletter"), "event": _("event"), "import": _("import"),
}  # fmt: skip


FAMILIES = {
    "web": _("web"),
    "mail": pgettext_lazy("part of the timeline", "mail"),
    "sales": pgettext_lazy("part of the timeline", "sales"),
    "profile": _("profile"),
    "moves": _("stages"),
    "other": _("other"),
}

DOORS = {
    "public": _("said on a web page"),
    "secret": _("said by a server"),
    "import": _("imported"),
    "app": _("said in Embudo"),
    "system": _("worked out"),
}


def label_of(attribute: Attribute) -> str:
    """The name of an attribute."""
    if attribute.standard or not attribute.label:
        known = ATTRIBUTES.get(attribute.name)
        if known is not None:
            return str(known)
    return attribute.label or attribute.name.replace("_", " ")


def labels_given() -> dict[str, str]:
    """The names that the company gave to attributes of its own, by their codes."""
    return dict(Attribute.objects.filter(standard=False).exclude(label="").values_list("name", "label"))


def attribute_called(name: str, labels: Mapping[str, str] = NO_LABELS) -> str:
    """The name of an attribute of which only the code is known, and the names the company gave."""
    return labels.get(name) or str(ATTRIBUTES.get(name) or name.replace("_", " "))


def option_label(attribute: str, value: Any) -> str:
    """The name of one value of an attribute."""
    if attribute in CODED:
        return CODED[attribute](str(value))
    return str(VALUES.get((attribute, str(value))) or value)


def source_called(source: str) -> str:
    """The name of a source of visits."""
    return str(DIRECT.get(source) or source)


def evidence_called(evidence: str) -> str:
    """What evidence says that an identifier belongs to somebody."""
    return str(EVIDENCE.get(evidence) or evidence.replace("_", " "))


def why_called(why: str) -> str:
    """Why a stage changed."""
    return str(WHY.get(why) or why.replace("_", " "))


# The names of the shipped definition; a company's own definition says its names in its own language.
SHIPPED = (
    _("Industry we know well"), _("From 50 to 1,000 people"), _("Decides or prepares the decision"),
    _("In a country we serve"), _("Budget from 5,000 a year"), _("Fewer than 10 people"), _("Works for a competitor"),
    _("B2B software: a start to argue about"),
    _("Studies or looks for work"), _("Web"), _("Views a page"), _("Views the pricing page"),
    _("Reads a page for a minute or more"), _("Looks at open jobs"), _("Content"), _("Reads an article or a case"),
    _("Downloads a guide or a case"), _("Attends an event"), _("Mail"), _("Subscribes to the newsletter"),
    _("Clicks a link in a mail"), _("Answers a mail"), _("Unsubscribes"), _("Sales action"), _("Asks for a demo"),
    _("Asks for a quote"), _("Starts a trial"), _("Meets us"), _("Brings somebody"),
    _("Would recommend us (9 or 10 of 10)"),
)  # fmt: skip


def defined(name: str) -> str:
    """What a criterion, group or rule of the definition is called: the shipped ones in the reader's language."""
    return gettext(name) if name else ""
