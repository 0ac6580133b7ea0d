"""Consent in files: receipts that say where they come from, what is never given back, and the undo of all of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embudo.core.consent import CONSENT_GIVEN
from embudo.core.event import DAY, Door
from embudo.imports.consents import proposed
from embudo.imports.mapping import BadMap, parse
from embudo.imports.report import Line
from embudo.imports.row import hashed
from embudo.imports.run import Import
from embudo.leads import consents
from embudo.leads.clock import now
from embudo.leads.models import ImportRow, ImportRun, Person
from embudo.leads.story import history_of
from embudo.privacy.consent import Act, standings, withdraw
from embudo.privacy.models import Purpose
from embudo.privacy.receipts import receipts
from tests.imports.importing import outcomes
from tests.imports.views.conftest import Marketer, form_of, here, marketer, problems_of, signed_in, works
from tests.leads.conftest import Following
from tests.leads.views.conftest import sign_in, site
from tests.privacy.conftest import purposes

__all__ = ["here", "marketer", "purposes", "sign_in", "signed_in", "site"]
AGREED = {"purpose": "newsletter", "column": "Subscribed", "agree": ["yes"], "refuse": ["no"], "dates": "agree"}
MAP: dict[str, Any] = {
    "name": "crm", "who": {"mail": "Email"}, "at": {"column": "Created", "optional": True}, "dates": ["iso"],
    "consents": [AGREED], "consents_from": "form on our old site",
}  # fmt: skip
HEADERS = "Email,Created,Subscribed\n"


@pytest.fixture
def asked(site: Following, purposes: dict[str, Purpose]) -> Following:
    return site


class Importing:
    """Files that are imported one after the other."""

    def __init__(self, site: Following, folder: Path) -> None:
        self.site, self.folder = site, folder

    def __call__(self, text: str, **change: Any) -> list[Line]:
        path = self.folder / "list.csv"
        path.write_text(HEADERS + text, encoding="utf-8")
        work = Import(self.site.log, parse({**MAP, **change}), "people")
        lines = [line for some in work.run(path) for line in some]
        self.site.follower.catch_up()
        self.site.agrees()
        return lines


@pytest.fixture
def importing(asked: Following, tmp_path: Path) -> Iterator[Importing]:
    yield Importing(asked, tmp_path)


def ana() -> Person:
    return Person.objects.get(mail="ana@b.mx")


def answer(mail: str = "ana@b.mx") -> bool | None:
    person = Person.objects.get(mail=mail).id
    return consents.of([person]).get(person, {}).get("newsletter", (None, 0))[0]


def withdraws(importing: Importing, at: int, purpose: str = "newsletter") -> None:
    whose = f"person:{ana().id}"
    withdraw(purpose, whose, act=Act.LINK, id=f"no-{at}", at=at, log=importing.site.log)
    importing.site.follower.catch_up()


def test_a_yes_is_a_receipt_that_says_where_it_comes_from(importing: Importing) -> None:
    importing("bo@b.mx,,no\nana@b.mx,2025-03-01,Yes\n")
    fact = next(each for each in history_of(ana().id) if each.kind == CONSENT_GIVEN)
    assert (fact.door, fact.source) == (Door.IMPORT, "import:crm")
    assert fact.props == {
        "purpose": "newsletter", "act": "imported", "note": "form on our old site", "file": "list.csv", "row": 2,
    }  # fmt: skip
    standing = next(each for each in standings(history_of(ana().id)) if each.code == "newsletter")
    (receipt,) = receipts(standing)
    assert (receipt.given, receipt.file, receipt.row, receipt.words) == (True, "list.csv", 2, "")
    assert (answer(), answer("bo@b.mx")) == (True, False)


def test_a_date_says_since_when_and_an_odd_word_is_a_remark(importing: Importing) -> None:
    lines = importing("ana@b.mx,2025-03-01,2024-05-06\nbo@b.mx,,perhaps\ncy@b.mx,,2999-01-01\ndu@b.mx,,\n")
    assert outcomes(lines) == [("accepted", ""), ("accepted", "bad_value"), ("accepted", "bad_value"), ("accepted", "")]
    assert (answer(), answer("bo@b.mx"), answer("cy@b.mx"), answer("du@b.mx")) == (True, None, None, None)
    fact = next(each for each in history_of(ana().id) if each.kind == CONSENT_GIVEN)
    assert fact.at == 1_714_953_600_000_000


@pytest.mark.parametrize("purpose", ["newsletter", ""])
def test_what_was_withdrawn_later_than_the_row_is_not_given_back(importing: Importing, purpose: str) -> None:
    importing("ana@b.mx,2025-03-01,\n")
    withdraws(importing, now() - 100 * DAY, purpose)
    lines = importing("ana@b.mx,2025-03-01,yes\n")
    assert outcomes(lines) == [("unchanged", "withdrew")] and "that stands" in lines[0].words
    assert answer() is (False if purpose else None)
    assert outcomes(importing("ana@b.mx,,yes\n"))[0][1] == "withdrew"  # nobody knows when they said so
    assert answer() is (False if purpose else None)
    assert outcomes(importing("ana@b.mx,,2026-11-20\n"))[0][0] == "accepted"
    assert answer() is True


def test_the_same_file_again_records_nothing_and_an_undo_takes_all_of_it_back(importing: Importing) -> None:
    from embudo.imports import undo

    importing("ana@b.mx,2025-03-01,\n")
    lines = importing("ana@b.mx,2025-03-01,yes\n")
    assert outcomes(lines) == [("accepted", "")] and answer() is True
    end = importing.site.log.end()
    assert outcomes(importing("ana@b.mx,2025-03-01,yes\n")) == [("unchanged", "")]
    assert importing.site.log.end() == end
    for run in ImportRun.objects.order_by("-id"):
        list(undo.take_back(run, importing.site.log, by=None, at=now()))
    importing.site.follower.catch_up()
    importing.site.agrees()
    assert not Person.objects.filter(known=True).exists()
    importing("ana@b.mx,2025-03-01,yes\n")
    assert answer() is True


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"consents_from": " "}, "`consents_from` is missing"),
        ({"consents": [{"purpose": "newsletter"}]}, "`column` needs"),
        ({"consents": [{**AGREED, "dates": "maybe"}]}, "write agree or refuse"),
        ({"consents": [{**AGREED, "yes": ["x"]}]}, "has `yes`"),
    ],
)
def test_a_map_that_says_it_wrongly_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(BadMap, match=says):
        parse({**MAP, **change})


def test_a_purpose_nobody_is_asked_for_is_refused(importing: Importing) -> None:
    with pytest.raises(BadMap, match="there is no purpose fax"):
        importing("ana@b.mx,,yes\n", consents=[{**AGREED, "purpose": "fax"}])
    assert not Person.objects.exists()


def test_an_opt_out_that_is_not_ticked_says_nothing() -> None:
    assert [proposed("refusal:x", each) for each in ("1", "TRUE", "opted out", "0", "no", "perhaps", "opt in")] == [
        "refuse", "refuse", "refuse", "", "", "", "",
    ]  # fmt: skip
    assert [proposed("consent:x", each) for each in ("Sí", "Subscribed", "NO", "unsubscribed", "cleaned")] == [
        "agree", "agree", "refuse", "refuse", "",
    ]  # fmt: skip


# -- on screen ---------------------------------------------------------------------------------------------

FILE = b"Email,Newsletter\nana@b.mx,S\xc3\xad\nbo@b.mx,baja\ncy@b.mx,a veces\n"


SAID = {"Sí": "agree", "a veces": "", "baja": ""}


def answer_field(header: str, value: str) -> str:
    """The name of the field that asks what a value means."""
    return f"answer-{hashed([header, value])}"


def test_the_screen_asks_how_they_had_agreed_and_what_each_value_means(
    marketer: Marketer, purposes: dict[str, Purpose]
) -> None:
    upload = marketer.brings("list.csv", FILE)
    address = f"/imports/{upload.pk}/columns/"
    form = marketer.shown(address)
    asked = [form[answer_field("Newsletter", value)] for value in ("Sí", "a veces", "baja")]
    assert (form["target-1"], asked) == ("consent:newsletter", ["agree", "", ""])
    refused = marketer.client.post(address, form)
    assert refused.status_code == 422 and "Say how these people had agreed" in str(problems_of(refused))
    assert 'aria-invalid="true" autofocus' in refused.content.decode()
    upload = marketer.tries(
        upload, **{answer_field("Newsletter", "baja"): "refuse", "consents_from": "boletín de 2019"}
    )
    run = marketer.starts(upload)
    assert (answer(), answer("bo@b.mx"), answer("cy@b.mx")) == (True, False, None)
    page = marketer.client.get(f"/people/{ana().id}/consents/").content.decode()
    assert "list.csv" in page and "boletín de 2019" in page and "written down by marketing" in page
    marketer.undoes(run)
    assert not Person.objects.filter(known=True).exists()


def test_a_column_made_a_consent_by_hand_is_looked_at_before_it_counts(
    marketer: Marketer, purposes: dict[str, Purpose]
) -> None:
    upload = marketer.brings("list.csv", FILE.replace(b"Newsletter", b"Remarks"))
    address = f"/imports/{upload.pk}/columns/"
    change = {"target-1": "consent:phone", "consents_from": "by phone"}
    answered = marketer.client.post(address, marketer.shown(address) | change)
    assert "Look at what each value" in str(problems_of(answered))
    assert marketer.shown(address)[answer_field("Remarks", "Sí")] == "agree"
    marketer.tries(upload)
    works()


def row_of(page: str, number: int) -> str:
    """What a page shows of a row, in words."""
    rows = page.partition('<section id="rows">')[2].split('<td class="num">')
    found = next(each for each in rows if each.startswith(f"{number}<"))
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def test_a_trial_and_a_run_show_what_each_row_says_of_consent_and_how_many_say_it(
    marketer: Marketer, purposes: dict[str, Purpose]
) -> None:
    content = FILE.replace(b"baja", b"no") + b"di@b.mx,yes\n"
    upload = marketer.tries(marketer.brings("list.csv", content), consents_from="form")
    trial = marketer.client.get(f"/imports/{upload.pk}/trial/").content.decode()
    run = marketer.starts(upload)
    for page in (trial, marketer.client.get(f"/imports/runs/{run.pk}/").content.decode()):
        news = purposes["newsletter"].label
        assert f"Consent to “{news}”: 2 agree, 1 withdraw." in page
        assert f"agrees to “{news}”" in row_of(page, 2) and f"agrees to “{news}”" in row_of(page, 5)
        assert f"withdraws from “{news}”" in row_of(page, 3)
        assert "Consent" not in row_of(page, 4)
    again = marketer.tries(marketer.brings("list.csv", content), consents_from="form")
    page = marketer.client.get(f"/imports/{again.pk}/trial/").content.decode()
    assert f"Consent to “{news}”: 0 agree, 0 withdraw." in page


def test_a_value_whose_meaning_is_left_open_is_told_on_its_row(
    marketer: Marketer, purposes: dict[str, Purpose]
) -> None:
    upload = marketer.tries(marketer.brings("list.csv", FILE), consents_from="form")
    told = ImportRow.objects.filter(run=upload.check_run, reason="no_answer").values_list("row", "words")
    words = "Newsletter: what “{}” means for consent was left open; nothing is recorded of it"
    assert dict(told) == {2: words.format("baja"), 3: words.format("a veces")}
    ticked = marketer.brings("out.csv", b"Email,Opt out\nana@b.mx,no\nbo@b.mx,yes\n")
    upload = marketer.tries(ticked)
    assert not ImportRow.objects.filter(run=upload.check_run).exclude(reason="").exists()


def test_what_values_mean_is_asked_as_soon_as_a_column_is_chosen(
    marketer: Marketer, purposes: dict[str, Purpose]
) -> None:
    upload = marketer.brings("list.csv", FILE.replace(b"Newsletter", b"Remarks"))
    address = f"/imports/{upload.pk}/columns/"
    page = marketer.client.get(address).content.decode()
    assert f'hx-post="{address}meanings/"' in page and 'id="_meanings"' in page
    sent = form_of(page) | {"target-1": "consent:phone", "consents_from": "by phone"}
    asked = marketer.client.post(f"{address}meanings/", sent).content.decode()
    assert form_of(asked) == {answer_field("Remarks", value): said for value, said in SAID.items()}
    assert "Remarks: a veces" in asked and "<html" not in asked
    assert marketer.shown(address)["target-1"] == "new"
    assert marketer.client.post(address, sent | form_of(asked)).status_code == 302
    works()


def test_where_nobody_is_asked_for_news_a_column_of_that_name_is_an_attribute(marketer: Marketer) -> None:
    Purpose.objects.update(archived_at="2026-01-01T00:00:00Z")
    upload = marketer.brings("list.csv", FILE)
    assert marketer.shown(f"/imports/{upload.pk}/columns/")["target-1"] == "new"
