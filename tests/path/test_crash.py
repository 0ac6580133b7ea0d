"""Processes are killed at random instants under load: nothing acknowledged is lost, nothing counts twice."""

import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from embudo.config import Config
from embudo.eventlog import Cursor
from tests.install import PUBLIC, Install, installed

KILLED = ("collector", "follow", "advance")
SENDERS = 3
BETWEEN_KILLS = 20  # acknowledged messages


@dataclass
class Load:
    """People who keep sending; a message without a 2xx is sent again with its id, as SDKs do."""

    install: Install
    stop: threading.Event = field(default_factory=threading.Event)
    acknowledged: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)

    def run(self, seed: int) -> None:
        """Send until told to stop; never more than some thousand messages."""
        chance = random.Random(seed)
        unanswered: list[tuple[str, dict[str, object]]] = []
        for _ in range(20_000):
            if self.stop.is_set():
                return
            path, message = unanswered.pop() if unanswered and chance.random() < 0.5 else self._message(chance)
            self.tried.add(str(message["messageId"]))
            status = self.install.send(message, key=PUBLIC, path=path)
            if status == 200:
                self.acknowledged.add(str(message["messageId"]))
                if chance.random() < 0.1:  # an acknowledgement that never reached the sender
                    unanswered.append((path, message))
            else:
                unanswered.append((path, message))
                time.sleep(0.02)

    def wait_for(self, more: int) -> None:
        """Wait until so many more messages are acknowledged."""
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + 60
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, self.install.printed()
            time.sleep(0.01)

    def _message(self, chance: random.Random) -> tuple[str, dict[str, object]]:
        message: dict[str, object] = {"messageId": str(uuid.UUID(int=chance.getrandbits(128)))}
        browser = f"browser-{chance.randrange(40)}"
        if chance.random() < 0.2:
            traits = {"email": f"person{chance.randrange(25)}@norte.example", "industry": "logistics"}
            return "/v1/identify", {**message, "type": "identify", "anonymousId": browser, "traits": traits}
        path = chance.choice(["/", "/pricing", "/blog/one"])
        return "/v1/page", {**message, "type": "page", "anonymousId": browser, "properties": {"path": path}}


def test_killed_at_random_instants_under_load(config: Config, tmp_path: Path, trials: int) -> None:
    """`--trials N` kills a process N times; the default is sized for every run."""
    chance = random.Random(20261122)
    with installed(config, tmp_path / "logs", KILLED) as install:
        install.wait_for_collector()
        load = Load(install)
        senders = [threading.Thread(target=load.run, args=(seed,), daemon=True) for seed in range(SENDERS)]
        for sender in senders:
            sender.start()
        for _ in range(trials):
            load.wait_for(BETWEEN_KILLS)
            time.sleep(chance.uniform(0, 0.5))
            name = chance.choice(KILLED)
            install.kill(name)
            install.start(name)
        install.wait_for_collector()
        time.sleep(1)
        load.stop.set()
        for sender in senders:
            sender.join(30)
        install.wait_until_followed()
        _check(install, load)


def _check(install: Install, load: Load) -> None:
    stored: Counter[str] = Counter()
    cursor = Cursor()
    while True:
        rows, cursor = install.log.read(cursor, 5000)
        if not rows:
            break
        stored.update(row.event.id for row in rows if row.event.source == "tests")
    assert load.acknowledged <= stored.keys(), "an acknowledged event is lost"
    assert stored.keys() <= load.tried
    assert set(stored.values()) == {1}, "an event is kept twice"
    assert install.log.ledger().balanced
    assert "exactly equal" in install.embudo("rebuild", "--check")
