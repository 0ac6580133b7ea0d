"""How long from a clone to the first page, and how much memory the install takes when idle with the demo company.

The checkout is cloned into a temporary folder and set up there with an empty HOME, as a newcomer would. `pss_mb` is the
proportional set size of all processes together (/proc/PID/smaps_rollup), after they have been idle for a while.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import psutil

HOME = Path(__file__).resolve().parent.parent


def main() -> int:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, help="people of the demo company (default: that of `embudo demo`)")
    parser.add_argument("--idle", type=float, default=20.0, metavar="S", help="seconds to wait before memory is read")
    parser.add_argument("--here", action="store_true", help="use this checkout, already set up, instead of a clone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="embudo-start-") as folder:
        checkout = HOME if options.here else _clone(Path(folder) / "embudo")
        environ = _environ(Path(folder))
        result = _measure(checkout, environ, options.people, options.idle)
    print(json.dumps(result))
    return 0


def _clone(folder: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", str(HOME), str(folder)], check=True)
    return folder


def _environ(folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir()
    web, collector = _free_port(), _free_port()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "EMBUDO_DATA": str(folder / "data"),
        "EMBUDO_WEB_PORT": str(web),
        "EMBUDO_COLLECTOR_PORT": str(collector),
    }


def _measure(checkout: Path, environ: Mapping[str, str], people: int | None, idle_s: float) -> dict[str, float]:
    began = time.monotonic()
    subprocess.run([sys.executable, "bin/setup.py", "run"], cwd=checkout, env=environ, check=True, stdout=sys.stderr)
    setup_s = time.monotonic() - began
    words = [] if people is None else ["--people", str(people)]
    process = subprocess.Popen(
        ["bin/run", *words], cwd=checkout, env=environ, stdout=sys.stderr, start_new_session=True
    )
    try:
        _wait_for(f"http://127.0.0.1:{environ['EMBUDO_WEB_PORT']}/sign-in/", process)
        first_page_s = time.monotonic() - began
        time.sleep(idle_s)
        sizes = _pss_mb(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    print(json.dumps(sizes, indent=1), file=sys.stderr)
    return {
        "setup_s": round(setup_s, 1),
        "first_page_s": round(first_page_s, 1),
        "pss_mb": round(sum(sizes.values()), 1),
    }


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                answer.read()
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("bin/run ended before the first page")


def _pss_mb(pid: int) -> dict[str, float]:
    """Return the proportional set size of a process and of all below it, by what they are."""
    supervisor = psutil.Process(pid)
    sizes = {}
    for each in [supervisor, *supervisor.children(recursive=True)]:
        rollup = Path(f"/proc/{each.pid}/smaps_rollup").read_text()
        kilobytes = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        sizes[f"{each.pid} {' '.join(each.cmdline()[-3:])[:60]}"] = round(kilobytes / 1000, 1)
    return sizes


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
