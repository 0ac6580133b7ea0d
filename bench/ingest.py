"""How many events a second the door keeps durably: one a request, then batches of 20; server and load on a core each.

    .venv/bin/python bench/ingest.py [--seconds S] [--connections N] [--database URL] [--data DIR]

Ends with one JSON line. The keys of what was kept are indexed beside the door on the load's core, as `advance` has it
done on an install (`upkeep_cpu_ms_per_op`). `raw_per_s` is an empty 204 handler on the same server in the same run.
Exits with 1 when the log holds less than was acknowledged.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from base64 import b64encode
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from embudo.config import Config
from embudo.eventlog import INDEX_AT, open_log

KEY = "bench-secret-key"
WARM_UP_S = 0.5
_TICK = os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Run the bench; return an exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of load for each of the three runs")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--database", default="", help="postgresql://... for the server shape")
    parser.add_argument("--data", type=Path, help="folder for the log; default: a temporary one")
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    server_core, load_core = cores[0], cores[-1]
    with tempfile.TemporaryDirectory(prefix="embudo-bench-", dir=given.data) as folder:
        config = Config(data=Path(folder), database_url=given.database, rate_per_key=0, rate_per_address=0)
        publish_site(config)
        os.sched_setaffinity(0, {load_core})
        before = kept(config)
        raw = measure(empty, config, server_core, raw_requests, 1, given.seconds, given.connections)
        one = measure(door, config, server_core, single_requests, 1, given.seconds, given.connections)
        stored_one = kept(config) - before
        many = measure(door, config, server_core, batch_requests, 20, given.seconds, given.connections)
        stored_many = kept(config) - before - stored_one
    result = {
        "bench": "ingest",
        "shape": "server" if given.database else "embedded",
        "connections": given.connections,
        **figures(one, stored_one),
        "raw_per_s": round(raw.acknowledged / raw.seconds),
        "raw_cpu_ms_per_op": figures(raw, 0)["cpu_ms_per_op"],
        "batch": figures(many, stored_many),
        "cores": [server_core, load_core],
    }
    print(json.dumps(result))
    return 0 if stored_one >= one.acknowledged and stored_many >= many.acknowledged else 1


@dataclass
class Run:
    """What one run saw from outside."""

    size: int  # events in a request
    seconds: float = 0.0
    acknowledged: int = 0  # events, warm-up included: all of them must be in the log
    timed: int = 0  # events acknowledged after the warm-up
    other: int = 0  # answers that were not 2xx
    latencies_s: list[float] = field(default_factory=list)
    server_cpu_s: float = 0.0
    load_cpu_s: float = 0.0
    upkeep_cpu_s: float = 0.0


def figures(run: Run, stored: int) -> dict[str, Any]:
    """Return a run as the JSON line shows it."""
    sorted_s = sorted(run.latencies_s) or [0.0]
    requests = max(1, len(run.latencies_s))
    return {
        "events_per_s": round(run.timed / run.seconds),
        "requests_per_s": round(requests / run.seconds),
        "p50_ms": round(sorted_s[len(sorted_s) // 2] * 1000, 2),
        "p99_ms": round(sorted_s[int(len(sorted_s) * 0.99)] * 1000, 2),
        "acknowledged": run.acknowledged,
        "stored": stored,
        "not_2xx": run.other,
        "cpu_ms_per_op": round(run.server_cpu_s * 1000 / max(1, run.timed), 4),
        "upkeep_cpu_ms_per_op": round(run.upkeep_cpu_s * 1000 / max(1, run.timed), 4),
        "server_cpu_share": round(run.server_cpu_s / run.seconds, 2),
        "load_cpu_share": round(run.load_cpu_s / run.seconds, 2),
    }


# -- the server ---------------------------------------------------------------------------------------


def door(config: Config, core: int) -> None:
    """The collector as `embudo up` runs it, on one core."""
    os.sched_setaffinity(0, {core})
    from embudo.collector import serve

    serve(config)


def empty(config: Config, core: int) -> None:
    """A handler that answers 204 to everything, on the same server."""
    os.sched_setaffinity(0, {core})
    from embudo.collector.serve import serve_app

    serve_app(config, lambda: _empty)


def upkeep(config: Config, core: int) -> None:
    """The part of `advance` that moves new keys to the index; on a real install it runs beside the door, too."""
    os.sched_setaffinity(0, {core})
    log = open_log(config)
    while True:
        if log.unindexed() >= INDEX_AT:
            log.index()
        time.sleep(0.1)


async def _empty(scope: Any, proto: Any) -> None:
    proto.response_empty(204, [])


def measure(target: Any, config: Config, core: int, requests: Any, size: int, seconds: float, connections: int) -> Run:
    """Run a server and load it; return what was seen."""
    port = free_port()
    config = replace(config, collector_port=port)
    fork = multiprocessing.get_context("fork")
    process = fork.Process(target=target, args=(config, core))
    beside = fork.Process(target=upkeep, args=(config, sorted(os.sched_getaffinity(0))[0]))
    process.start()
    beside.start()
    try:
        wait_for(port)
        run = Run(size)
        pids = (process.pid or 0, beside.pid or 0)
        loop_of().run_until_complete(load(run, requests, port, seconds, connections, *pids))
    finally:
        beside.terminate()
        beside.join(20)
        os.kill(process.pid or 0, signal.SIGTERM)
        process.join(20)
    return run


def publish_site(config: Config) -> None:
    """Write the snapshot of sites that the site's own process publishes on a real install."""
    site = {"id": "bench", "name": "Bench", "mode": "implied", "domains": [], "keys": [{"key": KEY, "door": "secret"}]}
    (config.data / "sites.json").write_text(json.dumps({"sites": [site]}))


