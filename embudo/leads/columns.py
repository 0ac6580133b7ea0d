"""The columns of the people list: which there are, which one sees at first, which a person chose."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from embudo.leads.models import SavedView

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
    Column("last_source", _("Last source")),
    Column("mail", _("E-mail")),
    Column("phone", _("Phone")),
    Column("place", _("Place")),
    Column("industry", _("Industry")),
    Column("owner", _("Owner")),
    Column("tags", _("Tags")),
    Column("events", _("Facts"), figures=True),
)
FIRST = ("company", "stage", "fit", "engagement", "seen", "source")


def chosen(request: HttpRequest, view: SavedView | None = None) -> list[Column]:
    """Return the columns this person sees, of the list or of a saved view, in the order of COLUMNS."""
    keys = request.session.get(_key(view), view.columns if view else FIRST)
    return [column for column in COLUMNS if column.key in keys]


def choose(request: HttpRequest, keys: Iterable[str], view: SavedView | None = None) -> None:
    """Remember the columns this person wants to see."""
    request.session[_key(view)] = known(keys)


def known(keys: Iterable[str]) -> list[str]:
    """Return the keys that are columns, in the order of COLUMNS."""
    wanted = set(keys)
    return [column.key for column in COLUMNS if column.key in wanted]


def as_saved(request: HttpRequest, view: SavedView) -> None:
    """Show a view by its own columns again."""
    request.session.pop(_key(view), None)


def _key(view: SavedView | None) -> str:
    return f"{SESSION}_{view.pk}" if view else SESSION
