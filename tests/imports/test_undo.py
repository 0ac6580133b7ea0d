"""An import that is undone leaves not a trace: everything shown is compared row by row with before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embudo.core.event import DAY
from embudo.definition.in_force import in_force
from embudo.imports import undo
from embudo.imports.mapping import parse
from embudo.imports.report import Line
from embudo.imports.run import Import
from embudo.leads import rebuild
from embudo.leads.clock import now
from embudo.leads.models import (
    Attribute,
    Company,
    Dispute,
    Identifier,
    ImportRun,
    Merge,
    MoveDay,
    Passage,
    Person,
    SourceDay,
    StageChange,
)
from embudo.leads.opportunities import opportunities
from embudo.leads.record import record
from embudo.leads.story import history_of
from embudo.leads.timeline import entries
from tests.cast import MONDAY, ada, bruno
from tests.leads.conftest import Following, rows
from tests.leads.test_identity import merged

MAP: dict[str, Any] = {
    "name": "crm",
    "updates": "now",
    "who": {
        "mail": "Email",
        "phone": {"column": "Phone", "country": "MX"},
        "user_id": {"column": "Id", "prefix": "crm:"},
        "linkedin": "LinkedIn",
    },
    "key": "Id",
    "attributes": {
        "name": "Name",
        "company": "Company",
        "city": "City",
        "shoe_size": {"column": "Shoe", "kind": "number"},
    },
    "first_touch": {"source": {"value": "fair"}},
    "facts": [
        {"kind": "opportunity_opened", "when": "Deal", "props": {"opportunity": "Deal", "name": "Deal"}},
        {"kind": "opportunity_won", "when": "Won", "at": "Won", "props": {"opportunity": "Deal"}},
    ],
}
IDENTIFIER = ("subject", "identifier", "person", "strength", "evidence", "linked_at")
MOVED = ("day", "from_stage", "to_stage", "moves")
HEADERS = "Id,Email,Phone,LinkedIn,Name,Company,City,Shoe,Deal,Won\n"


def shown() -> dict[str, Any]:
    """Everything that people, scores, stages, companies, opportunities and the funnel show."""
    known = Person.objects.filter(merged_into=None)
    histories = {each.id: history_of(each.id) for each in known}
    return rows() | {
        "companies": sorted(Company.objects.values_list("id", "name", "domain", "attributes__name")),
        "identifiers": sorted(Identifier.objects.values_list(*IDENTIFIER)),
        "merges": sorted(Merge.objects.values_list("survivor", "absorbed", "unmerged_at")),
        "disputes": sorted(Dispute.objects.values_list("identifier", "person", "claimed_by", "settled_at")),
        "attributes": sorted(Attribute.objects.filter(standard=False).values_list("name", "label", "kind")),
        "passages": sorted(Passage.objects.values_list("person", "rank", "at", "entered", "spans")),
        "days": sorted(SourceDay.objects.filter(entered__gt=0).values_list("day", "source", "entered", "further")),
        "moves by day": sorted(MoveDay.objects.filter(moves__gt=0).values_list(*MOVED)),
        "deals": {person: opportunities(history) for person, history in histories.items()},
        "timelines": {
            person: [(each.words, each.at) for each in entries(history, (), in_force())]
            for person, history in histories.items()
        },
        "merged": sorted(Person.objects.exclude(merged_into=None).values_list("id", "merged_into")),
    }  # fmt: skip


class Importing:
    """Files that are imported, and undone, one after the other."""

    def __init__(self, following: Following, folder: Path) -> None:
        self.following, self.folder = following, folder

    def __call__(self, text: str, kind: str = "people", **change: Any) -> ImportRun:
        path = self.folder / "file.csv"
        path.write_text(HEADERS + text, encoding="utf-8")
        work = Import(self.following.log, parse({**MAP, **change}), kind)
        lines: list[Line] = [line for some in work.run(path) for line in some]
        assert [line.outcome for line in lines if line.outcome == "failed"] == []
        self.following.follower.catch_up()
        self.following.agrees()
        return ImportRun.objects.latest("id")

    def undoes(self, run: ImportRun) -> None:
        for _ in undo.take_back(run, self.following.log, by=None, at=now()):
            pass
        self.following.follower.catch_up()
        undo.finish(ImportRun.objects.get(pk=run.pk))
        self.following.agrees()


@pytest.fixture
def importing(following: Following, tmp_path: Path, settings: Any) -> Iterator[Importing]:
    settings.EMBUDO = following.config
    yield Importing(following, tmp_path)


NEW = "1,zoe@sur.mx,55 1234 5678,https://www.linkedin.com/in/zoe,Zoe Luna,Sur,Puebla,38,D1,2025-04-01\n"
KNOWN = f"2,{ada.mail},55 9999 0000,linkedin.com/in/ada-o/,Ada Other,Otra SA,Lima,40,D2,\n"


def test_new_people_are_gone_as_if_they_had_never_been_there(importing: Importing) -> None:
    before = shown()
    run = importing(NEW)
    assert Person.objects.get(merged_into=None).name == "Zoe Luna"
    importing.undoes(run)
    assert shown() == before
    assert StageChange.objects.count() == 0


def test_somebody_who_was_there_is_as_before(importing: Importing) -> None:
    importing.following.hears(ada.visits("/").requests("demo"), bruno.submits("contact"))
    before = shown()
    run = importing(KNOWN + NEW)
    assert shown() != before
    assert Merge.objects.filter(unmerged_at=None).count() == 1
    importing.undoes(run)
    assert shown() == before


def test_the_same_file_can_be_imported_again_after_its_undo(importing: Importing) -> None:
    importing.following.hears(ada.visits("/").requests("demo"))
    before = shown()
    run = importing(KNOWN + NEW)
    first = shown()
    for _ in range(2):
        importing.undoes(run)
        run = importing(KNOWN + NEW)
        assert (run.accepted, run.fresh) == (2, 1)
        again = shown()
        assert {each["name"] for each in again["people"].values()} == {
            each["name"] for each in first["people"].values()
        }
        assert again["merged"] == first["merged"]
    importing.undoes(run)
    assert shown() == before


def test_undoing_the_newer_file_brings_back_what_the_older_said(importing: Importing) -> None:
    old = importing(NEW)
    before = shown()
    newer = importing(NEW.replace("Puebla", "Toluca").replace("Zoe Luna", "Zoe Sol"))
    assert Person.objects.get().city == "Toluca"
    importing.undoes(newer)
    assert shown() == before
    assert importing(NEW).unchanged == 1
    importing.undoes(old)
    assert Person.objects.count() == 0


def test_undoing_the_older_file_leaves_what_the_newer_said(importing: Importing) -> None:
    old = importing(NEW)
    newer = importing(NEW.replace("Puebla", "Toluca"))
    importing.undoes(old)
    person = Person.objects.get()
    assert (person.city, person.attributes["shoe_size"]) == ("Toluca", 38)
    importing.undoes(newer)
    assert Person.objects.count() == 0


def test_what_a_form_says_later_stands_on_its_own(importing: Importing) -> None:
    run = importing(f"1,{ada.mail},55 1234 5678,,Ada Imported,Sur,Puebla,38,,\n")
    importing.following.hears(ada.journey(MONDAY + 400 * DAY).visits("/pricing").submits("contact"))
    person = Person.objects.get(merged_into=None)
    assert person.name
    importing.undoes(run)

    left = Person.objects.get(merged_into=None)
    assert left.mail == ada.mail
    assert left.id == ada.subject
    assert "shoe_size" not in left.attributes
    kept = set(Identifier.objects.values_list("identifier", flat=True))
    assert f"mail:{ada.mail}" in kept and not any(each.startswith("user:") for each in kept)
    assert "phone:+525512345678" not in kept
    assert Identifier.objects.get(identifier=f"anon:{ada.browser}").person_id == left.id


def test_what_people_here_wrote_meanwhile_stays_with_who_was_there_before(importing: Importing) -> None:
    importing.following.hears(ada.visits("/").requests("demo"))
    run = importing(KNOWN)
    merged_into = Person.objects.get(merged_into=None)
    record(
        "call_made", person=merged_into.id, props={"note": "hello"}, id="a" * 36, by="Luis", log=importing.following.log
    )
    importing.following.follower.catch_up()
    importing.undoes(run)
    left = Person.objects.get(merged_into=None)
    assert left.id == ada.subject
    assert "call_made" in [event.kind for event in history_of(left.id)]


def test_a_rebuild_after_an_undo_says_the_same(importing: Importing) -> None:
    importing.following.hears(ada.visits("/").requests("demo"), bruno.submits("contact"))
    run = importing(KNOWN + NEW)
    importing.following.hears(ada.journey(MONDAY + 300 * DAY).submits("contact"))
    importing.undoes(run)
    before = shown()
    rebuild.ask(importing.following.log)
    while importing.following.follower.advance_rebuild():
        pass
    assert rows() == {name: before[name] for name in rows()}
    importing.following.agrees()


def test_an_undo_in_small_batches_is_the_same(importing: Importing) -> None:
    importing.following.hears(ada.visits("/").requests("demo"))
    before = shown()
    many = "".join(f"{n},p{n}@firm{n % 3}.mx,,,P {n},Firm {n % 3},Puebla,38,D{n},2025-04-01\n" for n in range(30))
    run = importing(KNOWN.replace("2,", "99,", 1) + many)
    importing.following.follower.size = 3
    importing.undoes(run)
    assert shown() == before


def test_an_undo_that_died_goes_on(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shown()
    run = importing(NEW + KNOWN)
    monkeypatch.setattr(undo, "PORTION", 1)
    at = now()
    steps = undo.take_back(run, importing.following.log, by=None, at=at)
    next(steps)
    steps.close()
    assert undo.left(run) == 1
    for _ in undo.take_back(run, importing.following.log, by=None, at=at):
        pass
    importing.following.follower.catch_up()
    undo.finish(ImportRun.objects.get(pk=run.pk))
    assert shown() == before


def test_a_merge_by_hand_stays(importing: Importing) -> None:
    importing.following.hears(ada.submits("contact"), bruno.submits("contact"))
    run = importing(KNOWN)
    root = Person.objects.get(mail=ada.mail, merged_into=None).id
    importing.following.hears(merged(root, bruno.subject, at=now()))
    importing.undoes(run)
    left = Person.objects.filter(merged_into=None)
    assert [event.kind for each in left for event in history_of(each.id)].count("form_submitted") == 2


def test_companies_are_as_before(importing: Importing) -> None:
    importing.following.hears(ada.visits("/").requests("demo"))
    before = shown()
    plan: dict[str, Any] = {
        "who": {"domain": "Email", "company": "Company"},
        "attributes": {"city": "City"},
        "first_touch": {},
        "facts": [],
        "name": "companies",
    }
    text = (
        f"1,{ada.mail.partition('@')[2]},,,,Renamed,Lima,,,\n2,sur.mx,,,,Sur SA,Quito,,,\n3,,,,,Only A Name,Cali,,,\n"
    )
    run = importing(text, "companies", **plan)
    sur = Company.objects.get(domain="sur.mx")
    assert (sur.name, sur.attributes["city"]) == ("Sur SA", "Quito")
    assert Company.objects.get(name="Only A Name").attributes["city"] == "Cali"
    assert Person.objects.count() == len(before["people"])
    assert importing(text, "companies", **plan).unchanged == 3
    there = sorted(Company.objects.values_list("id", "name", "attributes__city"))
    rebuild.ask(importing.following.log)
    while importing.following.follower.advance_rebuild():
        pass
    importing.following.agrees()
    assert sorted(Company.objects.values_list("id", "name", "attributes__city")) == there
    importing.undoes(run)
    assert shown() == before
