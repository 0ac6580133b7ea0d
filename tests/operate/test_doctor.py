"""The doctor finds what is wrong and says how to mend it."""

import json
import os
import shutil
import socket
import time
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from embudo.config import Config
from embudo.core.event import Event, subject_of
from embudo.eventlog import Log
from embudo.leads.models import ImportRun, Rebuild
from embudo.operate import doctor, machine, place
from embudo.operate.finding import Finding, Grade
from embudo.secret import keep
from tests.install import Install

Usage = namedtuple("Usage", "total used free")


def grades(findings: list[Finding]) -> list[Grade]:
    return [each.grade for each in findings]


def test_every_finding_that_is_not_good_says_why_and_how_to_mend_it(here: Config, db: None) -> None:
    findings = doctor.examine(replace(here, web_port=1, mail_url="smtp://127.0.0.1:1"))
    assert len(findings) > 8
    assert all(each.why and each.mend for each in findings if each.grade is not Grade.GOOD)


@pytest.mark.parametrize(("free_gb", "grade"), [(500, Grade.GOOD), (50, Grade.NOTE), (0.5, Grade.BAD)])
def test_little_room_is_noted_and_none_is_bad(
    here: Config, monkeypatch: pytest.MonkeyPatch, free_gb: float, grade: Grade
) -> None:
    total = 1000 * machine.GB
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(total, 0, int(free_gb * machine.GB)))
    assert grades(machine.disk(here)) == [grade]


def test_a_clock_set_back_behind_the_newest_event_is_bad(here: Config, log: Log) -> None:
    ahead = time.time_ns() // 1000 + 3_600_000_000
    log.append([Event("site", "1", "page_viewed", ahead, ahead, ahead, "anon:a", subject_of("anon:a"))])
    assert Grade.BAD in grades(machine.clock(here))


def test_a_clock_that_events_do_not_contradict_is_not_bad(here: Config, log: Log) -> None:
    now = time.time_ns() // 1000
    log.append([Event("site", "1", "page_viewed", now, now, now, "anon:a", subject_of("anon:a"))])
    assert Grade.BAD not in grades(machine.clock(here))


def test_a_port_that_another_program_holds_is_bad_with_another_to_choose(here: Config) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        other.settimeout(0)
        port = other.getsockname()[1]
        found = machine.ports(replace(here, web_port=port, collector_port=0))
    assert grades(found) == [Grade.BAD, Grade.GOOD]
    assert f"EMBUDO_WEB_PORT={port + 10}" in found[0].mend


def test_a_secret_key_that_others_can_read_is_bad(here: Config) -> None:
    keep(here)
    assert Grade.BAD not in grades(place.files(here))
    (here.data / "secret_key").chmod(0o644)
    found = [each for each in place.files(here) if each.grade is Grade.BAD]
    assert "chmod 600" in found[0].mend


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_files_of_another_account_are_bad(here: Config) -> None:
    (here.data / "odd").touch()
    os.chown(here.data / "odd", 65534, 65534)
    assert "belong to another account" in next(each.what for each in place.files(here) if each.grade is Grade.BAD)


def test_a_sound_log_is_good_and_tells_how_much_it_holds(here: Config, log: Log) -> None:
    log.append([Event("site", "1", "page_viewed", 1, 1, 1, "anon:a", subject_of("anon:a"))])
    found = place.log(here)
    assert grades(found) == [Grade.GOOD]
    assert "1 events" in found[0].what


def test_a_truncated_segment_is_bad(here: Config, log: Log) -> None:
    log.append([Event("site", str(n), "page_viewed", n, n, n, "anon:a", subject_of("anon:a")) for n in range(500)])
    segment = log.seal()[0]
    segment.write_bytes(segment.read_bytes()[:-40])
    assert Grade.BAD in grades(place.log(here))


