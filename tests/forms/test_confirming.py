"""Double opt-in: a mail asks, only the button confirms, and consent counts from then on."""

import logging
import re
from dataclasses import replace
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from embudo.accounts.log_lines import WithoutLinks
from embudo.core.event import Door
from embudo.core.identity import Strength
from embudo.eventlog import Log, LogUnavailable
from embudo.forms import counts, mailing, sending
from embudo.forms.content import Content
from embudo.forms.counts import count
from embudo.forms.models import Showing
from embudo.forms.views import results
from embudo.leads.models import Identifier
from tests.forms.conftest import fills_in, hidden, published

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


def test_consent_waits_for_the_button(visitor: Client, asked: Any, log: Log, follow: Any, mailer: Any) -> None:
    page = fills_in(visitor, "news", **ANA).content.decode()
    assert "We are sending a mail" in page and not mail.outbox
    assert kinds(log) == ["form_submitted"]
    assert mailer() == 1
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


def test_in_the_language_of_the_form(visitor: Client, asked: Any, follow: Any, mailer: Any) -> None:
    fills_in(visitor, "news", query="?lang=es", **{**ANA, "f_f4": "1:es"})
    mailer()
    assert mail.outbox[0].subject == "¿Es suya esta dirección?"
    assert "Sí, confirmar" in visitor.get(link()).content.decode()


def test_a_link_of_somebody_else_or_of_nobody_confirms_nothing(
    visitor: Client, asked: Any, log: Log, mailer: Any
) -> None:
    fills_in(visitor, "news", **ANA)
    mailer()
    forged = link()[:-4] + "xyz/"
    assert visitor.post(forged).status_code == 404
    assert visitor.post("/f/confirm/WyJ4IixbXSwiZW4iLCIiXQ:1a:zz/").status_code == 404
    assert visitor.post(link()).status_code == 404  # nobody has followed the log yet: there is no such person
    assert kinds(log) == ["form_submitted"]


def refuse(self: Any, messages: Any) -> int:
    raise ConnectionRefusedError("no")


