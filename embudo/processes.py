"""The processes an install is made of; each runs until SIGTERM or SIGINT. `embudo up` runs one of each."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module

from embudo import pulse
from embudo.config import Config
from embudo.memory import collect_seldom

SUPERVISED = "EMBUDO_SUPERVISED"
_PR_SET_PDEATHSIG = 1


def run(name: str, config: Config) -> int:
    """Run one process of the install until it is told to stop; return its exit code."""
    _end_with_supervisor()
    with pulse.running(config, name):
        RUN[name](config)
    return 0


def collector(config: Config) -> None:
    """The public door."""
    import_module("embudo.collector").serve(config)


def web(config: Config) -> None:
    """The site, under Granian."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "embudo.wsgi:application",
        address=config.web_host,
        port=config.web_port,
        interface=Interfaces.WSGI,
        workers=config.web_workers,
        blocking_threads=config.web_threads,
        workers_kill_timeout=5,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()


def follow(config: Config) -> None:
    """From the log to people, scores and stages."""
    _loop("embudo.leads.follow", config)


def advance(config: Config) -> None:
    """What time alone changes: scores that fade below a line, windows that end."""
    _loop("embudo.leads.advance", config)


def work(config: Config) -> None:
    """Long work that people ask for on a page."""
    _loop("embudo.work.run", config)


def deliver(config: Config) -> None:
    """What other software asked to be told: webhooks, sent and tried again."""
    _loop("embudo.doors.deliver", config)


SERVING = ("collector", "web")  # those that answer HTTP; the others turn in a loop
RUN: dict[str, Callable[[Config], None]] = {
    "collector": collector,
    "web": web,
    "follow": follow,
    "advance": advance,
    "work": work,
    "deliver": deliver,
}


def _loop(module: str, config: Config) -> None:
    import django

    stop = _Turning()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    django.setup()
    turn = import_module(module).run
    collect_seldom()
    turn(config, stop)


class _Turning(threading.Event):
    """Tells a loop to end; each time the loop asks shows others that it still turns."""

    def is_set(self) -> bool:
        pulse.beat()
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        pulse.beat()
        return super().wait(timeout)


def _end_with_supervisor() -> None:
    """Ask Linux to end this process should its supervisor die without a word."""
    if os.environ.get(SUPERVISED) and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
