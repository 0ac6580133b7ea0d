import subprocess
import sys
from pathlib import Path

import pytest

from embudo.config import Config
from embudo.eventlog import Log, open_log
from tests.eventlog.facts import facts

ROOT = Path(__file__).parents[2]
EVERYDAY = """
import sys
from pathlib import Path
from embudo.config import Config
from embudo.eventlog import Cursor, open_log
from tests.eventlog.facts import facts
log = open_log(Config(data=Path(sys.argv[1]), database_url=sys.argv[2]))
log.append(facts(0, 9))
assert len(log.read(Cursor(), 100)[0]) == 9 and log.history([facts(0, 1)[0].subject]) and log.ledger().balanced
assert log.seal(at_least=1000) == [] and log.end() == {0: 9}
print(sorted({"pyarrow", "duckdb", "django", "numpy"} & set(sys.modules)))
"""


def test_appending_and_reading_on_load_no_library_of_the_segments(config: Config) -> None:
    command = [sys.executable, "-c", EVERYDAY, str(config.data), config.database_url]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_a_log_is_opened_again_as_it_was_left(log: Log) -> None:
    log.append(facts(0, 9))
    log.seal()
    log.append(facts(9, 12))
    again = open_log(log.config)
    assert again.end() == log.end()
    assert again.ledger() == log.ledger()
    assert again.segments() == log.segments()
    again.close()


def test_unsealed_counts_the_rows_that_wait_in_the_tail(log: Log) -> None:
    assert log.unsealed() == 0
    log.append(facts(0, 9))
    assert log.unsealed() == 9
    log.seal()
    assert log.unsealed() == 0


def test_nobody_seals_while_a_backup_holds_the_lock(log: Log) -> None:
    log.append(facts(0, 9))
    with log.sealing() as ours:
        assert ours
        other = open_log(log.config)
        assert other.seal() == other.compact() == []
        other.close()
    assert len(log.seal()) == 1


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_reading_never_gives_more_than_the_limit(log: Log, limit: int) -> None:
    log.append(facts(0, 9))
    assert len(log.read(log.end().moved({0: 0}), limit)[0]) == min(limit, 9)
