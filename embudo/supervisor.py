"""`embudo up`: starts the install's processes, restarts one that dies or hangs, and stops all of them cleanly."""

import argparse
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from embudo import config as settings
from embudo import ports, pulse
from embudo.config import CALLED, Config
from embudo.health import Health, serves
from embudo.processes import RUN, SUPERVISED

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
HEALTHY_S = 60.0  # alive for this long: the next death waits FIRST_WAIT_S again
STOP_S = 8.0  # then SIGKILL
LOOK_S = 5.0  # between two looks whether the processes answer
FIRST_ANSWER_S = 180.0  # a start may take so long
TICK_S = 0.25
_print_lock = threading.Lock()


def main(arguments: list[str]) -> int:
    """Run the install until SIGTERM or SIGINT; return an exit code."""
    parser = argparse.ArgumentParser(prog="embudo up", description="Run the whole install.")
    parser.add_argument("--only", action="append", choices=list(RUN), help="run only this process (may be repeated)")
    names = parser.parse_args(arguments).only or list(RUN)
    config = settings.read()
    for name, like in settings.unknown().items():
        say("up", f"{name} is no setting" + (f"; did you mean {like}?" if like else " and is not read"))
    if taken := ports_taken(config, names):
        print("\n".join(taken), file=sys.stderr)
        return 1
    supervisor = Supervisor(config, names)
    supervisor.listen()
    if code := prepare(supervisor.stop):
        return code
    return supervisor.run()


EMBUDO = [sys.executable, "-P", "-m", "embudo.cli"]  # -P: what lies in the working folder plays no part


def ports_taken(config: Config, names: list[str]) -> list[str]:
    """Return a sentence for each port we need that another program holds, with what to do."""
    called = os.environ.get(CALLED) or f"embudo up --data {config.data}"
    needed = {
        "web": (config.web_host, config.web_port, "EMBUDO_WEB_PORT"),
        "collector": (config.collector_host, config.collector_port, "EMBUDO_COLLECTOR_PORT"),
    }
    return [
        f"Port {port} on {host} is taken by another program (perhaps Embudo runs already). "
        f"Stop it, or choose another port: {setting}={port + 10} {called}"
        for name, (host, port, setting) in needed.items()
        if name in names and _is_taken(host, port)
    ]


def _is_taken(host: str, port: int) -> bool:
    error = ports.refusal(host, port)
    return error is not None and error.errno == errno.EADDRINUSE


def prepare(stop: threading.Event) -> int:
    """Bring the tables up to date, passing each line on as it comes, and return the exit code; ended when told to stop.

    What was cut short is done by the next start: each step is one transaction, or safe to do again.
    """
    say("up", "bringing the tables up to date")
    process = subprocess.Popen(
        [*EMBUDO, "prepare"],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    lines = threading.Thread(target=_pass_on, args=("up", process.stdout), daemon=True)
    lines.start()
    while process.poll() is None:
        if stop.wait(TICK_S):
            say("up", "stopping")
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=STOP_S)
            process.kill()
            process.wait()
    lines.join(timeout=1)
    return 0 if stop.is_set() else process.returncode


def say(name: str, line: str) -> None:
    """Write one line of the process called `name`."""
    with _print_lock:
        print(f"{name:<9} | {line.rstrip()}", flush=True)


@dataclass
class Child:
    """One process: how it is started, whether it lives, when it may be started again."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait_s: float = FIRST_WAIT_S
    due: float = 0.0
    health: Health | None = None

    def start(self) -> None:
        """Start the process in a group of its own and pass its lines on."""
        self.process = subprocess.Popen(
            [*EMBUDO, self.name],
            env={**os.environ, SUPERVISED: "1", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.started, self.health = time.monotonic(), Health(self.name, self.process.pid)
        threading.Thread(target=_pass_on, args=(self.name, self.process.stdout), daemon=True).start()

    def look_after(self, now: float) -> None:
        """Start the process when it is due; when it has died, sweep up and say when it is due again."""
        if self.process is None:
            if now >= self.due:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.signal(signal.SIGKILL)
        if now - self.started >= HEALTHY_S:
            self.wait_s = FIRST_WAIT_S
        say("up", f"{self.name} ended ({_reason(code)}); starting it again in {self.wait_s:g} s")
        self.process, self.due = None, now + self.wait_s
        self.wait_s = min(2 * self.wait_s, LONGEST_WAIT_S)

    def end_when_silent(self, config: Config, silent_s: float) -> None:
        """Kill the process when it has not answered for so long, or never since its start; then it is started again."""
        process, health = self.process, self.health
        if process is None or health is None or process.poll() is not None or health.answers(config):
            return
        silent = time.monotonic() - (health.answered_at or self.started)
        if silent >= (silent_s if health.answered_at else max(silent_s, FIRST_ANSWER_S)) and process is self.process:
            say("up", f"{self.name} has not answered for {silent:.0f} s; ending it")
            self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send a signal to the process and to whatever it started."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return

    def ask_to_end(self) -> None:
        """Send SIGTERM to the process alone, which ends what it started itself."""
        if self.process is not None and self.lives():
            self.process.terminate()

    def lives(self) -> bool:
        """Return whether the process runs."""
        return self.process is not None and self.process.poll() is None


@dataclass
class Supervisor:
    """The processes of one install, looked after until a signal says stop."""

    config: Config
    names: list[str]
    stop: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Stop on SIGTERM and SIGINT from now on."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: self.stop.set())

    def run(self) -> int:
        """Look after the processes until told to stop; then stop them and return 0."""
        if self.stop.is_set():
            return 0
        children = [Child(name) for name in self.names]
        threading.Thread(target=self._announce, daemon=True).start()
        threading.Thread(target=self._watch, args=(children,), daemon=True).start()
        while not self.stop.wait(TICK_S):
            for child in children:
                child.look_after(time.monotonic())
        self._end(children)
        return 0

    def _end(self, children: list[Child]) -> None:
        say("up", "stopping")
        for child in children:
            child.ask_to_end()
        deadline = time.monotonic() + STOP_S
        while any(child.lives() for child in children) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in children:
            if child.lives():
                say("up", f"{child.name} did not stop within {STOP_S:g} s and was killed")
            child.signal(signal.SIGKILL)
        say("up", "stopped")

    def _watch(self, children: list[Child]) -> None:
        """End those that hang, for as long as nothing says stop."""
        while not self.stop.wait(LOOK_S):
            for child in children:
                if not self.stop.is_set():
                    child.end_when_silent(self.config, pulse.SILENT_S)

    def _announce(self) -> None:
        """Say where the site is as soon as it answers."""
        while "web" in self.names and not self.stop.wait(0.2):
            if serves(self.config, "web"):
                say("up", f"Embudo is ready: {self.config.site_address}")
                return


def _pass_on(name: str, lines: IO[bytes] | None) -> None:
    for line in lines or ():
        say(name, line.decode(errors="replace"))


def _reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