def test_a_corrupted_page_of_the_tail_is_bad(here: Config, log: Log, shape: str) -> None:
    if shape == "server":
        pytest.skip("PostgreSQL looks after its own pages")
    log.append([Event("site", str(n), "page_viewed", n, n, n, "anon:a", subject_of("anon:a")) for n in range(2000)])
    log.close()
    file = here.data / "log" / "tail.sqlite"
    import sqlite3

    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    body = bytearray(file.read_bytes())
    for page in range(2, 40):
        body[page * 4096 : page * 4096 + 64] = os.urandom(64)
    file.write_bytes(body)
    assert Grade.BAD in grades(place.log(here))


def test_tables_of_this_version_are_good(here: Config, db: None) -> None:
    assert grades(place.tables(here)) == [Grade.GOOD]


def test_imports_of_before_times_could_be_unknown_call_for_a_rebuild(here: Config, db: None) -> None:
    ImportRun.objects.create(name="old", kind="people", file="old.csv", started_at=1)
    found = place.tables(here)
    assert grades(found) == [Grade.GOOD, Grade.NOTE]
    assert found[1].mend == "embudo rebuild"

    now = int(time.time() * 1_000_000)
    Rebuild.objects.create(started_at=now, finished_at=now + 1)
    assert grades(place.tables(here)) == [Grade.GOOD]


def test_imports_of_this_version_call_for_nothing(here: Config, db: None) -> None:
    now = int(time.time() * 1_000_000)
    ImportRun.objects.create(name="new", kind="people", file="new.csv", started_at=now)
    assert grades(place.tables(here)) == [Grade.GOOD]


def test_a_mail_server_that_does_not_answer_is_bad(here: Config, settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert grades(place.mail(replace(here, mail_url="smtp://127.0.0.1:1"))) == [Grade.BAD]
    assert grades(place.mail(here)) == [Grade.NOTE]


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on(here: Config) -> None:
    def broken(config: Config) -> list[Finding]:
        raise RuntimeError("no such thing")

    found = doctor.examine(here, (broken, machine.versions))
    assert found[0].grade is Grade.BAD and "no such thing" in found[0].what
    assert len(found) > 1


def test_an_old_sqlite_is_bad(here: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    old = SimpleNamespace(sqlite_version="3.30.1", sqlite_version_info=(3, 30, 1))
    monkeypatch.setattr(machine, "sqlite3", old)
    assert Grade.BAD in grades(machine.versions(here))


def test_the_command_fails_only_when_something_is_bad(install: Install) -> None:
    install.embudo("prepare")
    assert "BAD" not in install.embudo("doctor")
    (install.config.data / "secret_key").chmod(0o666)
    said = install.embudo("doctor", code=1)
    assert "BAD   The secret key can be read by others" in said
    assert "Mend: chmod 600" in said


def test_a_file_that_goes_while_it_is_looked_at_hides_nothing(here: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "rglob", lambda folder, _pattern: [folder / "log" / "tail.sqlite-shm"])
    here.tables.touch(0o644)
    here.tables.chmod(0o644)
    assert Grade.BAD in grades(place.files(here))


def test_tables_that_others_can_read_are_bad(here: Config) -> None:
    assert Grade.BAD not in grades(place.files(here))
    here.tables.touch(0o644)
    here.tables.chmod(0o644)
    assert Grade.BAD in grades(place.files(here))


def test_the_findings_can_be_read_by_programs(install: Install) -> None:
    install.embudo("prepare")
    rows = json.loads(install.embudo("doctor", "--json"))
    assert {"grade", "what", "why", "mend"} == rows[0].keys()


@pytest.mark.parametrize(
    ("change", "noted"),
    [
        ({"site_url": "https://embudo.example"}, True),
        ({"collector_url": "https://in.example"}, True),
        ({"site_url": "https://embudo.example", "trusted_proxies": "127.0.0.1"}, False),
        ({}, False),
    ],
)
def test_a_site_behind_https_whose_proxy_is_not_listed_is_noted(
    here: Config, change: dict[str, str], noted: bool
) -> None:
    found = place.proxies(replace(here, **change))
    assert [each.grade for each in found] == [Grade.NOTE] * noted
