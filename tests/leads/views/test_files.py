"""Files of a person: taken, handed out, removed, erased; and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from embudo.core.event import DAY
from embudo.leads import files
from embudo.leads.clock import now
from embudo.leads.erasure import erase
from embudo.leads.models import PersonFile
from embudo.leads.showing import BadValue
from embudo.operate.archive import unpack
from embudo.operate.backup import backup
from tests.cast import MONDAY, ada, bruno, clara
from tests.leads.conftest import Following
from tests.leads.races import meanwhile
from tests.leads.test_identity import merged
from tests.leads.views.conftest import SignIn, named, text

PDF = b"%PDF-1.7 the offer"


@pytest.fixture(autouse=True)
def story(site: Following) -> None:
    site.hears(ada.submits("contact"), bruno.submits("contact"))


def attach(client: Client, name: str = "offer.pdf", content: bytes = PDF, who: Any = ada) -> str:
    upload = SimpleUploadedFile(name, content)
    return text(client.post(f"/people/{named(who).id}/files/", {"file": upload}, follow=True))


def on_disk(site: Following) -> list[Path]:
    return [each for each in (site.config.data / "files").rglob("*") if each.is_file()]


def test_a_file_comes_back_as_it_was_and_only_to_be_saved(sign_in: SignIn) -> None:
    client = sign_in()
    assert "offer.pdf" in attach(client)
    answer = client.get(f"/people/{named(ada).id}/files/{PersonFile.objects.get().pk}/")
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="offer.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_file_is_of_its_person_alone(sign_in: SignIn) -> None:
    client = sign_in()
    attach(client)
    assert client.get(f"/people/{named(bruno).id}/files/{PersonFile.objects.get().pk}/").status_code == 404
    client.logout()
    assert client.get(f"/people/{named(ada).id}/files/{PersonFile.objects.get().pk}/").status_code == 302


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\windows\\x.pdf", "x.pdf"),
        ("\u202egpj.pdf", "gpj.pdf"),
        ('"; filename="evil.html.pdf', '"; filename="evil.html.pdf'),
        ("n" * 400 + ".pdf", "n" * 146 + ".pdf"),
    ],
)
def test_no_name_leads_out_of_the_folder(site: Following, sign_in: SignIn, name: str, kept: str) -> None:
    assert files.name_of(name) == kept
    assert files.name_of("a\x00b\r\nSet-Cookie: x.pdf") == "abSet-Cookie: x.pdf"
    client = sign_in()
    attach(client, name)
    (there,) = on_disk(site)
    assert there.parent.parent == site.config.data / "files"
    assert there.stat().st_mode & 0o077 == 0
    answer = client.get(f"/people/{named(ada).id}/files/{PersonFile.objects.get().pk}/")
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "\n" not in answer["Content-Disposition"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("page.html", b"<script>alert(1)</script>", "is of a kind that is not taken"),
        ("drawing.svg", b"<svg onload=alert(1)>", "is of a kind that is not taken"),
        ("run.exe", b"MZ", "is of a kind that is not taken"),
        ("offer.pdf", b"<html>", "does not hold what its ending says"),
        ("note.txt", b"a\x00b", "does not hold what its ending says"),
        ("empty.pdf", b"", "empty"),
        ("big.pdf", PDF + b"x" * 20_000_000, "is larger than 20 MB"),
    ],
)
def test_what_is_not_taken_is_said(site: Following, sign_in: SignIn, name: str, content: bytes, says: str) -> None:
    assert says in attach(sign_in(), name, content)
    assert on_disk(site) == []


def test_a_removed_file_comes_back_for_a_day_and_is_gone_after(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    attach(client)
    found = PersonFile.objects.get()
    address = f"/people/{named(ada).id}/files/{found.pk}/"
    client.post(f"{address}removal/")
    assert client.get(address).status_code == 404
    client.post(f"{address}removal/?back=1")
    assert client.get(address).status_code == 200
    PersonFile.objects.update(removed_at=now() - files.REMOVED_FOR - 1)
    files.purge()
    assert on_disk(site) == [] and not PersonFile.objects.exists()


def test_the_survivor_shows_the_files_of_both(site: Following, sign_in: SignIn) -> None:
    client, survivor = sign_in(), named(ada).id
    attach(client, "hers.pdf"), attach(client, "his.pdf", who=bruno)
    site.hears(merged(survivor, named(bruno).id, at=now()))
    page = text(client.get(f"/people/{survivor}/"))
    assert "hers.pdf" in page and "his.pdf" in page


def test_a_backup_holds_the_files_and_an_erasure_takes_them(site: Following, sign_in: SignIn, tmp_path: Path) -> None:
    attach(sign_in())
    (there,) = on_disk(site)
    if site.config.embedded:
        site.config.tables.touch()
    backup(site.config, tmp_path / "b.tar")
    unpack(tmp_path / "b.tar", tmp_path / "out")
    assert (tmp_path / "out" / there.relative_to(site.config.data)).read_bytes() == PDF
    erase(named(ada).id, by="Luis", why="she asked", log=site.log)
    site.follower.forget()
    site.follower.catch_up()
    assert on_disk(site) == [] and not PersonFile.objects.exists()


def test_a_long_note_opens_whole_and_one_too_long_is_given_back(sign_in: SignIn) -> None:
    client, note = sign_in(), "word " * 100 + "end of it"
    address = f"/people/{named(ada).id}/notes/"
    page = text(client.post(address, {"kind": "note_written", "note": note}, follow=True))
    assert '<details class="entry-note">' in page and "end of it</p>" in page
    answer = client.post(address, {"kind": "note_written", "note": "x" * 4001})
    assert answer.status_code == 422
    assert "at most 4,000 letters, this one has 4,001" in text(answer) and "x" * 4001 in text(answer)


def test_a_file_goes_to_whom_a_visitor_is_by_now_and_to_nobody_who_was_erased(site: Following) -> None:
    site.hears(clara.journey(MONDAY).visits("/"))
    site.hears(clara.journey(MONDAY + DAY).submits("contact"))
    files.attach(clara.visitor, {clara.visitor}, SimpleUploadedFile("offer.pdf", PDF), by=None)
    assert [each.name for each in files.of([clara.subject])] == ["offer.pdf"]
    erase(clara.subject, by="Luis", why="she asked", log=site.log)
    site.follower.catch_up()
    with pytest.raises(BadValue, match="no such person"):
        files.attach(clara.subject, {clara.subject}, SimpleUploadedFile("offer.pdf", PDF), by=None)
    assert not PersonFile.objects.exists() and not on_disk(site)


def test_a_file_attached_while_its_visitor_becomes_somebody_is_not_lost(site: Following) -> None:
    """PostgreSQL lets both write at once: whoever follows waits until it is attached."""
    site.hears(clara.journey(MONDAY).visits("/"))
    offer = SimpleUploadedFile("offer.pdf", PDF)
    with meanwhile(lambda: files.attach(clara.visitor, {clara.visitor}, offer, by=None)):
        site.hears(clara.journey(MONDAY + DAY).submits("contact"))
    assert [each.name for each in files.of([clara.subject])] == ["offer.pdf"]
