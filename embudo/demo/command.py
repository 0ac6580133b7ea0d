"""`embudo demo`: fills an empty install with the fictional company and says how to sign in."""

import argparse
import json
import sys
import time
from datetime import UTC, datetime, timedelta

from django.core.management import call_command

from embudo import config as settings
from embudo.config import Config
from embudo.core.event import HOUR
from embudo.demo.clock import EPOCH
from embudo.demo.fill import Busy, Plan, fill
from embudo.demo.progress import Progress
from embudo.demo.world import COMPANY, world
from embudo.eventlog import open_log

NOTE = "demo.json"  # which demo company a folder holds
PEOPLE, DAYS, SEED = 24_000, 365, 3


class OtherFacts(Exception):
    """The install holds facts that are not this demo company's."""


def main(arguments: list[str]) -> int:
    """Fill the install; return an exit code."""
    options = _parser().parse_args(arguments)
    config = settings.read()
    began = time.monotonic()
    try:
        plan = _plan(config, options)
        call_command("migrate", interactive=False, verbosity=0)
        password = fill(config, plan, Progress())
    except (OtherFacts, Busy) as error:
        print(error, file=sys.stderr)
        return 1
    print(_words(config, password, time.monotonic() - began))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="embudo demo", description=f"Fill an empty install with {COMPANY}, a fictional company with a history."
    )
    parser.add_argument("--people", type=_count, default=PEOPLE, help=f"how many people ever came (default {PEOPLE})")
    parser.add_argument("--days", type=_count, default=DAYS, help=f"length of the history (default {DAYS})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"another seed, another company (default {SEED})")
    parser.add_argument(
        "--until",
        type=_instant,
        help="where the history ends, such as 2026-05-31 or 2026-05-31T12:00 (UTC); default: now",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _instant(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-05-31") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > datetime.now(UTC):
        raise argparse.ArgumentTypeError("a history cannot end in the future")
    return (moment - EPOCH) // timedelta(microseconds=1)


def _plan(config: Config, options: argparse.Namespace) -> Plan:
    """The plan, kept in the data folder, so that a fill that was interrupted goes on; raises OtherFacts."""
    note, begun = config.data / NOTE, bool(open_log(config).end())
    if begun and note.exists():
        kept = Plan(**json.loads(note.read_text()))
        asked = Plan(options.people, options.days, options.seed, options.until or kept.until)
        if asked != kept and (options.until or asked != _default(kept)):
            raise OtherFacts(
                f"{config.data} holds another demo company ({_arguments(kept)}); choose another folder with --data,"
                " or give what it was made with."
            )
        return kept
    if begun:
        raise OtherFacts(f"{config.data} holds facts already; the demo company wants a folder of its own: --data DIR")
    until = options.until or time.time_ns() // 1000 // HOUR * HOUR
    plan = Plan(options.people, options.days, options.seed, until)
    note.write_text(json.dumps({name: getattr(plan, name) for name in Plan.__slots__}))
    return plan


def _arguments(plan: Plan) -> str:
    """The options that make this company, as they are written."""
    until = (EPOCH + timedelta(microseconds=plan.until)).replace(tzinfo=None).isoformat()
    return f"--people {plan.people} --days {plan.days} --seed {plan.seed} --until {until}"


def _default(kept: Plan) -> Plan:
    return Plan(PEOPLE, DAYS, SEED, kept.until)


def _words(config: Config, password: str, seconds: float) -> str:
    people = "\n".join(f"  {each.mail:<26} {each.role:<10} {each.name}" for each in world().staff)
    return (
        f"\n{COMPANY} is ready after {seconds:.0f} s. Sign in at {config.site_address} as any of them"
        f" with the password  {password}\n(written down nowhere; `embudo demo` again makes a new one)\n\n{people}\n"
    )
