"""Runs the door under Granian, as many processes as the settings say."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes, TaskImpl
from granian.log import LogLevels
from granian.server.mp import MPServer

from embudo.collector.app import Collector
from embudo.config import Config


def serve(config: Config) -> None:
    """Serve until SIGTERM or SIGINT; what waits is kept before the end."""
    loader: Callable[..., Any] = partial(Collector, config)
    server_of(config).serve(target_loader=loader, wrap_loader=False)


def server_of(config: Config, *, workers: int = 1) -> MPServer:
    """Return the Granian server at the collector's address."""
    logging.basicConfig(level=logging.WARNING)
    return MPServer(
        "embudo.collector",
        address=config.collector_host,
        port=config.collector_port,
        interface=Interfaces.RSGI,
        workers=workers,
        runtime_mode=RuntimeModes.st,
        loop=Loops.auto,
        task_impl=TaskImpl.asyncio,
        http=HTTPModes.http1,
        websockets=False,
        workers_kill_timeout=5,
        log_level=LogLevels.warning,
    )
