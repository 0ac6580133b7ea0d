"""What looks like spam is kept with its reasons, and counts for nothing until somebody here says otherwise."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from embudo.core.event import Verdict
from embudo.eventlog import Log
from embudo.forms import guarding
from embudo.forms.content import Content, Field, Kind, Widget
from embudo.forms.counts import count
from embudo.forms.models import Form, Showing
from embudo.leads.models import Person
from tests.forms.conftest import FIELDS, fills_in, hidden, published

ANA = {"f_f1": "ana@norte.example", "f_f2": "Ana"}


def sent(log: Log) -> Any:
    rows, _ = log.read(log.end().moved({0: 0}), 1000)
    return next(row.event for row in rows if row.event.kind == "form_submitted")


def test_the_trap_catches_those_who_fill_in_everything(
    visitor: Client, form: Form, log: Log, follow: Callable[[], int], slow_hands: None
) -> None:
    answer = fills_in(visitor, **ANA, website_address="https://spam.example")
    assert answer.status_code == 200  # nobody learns that they were caught
    assert (sent(log).verdict, sent(log).reasons) == (Verdict.MACHINE, ("form:trap",))
    follow()
    assert not Person.objects.filter(known=True).exists()
    numbers = count(form, 1)
    assert (numbers.sent, numbers.doubted) == (0, 1)


def test_faster_than_hands_is_kept_as_unverified(visitor: Client, form: Form, log: Log) -> None:
    fills_in(visitor, **ANA)
    assert (sent(log).verdict, sent(log).reasons) == (Verdict.UNVERIFIED, ("form:too_fast",))


@pytest.mark.parametrize("ticket", ["", "forged", "WyJjb250YWN0IiwxLCJ4IiwwXQ:1a:zzzz", "\u0661" * 40, "x" * 5000])
def test_a_ticket_that_is_not_ours_is_a_reason(
    visitor: Client, form: Form, log: Log, ticket: str, slow_hands: None
) -> None:
    assert visitor.post("/f/contact/", {**ANA, "_ticket": ticket}).status_code == 200
    assert sent(log).reasons == ("form:no_ticket",)


def test_the_ticket_of_another_form_is_none(
    visitor: Client, form: Form, site: Any, content: Content, log: Log, slow_hands: None
) -> None:
    published(site, content, "other")
    kept = hidden(visitor.get("/f/other/").content.decode())
    visitor.post("/f/contact/", {**kept, **ANA})
    assert sent(log).reasons == ("form:no_ticket",)


def test_one_address_sends_so_often_and_no_more(
    visitor: Client, form: Form, log: Log, monkeypatch: pytest.MonkeyPatch, slow_hands: None
) -> None:
    monkeypatch.setattr(guarding, "OFTEN", 2)
    monkeypatch.setattr(guarding, "TOO_OFTEN", 3)
    answers = [fills_in(visitor, f_f1=f"a{number}@norte.example") for number in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    page = answers[3].content.decode()
    assert "a3@norte.example" in page and "very often" in page and answers[3].headers["Retry-After"] == "600"
    rows, _ = log.read(log.end().moved({0: 0}), 100)
    assert [row.event.verdict for row in rows] == [Verdict.HUMAN, Verdict.HUMAN, Verdict.UNVERIFIED]
    assert log.ledger().refused == {"rate_limited": 1}


def test_an_address_to_throw_away_is_a_reason(visitor: Client, form: Form, log: Log, slow_hands: None) -> None:
    fills_in(visitor, f_f1="ana@mailinator.com")
    assert sent(log).reasons == ("form:disposable_mail",)


@pytest.mark.parametrize(
    ("mail", "disposable"),
    [("a@mailinator.com", True), ("a@x.mailinator.com", True), ("a@gmail.com", False),
     ("a@norte.example", False), ("", False)],
)  # fmt: skip
def test_which_addresses_are_thrown_away(mail: str, disposable: bool) -> None:
    assert guarding.is_disposable(mail) is disposable


def test_texts_full_of_links_are_doubted(
    visitor: Client, site: Any, content: Content, log: Log, slow_hands: None
) -> None:
    message = Field("f5", Kind.QUESTION, Widget.LONG, label={"en": "Message"})
    published(site, replace(content, fields=(FIELDS[0], message)), "message")
    fills_in(visitor, "message", **{"f_f1": "a@norte.example", "f_f5": "http://a.b www.c.d https://e.f <a href=x>"})
    assert sent(log).reasons == ("form:links",)


def test_a_robot_by_its_own_name_is_a_machine(form: Form, log: Log, slow_hands: None) -> None:
    robot = Client(headers={"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"})
    fills_in(robot, **ANA)
    assert sent(log).verdict is Verdict.MACHINE


def test_somebody_here_may_say_that_it_is_a_person(
    visitor: Client, form: Form, staff: Any, follow: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from embudo.forms.views import results

    fills_in(visitor, **ANA)
    follow()
    assert not Person.objects.filter(known=True).exists()
    monkeypatch.setattr(results, "wait_until_followed", lambda receipt: follow() >= 0)
    page = staff().get("/forms/contact/showings/doubted/").content.decode()
    assert "ana@norte.example" in page and "faster than hands" in page
    showing = Showing.objects.get()
    assert staff("sales").post(f"/forms/contact/showing/{showing.pk}/verdict/", {"verdict": "human"}).status_code == 403
    staff().post(f"/forms/contact/showing/{showing.pk}/verdict/", {"verdict": "human"})
    assert Person.objects.get(known=True).mail == "ana@norte.example"
    numbers = count(form, 1)
    assert (numbers.sent, numbers.doubted) == (1, 0)
    person = Person.objects.get(known=True)
    page = staff("manager").get(f"/people/{person.pk}/").content.decode()
    assert "judged as done by a person: filled in the form" in page
    assert "not verified" not in page and "faster than hands" not in page
