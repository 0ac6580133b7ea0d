"""Looking changes nothing: every address by GET, HEAD and as a browser or a mail scanner fetches it ahead."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from embudo.forms import ticket
from embudo.forms.models import File, Form, Showing
from tests.attacks.conftest import House
from tests.attacks.reading import Writes
from tests.attacks.walking import Address, addresses, fields

WAYS: dict[str, dict[str, str]] = {
    "GET": {},
    "HEAD": {},
    "prefetch": {"sec-purpose": "prefetch;prerender", "purpose": "prefetch"},
    "scanner": {"user-agent": "Mozilla/5.0 (compatible; Proofpoint URL Defense; bot)"},
}
LURE = urlencode(
    {name: "1" for name in fields() if name not in ("q", "sort", "after", "before", "view")}
    | {"answer": "yes", "act": "erase", "all": "1"}
)


@pytest.mark.parametrize("lure", ["", f"?{LURE}"], ids=["plain", "lured"])
def test_no_page_changes_anything_by_being_looked_at(house: House, lure: str) -> None:
    opened, broken = _looks(house, house.browser("admin"), addresses(), lure, {})
    assert broken == []
    assert opened > 40


@pytest.mark.parametrize("way", list(WAYS))
def test_no_open_door_changes_anything_by_being_looked_at(house: House, way: str) -> None:
    doors = [each for each in addresses() if each.permission is None]
    method = "HEAD" if way == "HEAD" else "GET"
    for lure in ("", f"?{LURE}"):
        opened, broken = _looks(house, house.browser(), doors, lure, WAYS[way], method)
        assert broken == []
        assert opened >= (4 if method == "HEAD" else 7)


def _looks(
    house: House, client: Client, walked: list[Address], lure: str, headers: dict[str, str], method: str = "GET"
) -> tuple[int, list[object]]:
    """Look at addresses; return how many opened, and those that wrote something or broke."""
    opened, broken = 0, []
    for each in walked:
        before = house.site.log.end()
        with Writes.watched() as writes:
            answer = client.generic(method, each.path(house.values) + lure, headers=headers)
            if answer.streaming:
                b"".join(answer.streaming_content)
        opened += answer.status_code == 200
        if answer.status_code >= 500 or writes.seen or house.site.log.end() != before:
            broken.append((each.name, answer.status_code, writes.seen))
    return opened, broken


@pytest.mark.parametrize("way", ["HEAD", "prefetch", "scanner"])
def test_the_link_of_a_file_counts_no_download_of_who_was_no_person(house: House, way: str) -> None:
    """The only GET that is a fact: that a person fetched the file they were given. It stands once."""
    form = Form.objects.get()
    row = Showing.objects.create(form=form, version=form.published.number, at=1, subject=1)
    file = File.objects.create(name="a.pdf", type="application/pdf", size_bytes=0, sha256="", whole=True)
    address = f"/f/files/{ticket.file_link(form.slug, file.pk, row.pk)}/"
    method = "HEAD" if way == "HEAD" else "GET"
    before = house.site.log.end()
    assert house.browser().generic(method, address, headers=WAYS[way]).status_code == 200
    rows, _end = house.site.log.read(before, 10)
    assert [each.event.verdict.value for each in rows] == ([] if way == "HEAD" else ["machine"])
