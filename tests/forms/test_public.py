"""The open doors: what strangers get, what they cannot do, and that nothing they send breaks anything."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from embudo.core.event import Verdict
from embudo.eventlog import Log
from embudo.forms.content import Content, Field, Kind, Then, When, Widget
from embudo.forms.counts import by_field, count
from embudo.forms.files import keep
from embudo.forms.models import File, Form, Showing
from embudo.leads.clock import now
from tests.forms.conftest import BROWSER, FIELDS, fills_in, hidden, published

pytestmark = pytest.mark.usefixtures("slow_hands")
EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7|add:7 }}{% debug %}${7*7}'`"
ANA = {"f_f1": "ana@norte.example"}


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


# -- where a form leads -------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["https://norte.example/thanks", "https://www.norte.example/a?b=c"])
def test_afterwards_a_page_of_the_site(visitor: Client, site: Any, content: Content, address: str) -> None:
    published(site, replace(content, then=Then.REDIRECT, redirect=address), "leads")
    answer = fills_in(visitor, "leads", **ANA)
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    policy = visitor.get("/f/leads/").headers["Content-Security-Policy"]
    assert "form-action 'self' https://" in policy
    assert fills_in(visitor, "leads", headers={"accept": "application/json"}, **ANA).json() == {"to": address}


BAD_TARGETS = [
    "https://evil.example/", "//evil.example", "https://norte.example@evil.example/", "javascript:alert(1)",
    "https://evil.example\\@norte.example", "https://norte.example.evil.example", "data:text/html,x", "/f/contact/",
    "https://norte.example\n.evil.example", "http://[::1", "ftp://norte.example/",
]  # fmt: skip


@pytest.mark.parametrize("address", BAD_TARGETS)
def test_nowhere_else_though_it_stands_in_the_form(
    visitor: Client, site: Any, content: Content, staff: Any, address: str
) -> None:
    made = published(site, replace(content, then=Then.REDIRECT, redirect=address), "leads")
    answer = fills_in(visitor, "leads", **ANA)
    assert answer.status_code == 200 and "Location" not in answer.headers
    given = {"name": "x", "languages": ["en"], "language": "en", "means": "", "at_once": "2", "then": "redirect"}
    refused = staff().post(f"/forms/{made.slug}/whole/", {**given, "redirect": address})
    assert refused.status_code == 422 and "on a domain of the site" in refused.content.decode()


# -- files ------------------------------------------------------------------------------------------------


def upload(name: str, body: bytes = b"%PDF-1.7 a guide") -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, body)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../etc/passwd.pdf", "passwd.pdf"), ("..\\..\\boot.pdf", "boot.pdf"), ('a"b\r\nX: 1.pdf', "a b X 1.pdf"),
     ("Guía práctica.pdf", "Guía práctica.pdf"), ("....pdf", "file.pdf"), ("x" * 300 + ".pdf", "x" * 80 + ".pdf")],
)  # fmt: skip
def test_a_file_keeps_a_harmless_name(db: None, name: str, kept: str) -> None:
    file = upload("x.pdf")
    file._name = name  # as a request may bring it
    assert keep(file, by=None).name == kept


@pytest.mark.parametrize(
    ("name", "body"),
    [("page.html", b"<script>"), ("a.svg", b"<svg onload=alert(1)>"), ("a.js", b"alert(1)"), ("a.exe", b"MZ"),
     ("pdf", b"%PDF-"), ("guide.pdf", b"<html><script>alert(1)</script>"), ("a.png", b"%PDF-1.7"),
     ("a.pdf.html", b"%PDF-"), ("empty.pdf", b"")],
)  # fmt: skip
def test_what_a_browser_would_run_or_is_not_what_it_says_is_refused(
    form: Form, staff: Any, name: str, body: bytes
) -> None:
    given = {"name": "x", "languages": ["en"], "language": "en", "means": "", "at_once": "2", "then": "file"}
    answer = staff().post("/forms/contact/whole/", {**given, "upload": upload(name, body)})
    assert answer.status_code == 422
    assert not File.objects.exists()


def test_the_file_is_given_by_a_signed_link_and_the_download_is_a_fact_once(
    visitor: Client, site: Any, content: Content, log: Log, follow: Any
) -> None:
    body = b"%PDF-1.7 " + b"x" * 700_000
    file = keep(upload("Guía.pdf", body), by=None)
    published(site, replace(content, then=Then.FILE, file=file.pk), "guide")
    page = fills_in(visitor, "guide", **ANA).content.decode()
    link = re.search(r'href="http://testserver(/f/files/[^"]+)"', page)[1]
    assert "ana" not in link.lower()
    follow()
    assert visitor.head(link).status_code == 200
    for _ in range(2):
        answer = visitor.get(link)
        assert b"".join(answer.streaming_content) == body
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    rows, _ = log.read(log.end().moved({0: 0}), 100)
    fetched = [row.event for row in rows if row.event.kind == "content_downloaded"]
    assert [(each.identifier, each.props["name"]) for each in fetched] == [("mail:ana@norte.example", "Guía.pdf")]
    assert visitor.get(link[:-3] + "x/").status_code == 404
    assert visitor.get("/f/files/WyJndWlkZSIsMSwieCJd:1a:zz/").status_code == 404


def downloads(log: Log) -> list[Any]:
    rows, _ = log.read(log.end().moved({0: 0}), 100)
    return [row.event for row in rows if row.event.kind == "content_downloaded"]


def test_a_download_is_believed_as_far_as_the_sending_and_judged_anew_with_it(
    visitor: Client, site: Any, content: Content, log: Log, follow: Any, staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embudo.forms.views import results
    from embudo.leads.history import counted

    file = keep(upload("Guide.pdf"), by=None)
    published(site, replace(content, then=Then.FILE, file=file.pk), "guide")
    page = fills_in(visitor, "guide", **ANA, website_address="http://spam.example").content.decode()
    link = re.search(r'href="http://testserver(/f/files/[^"]+)"', page)[1]
    follow()
    b"".join(visitor.get(link).streaming_content)
    b"".join(Client(headers={"user-agent": "Googlebot/2.1"}).get(link).streaming_content)
    assert {each.verdict.value for each in downloads(log)} == {"machine"}
    assert "form:trap" in downloads(log)[0].reasons
    follow()
    monkeypatch.setattr(results, "wait_until_followed", lambda receipt: follow() >= 0)
    row = Showing.objects.get()
    staff().post(f"/forms/guide/showing/{row.pk}/verdict/", {"verdict": "human"})
    kept = [each for each in counted(log.history({row.subject})) if each.kind == "content_downloaded"]
    assert [each.reasons for each in kept] == [("form:trap",)]  # the person's, not the robot's


# -- what the script tells ----------------------------------------------------------------------------------


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
