"""`embudo import visits FILE --site NAME [--domain DOMAIN] [--dry-run] [--report FILE]` (docs/weblogs.md)."""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from embudo.capture.models import Site
from embudo.eventlog import open_log
from embudo.imports.reading import BadFile
from embudo.imports.weblog.figures import tables
from embudo.imports.weblog.run import KIND, VisitImport
from embudo.imports.weblog.visits import Place, domain_of
from embudo.install import reason
from embudo.leads import follow
from embudo.leads.lock import Lock
from embudo.leads.models import ImportRow
from embudo.ui.cells import plain_cell

__all__ = ["KIND", "main"]
SOME_DAMAGED, CANNOT = 3, 2


def main(arguments: Sequence[str]) -> int:
    """Import an access log; return 0, 3 when some lines are damaged, 2 when the file or the site cannot be used."""
    given = _parser().parse_args(arguments)
    with translation.override(settings.EMBUDO.language):
        try:
            call_command("migrate", interactive=False, verbosity=0)
            return _run(given, place_of(given.site, given.domain))
        except OSError as error:
            words = _("%(file)s cannot be used: %(reason)s; nothing was imported")
            why = _("there is no such file") if isinstance(error, FileNotFoundError) else reason(error)
            print(words % {"file": error.filename or "", "reason": why}, file=sys.stderr)
        except BadFile as error:
            print(error, file=sys.stderr)
        return CANNOT


def place_of(name: str, domain: str) -> Place:
    """Return the site of this name or id, with the domain of its pages; raises BadFile."""
    site = Site.objects.filter(Q(name__iexact=name) | Q(public_id=name)).order_by("pk").first()
    if site is None:
        names = ", ".join(Site.objects.values_list("name", flat=True)) or _("none yet")
        words = _("There is no site “%(name)s”; the sites are: %(names)s. Nothing was imported.")
        raise BadFile(words % {"name": name, "names": names})
    found = domain_of(domain or next(iter(site.domains), ""))
    if not found:
        words = _(
            "A log does not say which domain its pages have. Say it with --domain, such as --domain norte.example,"
            " or keep it with the site “%(name)s”. Nothing was imported."
        )
        raise BadFile(words % {"name": site.name})
    return Place(site.public_id, found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="embudo import visits", description="Bring in the access log of a web server as visits."
    )
    parser.add_argument("file", metavar="FILE", help="combined format of Apache or nginx, plain or .gz")
    parser.add_argument("--site", required=True, metavar="NAME", help="the site whose log it is, by its name or id")
    parser.add_argument("--domain", default="", help="of its pages; default: the first that the site has")
    parser.add_argument("--dry-run", action="store_true", help="record nothing, only report")
    parser.add_argument("--report", metavar="FILE", help="write the visits and damaged lines to this CSV file")
    return parser


def _run(given: argparse.Namespace, place: Place) -> int:
    log = open_log(settings.EMBUDO)
    lock = Lock(settings.EMBUDO, "follow")
    with open(given.report or "/dev/null", "w", encoding="utf-8", newline="") as report:
        work = VisitImport(log, place, dry_run=given.dry_run, places=settings.EMBUDO.places)
        for done, total in work.run(Path(given.file)):
            if sys.stderr.isatty():
                print(f"\r{done} / {total or '…'}", end="", file=sys.stderr)
        rows = (
            ImportRow.objects.filter(run=work.record).order_by("row").values_list("row", "outcome", "reason", "words")
        )
        csv.writer(report).writerow(("line", "outcome", "reason", "words"))
        csv.writer(report).writerows([plain_cell(cell) for cell in row] for row in rows.iterator())
    followed = given.dry_run or follow.catch_up(log, lock)
    print(summary(work, followed=followed))
    return SOME_DAMAGED if work.damaged else 0


def summary(work: VisitImport, *, followed: bool) -> str:
    """Return the figures in words."""
    figures = work.figures
    counts = {"lines": figures.lines, "visits": figures.things.total(), "facts": work.facts, "known": work.unchanged}
    if work.dry_run:
        words = _("%(lines)s lines, %(visits)s visits: %(facts)s would be recorded, %(known)s are known already")
    else:
        words = _("%(lines)s lines, %(visits)s visits: %(facts)s recorded, %(known)s known already")
    found = [words % counts]
    if figures.broken_off:
        found.append(_("The file ends in the middle of what was compressed: it was read up to there."))
    for table in tables(figures.as_dict()):
        found.append(f"{table.title} ({', '.join(table.heads)}):")
        found += [f"  {words}: {' · '.join(map(str, numbers))}" for words, numbers in table.rows]
    if not followed:
        found.append(_("The facts are in the log; people, scores and stages are still being brought up to date."))
    return "\n".join(found)
