"""Stored cross-site scripting: every text that is kept holds markup and handlers, and a real browser opens every page.

Two things are asked of each page: that nothing ran or was asked of another site, and, which is stricter, that not one
element or attribute of the payload came to be, so that the content security policy had nothing to stop.
"""

from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from playwright.sync_api import Browser

from embudo.accounts.models import User
from embudo.doors.models import Delivery
from embudo.forms.models import Step, Version
from embudo.leads.models import Person
from tests.attacks.conftest import House
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


def test_no_text_that_anybody_wrote_becomes_markup_on_any_page(
    house: House, chromium: Browser, live_server: Any
) -> None:
    _hostile_visit(house)
    assert spoil() > 40
    admin = house.browser("admin")
    User.objects.update(is_active=True)
    context = chromium.new_context(base_url=live_server.url, locale="en")
    context.add_cookies([{"name": "sessionid", "value": admin.cookies["sessionid"].value, "url": live_server.url}])
    context.add_init_script(WITNESS)
    context.set_default_timeout(20_000)
    page, asked, dialogs = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    opened, shown, wrong = 0, 0, []
    for each in addresses():
        path = each.path(house.values)
        answer = None if each.name.startswith("api:") else admin.get(path)
        if not answer or answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        page.goto(path, wait_until="load")
        page.wait_for_timeout(100)  # what loads with the page
        opened += 1
        shown += "&lt;img data-evil" in page.content()
        wrong += [f"{each.name}: {found}" for found in page.evaluate(CAME_TO_BE)]
    context.close()
    assert wrong == []
    assert dialogs == []
    assert [url for url in asked if "evil" in url.partition("?")[0].replace("%22", "")[:60]] == []
    assert opened > 45
    assert shown > 20  # it stood there, as text
