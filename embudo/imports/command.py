"""`embudo import people|facts FILE --map map.yaml [--dry-run] [--report FILE]` (docs/importing.md).

`embudo import visits` is weblog/command.py.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.core.management import call_command
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from embudo.eventlog import open_log
from embudo.imports import mapping, workbook
from embudo.imports.reading import BadFile
from embudo.imports.report import FAILED, WORDS, Totals
from embudo.imports.run import Import
from embudo.imports.weblog import command as weblog
from embudo.install import reason
from embudo.leads import follow
from embudo.leads.lock import Lock
from embudo.ui.cells import plain_cell

SOME_FAILED, CANNOT = 3, 2


def main(arguments: Sequence[str]) -> int:
    """Import a file; return 0, 3 when some rows failed, 2 when the map or the file cannot be used."""
    if arguments and arguments[0] == weblog.KIND:
        return weblog.main(arguments[1:])
    given = _parser().parse_args(arguments)
    with translation.override(settings.EMBUDO.language):
        try:
            plan = mapping.read(Path(given.map), zone=settings.TIME_ZONE)
            call_command("migrate", interactive=False, verbosity=0)
            return _run(given, plan)
        except OSError as error:
            words = _("%(file)s cannot be used: %(reason)s; nothing was imported")
            missing = isinstance(error, FileNotFoundError) and error.filename != given.report
            why = _("there is no such file") if missing else reason(error)
            print(words % {"file": error.filename or "", "reason": why}, file=sys.stderr)
        except (BadFile, LookupError) as error:
            print(error, file=sys.stderr)
        return CANNOT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="embudo import", description="Bring in people or facts from a CSV file.",
        epilog="Access logs of web servers: embudo import visits --help",
    )  # fmt: skip
    parser.add_argument("kind", choices=["people", "facts", "opportunities", "companies"])
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--map", required=True, metavar="MAP", help="which column is what: docs/importing.md")
    parser.add_argument("--dry-run", action="store_true", help="record nothing, only report")
    parser.add_argument("--create", action="store_true", help="make a new install when the data folder holds none")
    parser.add_argument("--report", metavar="FILE", help="write how each row fared to this CSV file")
    return parser


def _run(given: argparse.Namespace, plan: mapping.ImportMap) -> int:
    log = open_log(settings.EMBUDO)
    lock = Lock(settings.EMBUDO, "follow")
    follow.catch_up(log, lock)  # so that rows find the people of earlier files
    path = Path(given.file)
    work = Import(log, plan, given.kind, dry_run=given.dry_run, of_sheet=workbook.is_workbook(path))
    began = time.monotonic()
    with (
        open(given.report or "/dev/null", "w", encoding="utf-8", newline="") as report,
        tempfile.TemporaryDirectory(prefix="embudo-import-") as folder,
    ):
        write = _report(report)
        for lines in work.run(_text_of(path, plan, Path(folder))):
            rows = ((line.place, line.outcome, str(line.reason), line.words[:WORDS], line.person) for line in lines)
            write.writerows(map(plain_cell, row) for row in rows)
            _progress(work.totals, began)
    followed = given.dry_run or follow.catch_up(log, lock)
    print(summary(work.totals, dry_run=given.dry_run, followed=followed, left_out=work.left_out))
    return SOME_FAILED if work.totals.outcomes[FAILED] else 0


def summary(totals: Totals, *, dry_run: bool, followed: bool, left_out: Sequence[str] = ()) -> str:
    """Return the totals in words."""
    rows = _("%(rows)s rows: %(accepted)s accepted, %(unchanged)s unchanged, %(failed)s failed")
    facts = _("%(facts)s facts would be recorded.") if dry_run else _("%(facts)s facts recorded.")
    counts = {"rows": totals.rows, "facts": totals.facts, **totals.outcomes}
    lines = [f"{rows % counts}; {facts % counts}"]
    lines += [f"  {reason}: {count}" for reason, count in sorted(totals.reasons.items())]
    lines += [
        "  " + _("row %(row)s: %(words)s") % {"row": line.place, "words": line.words[:WORDS]} for line in totals.told
    ]
    if sum(totals.reasons.values()) > len(totals.told):
        lines.append("  " + _("... and more; --report FILE says it of every row"))
    if totals.undated:
        undated = ngettext(
            "%(rows)s row carries no date and so counts as of today, as if it had begun now.",
            "%(rows)s rows carry no date and so count as of today, as if they had begun now.",
            totals.undated,
        )
        lines.append(undated % {"rows": totals.undated})
    if left_out:
        lines.append(
            _("The map does not mention these columns, so they were left out: %(columns)s")
            % {"columns": ", ".join(left_out)}
        )
    if not followed:
        lines.append(_("The facts are in the log; people, scores and stages are still being brought up to date."))
    return "\n".join(lines)


def _text_of(path: Path, plan: mapping.ImportMap, folder: Path) -> Path:
    """The file itself; of a workbook one sheet as text, under the same name."""
    if not workbook.is_workbook(path):
        return path
    workbook.to_text(path, folder / path.name, sheet=plan.reading.sheet, decimal=plan.conventions.decimal)
    return folder / path.name


def _report(file: TextIO) -> "csv._writer":
    writer = csv.writer(file)
    writer.writerow(("row", "outcome", "reason", "words", "person"))
    return writer


def _progress(totals: Totals, began: float) -> None:
    if sys.stderr.isatty():
        rate = totals.rows / max(time.monotonic() - began, 0.001)
        print(f"\r{totals.rows} rows, {rate:,.0f} a second", end="", file=sys.stderr)
