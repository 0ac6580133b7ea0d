"""`embudo ledger`: what became of everything received; fails when it does not add up."""

import argparse
import json

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from embudo.eventlog import Ledger, open_log


def main(arguments: list[str]) -> int:
    """Print the ledger; return 1 when received is not accepted + failed + refused."""
    parser = argparse.ArgumentParser(prog="embudo ledger", description="received = accepted + failed + refused")
    parser.add_argument("--json", action="store_true", help="print the figures for programs")
    options = parser.parse_args(arguments)
    ledger = open_log(settings.EMBUDO).ledger()
    with translation.override(settings.EMBUDO.language):
        print(_as_json(ledger) if options.json else _words(ledger))
    return int(not ledger.balanced)


def _as_json(ledger: Ledger) -> str:
    return json.dumps(
        {
            "received": ledger.received,
            "accepted": ledger.accepted,
            "duplicates": ledger.duplicates,
            "failed": dict(ledger.failed_by_reason),
            "refused": dict(ledger.refused),
            "balanced": ledger.balanced,
        }
    )


def _words(ledger: Ledger) -> str:
    lines = [
        f"{ledger.received:>14,}  " + _("received"),
        f"{ledger.accepted:>14,}  " + _("accepted"),
        f"{ledger.duplicates:>14,}      " + _("of them again (duplicates)"),
        f"{ledger.failed:>14,}  " + _("failed"),
        *(f"{count:>14,}      {reason}" for reason, count in sorted(ledger.failed_by_reason.items())),
        f"{ledger.refusals:>14,}  " + _("refused"),
        *(f"{count:>14,}      {reason}" for reason, count in sorted(ledger.refused.items())),
        _("It adds up: received = accepted + failed + refused.")
        if ledger.balanced
        else _("It does NOT add up: received is not accepted + failed + refused."),
    ]
    return "\n".join(lines)
