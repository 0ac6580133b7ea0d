"""What was deleted is gone from the file and its journal, whatever happened to the tail before and meanwhile."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embudo.eventlog import Cursor, FailedState, Failure, Log, tail_scrub
from tests.cast import MONDAY
from tests.eventlog.facts import PEOPLE, fact, facts

pytestmark = pytest.mark.usefixtures("embedded")
ASKED = {"by": "clara", "why": "asked", "at": fact(10_000).at}


@pytest.fixture(scope="module")
def stepwise() -> Iterator[None]:
    """Make the steps so short that a few rows take many."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_EVENTS", "_SUBJECTS", "_FAILED"):
            patch.setattr(tail_scrub, name, getattr(tail_scrub, name)._replace(step=3))
        yield


def worn_out(function: Callable[..., object]) -> Callable[..., object]:
    """Return a function that works twice and fails then."""
    calls = iter([2, 1, 0])

    def work(*args: object, **named: object) -> object:
        return 1 // next(calls) * 0 or function(*args, **named)

    return work


def bytes_of(log: Log) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(Path(log.config.data / "log").glob("tail.sqlite*")))


moves = st.lists(st.sampled_from(["append", "append much", "seal", "index", "fail", "dismiss"]), max_size=8)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves, st.integers(0, PEOPLE - 1))
def test_no_byte_of_somebody_erased_stays_whatever_moved_the_rows_before(
    fresh: Callable[..., Log], stepwise: None, moves: list[str], who: int
) -> None:
    log, last = fresh(), 0
    for move in [*moves, "append"]:
        if move.startswith("append"):
            more = 150 if "much" in move else 9
            log.append(facts(last, last + more))
            last += more
        elif move == "fail":
            bodies = [b'{"anonymousId": "browser-%d"}' % (each % PEOPLE) + b" " * 70 * each for each in range(40)]
            log.commit(failures=[Failure("site", "bad_json", body, MONDAY, "detail") for body in bodies])
        elif move == "dismiss":
            for failed in log.failed(limit=7, state="open"):
                log.dismiss(failed.number, by="somebody with a long name", at=MONDAY)
        else:
            log.seal() if move == "seal" else log.index()
    gone = fact(0, who=who)
    assert gone.identifier.encode() in bytes_of(log) or last < PEOPLE or "seal" in moves
    log.erase([gone.subject], **ASKED)
    assert gone.identifier.encode() not in bytes_of(log)
    assert b'"%s"' % gone.anonymous_id.encode() not in bytes_of(log)
    kept = [each.id for each in facts(0, last) if each.subject != gone.subject]
    assert sorted(row.event.id for row in log.read(Cursor(), 10_000)[0]) == sorted(kept)
    assert log.verify() == []


def test_what_is_kept_while_the_tables_are_written_anew_is_kept(log: Log, stepwise: None) -> None:
    log.append(facts(0, 400))
    log.commit(failures=[Failure("site", "bad_json", b"{%d" % each, MONDAY) for each in range(30)])
    stop, sent = threading.Event(), [400]

    def go_on() -> None:
        while not stop.is_set():
            log.append(facts(sent[0], sent[0] + 5))
            log.dismiss(1 + (sent[0] // 5) % 30, by="ana", at=MONDAY)
            sent[0] += 5
        log.close()

    writer = threading.Thread(target=go_on)
    writer.start()
    while sent[0] < 420:
        pass
    log._tail.scrub()
    stop.set()
    writer.join()
    assert [row.event.id for row in log.read(Cursor(), 10_000)[0]] == [f"fact-{each}" for each in range(sent[0])]
    assert {receipt.outcome for receipt in log.append(facts(0, sent[0]))} == {"duplicate"}
    dismissed = [each.number for each in log.failed(state=FailedState.DISMISSED.value)]
    assert len(dismissed) == min(30, (sent[0] - 400) // 5)
    assert sum(len(log.history([fact(0, who=who).subject])) for who in range(PEOPLE)) == sent[0]
    assert log.commit(failures=[Failure("site", "bad_json", b"[", MONDAY)]) == []
    assert log.failed(limit=1)[0].number == 31
    assert log.verify() == []


def test_a_scrub_that_was_cut_short_is_done_again(log: Log, stepwise: None, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append(facts(0, 40))
    for cut in ("_copied", "_copy", "_empty"):
        with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
            patch.setattr(tail_scrub, cut, worn_out(getattr(tail_scrub, cut)))
            log._tail.scrub()
    log._tail.scrub()
    assert [row.event for row in log.read(Cursor(), 100)[0]] == facts(0, 40)
    with log._tail.speaking() as speaker:
        assert speaker.all("SELECT name FROM sqlite_master WHERE name LIKE '%_fresh' OR name LIKE '%_old'") == []
