"""Tracking fields as a way in: a real collector takes markup, statements, templates and formulas in each of them."""

import csv
import io
import re
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from embudo.leads.models import Person, StageChange
from tests.attacks.conftest import House
from tests.attacks.test_injection import TEMPLATE, gave_nothing_away
from tests.attacks.walking import addresses
from tests.collector.conftest import PUBLIC, SECRET, RunningDoor, door_of

EVILS = {
    "markup": "\"'><evil-tag onmouseover=ran()><img src=//evil.example onerror=ran()><script>ran()</script>",
    "statement": "'); DROP TABLE leads_person; --",
    "template": TEMPLATE,
    "formula": "=HYPERLINK(\"http://evil.example\";A1)",
    "blanks and a formula": "\t \u00a0@SUM(1+1)*cmd|' /C calc'!A0",
    "odd letters": "\u202e\ufeff\u2028\U0001f469\u200d\U0001f52c\u0301a\u0000b",
}  # fmt: skip

COMPUTES = re.compile(r"[\s\u00a0\ufeff]*[=@＝＠]|[\s\u00a0]*[+-](?![\d.,]+$)")


def messages(evil: str) -> list[tuple[str, dict[str, Any]]]:
    """What anybody with the key of a page may send, with the same text in every field."""
    there = quote(evil)
    context = {
        "page": {"url": f"https://norte.example/{there}?utm_source={there}&utm_campaign={there}&gclid={there}",
                 "path": evil, "title": evil, "referrer": f"https://evil.example/{there}", "search": evil},
        "campaign": dict.fromkeys(("source", "medium", "name", "term", "content"), evil),
        "userAgent": evil, "locale": evil, "timezone": evil, "ip": evil, "library": {"name": evil, "version": evil},
        "location": {"country": evil, "city": evil}, "device": {"type": evil}, "screen": {"width": evil},
        "referrer": {"url": evil, "type": evil}, "traits": {"email": evil}, evil: evil,
    }  # fmt: skip
    props = dict.fromkeys(("url", "title", "referrer", "path", "topic", "form", "name", "value", evil), evil)
    traits = dict.fromkeys(("name", "first_name", "title", "company", "industry", "country", "city", evil), evil)
    named = traits | {"email": "evil@norte.example"}
    me: dict[str, Any] = {"anonymousId": "browser-of-evil", "context": context}
    return [
        ("/v1/page", {**me, "type": "page", "name": evil, "properties": props}),
        ("/v1/track", {**me, "type": "track", "event": "Demo Requested", "properties": props}),
        ("/v1/track", {**me, "type": "track", "event": evil, "properties": props}),
        ("/v1/identify", {**me, "type": "identify", "userId": evil, "traits": named}),
        ("/v1/group", {**me, "type": "group", "groupId": evil, "traits": traits}),
        ("/v1/alias", {**me, "type": "alias", "previousId": evil, "userId": evil}),
        ("/v1/track", {**me, "type": "track", "event": "x", "anonymousId": evil, "messageId": evil, "timestamp": evil}),
        ("/v1/batch", {"batch": [{**me, "type": "track", "event": evil, "properties": props}], "sentAt": evil}),
    ]  # fmt: skip


def _sends(door: RunningDoor, evil: str) -> None:
    latin = evil.encode("ascii", "ignore").decode().translate({ord(sign): " " for sign in "\t\0\r\n"}).strip()
    headers = {"User-Agent": latin, "Referer": latin, "Accept-Language": latin, "X-Forwarded-For": latin}
    for key in (PUBLIC, SECRET):
        for path, message in messages(evil):
            answer = door.post(path, message, key=key, headers=headers)
            assert answer.status in (200, 202, 400, 401, 403, 404, 422), (path, answer.status)
            assert answer.headers["content-type"].startswith("application/json") or not answer.body


@pytest.mark.parametrize("kind", list(EVILS))
def test_what_a_visitor_sends_is_text_and_no_more_wherever_it_comes(house: House, tmp_path: Path, kind: str) -> None:
    evil, before = EVILS[kind], Person.objects.count()
    with door_of(house.site.config, tmp_path / "logs") as door:
        _sends(door, evil)
    taken = house.site.follower.catch_up()
    known = Person.objects.get(mail="evil@norte.example")
    assert taken and Person.objects.count() > before and StageChange.objects.exists()
    house.values |= {"person": known.pk}
    admin, shown = house.browser("admin"), 0
    for each in addresses():
        answer = admin.get(each.path(house.values))
        assert answer.status_code < 500, each.name
        assert gave_nothing_away(answer), each.name
        page = b"" if answer.streaming else answer.content
        assert b"<evil-tag" not in page and b"<script>ran" not in page, each.name
        shown += escape(evil.strip())[:12].encode() in page
    assert shown or kind == "odd letters", "it stood there, as text"
    _file_is_safe(admin)


def _file_is_safe(admin: Client) -> None:
    """No cell of the list as a file computes, though names and companies would."""
    answer = admin.post("/people/export/", {"format": "csv", "extent": "all", "query": ""})
    assert answer.status_code == 200
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"), newline="")))
    assert any("evil@norte.example" in row for row in rows)
    assert [cell for row in rows for cell in row if COMPUTES.match(cell)] == []
