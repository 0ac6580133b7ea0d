"""Files and bodies that become something else when they are read: objects, a billion texts, a file of this machine."""

import base64
import os
import pickle
import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.conf import settings as site_settings
from django.core.files.uploadedfile import SimpleUploadedFile

from embudo.definition.document import BadDefinition
from embudo.definition.in_force import read as read_definition
from embudo.doors.models import ApiKey
from embudo.eventlog import Failure
from embudo.imports import command
from embudo.imports.models import Upload
from tests.attacks.conftest import House
from tests.doors.conftest import user_of

MOST_S, MOST_MB = 20, 700  # for one of them; a bomb takes gigabytes and hours
SECRET = "only root may read this"


@contextmanager
def cheaply() -> Iterator[None]:
    """What happens inside takes neither long nor much."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.monotonic() - began < MOST_S
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MB


# -- YAML -------------------------------------------------------------------------------------------------

LAUGHS = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
YAMLS = {
    "a billion laughs": LAUGHS + "name: *a11\n",
    "laughs as keys": LAUGHS + "? *a11\n: x\n",
    "itself": "name: &a [*a]\nwho: *a\n",
    "merged into itself": "a: &a\n  <<: *a\nname: x\n",
    "a call": "name: !!python/object/apply:os.mkdir [MARK]\n",
    "a new object": "name: !!python/object/new:os.mkdir [MARK]\n",
    "a module": "name: !!python/module:antigravity\n",
    "a name": "name: !!python/name:os.system\n",
    "a number that is none": "name: !!int ''\n",
    "a yes that is none": "name: !!bool perhaps\n",
    "a number in base 60": "name: " + "1:" * 20_000 + "1\n",
    "a tag of one's own": "name: !evil {x: 1}\n",
    "several documents": "name: a\n---\nname: b\n",
    "deep lists": "name: " + "[" * 20_000 + "]" * 20_000,
    "deep mappings": "name: " + "{a: " * 5_000 + "}" * 5_000,
    "deep blocks": "".join(" " * n + "a:\n" for n in range(2_000)),
    "a date that is none": "name: 2026-99-99\n",
    "very long": "name: " + "x" * 3_000_000,
    "no YAML": "name: [\n",
    "a list": "- a\n- b\n",
    "bytes": "\x00\x01\x02",
    "nothing": "",
}


@pytest.mark.parametrize("text", list(YAMLS.values()), ids=list(YAMLS))
def test_a_map_is_plain_or_refused(house: House, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    mark = tmp_path / "made"
    (tmp_path / "map.yaml").write_text(text.replace("MARK", str(mark)))
    (tmp_path / "a.csv").write_text("Email\na@b.mx\n")
    with cheaply():
        ended = command.main(["people", str(tmp_path / "a.csv"), "--map", str(tmp_path / "map.yaml")])
    told = capsys.readouterr().err
    assert ended == command.CANNOT
    assert "map" in told and len(told) < 1000
    assert not mark.exists()


@pytest.mark.parametrize("text", list(YAMLS.values()), ids=list(YAMLS))
def test_a_definition_is_plain_or_refused(tmp_path: Path, text: str) -> None:
    mark = tmp_path / "made"
    with cheaply(), pytest.raises(BadDefinition):
        read_definition(text.replace("MARK", str(mark)))
    assert not mark.exists()


# -- workbooks --------------------------------------------------------------------------------------------

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRINGS = "xl/sharedStrings.xml"
SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPES = {
    "a file of ours": '<!DOCTYPE sst [<!ENTITY x SYSTEM "file://SECRET">]>',
    "an address inside": '<!DOCTYPE sst [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
    "a part of the DTD": '<!DOCTYPE sst [<!ENTITY % p SYSTEM "file://SECRET"> %p; <!ENTITY x "%p;">]>',
    "a billion laughs": f'<!DOCTYPE sst [<!ENTITY a0 "ha">{ENTITIES}<!ENTITY x "&a9;">]>',
    "one long text, often": f'<!DOCTYPE sst [<!ENTITY x "{"x" * 50_000}">]>',
}


def workbook(path: Path, **changed: bytes) -> Path:
    """Write a workbook in which some parts have another content."""
    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet("Data")
        sheet.write_row(0, 0, ["Email", "Name"])
        sheet.write_row(1, 0, ["a@b.mx", "Ana"])
    with zipfile.ZipFile(path) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in {**parts, **changed}.items():
            archive.writestr(name, each)
    return path


def strings(first: str, doctype: str = "", more: bytes = b"") -> bytes:
    """The part with the texts; cells say which."""
    texts = f"<si><t>{first}</t></si><si><t>Name</t></si><si><t>a@b.mx</t></si><si><t>Ana</t></si>"
    return f'<?xml version="1.0"?>{doctype}<sst xmlns="{MAIN}">{texts}'.encode() + more + b"</sst>"


def lying(path: Path, part: str) -> Path:
    """Let the archive say that a part is small, with the checksum of that small beginning."""
    with zipfile.ZipFile(path) as archive:
        whole, told = archive.read(part), archive.getinfo(part)
    raw = path.read_bytes()
    for true, false in ((told.file_size, 500), (told.CRC, zlib.crc32(whole[:500]))):
        assert raw.count(struct.pack("<I", true)) == 2
        raw = raw.replace(struct.pack("<I", true), struct.pack("<I", false))
    path.write_bytes(raw)
    return path


def brought(house: House, path: Path) -> tuple[int, str]:
    """What the page says of a workbook that is brought in, with what is shown of its rows."""
    client, before = house.browser("admin"), Upload.objects.count()
    with cheaply():
        given = {"file": SimpleUploadedFile(path.name, path.read_bytes()), "kind": "people"}
        answer = client.post("/imports/new/", given)
    page = answer.content.decode()
    if answer.status_code == 302:
        page = client.get(answer["Location"], follow=True).content.decode()
    assert answer.status_code in (302, 422), page
    assert Upload.objects.count() == before + (answer.status_code == 302)
    return answer.status_code, page


@pytest.mark.parametrize("kind", list(DOCTYPES))
@pytest.mark.parametrize("part", [STRINGS, "xl/workbook.xml", SHEET, "[Content_Types].xml"])
def test_no_entity_of_a_workbook_is_ever_followed(house: House, tmp_path: Path, kind: str, part: str) -> None:
    (tmp_path / "secret").write_text(SECRET)
    doctype = DOCTYPES[kind].replace("SECRET", str(tmp_path / "secret"))
    with zipfile.ZipFile(workbook(tmp_path / "plain.xlsx")) as archive:
        plain = archive.read(part).decode()
    head, _end, rest = plain.partition("?>")
    evil = strings("&x;", doctype) if part == STRINGS else f"{head}?>{doctype}{rest}".encode()
    _status, page = brought(house, workbook(tmp_path / "evil.xlsx", **{part: evil}))
    assert SECRET not in page
    assert "hahaha" not in page and "x" * 1000 not in page


def bombs(folder: Path) -> dict[str, Path]:
    """Workbooks that are small and become very large."""
    long = b"<si><t>" + b"x" * 90 + b"</t></si>"
    inner = workbook(folder / "in.xlsx", **{SHEET: b" " * 30_000_000})
    many = {f"xl/media/{n}.png": b"" for n in range(2_100)}
    cell = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    far = f'<worksheet xmlns="{MAIN}"><sheetData>{cell}</sheetData></worksheet>'
    return {
        "texts that say they are few": lying(
            workbook(folder / "a.xlsx", **{STRINGS: strings("Email", more=long * 3_000_000)}), STRINGS
        ),
        "a sheet that says it is small": lying(workbook(folder / "b.xlsx", **{SHEET: b" " * 300_000_000}), SHEET),
        "blanks": workbook(folder / "c.xlsx", **{SHEET: b" " * 300_000_000}),
        "a workbook in a workbook": workbook(folder / "d.xlsx", **{SHEET: inner.read_bytes()}),
        "thousands of parts": workbook(folder / "e.xlsx", **many),
        "a cell at the far end": workbook(folder / "f.xlsx", **{SHEET: far.encode()}),
    }


def test_no_workbook_bursts(house: House, tmp_path: Path) -> None:
    made = bombs(tmp_path)
    assert all(each.stat().st_size < 3_000_000 for each in made.values())
    told = {name: brought(house, each)[0] for name, each in made.items()}
    assert told == dict.fromkeys(made, 422)


def test_parts_that_lead_out_of_a_workbook_are_written_nowhere(house: House, tmp_path: Path) -> None:
    names = ("../../evil.txt", "/tmp/evil-of-embudo.txt", "..\\evil.txt", "xl/../../../evil.txt")
    brought(house, workbook(tmp_path / "out.xlsx", **dict.fromkeys(names, b"evil")))
    data = site_settings.EMBUDO.data
    assert not [each for each in [*data.rglob("*evil*"), *data.parent.rglob("*evil*")] if each.name != "out.xlsx"]
    assert not Path("/tmp/evil-of-embudo.txt").exists()


# -- JSON -------------------------------------------------------------------------------------------------

DEEP = 100_000
JSONS = {
    "lists": b"[" * DEEP + b"]" * DEEP,
    "objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "open lists": b"[" * DEEP,
    "in a place": b'{"email":"a@b.mx","attributes":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "in rows": b'{"rows":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "a huge number": b'{"email":' + b"9" * 200_000 + b"}",
    "a huge exponent": b'{"email":1e999999999}',
    "not finite": b'{"email":NaN,"attributes":{"budget":Infinity}}',
    "half a sign": b'{"email":"\\ud800"}',
}
WRITES = (
    ("POST", "people"), ("POST", "people/bulk"), ("PATCH", "people/PERSON"), ("POST", "people/PERSON/events"),
    ("POST", "people/PERSON/merge"), ("POST", "companies"), ("POST", "companies/bulk"), ("PATCH", "companies/COMPANY"),
)  # fmt: skip


@pytest.mark.parametrize("body", list(JSONS.values()), ids=list(JSONS))
def test_no_body_of_a_request_is_too_deep_for_the_doors(house: House, body: bytes) -> None:
    _key, text = ApiKey.make(name="deep", scopes=_scopes(), maker=user_of("admin"), expires_at=None)
    client = house.browser()
    with cheaply():
        for method, path in WRITES:
            place = path.replace("PERSON", str(house.values["other"])).replace("COMPANY", str(house.values["company"]))
            headers = {"Authorization": f"Bearer {text}"}
            answer = client.generic(method, f"/api/v1/{place}", body, "application/json", headers=headers)
            assert 400 <= answer.status_code < 500, (method, path, answer.status_code)
        told = client.generic("POST", "/f/contact/told/", body, "text/plain")
        assert told.status_code < 500


def _scopes() -> list[str]:
    from embudo.doors.scopes import SCOPES

    return list(SCOPES)


@pytest.mark.parametrize("body", [*JSONS.values(), b'[1e999, "x"]', b"null", b"[]", b"{}"], ids=[*JSONS, *"abcd"])
def test_no_place_in_a_list_is_too_deep(house: House, body: bytes) -> None:
    client, place = house.browser("admin"), base64.urlsafe_b64encode(body[:3_000]).decode()
    for path in ("/people/", "/companies/", "/changes/", "/tags/", "/work/", "/duplicates/", "/failed-events/"):
        for name in ("after", "before"):
            assert client.get(path, {name: place}).status_code in (200, 400, 404), (path, name)


@pytest.mark.parametrize("body", list(JSONS.values()), ids=list(JSONS))
def test_a_body_that_failed_is_shown_and_tried_again_however_deep_it_is(house: House, body: bytes) -> None:
    before = house.site.log.end()
    house.site.log.commit(failures=[Failure("www", "not_json", body, 1, "public key: deep")])
    client = house.browser("admin")
    (number, *_rest) = [each.number for each in house.site.log.failed(limit=1)] or [0]
    with cheaply():
        assert client.get("/failed-events/").status_code == 200
        assert client.get(f"/failed-events/{number}/").status_code == 200
        assert client.post(f"/failed-events/{number}/replay/").status_code in (302, 404)
    assert house.site.log.end() == before, "nothing came of it"


# -- pickles ----------------------------------------------------------------------------------------------


class Evil:
    """Makes a folder for whoever reads it back."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("name", ["sessionid", "messages", "csrftoken", "django_language", "theme", "zone"])
