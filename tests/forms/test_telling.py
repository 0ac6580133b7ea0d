"""What the script of a form tells, what it remembers, and what is counted of it."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from embudo.eventlog import Log
from embudo.forms.content import Content, Field, Kind, When, Widget
from embudo.forms.counts import by_field, count
from embudo.forms.models import Form, Showing
from embudo.leads.clock import now
from tests.forms.conftest import ANA, BROWSER, FIELDS, fills_in, hidden, published

pytestmark = pytest.mark.usefixtures("slow_hands")


def tell(client: Client, form: Form, ticket: str, *touched: str, **more: Any) -> int:
    pages = {"u": "https://norte.example/contact?email=a@b.c", "r": "https://www.google.com/x"}
    body = json.dumps({"t": ticket, "f": touched, **pages, **more})
    headers = {"origin": "https://norte.example"}
    return client.post(f"/f/{form.slug}/told/", body, content_type="text/plain", headers=headers).status_code


def test_seen_begun_and_where_people_leave(visitor: Client, form: Form, content: Content) -> None:
    tickets = [hidden(visitor.get("/f/contact/embed/").json()["html"])["_ticket"] for _ in range(4)]
    for ticket in tickets:
        assert tell(visitor, form, ticket) == 204
        tell(visitor, form, ticket)
    tell(visitor, form, tickets[0], "f1")
    tell(visitor, form, tickets[1], "f1", "f2")
    tell(visitor, form, tickets[1], "f1", "f2", "nonsense", "f3")
    kept = {"_ticket": tickets[2], **ANA}
    tell(visitor, form, tickets[2], "f1")
    visitor.post("/f/contact/", kept)
    numbers = count(form, 1)
    assert (numbers.seen, numbers.begun, numbers.sent) == (4, 3, 1)
    by = {each.id: (each.touched, each.left) for each in by_field(form, content, 1, numbers.begun)}
    assert by == {"f1": (3, 1), "f2": (1, 0), "f3": (1, 1), "f4": (0, 0)}
    row = Showing.objects.exclude(path="").first()
    assert (row.path, row.source) == ("/contact", "google.com")  # type: ignore[union-attr]


def test_what_is_told_after_a_machine_has_sent_it_is_not_kept(visitor: Client, form: Form) -> None:
    ticket = hidden(visitor.get("/f/contact/embed/").json()["html"])["_ticket"]
    tell(visitor, form, ticket, "f1")
    Showing.objects.update(verdict="machine")
    tell(visitor, form, ticket, "f1", "f2")
    assert list(Showing.objects.get().touched.values_list("field", flat=True)) == ["f1"]


def test_spam_is_shown_though_nobody_has_seen_the_form(form: Form, staff: Any) -> None:
    assert "Nobody has seen it in these days" in staff().get("/forms/contact/").content.decode()
    at = now()
    Showing.objects.create(pk="a" * 32, form=form, version=1, at=at, sent_at=at, verdict="machine")
    page = staff().get("/forms/contact/").content.decode()
    assert "Nobody has seen it in these days" not in page
    assert re.search(r"showings/doubted/[^>]*>1<", page)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"t": 1}', b'{"t": "x", "f": 3}', b'{"t": null}', b"[" * 5000, b"\xff\xfe"]
)
def test_what_is_told_wrongly_counts_nothing(visitor: Client, form: Form, body: bytes) -> None:
    assert visitor.post("/f/contact/told/", body, content_type="text/plain").status_code == 204
    assert not Showing.objects.exists()


def test_robots_and_strange_pages_are_not_counted(visitor: Client, form: Form) -> None:
    ticket = hidden(visitor.get("/f/contact/").content.decode())["_ticket"]
    body = json.dumps({"t": ticket})
    for agent in ("curl/8.0", "Googlebot/2.1", ""):
        headers = {"user-agent": agent, "origin": "https://norte.example"}
        visitor.post("/f/contact/told/", body, content_type="text/plain", headers=headers)
    visitor.post("/f/contact/told/", body, content_type="text/plain", headers={"origin": "https://evil.example"})
    assert visitor.post("/f/contact/told/", "x" * 9000, content_type="text/plain").status_code == 413
    assert not Showing.objects.exists()


def test_a_form_says_the_same_whoever_is_known(
    visitor: Client, site: Any, content: Content, log: Log, follow: Any
) -> None:
    """Nobody finds out by the form's shape whether an address is known (decisions/0021)."""
    later = Field("f5", Kind.ATTRIBUTE, Widget.TEXT, "title", progressive=True, required=True)
    made = published(site, replace(content, at_once=0, fields=(*FIELDS, later)), "progressive")
    bare = re.compile(r'name="(_ticket|_url|_ref)" value="[^"]*"')

    def shape(answer: Any) -> str:
        return bare.sub("", answer.content.decode())

    before, first = shape(visitor.get("/f/progressive/")), shape(fills_in(visitor, "progressive", **ANA, f_f5="CEO"))
    follow()
    again = Client(headers={"user-agent": BROWSER, "accept-language": "en"})
    assert shape(again.get("/f/progressive/")) == before == shape(visitor.get("/f/progressive/"))
    for mail in (ANA["f_f1"], "new@norte.example"):
        assert shape(fills_in(again, "progressive", f_f1=mail)) == first
    assert count(made, 1).sent == 3


def test_the_script_weighs_little_and_is_the_same_for_all(visitor: Client) -> None:
    import gzip
    from pathlib import Path

    answer = visitor.get("/f/embed.js")
    built = Path("embudo/forms/build/embed.min.js")
    assert built.exists(), "bin/test makes it"
    assert len(gzip.compress(built.read_bytes(), 9)) <= 4096
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert visitor.get("/f/embed.js", headers={"if-none-match": answer.headers["ETag"]}).status_code == 304


def test_what_browsers_remember_of_a_question_is_of_its_form_alone(
    visitor: Client, site: Any, content: Content
) -> None:
    fields = (replace(FIELDS[1], progressive=True), replace(FIELDS[2], progressive=True))
    published(site, replace(content, fields=fields), "later")
    page = visitor.get("/f/later/").content.decode()
    assert 'data-progressive="first_name"' in page and 'data-progressive="later:f3"' in page


def test_a_field_behind_a_condition_takes_nobodys_turn(visitor: Client, site: Any, content: Content) -> None:
    behind = Field("f6", Kind.ATTRIBUTE, Widget.TEXT, "city", progressive=True, when=When("f3", ("now",)))
    after = Field("f7", Kind.ATTRIBUTE, Widget.TEXT, "title", progressive=True)
    last = Field("f8", Kind.ATTRIBUTE, Widget.TEXT, "company", progressive=True)
    published(site, replace(content, at_once=1, fields=(*FIELDS[:3], behind, after, last)), "later")
    page = visitor.get("/f/later/").content.decode()
    assert 'name="_skipped" value="f8,"' in page
