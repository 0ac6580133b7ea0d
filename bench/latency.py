"""How long from an accepted event to the score that shows it, on the page's own query, while others arrive.

    .venv/bin/python bench/latency.py [--seconds S] [--rate R] [--people N] [--database URL] [--data DIR]

A real collector and a real `embudo follow` run beside a load of `--rate` events a second. Every moment somebody the
load leaves alone does something that changes their score; the clock runs from the answer of the collector to the
value that the person page computes. Ends with one JSON line.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

KEY = "bench-secret-key"
EMBUDO = [sys.executable, "-m", "embudo.cli"]
PROBES = 40
SENDERS = 4  # connections of the load
EVERY_S = 0.1  # between two probes
LOOK_S = 0.004  # between two looks at the page's query
PATIENCE_S = 30.0
PATHS = ("/", "/pricing", "/docs", "/blog/a", "/blog/b", "/customers", "/careers")


def main() -> int:
    """Run the bench; return an exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=int, default=2000, help="events a second offered")
    parser.add_argument("--people", type=int, default=20_000, help="whom the load is about")
    parser.add_argument("--batch", type=int, default=10, help="events in a request of the load")
    parser.add_argument("--database", default="", help="postgresql://... for the server shape")
    parser.add_argument("--data", type=Path, help="folder for the install; default: a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="embudo-bench-", dir=given.data) as folder:
        port = set_up(folder, given.database)
        servers = [subprocess.Popen([*EMBUDO, name], cwd=ROOT) for name in ("collector", "follow")]
        try:
            print(json.dumps(run(given, port, servers[1].pid)))
        finally:
            for server in servers:
                server.send_signal(signal.SIGTERM)
                server.wait(timeout=20)
    return 0


def set_up(folder: str, database: str) -> int:
    """Make an install with one site, have Django use it, and return the collector's port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    os.environ |= {
        "EMBUDO_DATA": folder, "EMBUDO_DATABASE_URL": database, "EMBUDO_COLLECTOR_PORT": str(port),
        "EMBUDO_RATE_PER_KEY": "0", "EMBUDO_RATE_PER_ADDRESS": "0", "DJANGO_SETTINGS_MODULE": "embudo.settings",
    }  # fmt: skip
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    site = {"id": "bench", "name": "Bench", "mode": "implied", "domains": [], "keys": [{"key": KEY, "door": "secret"}]}
    (Path(folder) / "sites.json").write_text(json.dumps({"sites": [site]}))
    return port


def run(given: argparse.Namespace, port: int, follow: int) -> dict[str, object]:
    """Offer the load, probe beside it and return the figures."""
    wait_for(port)
    door = Door(port)
    for number in range(PROBES):
        door.send("identify", {"userId": probe_id(number), "traits": {"email": f"{probe_id(number)}@bench.example"}})
    until = time.monotonic() + given.seconds
    offered = multiprocessing.Value("q", 0)
    fork = multiprocessing.get_context("fork")
    load = [fork.Process(target=offer, args=(port, given, until, offered, each)) for each in range(SENDERS)]
    for sender in load:
        sender.start()
    busy, began = cpu_s(follow), time.monotonic()
    taken = list(probes(door, until))
    for sender in load:
        sender.join(timeout=10)
    seconds, used = time.monotonic() - began, cpu_s(follow) - busy
    taken.sort()
    return {
        "bench": "latency",
        "shape": "server" if given.database else "embedded",
        "offered_per_s": round(offered.value / seconds),
        "probes": len(taken),
        "p50_s": round(taken[len(taken) // 2], 4),
        "p99_s": round(taken[int(len(taken) * 0.99)], 4),
        "max_s": round(taken[-1], 4),
        "cpu_ms_per_op": round(used / max(1, offered.value) * 1000, 4),
    }


def probes(door: "Door", until: float) -> list[float]:
    """Have somebody do something again and again, and return the seconds until each time the score showed it."""
    from embudo.core.event import subject_of

    taken, number = [], 0
    seen = {each: settled(subject_of(f"user:{probe_id(each)}")) for each in range(PROBES)}
    while time.monotonic() < until:
        each, number = number % PROBES, number + 1
        person = subject_of(f"user:{probe_id(each)}")
        door.send("track", {"userId": probe_id(each), "event": "Unsubscribed"})
        accepted = time.monotonic()
        while (now := score(person)) is None or now > seen[each] - 10:
            if time.monotonic() - accepted > PATIENCE_S:
                raise SystemExit(f"an accepted event was not visible within {PATIENCE_S:g} s")
            time.sleep(LOOK_S)
        taken.append(time.monotonic() - accepted)
        seen[each] = now
        time.sleep(EVERY_S)
    return taken


def settled(person: int) -> float:
    """The score of somebody who was just identified, once they are there."""
    deadline = time.monotonic() + PATIENCE_S
    while (now := score(person)) is None:
        if time.monotonic() > deadline:
            raise SystemExit("nobody follows")
        time.sleep(LOOK_S)
    return now


def score(person: int) -> float | None:
    """The engagement of a person as their page computes it now."""
    from embudo.leads.models import Person
    from embudo.leads.queries import scores

    found = scores.now_of(Person.objects.filter(pk=person), time.time_ns() // 1000)
    return found.get(person)


class Door:
    """A connection to the collector that is kept open."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        token = b64encode(f"{KEY}:".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    def send(self, what: str, message: dict[str, object]) -> None:
        """Send one message and wait until it is acknowledged."""
        self.connection.request("POST", f"/v1/{what}", json.dumps(message), self.headers)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status >= 300:
            raise SystemExit(f"the collector answered {answer.status}")


def offer(port: int, given: argparse.Namespace, until: float, offered: object, number: int) -> None:
    """Send one sender's share of the load, batch by batch; late batches are sent at once."""
    door, random, due = Door(port), Random(number), time.monotonic()
    while time.monotonic() < until:
        time.sleep(max(0.0, due - time.monotonic()))
        door.send("batch", {"batch": [message(random, given.people) for _ in range(given.batch)]})
        with offered.get_lock():
            offered.value += given.batch
        due += SENDERS * given.batch / given.rate


def message(random: Random, people: int) -> dict[str, object]:
    """What one of many visitors does; a few say who they are."""
    number = int(people * random.random() ** 2)
    if random.random() < 0.02:
        return {"type": "identify", "userId": f"u{number}", "anonymousId": f"a{number}",
                "traits": {"email": f"u{number}@load.example", "company_size": number % 500}}  # fmt: skip
    path = random.choice(PATHS)
    return {
        "type": "page",
        "anonymousId": f"a{number}",
        "properties": {"path": path, "url": f"https://x.example{path}"},
    }


def probe_id(number: int) -> str:
    """The user id of somebody whom only probes are about."""
    return f"probe-{number}"


def cpu_s(process: int) -> float:
    """The seconds of processor time a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(port: int) -> None:
    """Wait until the collector accepts connections."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the collector did not start")


if __name__ == "__main__":
    sys.exit(main())
