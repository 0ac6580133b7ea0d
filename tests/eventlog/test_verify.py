from collections.abc import Callable
from pathlib import Path

import pytest

from embudo.eventlog import Log, Problem, verify_log
from embudo.eventlog.columns import repacked
from embudo.eventlog.manifest import Manifest
from tests.eventlog.facts import facts


@pytest.fixture
def sealed(log: Log) -> Log:
    """A log of two segments and a tail."""
    for start in (0, 40):
        log.append(facts(start, start + 40))
        log.seal()
    log.append(facts(80, 90))
    return log


def found(log: Log) -> list[Problem]:
    log.close()
    problems = verify_log(log.config)
    assert all(problem.what and problem.why and problem.remedy for problem in problems)
    return problems


def test_a_sound_log_has_no_problem(sealed: Log) -> None:
    assert sealed.verify() == found(sealed) == []


def truncated(path: Path) -> None:
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2)


def altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "harm, word", [(truncated, "cut short"), (altered, "checksum"), (Path.unlink, "gone")]
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".parquet", ".subjects"])
def test_a_damaged_segment_is_named_with_its_offsets(
    sealed: Log, harm: Callable[[Path], None], word: str, suffix: str
) -> None:
    path = sealed.segments()[1].with_suffix(suffix)
    harm(path)
    (problem,) = found(sealed)
    assert path.name in problem.what and "offsets 41 to 80 of shard 0" in problem.what
    assert word in problem.why or (suffix == ".subjects" and "checksum" in problem.why)


def test_a_torn_manifest_is_told(sealed: Log) -> None:
    truncated(sealed.config.data / "log" / "manifest.json")
    (problem,) = found(sealed)
    assert "list of segments" in problem.what


def test_a_segment_that_fell_off_the_list_is_a_gap(sealed: Log) -> None:
    manifest = sealed._archive.manifest()
    sealed._archive.save(Manifest(9, manifest.segments[1:]))
    problems = found(sealed)
    assert "Offsets 1 to 40 of shard 0 are in no segment" in problems[0].what
    orphans = [problem for problem in problems if "on no list" in problem.what]
    assert {problem.remedy for problem in orphans} == {"Keep it."}


def test_a_file_that_a_crash_left_is_harmless(sealed: Log) -> None:
    (sealed._archive.folder / "something.unfinished").write_bytes(b"torn")
    (problem,) = found(sealed)
    assert "on no list" in problem.what and problem.remedy.startswith("Nothing")


def test_a_list_older_than_the_tail_is_told(sealed: Log) -> None:
    manifest = sealed._archive.manifest()
    sealed._archive.save(Manifest(9, manifest.segments[:1]))
    assert any("Offsets 41 to 80 of shard 0 are in no segment" in problem.what for problem in found(sealed))


def test_a_segment_listed_twice_is_told(sealed: Log) -> None:
    manifest = sealed._archive.manifest()
    sealed._archive.save(Manifest(9, manifest.segments + manifest.segments[1:]))
    assert any("in two segments" in problem.what for problem in found(sealed))


def test_a_ledger_that_does_not_balance_is_told(sealed: Log) -> None:
    with sealed._tail.writing({0}) as writing:
        writing.count(0, {"received": 1})
    assert [problem.what for problem in found(sealed)] == ["The ledger does not balance."]


def test_a_row_behind_the_end_is_told(sealed: Log) -> None:
    with sealed._tail.writing({0}) as writing:
        writing.keep([(95, repacked(sealed._tail.rows(0, 80, 1)[0][1:]))], [], {})
    assert any("behind its end" in problem.what for problem in found(sealed))


def test_a_damaged_page_of_the_tail_is_told(sealed: Log, embedded: None) -> None:
    sealed.append(facts(100, 2_000))
    sealed._tail.scrub()  # everything is in the main file now
    sealed.close()
    path = sealed.config.data / "log" / "tail.sqlite"
    content = bytearray(path.read_bytes())
    content[4096 * 5 : 4096 * 60] = b"\xa5" * (4096 * 55)
    path.write_bytes(content)
    problems = found(sealed)
    assert problems and all("tail" in problem.what for problem in problems)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 500])
def test_a_tail_that_is_no_database_is_told_and_the_segments_are_checked_all_the_same(
    sealed: Log, embedded: None, content: bytes
) -> None:
    segment = sealed.segments()[0]
    sealed.close()
    for path in (sealed.config.data / "log").glob("tail.sqlite*"):
        path.unlink()
    (sealed.config.data / "log" / "tail.sqlite").write_bytes(content)
    truncated(segment)
    problems = found(sealed)
    assert any(segment.name in problem.what for problem in problems)
    assert len(problems) >= (2 if content else 1)
