"""The forms of a page as a browser holds them: read from its HTML, filled in, and sent as they stand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.test import Client

TYPED = {"text", "search", "email", "url", "tel", "number", "password", "date", "datetime-local", ""}


@dataclass
class Sheet:
    """One form: where it goes, and every field with the values it would send."""

    action: str
    method: str = "get"
    values: dict[str, list[str]] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)  # the fields to write in, with their type
    files: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def send(self, client: Client, **changed: Any) -> Any:
        """Send it as it stands, with these values in place of its own."""
        return client.post(self.action, {**self.values, **changed}, follow=False)

    def without(self, *names: str) -> "Sheet":
        """Return it as a page would send it that never showed these fields."""
        left = {name: each for name, each in self.values.items() if name not in names}
        return Sheet(self.action, self.method, left, self.typed, self.files, self.buttons)


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.address = address
        self.sheets: list[Sheet] = []
        self._open: Sheet | None = None
        self._area: str | None = None
        self._select: tuple[str, bool] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.address, given.get("action", "")).partition("#")[0]
            self._open = Sheet(action or self.address, given.get("method", "get").lower())
            self.sheets.append(self._open)
        sheet, name = self._open, given.get("name", "")
        if sheet is None or (not name and tag != "option") or "disabled" in given:
            return
        match tag:
            case "input":
                self._input(sheet, name, given)
            case "textarea":
                self._area = name
                sheet.values[name], sheet.typed[name] = [""], "textarea"
            case "select":
                self._select = (name, "multiple" in given)
            case "option" if self._select:
                chosen, several = self._select
                value = given.get("value", "")
                if "selected" in given or (not several and chosen not in sheet.values):
                    sheet.values[chosen] = [*(sheet.values.get(chosen, []) if several else []), value]
            case "button":
                sheet.buttons.append((name, given.get("value", "")))

    def _input(self, sheet: Sheet, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text").lower()
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                sheet.values.setdefault(name, []).append(given.get("value", "on"))
        elif kind == "file":
            sheet.files.add(name)
        elif kind not in ("submit", "button", "image", "reset"):
            sheet.values[name] = [given.get("value", "")]
            if kind in TYPED:
                sheet.typed[name] = kind

    def handle_data(self, data: str) -> None:
        if self._area and self._open:
            self._open.values[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area and self._open:
            self._open.values[self._area] = [self._open.values[self._area][0].removeprefix("\n")]
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._open = None


def sheets(page: str, address: str) -> list[Sheet]:
    """Return every form of a page that was read at an address."""
    reader = _Reader(address)
    reader.feed(page)
    return reader.sheets


def sheet_with(client: Client, address: str, *names: str) -> Sheet:
    """Return the form of a page that holds all of these fields."""
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return next(each for each in sheets(answer.content.decode(), address) if set(names) <= each.values.keys())


def posting(page: str, address: str) -> Iterator[Sheet]:
    """Yield the forms of a page that are posted."""
    yield from (each for each in sheets(page, address) if each.method == "post")
