"""What follows a sending: a page of the site and nowhere else, or a file by a signed link."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from embudo.eventlog import Log
from embudo.forms.content import Content, Then
from embudo.forms.files import keep
from embudo.forms.models import File, Form, Showing
from tests.forms.conftest import ANA, fills_in, published

pytestmark = pytest.mark.usefixtures("slow_hands")


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
