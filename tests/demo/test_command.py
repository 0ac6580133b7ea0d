"""The command on a real install: it fills, goes on where it was interrupted, and leaves other facts alone."""

import json
import re
import time
from collections import Counter

import pytest

from embudo.config import Config
from embudo.core.definition import Definition
from embudo.demo.command import DAYS, PEOPLE, SEED
from embudo.demo.history import history
from embudo.demo.world import world
from embudo.eventlog import Cursor, open_log
from tests.demo.conftest import UNTIL, definition
from tests.install import ROOT, Install

PLAN = ("--people", "300", "--days", "200", "--seed", "4", "--until", "2026-06-09T10:13:20")
COUNTS = """
from django.db.models import Count
from embudo.accounts.models import User
from embudo.capture.models import Site
from embudo.leads.models import Company, FollowCursor, FreeMail, Person, StageChange
import json
standing = StageChange.objects.filter(superseded_at=None)
print(json.dumps({
    "users": User.objects.count(),
    "roles": sorted(set(User.objects.values_list("role", flat=True))),
    "sites": Site.objects.count(),
    "people": list(Person.objects.order_by("id").values_list("id", "stage", "engagement", "fit", "events")),
    "stages": dict(Person.objects.filter(merged_into=None).order_by().values_list("stage").annotate(Count("id"))),
    "entries": dict(standing.order_by().values_list("to_stage").annotate(Count("id"))),
    "exits": dict(standing.exclude(from_stage="").order_by().values_list("from_stage").annotate(Count("id"))),
    "free": sorted(FreeMail.objects.filter(free=True, settled=True).values_list("domain", flat=True)),
    "companies": list(Company.objects.values_list("domain", flat=True)),
    "owned": Person.objects.exclude(owner=None).count(),
    "cursor": list(FollowCursor.objects.values_list("shard", "offset")),
}))
"""


def facts_of_plan(shipped: Definition):
    return list(history(people=300, days=200, seed=4, until=UNTIL, definition=shipped))


@pytest.fixture
def install(config: Config, tmp_path):
    return Install(config, tmp_path)


def counted(install: Install):
    return json.loads(install.embudo("manage", "shell", "-v", "0", "-c", COUNTS))


def test_the_demo_fills_an_empty_install_once(install):
    printed = install.embudo("demo", *PLAN)
    first = counted(install)
    wanted = facts_of_plan(definition())

    assert re.search(r"with the password  \S{10,}", printed)
    assert (first["users"], first["roles"]) == (10, ["admin", "manager", "marketing", "sales"])
    assert first["sites"] == 4
    assert first["free"] == sorted(world().companies["free_mail"])
    assert first["companies"] and not {*first["companies"]} & {*first["free"]}
    assert set(first["stages"]) >= {"visitor", "lead"}

    log = open_log(install.config)
    ledger = log.ledger()
    assert ledger.balanced
    assert ledger.duplicates == 0
    assert ledger.failed >= 1
    assert log.segments()
    assert log.end() == Cursor(dict(first["cursor"]))
    rows, _cursor = log.read(Cursor({}), 1_000_000)
    kept = {row.event.key: row.event for row in rows}
    assert all(kept[fact.key].props == fact.props for fact in wanted)
    assert {event.source for key, event in kept.items() if key not in {fact.key for fact in wanted}} <= {"embudo"}

    population = Counter(first["entries"])
    population.subtract(first["exits"])
    assert {stage: count for stage, count in population.items() if count} == first["stages"]

    assert "exactly equal" in install.embudo("rebuild", "--check")
    again = install.embudo("demo", *PLAN)
    assert counted(install) == first
    assert open_log(install.config).ledger().kept == ledger.kept
    assert again != printed  # another password


def test_another_company_does_not_go_into_the_same_folder(install):
    install.embudo("demo", *PLAN)
    refused = install.embudo("demo", "--seed", "5", "--until", "2026-06-09", code=1)
    assert "choose another folder" in refused
    assert "--people 300 --days 200 --seed 4 --until 2026-06-09T10:13:20" in refused


def test_an_install_with_facts_of_its_own_is_left_alone(install):
    install.embudo("prepare")
    open_log(install.config).append(facts_of_plan(definition())[:1])
    refused = install.embudo("demo", code=1)
    assert "folder of its own" in refused


@pytest.mark.parametrize(
    "wrong", [("--people", "0"), ("--days", "-3"), ("--until", "tomorrow"), ("--seed", "x"), ("--until", "2999-01-01")]
)
def test_what_cannot_be_read_is_refused_with_usage(install, wrong):
    refused = install.embudo("demo", *wrong, code=2)
    assert "usage: embudo demo" in refused


def test_a_running_install_is_not_filled(install):
    install.embudo("prepare")
    install.start("follow")
    try:
        deadline = time.monotonic() + 60
        while "following from" not in install.printed() and time.monotonic() < deadline:
            time.sleep(0.1)
        refused = install.embudo("demo", *PLAN, code=1)
    finally:
        install.stop()
    assert "is running" in refused
    assert not open_log(install.config).end()


def test_the_docs_name_the_defaults():
    page = (ROOT / "docs" / "demo.md").read_text()
    assert f"[--people {PEOPLE}] [--days {DAYS}] [--seed {SEED}]" in page
