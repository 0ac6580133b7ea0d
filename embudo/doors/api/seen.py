"""That software has read people: in the trail beside what people here have opened, with the key, once an hour each."""

from urllib.parse import urlencode

from django.http import HttpRequest

from embudo.accounts.models import AuditEntry
from embudo.doors.models import ApiKey
from embudo.leads.models import Person

OF_THE_PAGE = ("cursor", "limit")
TELLING = (
    "stage", "grade", "source", "handoff", "seen", "unseen", "reached", "status", "owner", "updated_since", "sort",
)  # fmt: skip


def person(request: HttpRequest, row: Person) -> None:
    """Note that the key that asks has read a person."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    AuditEntry.saw(key.maker, "person_read", str(row), of=row.id, key=key.name)


def people(request: HttpRequest) -> None:
    """Note that it has read a list: one row for all pages of it.

    Which filters it had is told, but not what was searched for: that may name somebody, and stays when they are erased.
    """
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    asked = [(name, value) for name, values in request.GET.lists() for value in values if name not in OF_THE_PAGE]
    query = urlencode(sorted(asked))
    told = "&".join(sorted(f"{name}={value if name in TELLING else '…'}" for name, value in asked))
    path = request.path.removeprefix("/api/v1/")
    about = f"{path}?{told}" if told else path
    AuditEntry.saw(key.maker, "list_read", about, of=f"{path}?{query}", key=key.name)
