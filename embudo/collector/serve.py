"""Runs the door under Granian, as many processes as the settings say."""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes, TaskImpl
from granian.log import LogLevels
from granian.server.mp import MPServer

from embudo.collector.app import Collector
from embudo.collector.board import Board
from embudo.config import Config

_PR_SET_PDEATHSIG = 1


def serve(config: Config) -> None:
    """Serve until SIGTERM or SIGINT; what waits is kept before the end."""
    serve_app(config, partial(Collector, config))


def serve_app(config: Config, make: Callable[[], Any]) -> None:
    """Serve an RSGI application at the collector's address; every worker process makes its own."""
    logging.basicConfig(level=logging.WARNING)
    Board(config.data, os.getpid()).clear()
    loader = partial(_in_worker, os.getpid(), make)
    server_of(config).serve(target_loader=loader, wrap_loader=False)


def server_of(config: Config) -> MPServer:
    """Return the Granian server at the collector's address."""
    return MPServer(
        "embudo.collector",
        address=config.collector_host,
        port=config.collector_port,
        interface=Interfaces.RSGI,
        workers=config.collector_workers,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        runtime_mode=RuntimeModes.st,
        loop=Loops.auto,
        task_impl=TaskImpl.asyncio,
        http=HTTPModes.http1,
        websockets=False,
        workers_kill_timeout=5,
        log_level=LogLevels.warning,
    )


def _in_worker(parent: int, make: Callable[[], Any]) -> Any:
    """Make the application in a worker process, which must not outlive its parent."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(1)
    return make()
