"""The access log in the shared folder, end to end. It holds addresses of people: none of it is copied or printed."""

import gzip
from pathlib import Path

import pytest
from django.apps import apps

from embudo.imports.weblog.run import VisitImport
from embudo.imports.weblog.visits import Place
from embudo.leads.models import Person
from tests.imports.weblog.conftest import Logs
from tests.path.real_data import file_of

SITE = Place("s0123456789ab", "semicomplete.com")


def log_file() -> Path:
    """The real log; the test is skipped, saying why, where the shared folder is not there."""
    return file_of("weblogs", "apache_access_10k.log.gz")


@pytest.fixture
def imported(logs: Logs) -> VisitImport:
    path = log_file()
    return logs.of(path, place=SITE)


def test_the_real_log_comes_in_with_its_machines_told_apart(imported: VisitImport) -> None:
    found = imported.figures
    assert (found.lines, imported.damaged) == (10_000, 1)
    assert found.things.total() + found.left_out.total() + imported.damaged == found.lines
    assert 2_500 < found.things["page"] < 3_300
    assert 20 < found.things["download"] < 300
    assert imported.facts == found.things.total() == found.visits.total()
    machines = found.visits["machine"] / found.things.total()
    assert 0.35 < machines < 0.6, "robots open two pages of five"
    assert 250 < found.visitor_reasons["user_agent:bot"] < 400
    assert 40 < found.visitor_reasons["robots_txt"] < 120
    assert 400 < found.visitors["human"] < 750
    assert found.sources.most_common(1)[0][0] == "google / organic"
    assert 0.4 < found.sources["google / organic"] / found.visitors["human"] < 0.7


def test_people_of_the_real_log_are_daily_visitors_of_those_days(imported: VisitImport) -> None:
    assert imported.figures.visitors["machine"] > 0
    assert Person.objects.count() == imported.figures.visitors["human"] + imported.figures.visitors["unverified"]
    assert not Person.objects.filter(known=True).exists()
    assert not Person.objects.exclude(stage="visitor").exists()
    first, last = 1_431_820_800_000_000, 1_432_252_800_000_000  # 17 to 21 May 2015
    assert not Person.objects.exclude(first_seen_at__gte=first, last_seen_at__lt=last).exists()


def test_a_second_run_of_the_real_log_records_nothing(logs: Logs, imported: VisitImport) -> None:
    again = logs.of(log_file(), place=SITE)
    assert (again.facts, again.unchanged) == (0, imported.facts)
    assert (again.figures.visits, again.figures.sources) == (imported.figures.visits, imported.figures.sources)


def test_no_address_of_the_real_log_is_in_anything_that_is_kept(logs: Logs, imported: VisitImport) -> None:
    with gzip.open(log_file(), "rb") as file:
        addresses = {each.split(b" ", 1)[0] for each in file}
    assert len(addresses) > 1_500
    read = logs.following.log
    read.seal()
    rows, _cursor = read.read(type(read.end())(), 10_000)
    texts = [path.read_bytes() for path in logs.following.config.data.rglob("*") if path.is_file()]
    texts.append("\n".join(repr(row.event) for row in rows).encode())
    for table in apps.get_models():
        texts.append("\n".join(map(repr, table._default_manager.values_list())).encode())
    assert len(rows) == imported.facts
    leaked = sum(1 for each in addresses if any(each in text for text in texts))
    assert leaked == 0
