"""Everything an install knows of one person: from the tables, the log's tail and its segments, and failed bodies."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import BigIntegerField, ForeignKey, Model

from embudo.accounts.models import AuditEntry
from embudo.core import scoring
from embudo.core.event import Event
from embudo.leads.clock import EPOCH, now
from embudo.leads.history import counted
from embudo.leads.models import Identifier, Person
from embudo.leads.opportunities import opportunities
from embudo.leads.pointers import members
from embudo.leads.queries import scores
from embudo.leads.record import the_log
from embudo.leads.statements import statements
from embudo.leads.story import history_of, subjects_of
from embudo.leads.why import why
from embudo.privacy.consent import standings
from embudo.privacy.receipts import receipts

OWN = frozenset({"leads.Score"})  # kept state of the engine: in `scores` it stands in words


def everything(person: Person) -> dict[str, Any]:
    """Return all of it as plain values for JSON; instants are written as ISO 8601 in UTC."""
    history = history_of(person.id)
    ids = members(person.id)
    return {
        "person": _row(person),
        "written_at": iso(now()),
        "tables": {**dict(tables_of(ids)), **dict(tables_by_subject(subjects_of(person.id)))},
        "facts": [fact(event) for event in history],
        "attributes": _attributes(history),
        "consents": _consents(history),
        "scores": _scores(person, history),
        "opportunities": [_plain(each) for each in opportunities(history)],
        "changes_by_staff": [
            {"at": iso(each.at), "by": str(each.by or ""), "what": each.verb, "detail": each.detail}
            for each in AuditEntry.about_people(ids).select_related("by")
        ],
        "failed_events": failed_of(person.id),
    }


def tables_of(people: set[int]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the rows of every table that belong to these people, by the label of its model."""
    for model, names in tables_about_people():
        rows = {row.pk: row for name in names for row in model.objects.filter(**{f"{name}__in": people})}  # type: ignore[attr-defined]
        if rows and model._meta.label not in OWN:
            yield model._meta.label, [_row(row) for row in rows.values()]


def tables_by_subject(subjects: set[int]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the rows that are found by the subject of their fact alone, whoever it belongs to now."""
    about_people = [model for model, _names in tables_about_people()]
    for model in apps.get_models():
        if model in about_people or "subject" not in {field.name for field in model._meta.concrete_fields}:
            continue
        rows = [_row(row) for row in model.objects.filter(subject__in=subjects)]  # type: ignore[attr-defined]
        if rows:
            yield model._meta.label, rows


def tables_about_people() -> list[tuple[type[Model], list[str]]]:
    """Return the models of this install that point at people, each with the columns that do, whatever app has them.

    A column points at people when it is a foreign key to them, a number called `person`, or one that the model names
    in ABOUT_PEOPLE.
    """
    found = []
    for model in apps.get_models():
        named = getattr(model, "ABOUT_PEOPLE", ())
        fields = model._meta.concrete_fields
        names = [each.attname for each in fields if _points_at_people(each) or each.attname in named]
        if names and model is not Person:
            found.append((model, names))
    return found


def _points_at_people(field: Any) -> bool:
    if isinstance(field, ForeignKey):
        return field.related_model is Person
    return isinstance(field, BigIntegerField) and field.name in ("person", "person_id")


def failed_of(person: int) -> list[dict[str, Any]]:
    """Return the failed events whose bodies hold an identifier of the person."""
    return [
        {"received_at": iso(each.received_at), "reason": each.reason, "body": each.body.decode(errors="replace")}
        for each in the_log().failed_holding(names_of(person))
    ]


def names_of(person: int) -> set[str]:
    """Return the texts of the person's identifiers: mail addresses, phone numbers, ids of browsers and users."""
    held = Identifier.objects.filter(subject__in=subjects_of(person)).values_list("identifier", flat=True)
    return {name.partition(":")[2] for name in held}


def fact(event: Event) -> dict[str, Any]:
    """Return a fact as plain values."""
    return {
        "at": iso(event.at), "kind": event.kind, "identifier": event.identifier, "received_at": iso(event.received_at),
        "known_at": iso(event.known_at), "source": event.source, "id": event.id, "door": event.door.value,
        "verdict": event.verdict.value, "reasons": list(event.reasons), "site": event.site,
        "anonymous_id": event.anonymous_id, "user_id": event.user_id, "props": dict(event.props),
        "context": dict(event.context), "consent": dict(event.consent),
    }  # fmt: skip


def iso(at: Any) -> str:
    """Return an instant as ISO 8601 in UTC."""
    moment = EPOCH + timedelta(microseconds=at) if isinstance(at, int) else at
    return moment.isoformat() if moment else ""


def _attributes(history: list[Event]) -> list[dict[str, Any]]:
    return [
        {"attribute": name, "value": each.value, "at": iso(each.at), "door": each.door, "by": each.by,
         "in_force": each.in_force}
        for name, said in statements(history).items() for each in said
    ]  # fmt: skip


def _consents(history: list[Event]) -> list[dict[str, Any]]:
    return [
        {"purpose": standing.code, "given": each.given, "in_force": number == 0, "at": iso(each.at), "act": each.act,
         "how": each.how, "note": each.note, "form": each.form, "file": each.file, "row": each.row, "by": each.by,
         "version": each.version,
         "language": each.language, "wording": each.words}
        for standing in standings(history) for number, each in enumerate(receipts(standing))
    ]  # fmt: skip


def _scores(person: Person, history: list[Event]) -> dict[str, Any]:
    definition, at = scores.definition(), now()
    told = why(scoring.explain(counted(history), definition, at), definition)
    return {
        "at": iso(at), "fit": person.fit, "grade": person.grade, "fit_known_share": person.fit_known_share,
        "engagement": told.score, "stage": person.stage, "definition_version": definition.version,
        "because": [
            {"rule": each.rule, "group": each.group, "points": each.points, "base_thousandths": each.base,
             "cut_by_limit": each.cut_by_limit, "fact": each.event.kind, "fact_at": iso(each.event.at)}
            for each in told.lines
        ],
        "caps": [{"group": each.group, "points": each.points} for each in told.cuts],
    }  # fmt: skip


def _row(row: Model) -> dict[str, Any]:
    """A row with the names of its columns; instants as text, and who it points at by name."""
    found: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        value = _value(row, field)
        if value not in (None, "", [], {}):
            found[field.name] = value
    return found


def _value(row: Model, field: Any) -> Any:
    value = field.value_from_object(row)
    if isinstance(field, ForeignKey) and field.related_model is not Person and value is not None:
        return str(getattr(row, field.name) or value)
    if isinstance(value, int) and field.name.endswith("_at"):
        return iso(value)
    if isinstance(value, bytes | memoryview):
        return f"{len(bytes(value))} bytes"
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)


def _plain(thing: Any) -> dict[str, Any]:
    told = {name: iso(value) if name.endswith("_at") else value for name, value in vars(thing).items()}
    return {name: value for name, value in told.items() if name != "said"}
