import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from embudo.config import Config
from embudo.core.event import DAY, Event
from embudo.eventlog import Log, open_log
from tests.cast import CAST, MONDAY
from tests.install import EMBUDO, Install, install_of

ROLES = ("follow", "advance")
LONGEST_LIFE_S = 2.5  # of a process before it is killed; it starts within one second


def lives() -> Iterator[list[Event]]:
    """Yield facts, some at a time, of people who come, are qualified and fade within a year, without end."""
    random, number = Random(5), 0
    while True:
        number += 1
        facts: list[Event] = []
        for someone in CAST[:5]:
            other = replace(someone, browser=f"{someone.browser}-{number}", mail=f"n{number}.{someone.mail}", phone="")
            journey = other.journey(MONDAY + number * 1_000_000).visits("/pricing", reads_s=70).visits("/docs")
            facts += journey.later(days=1).submits("contact").requests("demo").later(days=60).visits("/pricing")
        random.shuffle(facts)
        while facts:
            yield facts[:7]
            facts = facts[7:]


def start(install: Install, role: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([EMBUDO, role], env=install.environ, cwd=install.config.data, stdin=subprocess.DEVNULL)


def feed(log: Log, stop: threading.Event) -> None:
    for facts in lives():
        log.append(facts)
        if stop.wait(0.02):
            return


@pytest.mark.crash
@pytest.mark.slow
def test_killing_follow_and_advance_at_any_instant_loses_and_doubles_nothing(config: Config, trials: int) -> None:
    install, random, never = install_of(config), Random(11), threading.Event()
    install.embudo("prepare")
    log, stop = open_log(config), threading.Event()
    feeder = threading.Thread(target=feed, args=(log, stop))
    working = {role: start(install, role) for role in ROLES}
    feeder.start()
    try:
        for _ in range(trials):
            never.wait(random.random() * LONGEST_LIFE_S)
            role = random.choice(ROLES)
            working[role].send_signal(signal.SIGKILL)
            assert working[role].wait() == -signal.SIGKILL, f"{role} died by itself"
            working[role] = start(install, role)
    finally:
        stop.set()
        feeder.join()
        for victim in working.values():
            victim.kill()
            victim.wait()

    said = install.embudo("rebuild", "--check")
    assert "exactly equal" in said, said
    assert sum(log.end().values()) > 20 * trials
    log.close()


@pytest.mark.crash
def test_one_follows_and_another_takes_over_within_seconds(config: Config) -> None:
    install, never = install_of(config), threading.Event()
    install.embudo("prepare")
    first, second = start(install, "follow"), start(install, "follow")
    log = open_log(config)
    try:
        never.wait(2.5)
        log.append(next(lives()))
        never.wait(0.5)
        for each in (first, second):
            assert each.poll() is None
        first.kill()
        first.wait()
        log.append([replace(event, id=f"{event.id}-later", at=event.at + DAY) for event in next(lives())])
        never.wait(3)
        said = install.embudo("manage", "shell", "-v0", "-c", COUNT)
        assert said.strip().splitlines()[-1] == str(sum(log.end().values()))
    finally:
        for each in (first, second):
            each.kill()
            each.wait()
        log.close()


COUNT = """
from embudo.leads.follow import cursor_of_tables
print(sum(cursor_of_tables().values()))
"""
