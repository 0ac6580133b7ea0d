"""Every address of the product, as an attacker walks them: its name, its path, its view, and who may open it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver

from embudo.urls import urlpatterns
from tests.accounts.test_permissions import permission_of

PACKAGE = Path(__file__).resolve().parents[2] / "embudo"
PART = re.compile(r"<(?:\w+:)?(\w+)>")
ODD = {
    "leads:act_undo fact": "12345678-1234-4234-8234-123456789abc", "number": 1, "uid": "MQ", "token": "x", "link": "x",
    "fact": "x", "name": "city", "act": "pause", "what": "sent",
}  # fmt: skip


@dataclass(frozen=True)
class Address:
    """One address: its name with the app before it, its route, and what answers there."""

    name: str
    route: str
    view: Any

    @property
    def permission(self) -> str | None:
        """What a view asks of a role; "" of anybody who is signed in; None when it guards itself."""
        return permission_of(self.view)

    @property
    def exempt(self) -> bool:
        """Whether it takes posts without the token of a form."""
        view = self.view
        while view is not None:
            if getattr(view, "csrf_exempt", False):
                return True
            view = getattr(view, "__wrapped__", None)
        return False

    def path(self, values: Mapping[str, Any]) -> str:
        """Return its path; parts are looked for under `app:name part`, `app part`, `part`, and else are 1."""
        app = self.name.partition(":")[0]

        def filled(found: re.Match[str]) -> str:
            part = found[1]
            for key in (f"{self.name} {part}", f"{app} {part}", part):
                if key in values:
                    return str(values[key])
            return str(ODD.get(f"{self.name} {part}", ODD.get(part, 1)))

        return "/" + PART.sub(filled, self.route).replace("^.*$", "nothing")


def addresses() -> list[Address]:
    """Return every address, the API's among them."""
    return [
        Address(f"{app}:{pattern.name}", route, pattern.callback) for app, route, pattern in _walk(urlpatterns, "", "")
    ]


def _walk(patterns: Any, app: str, before: str) -> Iterator[tuple[str, str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, pattern.namespace or app, before + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield app, before + str(pattern.pattern), pattern


def fields() -> list[str]:
    """Return the name of every field that templates show or views read: an attacker fills in all of them."""
    named = re.compile(r'\bname="([\w.-]+)"')
    read = re.compile(r'(?:POST|GET|given)\.(?:get|getlist)\(\s*"([\w.-]+)"')
    declared = re.compile(r"^    (\w+) = forms\.", re.MULTILINE)
    found: set[str] = set()
    for file in PACKAGE.rglob("*.html"):
        found |= set(named.findall(file.read_text()))
    for file in PACKAGE.rglob("*.py"):
        text = file.read_text()
        found |= set(read.findall(text)) | set(declared.findall(text))
    return sorted(found)
