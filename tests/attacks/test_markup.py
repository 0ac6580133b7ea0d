"""Stored cross-site scripting: every text that is kept holds markup and handlers, and a real browser opens every page.

Two things are asked of each page: that nothing ran or was asked of another site, and, which is stricter, that not one
element or attribute of the payload came to be, so that the content security policy had nothing to stop.
"""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from playwright.sync_api import Browser

from embudo.accounts.models import User
from embudo.doors.models import Delivery
from embudo.forms.models import Step, Version
from embudo.imports.models import Upload
from embudo.leads.models import Person
from tests.attacks.conftest import House
from tests.attacks.filling import Sheet, posting, sheets
from tests.attacks.walking import addresses
from tests.cast import mallory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAYLOAD = (
    '"\'><evil-tag data-evil="1" hx-get="/evil" hx-trigger="load" hx-on::load="ran()" onmouseover=ran()></evil-tag>'
    "<img data-evil src=//evil.example onerror=ran()><script data-evil>ran()</script>"
    "<base data-evil href=//evil.example><svg data-evil onload=ran()></svg>"
)
SHORT = '"><img data-evil src=x onerror=ran()>'
# Texts that are no text of people: keys, hashes, states, and what names a thing in an address.
MEANT = {
    "state", "asked", "kind", "key", "sha256", "slug", "public_id", "code", "role", "mode", "door", "stage", "nonce",
    "language", "time_zone", "theme", "secret", "old_secret", "hint", "password", "email", "version", "turn", "message",
    "from_stage", "to_stage", "verb", "type", "digest", "facts", "fact", "worker", "ending", "identifier", "id", "mail",
    "search", "grade", "outcome", "sheets", "paused_why", "attribute", "name_key", "place", "query", "touch", "verdict",
    "phone", "group_id", "preset", "subject", "source_key",
}  # fmt: skip
WITNESS = """
    window.told = [];
    window.ran = () => window.told.push("ran");
    document.addEventListener("securitypolicyviolation",
        (event) => window.told.push(event.violatedDirective + " " + event.blockedURI));
"""
CAME_TO_BE = """() => [...document.querySelectorAll("[data-evil], evil-tag, [href^='javascript:' i]")]
    .map((each) => each.outerHTML.slice(0, 160)).concat(window.told)"""


def spoil() -> int:
    """Put the payload into every text of every row that is there; return how many kinds of text that were."""
    spoilt = 0
    for model in apps.get_models():
        if not model.__module__.startswith("embudo.") or isinstance(model._meta.pk, models.CompositePrimaryKey):
            continue
        for each in model._meta.concrete_fields:
            texts = isinstance(each, models.CharField | models.TextField) and not each.choices
            if texts and each.name not in MEANT and not (each.unique or each.primary_key):
                room = each.max_length or 10_000
                rows = model._default_manager.all()
                spoilt += rows.update(**{each.name: PAYLOAD if len(PAYLOAD) <= room else SHORT[:room]}) > 0
    _spoil_documents()
    return spoilt


def _spoil_documents() -> None:
    for person in Person.objects.all():
        person.attributes = {**person.attributes, "industry": PAYLOAD, "score_of_mine": [PAYLOAD], PAYLOAD[:100]: "x"}
        person.save(update_fields=["attributes"])
    for row in [*Version.objects.all(), *Step.objects.all()]:
        row.content = _with_payload(row.content)
        row.save(update_fields=["content"])
    Delivery.objects.update(body=PAYLOAD)


def _with_payload(content: Any) -> Any:
    if isinstance(content, dict):
        worded = ("title", "intro", "button", "thanks", "label", "help")
        return {name: {"en": PAYLOAD} if name in worded else _with_payload(each) for name, each in content.items()}
    return [_with_payload(each) for each in content] if isinstance(content, list) else content


def _hostile_visit(house: House) -> None:
    """What a visitor may send by themselves: the page, where they came from, the campaign, the browser's name."""
    context = {
        "url": f"https://norte.example/?x={PAYLOAD}", "title": PAYLOAD, "referrer": f"https://evil.example/{PAYLOAD}",
        "user_agent": PAYLOAD, "utm_source": PAYLOAD, "utm_medium": PAYLOAD, "utm_campaign": PAYLOAD,
        "utm_term": PAYLOAD, "utm_content": PAYLOAD, "language": PAYLOAD[:30],
        "place": {"country": PAYLOAD[:20], "city": PAYLOAD},
    }  # fmt: skip
    start = replace(mallory.journey(house.site.person(mallory).last_seen_at), context=context)
    house.site.hears(start.visits(f"/{PAYLOAD}").submits(PAYLOAD[:60]).subscribes().requests("quote"))


@dataclass
class Looked:
    """What a real browser found on the pages it opened."""

    opened: int = 0
    shown: set[str] = field(default_factory=set)  # the pages on which the payload stood, as text
    wrong: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def is_clean(self) -> None:
        """Nothing came to be, ran, or was asked of another site."""
        assert self.wrong == []
        assert self.dialogs == []
        assert [url for url in self.asked if "evil" in url.partition("?")[0].replace("%22", "")[:60]] == []


