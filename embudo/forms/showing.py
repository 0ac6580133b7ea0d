"""What the script on a page tells of a form: that it was shown, that somebody began, which fields they touched."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from embudo.collector.context import page_address, path_of
from embudo.core.event import Verdict
from embudo.forms.content import MOST_FIELDS, Content
from embudo.forms.models import Form, Showing, Touched
from embudo.forms.ticket import Ticket, read_ticket

LONGEST = 8_000
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Told:
    """What one message of the script says."""

    ticket: Ticket
    touched: tuple[str, ...]
    url: str
    referrer: str


def read(body: bytes, form: str) -> Told | None:
    """Return what a message says; None when it is none of ours."""
    if len(body) > LONGEST:
        return None
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    ticket = read_ticket(_text(said.get("t")), form)
    if ticket is None or not ticket.showing:
        return None
    touched = said.get("f")
    ids = [each for each in touched if isinstance(each, str)] if isinstance(touched, list) else []
    return Told(ticket, tuple(ids[:MOST_FIELDS]), _text(said.get("u")), _text(said.get("r")))


def note(form: Form, content: Content, told: Told) -> None:
    """Keep that the form was shown and which of its fields were touched; saying it twice changes nothing."""
    at = int((told.ticket.at_s or 0) * SECOND)
    fresh = {"form": form, "version": told.ticket.version, "at": at, **_origin(told)}
    with transaction.atomic():
        row, new = Showing.objects.get_or_create(pk=told.ticket.showing, defaults=fresh)
        if not new and not row.path:
            Showing.objects.filter(pk=row.pk).update(**_origin(told))
    known = [id for id in told.touched if (field := content.field(id)) is not None and field.asked]
    if not known or row.verdict == Verdict.MACHINE.value:
        return
    with transaction.atomic():
        there = set(row.touched.values_list("field", flat=True))
        fresh_ids = [id for id in dict.fromkeys(known) if id not in there]
        try:
            with transaction.atomic():
                Touched.objects.bulk_create(
                    [Touched(showing=row, field=id, form=form, at=row.at) for id in fresh_ids], ignore_conflicts=True
                )
        except IntegrityError:  # another message of the same page was faster
            return
        started = {} if row.started_at else {"started_at": at}
        if row.last_field != known[-1] or started:
            Showing.objects.filter(pk=row.pk).update(last_field=known[-1], **started)


def _origin(told: Told) -> dict[str, str]:
    """Where it stands and from where people came: a path and a name, never what else an address holds."""
    url, utm = page_address(told.url) if told.url else ("", ())
    source = dict(utm).get("source", "") or _host(told.referrer)
    own = _host(told.url)
    return {"path": path_of(url)[:300] if url else "", "source": "" if source == own else source[:200]}


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _text(value: Any) -> str:
    return value.replace("\0", "")[:2000].encode(errors="ignore").decode() if isinstance(value, str) else ""