def test_a_mail_that_could_not_be_sent_is_tried_again_until_it_is(
    visitor: Client, asked: Any, log: Log, monkeypatch: pytest.MonkeyPatch, staff: Any, follow: Any, mailer: Any
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        assert "Thanks!" in fills_in(visitor, "news", **ANA).content.decode()
        assert count(asked, 1).sent == 1
        assert mailer() == 1
        row = Showing.objects.get()
        assert row.reasons == ["form:mail_not_sent"] and row.asked_at is None
        assert row.ask_at > row.sent_at  # type: ignore[operator]
        follow()
        assert "could not be sent" in staff().get("/forms/news/showings/sent/").content.decode()
        assert mailer() == 0  # not before its time
    monkeypatch.setattr(mailing, "now", lambda: row.ask_at)
    assert mailer() == 1
    row.refresh_from_db()
    assert (row.reasons, row.ask_at, row.asked_at is None) == ([], None, False)
    assert "confirmed" in visitor.post(link()).content.decode()


def test_a_mail_is_given_up_after_a_day_and_sent_again_by_hand(
    visitor: Client, asked: Any, log: Log, monkeypatch: pytest.MonkeyPatch, staff: Any, follow: Any, mailer: Any
) -> None:
    fills_in(visitor, "news", **ANA)
    page = "/forms/news/showings/sent/"
    assert "Send the mail" not in staff().get(page).content.decode()  # it is on its way
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        Showing.objects.update(sent_at=mailing.now() - 2 * mailing.GIVES_UP)
        mailer()
    row = Showing.objects.get()
    assert row.ask_at is None and not mail.outbox
    row.sent_at = mailing.now()
    row.save()
    assert "Send the mail that asks" in staff().get(page).content.decode()
    again = f"/forms/news/showing/{row.pk}/mail/"
    assert staff("sales").post(again).status_code == 403
    with monkeypatch.context() as down:
        down.setattr(results, "sent_fact", lambda row: (_ for _ in ()).throw(LogUnavailable("down")))
        assert "cannot be read just now" in staff().post(again, follow=True).content.decode()
    assert "The mail is being sent." in staff().post(again, follow=True).content.decode()
    assert mailer() == 1 and len(mail.outbox) == 1
    shown = staff().get(page).content.decode()
    assert "Send the mail again" in shown and "not confirmed yet" in shown
    follow()
    visitor.post(link())
    assert "Send the mail" not in staff().get(page).content.decode()
    assert "nobody to ask" in staff().post(again, follow=True).content.decode()
    assert mailer() == 0


def test_a_double_click_asks_once(visitor: Client, asked: Any, mailer: Any) -> None:
    kept = hidden(visitor.get("/f/news/").content.decode())
    for _ in range(2):
        assert "We are sending a mail" in visitor.post("/f/news/", {**kept, **ANA}).content.decode()
        mailer()
    assert len(mail.outbox) == 1


def test_two_who_send_mail_send_it_once(
    visitor: Client, asked: Any, monkeypatch: pytest.MonkeyPatch, mailer: Any
) -> None:
    fills_in(visitor, "news", **ANA)
    asks = mailing.ask

    def meanwhile(row: Showing) -> bool:
        assert mailer() == 0
        return asks(row)

    monkeypatch.setattr(mailing, "ask", meanwhile)
    assert mailing.turn()
    assert len(mail.outbox) == 1


def test_a_crash_after_the_log_has_it_loses_no_mail(
    visitor: Client, asked: Any, monkeypatch: pytest.MonkeyPatch, mailer: Any
) -> None:
    with monkeypatch.context() as crash:
        crash.setattr(sending, "_kept", lambda *_, **__: (_ for _ in ()).throw(LogUnavailable("killed")))
        fills_in(visitor, "news", **ANA)
    assert mailer() == 0
    for module in (counts, mailing):
        monkeypatch.setattr(module, "WAITS", -1)
    assert mailer() == 1 and len(mail.outbox) == 1
    assert Showing.objects.get().sent_at


def test_who_wrote_no_address_is_not_asked(visitor: Client, site: Any, content: Content, staff: Any) -> None:
    free = replace(content.fields[0], required=False)
    published(site, replace(content, fields=(free, *content.fields[1:]), confirm=True), "free")
    fills_in(visitor, "free", f_f2="Ana", f_f4="1:en")
    assert mailing.turn() is False
    assert "Send the mail" not in staff().get("/forms/free/showings/sent/").content.decode()


def test_a_link_confirms_nothing_but_what_it_was_sent_for(
    visitor: Client, asked: Any, log: Log, follow: Any, mailer: Any
) -> None:
    kept = hidden(visitor.get("/f/news/").content.decode())
    visitor.post("/f/news/", {**kept, **ANA, "f_f1": "mallory@evil.example"})
    mailer()
    hers = link()
    visitor.post("/f/news/", {**kept, **ANA, "f_f1": "victim@corp.example"})
    follow()
    assert visitor.post(hers).status_code == 404
    assert not {"mail_confirmed", "consent_given"} & set(kinds(log))
    mailer()
    assert mail.outbox[-1].to == ["victim@corp.example"]
    assert visitor.post(link()).status_code == 200
    assert {"mail_confirmed", "consent_given"} <= set(kinds(log))


def test_nobody_is_flooded_with_mail_through_our_form(visitor: Client, asked: Any, mailer: Any) -> None:
    for number in range(6):
        fills_in(visitor, "news", **{**ANA, "f_f2": f"Ana {number}"})
    mailer()
    assert len(mail.outbox) == 3


def test_a_header_cannot_be_smuggled_into_the_mail(visitor: Client, site: Any, content: Content, mailer: Any) -> None:
    evil = replace(content, confirm=True, sender="news@norte.example", title={"en": "Hi\r\nBcc: x@evil.example"})
    published(site, evil, "evil")
    answer = fills_in(visitor, "evil", **{**ANA, "f_f1": "ana@norte.example\r\nBcc: x@evil.example"})
    assert answer.status_code == 422
    fills_in(visitor, "evil", **ANA)
    assert mailer() == 1
    assert all(each.to == ["ana@norte.example"] and not each.bcc for each in mail.outbox)


def test_no_log_line_holds_a_link_of_a_form() -> None:
    for kind in ("confirm", "files"):
        record = logging.LogRecord("x", 30, "x", 1, "Not Found: %s", (f"/f/{kind}/WyJ4Il0:1a:zz/",), None)
        WithoutLinks().filter(record)
        assert record.getMessage() == f"Not Found: /f/{kind}/..."
