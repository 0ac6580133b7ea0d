"""What webhooks may be told about, and what of the log or of the moves tells it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from embudo.leads.history import COMPANIES_MERGED, COMPANIES_UNMERGED

STAGE_CHANGED, PERSON_CREATED, TEST = "stage_changed", "person_created", "webhook_test"
HANDOFF_READY = "handoff_ready"

# kind -> in words; docs/webhooks.md says what each carries.
KINDS: dict[str, Any] = {
    STAGE_CHANGED: _("a person's stage changed"),
    PERSON_CREATED: _("somebody said for the first time who they are"),
    "person_merged": _("two people were joined"),
    "person_unmerged": _("two people were taken apart"),
    "company_merged": _("two companies were joined"),
    "company_unmerged": _("two companies were taken apart"),
    "form_submitted": _("a form was filled in"),
    HANDOFF_READY: _("somebody waits for an answer of sales"),
    "handoff_accepted": _("sales accepted a hand-off"),
    "handoff_rejected": _("sales rejected a hand-off"),
    "opportunity_opened": _("an opportunity was opened"),
    "opportunity_moved": _("an opportunity moved on"),
    "opportunity_won": _("an opportunity was won"),
    "opportunity_lost": _("an opportunity was lost"),
    "consent_given": _("consent was given"),
    "consent_withdrawn": _("consent was withdrawn"),
    "fact_withdrawn": _("something recorded was taken back"),
}

_OF_NO_FACT = (STAGE_CHANGED, PERSON_CREATED, HANDOFF_READY)  # the tables tell of them
_RENAMED = {
    "people_merged": "person_merged", "people_unmerged": "person_unmerged",
    COMPANIES_MERGED: "company_merged", COMPANIES_UNMERGED: "company_unmerged",
}  # fmt: skip
OF_FACT = {
    **{kind: kind for kind in KINDS if kind not in (*_OF_NO_FACT, *_RENAMED.values())},
    **_RENAMED,
}  # kind of a fact -> what webhooks call it


def called(kind: str) -> Any:
    """Return a kind in words."""
    return _("a test") if kind == TEST else KINDS.get(kind, kind)
