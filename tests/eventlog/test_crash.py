import signal
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

import pytest

from embudo.config import Config
from embudo.eventlog import Cursor, open_log
from tests.eventlog.facts import PEOPLE, fact

ROLES = ("writer", "sealer")
TRIALS = 80  # about half a minute
ROOT = Path(__file__).parents[2]


def start(role: str, config: Config, seed: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.eventlog.victim", role, str(config.data), config.database_url, str(seed)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def acknowledged(config: Config) -> set[int]:
    path = config.data / "acknowledged"
    return set(map(int, path.read_text().split())) if path.exists() else set()


@pytest.mark.crash
@pytest.mark.slow
def test_killing_writer_and_sealer_at_any_instant_loses_and_doubles_nothing(
    config: Config, pytestconfig: pytest.Config
) -> None:
    """Each trial kills one of the two with signal 9; a reader in this process reads on through all of it."""
    random, log, never = Random(7), open_log(config), threading.Event()
    cursor, seen = Cursor(), list[int]()
    working = {role: start(role, config, 0) for role in ROLES}
    trials = pytestconfig.getoption("--trials") or TRIALS
    try:
        for trial in range(1, trials + 1):
            goal = len(acknowledged(config)) + 1
            while len(acknowledged(config)) < goal or random.random() < 0.3:
                never.wait(0.02)
                assert working["writer"].poll() is None, working["writer"].communicate()
            never.wait(random.random() * 0.8)
            role = random.choice(ROLES)
            working[role].send_signal(signal.SIGKILL)
            assert working[role].wait() == -signal.SIGKILL, working[role].communicate()
            working[role] = start(role, config, trial)
            before = acknowledged(config)
            while not cursor.passed(end := log.end()):
                rows, cursor = log.read(cursor, 500)
                seen += [int(row.event.id.removeprefix("fact-")) for row in rows]
                if cursor.passed(end):
                    break
            assert before <= set(seen), sorted(before - set(seen))
            assert len(seen) == len(set(seen))
    finally:
        for victim in working.values():
            victim.kill()
            victim.wait()

    rows, _ = log.read(Cursor(), 10_000_000)
    stored = [int(row.event.id.removeprefix("fact-")) for row in rows]
    assert acknowledged(config) <= set(stored)
    assert len(stored) == len(set(stored)) == sum(log.end().values()) == log.ledger().kept
    assert log.ledger().balanced
    histories = [log.history([fact(0, who=who).subject]) for who in range(PEOPLE)]
    assert sum(map(len, histories)) == len(stored)
    assert log._archive.manifest().generation > trials / 4, "the sealer hardly ever came to seal"
    log.append([fact(-1)])
    log.seal()  # removes what crashes left
    assert log.verify() == []
    log.close()
