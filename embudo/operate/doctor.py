"""`embudo doctor`: looks at machine, processes, files, tables, log and mail, and says how to mend each."""

import argparse
import sys

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from embudo.config import Config
from embudo.operate import machine, outgoing, place, sealed
from embudo.operate.finding import Check, Finding, Grade, bad
from embudo.operate.running import running

QUICK: tuple[Check, ...] = (
    machine.disk, machine.clock, place.files, place.proxies, outgoing.webhooks, sealed.secrets, machine.versions,
)  # fmt: skip
ALL: tuple[Check, ...] = (
    *QUICK[:4], place.names, machine.ports, place.tables, running, place.log, outgoing.webhooks, sealed.secrets,
    place.mail, machine.versions,
)  # fmt: skip
_MARKS = {Grade.GOOD: "ok  ", Grade.NOTE: "note", Grade.BAD: "BAD "}


def examine(config: Config, checks: tuple[Check, ...] = ALL) -> list[Finding]:
    """Return what the checks find; a check that breaks is a finding too."""
    return [finding for check in checks for finding in _looked(check, config)]


def _looked(check: Check, config: Config) -> list[Finding]:
    try:
        return check(config)
    except Exception as error:
        words = _("%(check)s could not be looked at: %(error)s") % {"check": check.__name__, "error": error}
        return [bad(words, type(error).__name__, _("Mend the other findings first, then try again."))]


def main(arguments: list[str]) -> int:
    """Print every finding; return 1 when one of them is bad."""
    parser = argparse.ArgumentParser(prog="embudo doctor", description="Look for what is wrong and how to mend it.")
    parser.add_argument("--json", action="store_true", help="print the findings for programs")
    options = parser.parse_args(arguments)
    with translation.override(settings.EMBUDO.language):
        findings = examine(settings.EMBUDO)
        print(machine.as_json(findings) if options.json else _words(findings))
    return int(any(each.grade is Grade.BAD for each in findings))


def _words(findings: list[Finding]) -> str:
    colours = {Grade.GOOD: "32", Grade.NOTE: "33", Grade.BAD: "31;1"} if sys.stdout.isatty() else {}
    lines = []
    for each in findings:
        mark = _MARKS[each.grade]
        lines.append(f"\x1b[{colours[each.grade]}m{mark}\x1b[0m  {each.what}" if colours else f"{mark}  {each.what}")
        lines += [f"      {each.why}", "      " + _("Mend: %(how)s") % {"how": each.mend}] if each.mend else []
    return "\n".join(lines)
