"""An install of an earlier version is brought up to date with everybody in it, whatever the code of today does."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from embudo.core.event import DAY, HOUR
from embudo.leads import passages, sql
from tests.cast import MONDAY
from tests.leads.test_word_index import found, indexed_as_known

BEFORE = ("leads", "0009_the_funnel_is_kept_while_people_move")
TYPES = {  # of columns, their defaults and validators, no rules
    "embudo.accounts.models", "embudo.accounts.models.user", "embudo.capture.models", "embudo.forms.models",
    "embudo.leads.models",
}  # fmt: skip
FILES = sorted(Path("embudo").glob("*/migrations/*.py"))


def modules_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("file", FILES, ids=[f"{file.parts[1]}/{file.stem}" for file in FILES])
def test_a_migration_does_what_it_did_when_it_was_written_and_runs_no_code_of_today(file: Path) -> None:
    modules = set(modules_of(file))
    assert {each for each in modules if each.startswith("embudo")} <= TYPES
    assert "importlib" not in modules


@pytest.mark.django_db
def test_the_migrations_make_the_tables_that_the_models_mean() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)  # exits with 1 when one is missing


def migrated(*targets: tuple[str, str]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())
    return MigrationExecutor(connection).loader.project_state(list(targets)).apps if targets else None


@pytest.fixture
def earlier(transactional_db: None) -> Iterator[Any]:
    """The tables as they were, empty; today's again at the end."""
    yield migrated(BEFORE)
    migrated()


JOURNEYS = {  # of the kinds there are: straight, with leaps, back and forth, out of order, and gone from a stage
    1: [("", "visitor", 0), ("visitor", "lead", 5), ("lead", "qualified", 30), ("qualified", "prospect", 31)],
    2: [("", "visitor", 0), ("visitor", "customer", 90)],
    3: [("", "lead", 3), ("lead", "prospect", 4), ("prospect", "lead", 6), ("lead", "opportunity", 700)],
    4: [("", "visitor", 0), ("visitor", "opportunity", 9), ("opportunity", "lead", 9), ("lead", "qualified", 2)],
    5: [("", "visitor", 1), ("visitor", "lead", 1), ("lead", "discarded", 8)],
    6: [("", "visitor", -400_000)],
}


def fill(apps: Any) -> None:
    person, move = (apps.get_model("leads", name) for name in ("Person", "StageChange"))
    for number in range(60):
        journey = JOURNEYS[number % 6 + 1]
        person.objects.create(
            id=number + 1, known=True, name=f"Łukasz {number}", search=f"łukasz øre w{number}x", stage=journey[-1][1],
            stage_since_at=MONDAY, source=("google", "ads", "")[number % 3], first_seen_at=MONDAY, last_seen_at=MONDAY,
            created_at=MONDAY, first_seen_known=number % 5 > 0, last_seen_known=number % 5 > 0,
        )  # fmt: skip
        for was, becomes, hours in journey:
            at = MONDAY + hours * HOUR + number * DAY // 7
            move.objects.create(person_id=number + 1, from_stage=was, to_stage=becomes, at=at, recorded_at=at)
    move.objects.filter(person_id=7, to_stage="qualified").update(superseded_at=MONDAY)


def counted() -> list[list[tuple[Any, ...]]]:
    columns = "person_id, rank, at, next_at, bucket, entered, spans, until_at, source"
    tables = {"leads_passage": columns, **dict.fromkeys(passages.TABLES[1:], "*")}
    return [sorted(map(repr, sql.rows(f"SELECT {names} FROM {table}"))) for table, names in tables.items()]


def test_a_filled_install_of_the_ninth_version_is_what_it_would_be_today(earlier: Any) -> None:
    fill(earlier)
    migrated()
    as_migrated = counted()
    assert all(as_migrated)
    assert sql.rows("SELECT count(*) FROM leads_stagechange WHERE NOT dated") == [(36,)]
    assert sql.rows("SELECT DISTINCT search LIKE 'lukasz ore %%' FROM leads_person") in ([(True,)], [(1,)])
    assert found("lukasz ore w17x") == {18} and indexed_as_known()
    passages.count_all()
    assert counted() == as_migrated


@pytest.fixture
def with_begun_rows(transactional_db: None) -> Iterator[Any]:
    """The tables of the version that wrote into the report what an import was about to record."""
    yield migrated(("leads", "0033_rows_of_imports_know_their_line"))
    migrated()


def test_what_an_import_was_about_to_record_leaves_its_report(with_begun_rows: Any) -> None:
    run, row = (with_begun_rows.get_model("leads", name) for name in ("ImportRun", "ImportRow"))
    died = run.objects.create(name="crm", kind="people", file="a.csv", started_at=MONDAY)
    row.objects.create(run=died, row=1, outcome="accepted", subject=7, facts="a", key="k")
    row.objects.create(run=died, row=2, line=3, outcome="begun", subject=8, facts="b c", key="l", digest="d")
    migrated()
    assert sql.rows("SELECT row, outcome FROM leads_importrow") == [(1, "accepted")]
    ((noted,),) = sql.rows("SELECT rows FROM leads_importbegun WHERE run_id = %s", [died.pk])
    assert json.loads(noted) == [[2, 3, False, 8, "l", "d", ["b", "c"]]]
