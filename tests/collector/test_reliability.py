"""The door under blows: killed, without a disk, its log held, its clock jumping. What it acknowledged is there."""

import json
import multiprocessing
import os
import random
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from embudo.collector import app
from embudo.collector.app import Collector, wall_clock
from embudo.collector.serve import serve_app
from embudo.config import Config
from embudo.core.event import HOUR
from embudo.eventlog import open_log
from tests.collector.conftest import PUBLIC, SECRET, SITES, Answer, RunningDoor, door_of, publish
from tests.install import Install, on_own_ports

SENDERS = 4


@dataclass
class Load:
    """Senders that post batches, and again whatever got no answer, as SDKs do."""

    door: RunningDoor
    stop: threading.Event = field(default_factory=threading.Event)
    acknowledged: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)

    def send(self, seed: int) -> None:
        """Send until told to stop."""
        chance, serial, batch = random.Random(seed), 0, []
        while not self.stop.is_set():
            if not batch or chance.random() > 0.3:  # now and then the same batch again, though it was acknowledged
                serial += 1
                batch = [f"{seed}-{serial}-{each}" for each in range(chance.randint(1, 8))]
            self.tried.update(batch)
            status = self._post(batch)
            self.statuses[status] += 1
            if status == 200:
                self.acknowledged.update(batch)
            else:
                time.sleep(0.02)

    def _post(self, batch: list[str]) -> int:
        messages = [{"type": "track", "event": "A", "userId": "u", "messageId": each} for each in batch]
        with suppress(OSError, Exception):
            return self.door.post("/v1/batch", {"batch": messages}).status
        return 0

    def wait_for(self, more: int) -> None:
        """Wait until so many more events are acknowledged."""
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + 60
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, self.door.install.printed()
            time.sleep(0.01)

    @contextmanager
    def running(self) -> Iterator["Load"]:
        """Send from several threads until the block ends."""
        senders = [threading.Thread(target=self.send, args=(seed,), daemon=True) for seed in range(SENDERS)]
        for sender in senders:
            sender.start()
        yield self
        self.stop.set()
        for sender in senders:
            sender.join(30)

    def check(self) -> None:
        """Everything acknowledged is in the log, nothing is there twice, and the ledger agrees."""
        stored = Counter(event.id for event in self.door.events())
        assert self.acknowledged <= stored.keys() <= self.tried
        assert set(stored.values()) == {1}
        ledger = self.door.ledger()
        assert ledger.kept == len(stored) and ledger.balanced


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_instants_it_loses_nothing_it_acknowledged(
    config: Config, tmp_path: Path, workers: int, trials: int
) -> None:
    chance = random.Random(2026 + workers)
    with door_of(config, tmp_path, collector_workers=workers) as door, _supervised(door.install):
        with Load(door).running() as load:
            for _ in range(trials):
                load.wait_for(60)
                time.sleep(chance.uniform(0, 0.1))
                _kill_some(door.install, chance)
            load.wait_for(60)
        load.check()


def _kill_some(install: Install, chance: random.Random) -> None:
    """Kill a worker, which its parent replaces, or all of the collector, which its supervisor replaces."""
    process = install.running["collector"]
    with suppress(psutil.NoSuchProcess, ProcessLookupError, IndexError):
        if chance.random() < 0.5:
            chance.choice(psutil.Process(process.pid).children()).kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _supervised(install: Install) -> Iterator[None]:
    """Start the collector again whenever it has ended, as `embudo up` does."""
    stop = threading.Event()

    def look_after() -> None:
        while not stop.wait(0.05):
            if install.running["collector"].poll() is not None:
                install.start("collector")

    thread = threading.Thread(target=look_after, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(10)


def test_workers_do_not_outlive_their_parent(door: RunningDoor) -> None:
    process = door.install.running["collector"]
    workers = psutil.Process(process.pid).children()
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert workers and not alive


def test_what_waits_is_kept_before_it_stops(door: RunningDoor) -> None:
    with Load(door).running() as load:
        load.wait_for(100)
        door.install.running["collector"].terminate()
        assert door.install.running["collector"].wait(15) == 0
    load.check()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True, check=False
    ).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_answered_with_503_and_nothing_acknowledged_is_missing(
    config: Config, small_disk: Path, tmp_path: Path
) -> None:
    if not config.embedded:
        pytest.skip("the disk of the server shape is PostgreSQL's")
    with door_of(replace(config, data=small_disk), tmp_path) as door:
        load = Load(door)
        with load.running():
            load.wait_for(50)
            filler = small_disk / "filler"
            _fill(filler)
            _until(lambda: load.statuses[503] > 5)
            _until(lambda: _says_later(door.post("/v1/track", {"event": "A", "userId": "u"})))  # a page may come free
            _until(lambda: door.request("GET", "/readyz").status == 503)
            assert door.request("GET", "/healthz").status == 200
            before = load.statuses[200]
            filler.unlink()
            _until(lambda: load.statuses[200] > before + 5)
            assert door.request("GET", "/readyz").status == 200
        load.check()


def _says_later(answer: Answer) -> bool:
    return answer.status == 503 and int(answer.headers["retry-after"]) >= 1


def _fill(filler: Path) -> None:
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


def test_a_log_that_somebody_holds_is_answered_with_503_and_taken_up_again(door: RunningDoor) -> None:
    config, message = door.install.config, {"event": "A", "userId": "u", "messageId": "m1"}
    assert door.post("/v1/track", message | {"messageId": "m0"}).status == 200
    with _held(config):
        answer = door.post("/v1/track", message)
        assert answer.status == 503 and answer.headers["retry-after"] == "1"
    assert door.post("/v1/track", message).status == 200
    assert [event.id for event in door.events()] == ["m0", "m1"] and door.ledger().balanced


