"""The columns of the people list: which there are, which one sees at first, which a person chose."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

SESSION = "people_columns"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `sort` is the order its head offers, `figures` tells that it holds numbers."""

    key: str
    label: Any
    sort: str = ""
    figures: bool = False


COLUMNS = (
    Column("company", _("Company")),
    Column("title", _("Job title")),
    Column("stage", _("Stage")),
    Column("fit", _("Fit"), "fit"),
    Column("engagement", _("Engagement"), "engagement", figures=True),
    Column("seen", _("Last seen"), "seen", figures=True),
    Column("new", _("First seen"), "new", figures=True),
    Column("source", _("Source")),
    Column("campaign", _("Campaign")),
    Column("mail", _("E-mail")),
    Column("phone", _("Phone")),
    Column("place", _("Place")),
    Column("industry", _("Industry")),
    Column("owner", _("Owner")),
    Column("tags", _("Tags")),
    Column("events", _("Facts"), figures=True),
)
FIRST = ("company", "stage", "fit", "engagement", "seen", "source")


def chosen(request: HttpRequest) -> list[Column]:
    """Return the columns this person sees, in the order of COLUMNS."""
    keys = request.session.get(SESSION, FIRST)
    return [column for column in COLUMNS if column.key in keys]


def choose(request: HttpRequest, keys: Iterable[str]) -> None:
    """Remember the columns this person wants to see."""
    wanted = set(keys)
    request.session[SESSION] = [column.key for column in COLUMNS if column.key in wanted]