def look(chromium: Browser, server: Any, admin: Client, pages: dict[str, str]) -> Looked:
    """Open every page that is one as an administrator, in a real browser."""
    context = chromium.new_context(base_url=server.url, locale="en")
    context.add_cookies([{"name": "sessionid", "value": admin.cookies["sessionid"].value, "url": server.url}])
    context.add_init_script(WITNESS)
    context.set_default_timeout(20_000)
    page, found = context.new_page(), Looked()
    page.on("request", lambda request: found.asked.append(request.url))
    page.on("dialog", lambda dialog: (found.dialogs.append(dialog.message), dialog.dismiss()))
    for name, path in pages.items():
        answer = admin.get(path)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        page.goto(path, wait_until="load")
        page.wait_for_timeout(100)  # what loads with the page
        found.opened += 1
        found.shown |= {name} if "&lt;img data-evil" in page.content() else set()
        found.wrong += [f"{name}: {each}" for each in page.evaluate(CAME_TO_BE)]
    context.close()
    return found


def pages_of(house: House) -> dict[str, str]:
    """Every page there is, by the name of its address."""
    return {each.name: each.path(house.values) for each in addresses() if not each.name.startswith("api:")}


def test_no_text_that_anybody_wrote_becomes_markup_on_any_page(
    house: House, chromium: Browser, live_server: Any
) -> None:
    _hostile_visit(house)
    assert spoil() > 40
    admin = house.browser("admin")
    User.objects.update(is_active=True)
    found = look(chromium, live_server, admin, pages_of(house))
    found.is_clean()
    assert found.opened > 45
    assert len(found.shown) > 20  # it stood there, as text


# -- typed into the forms themselves ------------------------------------------------------------------------

# A second try, where a field takes no markup: the other fields of its form are still tried.
PLAIN = {
    "email": "ana.ruiz@norte.example", "number": "3", "date": "2026-01-31", "datetime-local": "2026-01-31T10:00",
    "url": "https://norte.example/", "domain": "norte.example", "domains": "norte.example", "phone": "+52 81 1234 5678",
    "amount": "12", "currency": "USD", "parameter": "plan", "redirect": "", "at_once": "3", "sender": "",
}  # fmt: skip
LEFT = {"code", "token"}  # what proves who somebody is


def further_pages(house: House) -> dict[str, str]:
    """Pages with forms that an address alone does not open."""
    person = house.values["person"]
    fields = {f"field {each}": f"/forms/contact/build/?field={each}" for each in ("f1", "f2", "f3")}
    names = ("first_name", "last_name", "title", "company", "industry", "country", "role", "language")
    return fields | {f"attribute {each}": f"/people/{person}/attributes/{each}/" for each in names}


def type_everywhere(house: House, admin: Client, pages: dict[str, str]) -> tuple[set[str], set[str], dict[str, str]]:
    """Fill every field of every form with markup and send it; return the forms that took it, those that took it only
    where it may stand, and the addresses to which forms that search lead."""
    whole, part, searches = set(), set(), {}
    for name, path in pages.items():
        answer = admin.get(path)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        for number, sheet in enumerate(sheets(answer.content.decode(), path)):
            typed = {each: kind for each, kind in sheet.typed.items() if each not in LEFT and kind != "password"}
            if not typed or "password" in sheet.typed.values():
                continue
            evil = dict.fromkeys(typed, PAYLOAD)
            if sheet.method == "get":
                searches[f"{name} searched {number}"] = f"{sheet.action.partition('?')[0]}?{urlencode(evil)}"
            elif _took(admin, sheet, evil):
                whole.add(sheet.action)
            elif _took(admin, sheet, {each: _plain(each, kind) for each, kind in typed.items()}):
                part.add(sheet.action)
    return whole, part, searches


def _took(admin: Client, sheet: Sheet, typed: dict[str, str]) -> bool:
    buttons = dict(sheet.buttons[:1])
    answer = sheet.send(admin, **buttons, **typed)
    assert answer.status_code < 500, sheet.action
    return answer.status_code in (204, 302)


def _plain(name: str, kind: str) -> str:
    return PLAIN.get(name, PLAIN.get(kind, SHORT))


def test_what_is_typed_into_any_form_becomes_markup_on_no_page(
    house: House, chromium: Browser, live_server: Any
) -> None:
    admin, pages = house.browser("admin"), pages_of(house) | further_pages(house)
    quoted = PAYLOAD.replace('"', '""')
    book = SimpleUploadedFile(f"{SHORT}.csv", f'Email,"{quoted}"\na@b.mx,{SHORT}\n'.encode())
    assert admin.post("/imports/new/", {"file": book, "kind": "people"}).status_code == 302
    house.values["imports pk"] = Upload.objects.latest("id").pk
    pages |= pages_of(house)
    whole, part, searches = type_everywhere(house, admin, pages)
    admin.post("/forms/contact/publication/")
    visitor = house.browser()
    (sent,) = posting(visitor.get("/f/contact/").content.decode(), "/f/contact/")
    for typed in (dict.fromkeys(sent.typed, PAYLOAD), {each: _plain(each, "") for each in sent.typed}):
        assert sent.send(visitor, **{**typed, "f_f1": "ana@norte.example"}).status_code in (200, 302, 422)
    house.site.follower.catch_up()
    made = {f"made {each.pk}": f"/people/{each.pk}/" for each in Person.objects.filter(merged_into=None)}
    found = look(chromium, live_server, admin, pages | made | searches)
    found.is_clean()
    assert len(whole) > 10 and len(whole | part) > 25, (whole, part)
    assert len(found.shown) > 25, found.shown
    assert found.opened > 70
