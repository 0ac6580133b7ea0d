"""The open doors: what strangers get, what they cannot do, and that nothing they send breaks anything."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from embudo.core.event import Verdict
from embudo.eventlog import Log
from embudo.forms.content import Content, Field, Kind, Widget
from embudo.forms.counts import count
from embudo.forms.models import Form
from tests.forms.conftest import ANA, FIELDS, fills_in, hidden, published

pytestmark = pytest.mark.usefixtures("slow_hands")
EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7|add:7 }}{% debug %}${7*7}'`"


def test_the_hosted_page_keeps_no_cookie_and_is_not_framed(visitor: Client, form: Form) -> None:
    answer = visitor.get("/f/contact/")
    policy = answer.headers["Content-Security-Policy"]
    assert not answer.cookies and not visitor.cookies
    assert "script-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*src=)|style=|\son\w+=", page)
    assert not fills_in(visitor, **ANA).cookies


@pytest.mark.parametrize(
    ("asked", "header", "title"),
    [("?lang=es", "en", "Escríbanos"), ("?lang=es-MX", "en", "Escríbanos"), ("", "es-AR,es;q=0.9", "Escríbanos"),
     ("?lang=fr", "en", "Write to us"), ("?lang=pt-br", "pt", "Write to us"), ("?lang=%00", "en", None)],
)  # fmt: skip
def test_the_page_or_its_reader_chooses_the_language(
    visitor: Client, form: Form, asked: str, header: str, title: str | None
) -> None:
    answer = visitor.get(f"/f/contact/{asked}", headers={"accept-language": header})
    if title is None:
        assert answer.status_code == 400
    else:
        assert f"<h1>{title}</h1>" in answer.content.decode()


def test_errors_and_thanks_speak_the_language_of_the_form(visitor: Client, form: Form) -> None:
    wrong = fills_in(visitor, query="?lang=es", f_f1="")
    assert "Escriba su correo electrónico." in wrong.content.decode()
    right = fills_in(visitor, query="?lang=es", **ANA)
    assert "¡Gracias!" in right.content.decode()


def test_a_page_elsewhere_gets_the_form_as_a_part(visitor: Client, form: Form) -> None:
    answer = visitor.get("/f/contact/embed/?lang=es", headers={"origin": "https://norte.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    part = answer.json()["html"]
    assert 'action="http://testserver/f/contact/"' in part and "Escríbanos" in part
    assert not re.search(r"<script|style=|\son\w+=", part)


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://norte.example", 200), ("https://www.norte.example", 200), ("http://testserver", 200), ("null", 200),
     ("https://evil.example", 403), ("https://norte.example.evil.example", 403), ("https://evilnorte.example", 403),
     ("https://norte.example@evil.example", 403), ("http://[bad", 403)],
)  # fmt: skip
def test_only_pages_of_the_site_may_send_its_form(
    visitor: Client, form: Form, log: Log, origin: str, status: int
) -> None:
    answer = fills_in(visitor, headers={"origin": origin, "accept": "application/json"}, **ANA)
    assert answer.status_code == status
    assert ("words" in answer.json()) == (status == 403)
    assert log.ledger().refused == ({"wrong_domain": 1} if status == 403 else {})


def test_plain_html_of_a_page_elsewhere_sends_without_script(visitor: Client, form: Form, staff: Any, log: Log) -> None:
    import html

    page = staff().get("/forms/contact/share/?lang=es").content.decode()
    plain = html.unescape(re.search(r'id="share-plain"[^>]*>(.*?)</pre>', page, re.S)[1])
    assert "Escríbanos" in plain and "<script" not in plain
    given = {**hidden(plain), **ANA, "f_f3": "now"}
    for _ in range(2):  # a double click
        answer = visitor.post("/f/contact/", given, headers={"origin": "https://norte.example"})
        assert answer.status_code == 200 and "¡Gracias!" in answer.content.decode()
    rows, _ = log.read(log.end().moved({0: 0}), 100)
    assert [row.event.verdict for row in rows] == [Verdict.HUMAN] * 2
    assert count(form, 1).sent == 1


def test_pasted_html_that_is_wrong_comes_back_as_the_whole_form(visitor: Client, form: Form) -> None:
    answer = visitor.post("/f/contact/", {"f_f1": "nobody", "_lang": "es"}, headers={"origin": "https://norte.example"})
    assert answer.status_code == 422 and 'value="nobody"' in answer.content.decode()
    assert hidden(answer.content.decode())["_ticket"]


@pytest.mark.parametrize("slug", ["contact", "draft", "away", "closed", "none"])
def test_a_form_is_there_while_it_is_published_and_in_use(
    visitor: Client, form: Form, site: Any, content: Content, staff: Any, slug: str
) -> None:
    Form.open(name="Draft", slug="draft", site=site, content=content, by=None)
    published(site, content, "away").turn(archived=True, by=None)  # type: ignore[arg-type]
    for address in (f"/f/{slug}/", f"/f/{slug}/embed/"):
        assert visitor.get(address).status_code == (200 if slug == "contact" else 404)


def test_every_text_of_the_builder_is_only_text(visitor: Client, site: Any, content: Content, staff: Any) -> None:
    texts = {"en": EVIL}
    fields = (
        FIELDS[0],
        Field("f2", Kind.QUESTION, Widget.CHOICE, label=texts, help=texts, options=FIELDS[2].options),
        Field("f3", Kind.WORDS, label=texts),
        Field("f4", Kind.HIDDEN, name="title", parameter="plan"),
    )
    evil = replace(content, title=texts, intro=texts, button=texts, thanks=texts, fields=fields, languages=("en",))
    made = published(site, evil, "evil")
    made.name = EVIL[:100]
    made.save()
    for answer in (
        visitor.get(f"/f/evil/?plan={EVIL}"), visitor.get("/f/evil/embed/"), fills_in(visitor, "evil", **ANA),
        *(staff().get(f"/forms/{path}") for path in
          ("", "evil/", "evil/build/", "evil/build/?field=f2", "evil/whole/", "evil/share/", "evil/preview/",
           "evil/versions/")),
    ):  # fmt: skip
        page = answer.content.decode()
        page = json.loads(page)["html"] if answer.headers["Content-Type"] == "application/json" else page
        assert answer.status_code == 200
        assert "<script>alert" not in page and "<img src=x" not in page and "14" not in re.findall(r">(\d+)</", page)


def test_every_answer_is_only_text_wherever_it_is_shown(
    visitor: Client, site: Any, content: Content, staff: Any, follow: Any
) -> None:
    message = Field("f5", Kind.QUESTION, Widget.LONG, label={"en": "Message"})
    published(site, replace(content, fields=(*FIELDS[:2], message)), "message")
    again = fills_in(visitor, "message", f_f1=EVIL, f_f2=EVIL, f_f5=EVIL).content.decode()
    assert "<script>alert" not in again
    fills_in(visitor, "message", f_f1="ana@norte.example", f_f2=EVIL, f_f5=EVIL, query=f"?utm_source={EVIL}")
    follow()
    boss = staff("admin")
    person = re.search(r"/people/\d+/", boss.get("/forms/message/").content.decode())
    assert person
    for path in ("/forms/message/", "/forms/message/showings/sent/", "/people/", person[0]):
        page = boss.get(path).content.decode()
        assert "alert(1)" in page or path == "/people/"
        assert "<script>alert" not in page and "<img src=x" not in page


ODD = [
    "\x00\x01\x02", "\ud7ff\ue000", "\u202eevil\u202d", "a" * 5000, "😀" * 300, "ﷺ" * 50, "İ" * 100, "\u2028",
    "%s%n{0}", "-1", "NaN", "1e999",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_odd_unicode_breaks_nothing(visitor: Client, site: Any, content: Content, text: str) -> None:
    number = Field("f6", Kind.ATTRIBUTE, Widget.NUMBER, "company_size")
    date = Field("f7", Kind.QUESTION, Widget.DATE, label={"en": "Day"})
    phone = Field("f8", Kind.ATTRIBUTE, Widget.PHONE, "phone")
    published(site, replace(content, fields=(*FIELDS, number, date, phone)), "odd")
    every = {f"f_f{n}": text for n in range(1, 9)}
    for given in (every, {**every, "f_f1": "ana@norte.example"}, {"f_f1": "ana@norte.example", "f_f2": text}):
        assert fills_in(visitor, "odd", **given).status_code in (200, 422)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 300_000, "application/x-www-form-urlencoded", 413),
        (b"f_f1=%ff%fe%00&_ticket=%00", "application/x-www-form-urlencoded", 422),
        (b"&".join(b"a%d=1" % n for n in range(5000)), "application/x-www-form-urlencoded", 400),
        (b"--x\r\nContent-Disposition: form-data", "multipart/form-data; boundary=x", 422),
        (b"nonsense", "multipart/form-data", 400),
        (b'{"f_f1": 1}', "application/json", 422),
        (b"", "text/plain", 422),
    ],
)
def test_bodies_of_any_kind_are_answered(visitor: Client, form: Form, body: bytes, kind: str, status: int) -> None:
    assert visitor.post("/f/contact/", body, content_type=kind).status_code == status


@pytest.mark.parametrize("length", ["-1", "abc", "9" * 30])
def test_a_length_that_is_none_is_refused(visitor: Client, form: Form, length: str) -> None:
    assert visitor.post("/f/contact/", ANA, headers={"content-length": length}).status_code in (413, 422)
