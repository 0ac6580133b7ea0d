from pathlib import Path

import pytest

from embudo.eventlog.manifest import DamagedManifest, Manifest, Segment, load, save
from embudo.eventlog.tail import Mark

ONE, TWO, THREE = Segment("one", 0, 1, 10, 10), Segment("two", 0, 11, 20, 10), Segment("three", 1, 1, 5, 5)


def test_a_manifest_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    manifest = Manifest().replaced((), [TWO, THREE, ONE], at=None)
    save(tmp_path / "manifest.json", manifest)
    assert load(tmp_path / "manifest.json") == manifest
    assert manifest.segments == (ONE, TWO, THREE)


def test_without_a_file_there_are_no_segments(tmp_path: Path) -> None:
    assert load(tmp_path / "manifest.json") == Manifest()


@pytest.mark.parametrize("damage", [lambda t: t[:-20], lambda t: t.replace(b'"last":10', b'"last":11'), lambda t: b""])
def test_a_damaged_manifest_is_never_taken_for_a_sound_one(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "manifest.json"
    save(path, Manifest().replaced((), [ONE], at=None))
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(DamagedManifest):
        load(path)


def test_replaced_segments_are_retired_until_they_are_let_go() -> None:
    merged = Segment("merged", 0, 1, 20, 20)
    manifest = Manifest().replaced((), [ONE, TWO, THREE], at=None).replaced([ONE, TWO], [merged], at=7)
    assert manifest.segments == (merged, THREE)
    assert [(each.file, each.at) for each in manifest.retired] == [("one", 7), ("two", 7)]
    assert manifest.without_retired(manifest.retired).retired == ()


def test_only_what_the_tail_calls_sealed_is_read_from_segments() -> None:
    manifest = Manifest().replaced((), [ONE, TWO, THREE], at=None)
    assert manifest.until({0: Mark(30, 10, 10), 1: Mark(5, 5, 5)}) == [ONE, THREE]
    assert manifest.sealed(0) == 20
    assert manifest.sealed(7) == 0
