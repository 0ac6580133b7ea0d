"""Double opt-in: a mail asks, only the button confirms, and consent counts from then on."""

import logging
import re
from dataclasses import replace
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from embudo.accounts.log_lines import WithoutLinks
from embudo.core.event import Door
from embudo.core.identity import Strength
from embudo.eventlog import Log
from embudo.forms.content import Content
from embudo.forms.counts import count
from embudo.forms.models import Showing
from embudo.leads.models import Identifier
from tests.forms.conftest import fills_in, published

pytestmark = pytest.mark.usefixtures("slow_hands")
ANA = {"f_f1": "ana@norte.example", "f_f2": "Ana", "f_f4": "1:en", "_anon": "8a0f4d1c-1111-4222-8333-444455556666"}


@pytest.fixture
def asked(site: Any, content: Content) -> Any:
    """A form that asks by mail."""
    site.mode = "implied"
    site.save()
    return published(site, replace(content, confirm=True, sender="news@norte.example"), "news")


def kinds(log: Log) -> list[str]:
    rows, _ = log.read(log.end().moved({0: 0}), 100)
    return [row.event.kind for row in rows if row.event.door is Door.PUBLIC]


def link() -> str:
    return re.search(r"http://testserver(/f/confirm/\S+)", str(mail.outbox[-1].body))[1]  # type: ignore[index]


def test_consent_waits_for_the_button(visitor: Client, asked: Any, log: Log, follow: Any) -> None:
    page = fills_in(visitor, "news", **ANA).content.decode()
    assert "We have sent a mail" in page
    assert kinds(log) == ["form_submitted"]
    (sent,) = mail.outbox
    assert (sent.to, sent.from_email, sent.subject) == (
        ["ana@norte.example"],
        "news@norte.example",
        "Is this address yours?",
    )
    assert "ana" not in link()
    follow()
    browser = Identifier.objects.get(identifier=f"anon:{ANA['_anon']}")
    assert browser.strength == Strength.CLAIMED
    opened = Client().get(link())
    assert opened.status_code == 200 and "Yes, confirm" in opened.content.decode()
    assert kinds(log) == ["form_submitted"]  # scanners open every link
    for _ in range(2):
        assert "confirmed" in Client(enforce_csrf_checks=True).post(link()).content.decode()
    assert kinds(log) == ["form_submitted", "mail_confirmed", "consent_given"]
    follow()
    browser.refresh_from_db()
    assert browser.strength == Strength.CONFIRMED


def test_in_the_language_of_the_form(visitor: Client, asked: Any, follow: Any) -> None:
    fills_in(visitor, "news", query="?lang=es", **{**ANA, "f_f4": "1:es"})
    assert mail.outbox[0].subject == "¿Es suya esta dirección?"
    assert "Sí, confirmar" in visitor.get(link()).content.decode()


def test_a_link_of_somebody_else_or_of_nobody_confirms_nothing(visitor: Client, asked: Any, log: Log) -> None:
    fills_in(visitor, "news", **ANA)
    forged = link()[:-4] + "xyz/"
    assert visitor.post(forged).status_code == 404
    assert visitor.post("/f/confirm/WyJ4IixbXSwiZW4iLCIiXQ:1a:zz/").status_code == 404
    assert visitor.post(link()).status_code == 404  # nobody has followed the log yet: there is no such person
    assert kinds(log) == ["form_submitted"]


def test_a_mail_server_that_refuses_is_no_loss_of_answers(
    visitor: Client, asked: Any, log: Log, monkeypatch: pytest.MonkeyPatch, staff: Any, follow: Any
) -> None:
    from django.core.mail.backends.locmem import EmailBackend

    def refuse(self: Any, messages: Any) -> int:
        raise ConnectionRefusedError("no")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    page = fills_in(visitor, "news", **ANA).content.decode()
    assert "Thanks!" in page and "We have sent a mail" not in page
    assert count(asked, 1).sent == 1
    assert Showing.objects.get().reasons == ["form:mail_not_sent"]
    follow()
    assert "could not be sent" in staff().get("/forms/news/showings/sent/").content.decode()


def test_nobody_is_flooded_with_mail_through_our_form(visitor: Client, asked: Any) -> None:
    for number in range(6):
        fills_in(visitor, "news", **{**ANA, "f_f2": f"Ana {number}"})
    assert len(mail.outbox) == 3


def test_a_header_cannot_be_smuggled_into_the_mail(visitor: Client, site: Any, content: Content) -> None:
    evil = replace(content, confirm=True, sender="news@norte.example", title={"en": "Hi\r\nBcc: x@evil.example"})
    published(site, evil, "evil")
    answer = fills_in(visitor, "evil", **{**ANA, "f_f1": "ana@norte.example\r\nBcc: x@evil.example"})
    assert answer.status_code == 422
    fills_in(visitor, "evil", **ANA)
    assert all(each.to == ["ana@norte.example"] and not each.bcc for each in mail.outbox)


def test_no_log_line_holds_a_link_of_a_form() -> None:
    for kind in ("confirm", "files"):
        record = logging.LogRecord("x", 30, "x", 1, "Not Found: %s", (f"/f/{kind}/WyJ4Il0:1a:zz/",), None)
        WithoutLinks().filter(record)
        assert record.getMessage() == f"Not Found: /f/{kind}/..."
