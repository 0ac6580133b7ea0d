"""A process that works on a log until it is killed: `python -m tests.eventlog.victim writer|sealer FOLDER URL SEED`."""

import os
import sys
from pathlib import Path
from random import Random

from embudo.config import Config
from embudo.eventlog import Log, LogUnavailable, open_log
from tests.eventlog.facts import fact


def write(log: Log, acknowledgements: Path, random: Random) -> None:
    """Append batches for ever, some events again, and write down the numbers of a batch once it is acknowledged."""
    handle = os.open(acknowledgements, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    known = acknowledgements.read_text().splitlines()
    first = max(0, int(known[-1]) + 1 - random.randrange(30)) if known else 0
    while True:
        numbers = range(first, first + random.randrange(1, 40))
        again = [random.randrange(first + 1) for _ in range(random.randrange(5))]
        try:
            receipts = log.append([fact(number) for number in [*numbers, *again]])
        except LogUnavailable:
            continue
        if {receipt.outcome.value for receipt in receipts} - {"accepted", "duplicate"}:
            raise AssertionError(receipts)
        os.write(handle, b"".join(b"%d\n" % number for number in numbers))
        first = numbers[-1] + 1


def seal(log: Log, random: Random) -> None:
    """Seal and compact for ever."""
    while True:
        try:
            log.index()
            log.seal(at_least=random.randrange(1, 200))
            log.compact(fewest=random.randrange(2, 5))
        except LogUnavailable:
            continue


def main(role: str, folder: str, url: str, seed: str) -> None:
    """Work in a role until killed."""
    log = open_log(Config(data=Path(folder), database_url=url))
    if role == "writer":
        write(log, Path(folder) / "acknowledged", Random(seed))
    else:
        seal(log, Random(seed))


if __name__ == "__main__":
    main(*sys.argv[1:])