def test_a_cookie_with_a_nul_in_it_is_none(house: House, name: str) -> None:
    """Quoted, it passes every server on the way; PostgreSQL would not take it."""
    for path in ("/sign-in/", "/people/", "/f/contact/", "/healthz"):
        answer = house.browser().get(path, headers={"cookie": f'{name}="long-enough\\000for-a-session"'})
        assert answer.status_code in (200, 302, 404), path
    refused = house.browser(enforce_csrf_checks=True).post("/sign-in/", headers={"cookie": f'{name}="\\000"'})
    assert refused.status_code == 403


def test_a_pickle_is_read_nowhere(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "made"
    evil = pickle.dumps(Evil(mark))
    text = base64.urlsafe_b64encode(evil).decode()
    admin, person = house.browser("admin"), house.values["other"]
    for name in ("a.pkl", "a.csv", "a.xlsx", "a.pickle", "a.pdf", "a.txt"):
        for path, field in (("/imports/new/", "file"), (f"/people/{person}/files/", "file"), (
            "/forms/contact/whole/", "upload",
        )):  # fmt: skip
            sent = {field: SimpleUploadedFile(name, evil, "application/octet-stream"), "kind": "people"}
            assert admin.post(path, sent).status_code < 500
    for value in (text, evil.decode("latin-1").replace("\n", ""), f"{text}:x:y"):
        stranger = house.browser()
        for cookie in ("sessionid", "messages", "csrftoken", "django_language", "theme", "zone", "embudo_id"):
            stranger.cookies[cookie] = value
        for path in ("/sign-in/", "/f/contact/", f"/f/files/{text}/", f"/f/confirm/{text}/", f"/people/?after={text}"):
            assert stranger.get(path).status_code < 500, path
    key = {"Authorization": f"Bearer {text}"}
    for kind in ("application/x-pickle", "application/python-pickle", "application/octet-stream", "application/json"):
        answer = house.browser().generic("POST", "/api/v1/people", evil, kind, headers=key)
        assert answer.status_code in (401, 415)
    assert not mark.exists()
    assert site_settings.SESSION_SERIALIZER.endswith("JSONSerializer")
    pickle.loads(evil)
    assert mark.exists(), "it would have worked"
