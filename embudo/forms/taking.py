"""That somebody fetched the file they got for a form: a fact, once for each showing and file."""

from dataclasses import replace
from uuid import NAMESPACE_URL, uuid5

from embudo.collector.suspicion import HeadersOf, marks_of
from embudo.core.event import Door, Event, Verdict, subject_of
from embudo.core.intake import MACHINE_MARKS
from embudo.forms.confirming import UNSENT
from embudo.forms.models import File, Showing
from embudo.leads.clock import now
from embudo.leads.models import Identifier
from embudo.leads.record import the_log


def fetched(row: Showing, file: File, headers: HeadersOf) -> None:
    """Record the download of whoever sent the form in this showing; raises LogUnavailable.

    It is believed as far as the sending is, and goes by the identifier of it: the link itself holds nothing of them.
    """
    if row.subject is None:
        return
    held = Identifier.objects.filter(subject=row.subject).first()
    identifier = held.identifier if held else f"person:{row.subject}"
    marks = marks_of(headers, headers.get("user-agent") or "")
    verdict = Verdict(row.verdict) if row.verdict else Verdict.HUMAN
    at, site = now(), row.form.site.public_id
    event = Event(
        source=site, id=str(uuid5(NAMESPACE_URL, f"{row.pk} file {file.pk}")), kind="content_downloaded", at=at,
        received_at=at, known_at=at, identifier=identifier, subject=subject_of(identifier), door=Door.PUBLIC,
        verdict=verdict, reasons=tuple(each for each in row.reasons if each != UNSENT), site=site,
        props={"name": file.name, "form": row.form.slug, "version": row.version, "showing": row.pk},
    )  # fmt: skip
    if marks and not MACHINE_MARKS.isdisjoint(marks):  # an id of its own: it must not stand in for the person's
        event = replace(
            event, id=str(uuid5(NAMESPACE_URL, f"{event.id} machine")), verdict=Verdict.MACHINE, reasons=marks
        )
    the_log().append([event])