@contextmanager
def _held(config: Config) -> Iterator[None]:
    if config.embedded:
        with closing(sqlite3.connect(config.data / "log" / "tail.sqlite", isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
        return
    with psycopg.connect(config.database_url) as connection:
        connection.execute("LOCK TABLE eventlog_events IN ACCESS EXCLUSIVE MODE")
        yield


def _until(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


# -- a clock that jumps -------------------------------------------------------------------------------


def _jumping(offset: Path) -> int:
    return wall_clock() + int(offset.read_text() or "0")


def _serve_with(config: Config, offset: Path) -> None:
    serve_app(config, partial(Collector, config, now=partial(_jumping, offset)))


@pytest.fixture
def jumping(config: Config, tmp_path: Path) -> Iterator[tuple[RunningDoor, Callable[[int], None]]]:
    """A door whose clock the test sets, by microseconds from the true time."""
    offset = tmp_path / "offset"
    offset.write_text("0")
    install = Install(on_own_ports(config), tmp_path)
    publish(install.config, SITES)
    process = multiprocessing.get_context("fork").Process(target=_serve_with, args=(install.config, offset))
    process.start()
    install.wait_for_collector()
    yield RunningDoor(install), lambda by: (offset.write_text(str(by)), None)[1]
    process.terminate()
    process.join(15)


def test_a_clock_that_jumps_loses_nothing_and_keeps_the_order_of_the_log(
    jumping: tuple[RunningDoor, Callable[[int], None]],
) -> None:
    door, jump = jumping
    message: dict[str, Any] = {"event": "A", "userId": "u"}
    for serial, hours in enumerate([0, 48, -48, 0]):
        jump(hours * HOUR)
        assert door.post("/v1/track", message | {"messageId": f"m{serial}"}).status == 200
        assert door.post("/v1/track", message | {"messageId": "m0"}).status == 200  # still known as a duplicate
    events = door.events()
    assert [event.id for event in events] == ["m0", "m1", "m2", "m3"]
    assert all(event.at == event.received_at == event.known_at for event in events)
    assert events[2].received_at < events[0].received_at < events[1].received_at
    assert door.ledger().duplicates == 4


def test_a_senders_time_is_taken_relative_to_our_clock_also_when_ours_is_wrong(
    jumping: tuple[RunningDoor, Callable[[int], None]],
) -> None:
    door, jump = jumping
    jump(-30 * HOUR)
    stamp = wall_clock() // 1000
    body = {"batch": [{"type": "track", "event": "A", "userId": "u", "timestamp": stamp - 5000}], "sentAt": stamp}
    assert door.post("/v1/batch", body).status == 200
    (event,) = door.events()
    assert event.received_at - event.at == 5_000_000
    answer = door.post("/v1/track", {"event": "A", "userId": "u", "timestamp": stamp})
    assert (answer.status, answer.json["code"]) == (400, "from_the_future")


def test_salts_of_cookieless_visitors_die_after_48_hours(jumping: tuple[RunningDoor, Callable[[int], None]]) -> None:
    door, jump = jumping
    days = []
    for day in range(4):
        jump(24 * day * HOUR)
        door.post("/e", {"writeKey": "pub-light", "batch": [{"type": "page"}]}, key="")
        days.append(set(json.loads((door.install.config.data / "salts.json").read_text())))
    assert [len(each) for each in days] == [1, 2, 2, 2] and not days[0] & days[2]
    assert len({event.identifier for event in door.events()}) == 4


def test_the_limits_hold_and_lift(config: Config, tmp_path: Path) -> None:
    with door_of(config, tmp_path, rate_per_key=0, rate_per_address=0):
        pass
    install = Install(replace(on_own_ports(config), rate_per_key=20, rate_per_address=0), tmp_path)
    publish(install.config, SITES)
    install.start("collector")
    try:
        install.wait_for_collector()
        door = RunningDoor(install)
        batch = {"batch": [{"type": "track", "event": "A", "userId": "u"}] * 15}
        answers = [door.post("/v1/batch", batch, key=SECRET) for _ in range(8)]
        assert [each.status for each in answers[:2]] == [200, 200]
        refused = [each for each in answers if each.status == 429]
        assert refused and all(int(each.headers["retry-after"]) >= 1 for each in refused)
        _until(lambda: open_log(install.config).ledger().refused == {"rate_limited": 15 * len(refused)})
        _until(lambda: door.post("/v1/batch", batch, key=SECRET).status == 200)
        assert {door.post("/v1/track", b"{", key=PUBLIC).status for _ in range(60)} == {400, 429}
        assert len(open_log(install.config).failed(limit=100)) < 60
    finally:
        install.stop()


# -- senders that never come to an end ----------------------------------------------------------------


def _serve_impatient(config: Config) -> None:
    app.SLOWEST_BODY_S = 0.5
    serve_app(config, partial(Collector, config))


def test_a_body_that_does_not_come_to_an_end_is_let_go(config: Config, tmp_path: Path) -> None:
    install = Install(on_own_ports(config), tmp_path)
    publish(install.config, SITES)
    process = multiprocessing.get_context("fork").Process(target=_serve_impatient, args=(install.config,))
    process.start()
    try:
        install.wait_for_collector()
        with socket.create_connection(("127.0.0.1", install.config.collector_port), timeout=15) as line:
            line.sendall(b"POST /v1/track HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{")
            assert line.recv(4096).startswith(b"HTTP/1.1 408")
        assert RunningDoor(install).post("/v1/track", {"event": "A", "userId": "u"}).status == 200
    finally:
        process.terminate()
        process.join(15)
