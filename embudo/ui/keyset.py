"""Paging by key: a page starts after the last row of the one before, so that it costs the same at any depth."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Page:
    """One page of rows, with the addresses of its neighbours (empty where there is none)."""

    rows: list[Any]
    next: str
    previous: str


def page(request: HttpRequest, queryset: QuerySet[Any], *, order: tuple[str, ...], size: int) -> Page:
    """Return the page the request asks for (`?after=` or `?before=` a cursor); `order` ends with a unique field.

    Raises BadRequest on a cursor that was not made here. Fields of `order` are not null.
    """
    before = request.GET.get("before", "")
    cursor = before or request.GET.get("after", "")
    backwards = bool(before)
    sort = tuple(_turned(field) for field in order) if backwards else order
    found = queryset.order_by(*sort)
    if cursor:
        found = found.filter(_beyond(sort, _read(cursor, queryset.model, order)))
    rows = list(found[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    has_next, has_previous = (True, more) if backwards else (more, bool(cursor))
    return Page(
        rows=rows,
        next=_address(request, after=_write(rows[-1], order)) if rows and has_next else "",
        previous=_address(request, before=_write(rows[0], order)) if rows and has_previous else "",
    )


def _turned(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"


def _beyond(sort: tuple[str, ...], values: list[Any]) -> Q:
    """(a, b) lies beyond (x, y): a beyond x, or a equal and b beyond y."""
    condition, same = Q(), Q()
    for field, value in zip(sort, values, strict=True):
        name = field.lstrip("-")
        condition |= same & Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
        same &= Q(**{name: value})
    first, bound = sort[0].lstrip("-"), "lte" if sort[0].startswith("-") else "gte"
    return Q(**{f"{first}__{bound}": values[0]}) & condition  # says nothing new, and an index is entered by it


def _write(row: Model, order: tuple[str, ...]) -> str:
    values = [getattr(row, field.lstrip("-")) for field in order]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _read(text: str, model: type[Model], order: tuple[str, ...]) -> list[Any]:
    try:
        plain = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        fields = [model._meta.get_field(field.lstrip("-")) for field in order]
        return [field.to_python(value) for field, value in zip(fields, plain, strict=True)]
    except Exception as error:
        raise BadRequest(_("This page's address is damaged; load it again.")) from error


def _address(request: HttpRequest, **cursor: str) -> str:
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    query.update(cursor)
    return f"{request.path}?{query.urlencode()}"
