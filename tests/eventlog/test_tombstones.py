import os
import stat
from pathlib import Path

import pytest

from embudo.eventlog.tombstones import Tombstones
from tests.cast import MONDAY
from tests.eventlog.facts import fact


@pytest.fixture
def tombstones(tmp_path: Path) -> Tombstones:
    return Tombstones(tmp_path / "erased")


def test_a_tombstone_covers_what_is_not_newer_than_the_erasure(tombstones: Tombstones) -> None:
    tombstones.add([fact(1).subject], at=fact(8).at)
    assert tombstones.cover(fact(1))
    assert tombstones.cover(fact(8, who=1))
    assert not tombstones.cover(fact(9, who=1))
    assert not tombstones.cover(fact(2))


def test_another_process_sees_a_tombstone_at_once(tombstones: Tombstones) -> None:
    elsewhere = Tombstones(tombstones.folder)
    assert not elsewhere
    tombstones.add([fact(1).subject], at=MONDAY)
    assert elsewhere.until([fact(1).subject]) == {fact(1).subject: MONDAY}
    tombstones.add([fact(1).subject, fact(2).subject], at=MONDAY + 5)
    both = [fact(1).subject, fact(2).subject]
    assert elsewhere.until(both) == dict.fromkeys(both, MONDAY + 5)


def test_the_file_tells_nobody_who_was_erased(tombstones: Tombstones) -> None:
    tombstones.add([fact(1).subject], at=MONDAY)
    content = (tombstones.folder / "tombstones").read_text()
    assert str(fact(1).subject) not in content
    assert f"{fact(1).subject:x}" not in content
    for name in ("tombstones", "key"):
        assert stat.S_IMODE(os.stat(tombstones.folder / name).st_mode) == 0o600


def test_two_installs_hash_the_same_person_differently(tombstones: Tombstones, tmp_path: Path) -> None:
    other = Tombstones(tmp_path / "other")
    for each in (tombstones, other):
        each.add([fact(1).subject], at=MONDAY)
    assert (tombstones.folder / "tombstones").read_text() != (other.folder / "tombstones").read_text()


def test_a_line_torn_by_a_crash_is_passed_over(tombstones: Tombstones) -> None:
    tombstones.add([fact(1).subject], at=MONDAY)
    with open(tombstones.folder / "tombstones", "a") as file:
        file.write("0123abc")
    assert tombstones.until([fact(1).subject]) == {fact(1).subject: MONDAY}
    assert tombstones.until([fact(2).subject]) == {}
    tombstones.add([fact(2).subject], at=MONDAY)
    assert Tombstones(tombstones.folder).until([fact(2).subject]) == {fact(2).subject: MONDAY}


def test_without_tombstones_nobody_is_covered(tombstones: Tombstones) -> None:
    assert not tombstones
    assert not tombstones.cover(fact(1))