def kept(config: Config) -> int:
    """Return how many events the log holds: the last offsets and the ledger say the same, or this raises."""
    log = open_log(config)
    count, ends = log.ledger().kept, sum(log.end().values())
    if count != ends:
        raise SystemExit(f"the ledger says {count} events, the offsets say {ends}")
    return count


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until the server accepts connections."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server did not start")


def cpu_s(parent: int) -> float:
    """Return the processor time of a process and its children, in seconds."""
    total = 0
    for pid in [str(parent), *Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


# -- the load -----------------------------------------------------------------------------------------


def _request(path: str, body: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic {b64encode(f'{KEY}:'.encode()).decode()}\r\n"
        f"content-type: application/json\r\nuser-agent: analytics-python/2.4.0\r\ncontent-length: "
    )
    length = len(body % tuple(range(body.count("%016x"))))
    return f"{head}{length}\r\n\r\n{body}".encode()


def _event(number: int) -> str:
    return (
        '{"messageId":"bench-%016x","type":"track","event":"Demo Requested","anonymousId":"visitor-'
        + str(number)
        + '","timestamp":"2026-01-05T10:00:00.000Z","properties":{"path":"/pricing","plan":"team","seats":25},'
        '"context":{"library":{"name":"analytics-python","version":"2.4.0"}}}'
    )


def raw_requests(number: int) -> tuple[bytes, int]:
    """An empty request and how many ids it takes."""
    return b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", 0


def single_requests(number: int) -> tuple[bytes, int]:
    """One event."""
    return _request("/v1/track", _event(number)), 1


def batch_requests(number: int) -> tuple[bytes, int]:
    """Twenty events."""
    events = ",".join(_event(20 * number + each) for each in range(20))
    return _request("/v1/batch", f'{{"batch":[{events}],"sentAt":"2026-01-05T10:00:00.000Z"}}'), 20


class Client(asyncio.Protocol):
    """One connection that sends its next request when the last one is answered."""

    serial = 0

    def __init__(self, run: Run, template: bytes, ids: int) -> None:
        self.run, self.template, self.ids = run, template, ids
        self.transport: Any = None
        self.began = 0.0
        self.stopped = asyncio.get_running_loop().create_future()
        self.stopping = False

    def connection_made(self, transport: Any) -> None:
        """Send the first request."""
        self.transport = transport
        self.send()

    def send(self) -> None:
        """Send a request whose events have ids nobody used before."""
        ids = tuple(range(Client.serial, Client.serial + self.ids))
        Client.serial += self.ids
        self.began = time.perf_counter()
        self.transport.write(self.template % ids if ids else self.template)

    def data_received(self, data: bytes) -> None:
        """Take note of an answer; each comes in one piece, it is small."""
        now = time.perf_counter()
        if data.startswith(b"HTTP/1.1 2"):
            self.run.acknowledged += self.run.size
            if self.run.seconds == 0.0:
                self.run.latencies_s.append(now - self.began)
        else:
            self.run.other += 1
        if self.stopping:
            self.transport.close()
            self.stopped.set_result(None)
        else:
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        """End with the connection."""
        if not self.stopped.done():
            self.stopped.set_result(None)


async def load(run: Run, requests: Any, port: int, seconds: float, connections: int, server: int, beside: int) -> None:
    """Keep `connections` requests in flight for some seconds, then let the last ones be answered."""
    loop = asyncio.get_running_loop()
    clients = []
    for number in range(connections):
        template, ids = requests(number)
        _, client = await loop.create_connection(lambda t=template, i=ids: Client(run, t, i), "127.0.0.1", port)
        clients.append(client)
    await asyncio.sleep(WARM_UP_S)
    run.latencies_s.clear()
    cpu, upkeeping, own, began = cpu_s(server), cpu_s(beside), time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    run.timed = len(run.latencies_s) * run.size
    run.server_cpu_s, run.load_cpu_s = cpu_s(server) - cpu, time.process_time() - own
    run.upkeep_cpu_s = cpu_s(beside) - upkeeping
    run.seconds = time.perf_counter() - began
    for client in clients:
        client.stopping = True
    await asyncio.wait([client.stopped for client in clients], timeout=15)


def loop_of() -> asyncio.AbstractEventLoop:
    """Return the fastest event loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


if __name__ == "__main__":
    sys.exit(main())
