"""The reference of the API, made from its own OpenAPI document."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET

from embudo.accounts.permissions import signed_in
from embudo.doors.api.build import api
from embudo.doors.api.problem import KINDS
from embudo.doors.scopes import SCOPES

ORDER = ("get", "post", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field of a body."""

    name: str
    type: str
    required: bool
    words: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    title: str
    words: str
    scope: str
    parameters: list[Field]
    body: list[Field]
    answer: list[Field]
    statuses: list[str]


@signed_in
@require_GET
def reference(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters, and every error. What the API says itself is English everywhere."""
    with translation.override("en"):
        document = api().get_openapi_schema(path_prefix="/api/v1")
        groups = _groups(document)
        problems = list(KINDS.values())
    context = {
        "groups": groups, "problems": problems, "scopes": SCOPES.values(), "site": settings.EMBUDO.site_address,
        "rate": settings.EMBUDO.api_rate,
    }  # fmt: skip
    return render(request, "doors/reference.html", context)


def _groups(document: Any) -> list[tuple[str, list[Operation]]]:
    groups: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method in ORDER:
            if method in operations:
                told = operations[method]
                group = (told.get("tags") or ["Other"])[0]
                groups.setdefault(group, []).append(_operation(path, method, told, document))
    return list(groups.items())


def _operation(path: str, method: str, told: Any, document: Any) -> Operation:
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    good = next((each for status, each in told["responses"].items() if int(status) < 300 and "content" in each), None)
    answer = next(iter(good["content"].values()))["schema"] if good else None
    return Operation(
        id=told["operationId"], method=method.upper(), path=path, title=told["summary"],
        words=told.get("description", ""), scope=told.get("x-scope", ""),
        parameters=[_field(each["name"], each["schema"], each["required"], document) for each in told["parameters"]],
        body=list(_fields(body, document)), answer=list(_fields(answer, document)),
        statuses=sorted(map(str, told["responses"])),
    )  # fmt: skip


def _fields(schema: Any, document: Any) -> Iterator[Field]:
    found = _resolved(schema or {}, document)
    needed = found.get("required", [])
    for name, each in found.get("properties", {}).items():
        yield _field(name, each, name in needed, document)


def _field(name: str, schema: Any, required: bool, document: Any) -> Field:
    return Field(name, _type(schema, document), required, schema.get("description", ""))


def _type(schema: Any, document: Any) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " | ".join(_type(each, document) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}), document)}[]"
    return str(schema.get("format") or schema.get("type") or schema.get("const") or "any")


def _resolved(schema: Any, document: Any) -> Any:
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema
