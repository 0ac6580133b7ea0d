"""The log's upkeep (indexing, sealing, compaction, retention), in a child process so that pyarrow leaves memory.

`python -m embudo.leads.upkeep` does what is due once; `advance` starts it. It asks no table but follow's cursor.
"""

import os
import subprocess
import sys

from embudo import config as settings
from embudo.collector.lag import lag_of
from embudo.config import Config
from embudo.core.event import DAY
from embudo.eventlog import INDEX_AT, Log, open_log
from embudo.leads.clock import now
from embudo.leads.expiry import expire

LAST_RETAINED = "retained"  # a file whose time says when retention last ran


def due(config: Config, log: Log, at: int) -> bool:
    """Return whether there is anything to do."""
    return log.unindexed() >= INDEX_AT or log.unsealed() >= config.seal_rows or _retention_due(config, at)


def start(config: Config) -> subprocess.Popen[bytes]:
    """Start the child process that does it."""
    given = {**os.environ, **settings.environment(config)}
    return subprocess.Popen([sys.executable, "-P", "-m", "embudo.leads.upkeep"], env=given, stdin=subprocess.DEVNULL)


def main() -> int:
    """Index, seal, compact and retain what is due."""
    config = settings.read()
    log = open_log(config)
    if log.unindexed() >= INDEX_AT:
        log.index()
    if log.seal(at_least=config.seal_rows):
        log.compact()
    if _retention_due(config, now()):
        expire(config, log, at=now(), followed=lag_of(config) == 0)
        (config.data / LAST_RETAINED).touch()
    return 0


def _retention_due(config: Config, at: int) -> bool:
    mark = config.data / LAST_RETAINED
    if not mark.exists():
        mark.touch()
        return False
    return mark.stat().st_mtime_ns // 1000 < at - DAY


if __name__ == "__main__":
    sys.exit(main())
