"""`embudo definition`: the definition of a lead as a text, and what the past proposes for its ideal customer."""

import argparse
import json
from collections.abc import Sequence

import yaml
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from embudo.core import condition
from embudo.definition.document import points_text
from embudo.definition.in_force import version_in_force
from embudo.eventlog import open_log
from embudo.leads.clock import now
from embudo.leads.past import cases
from embudo.learn.cases import Leak
from embudo.learn.discovery import LEAST_CUSTOMERS, Discovery, Finding, Proposal, discover

MOST = 20  # attributes that are listed
TOO_FEW = 1  # exit code


def main(arguments: Sequence[str]) -> int:
    """Print the definition in force, or what the past proposes; return 1 when there is too little of it."""
    parser = argparse.ArgumentParser(prog="embudo definition", description="The definition of a lead.")
    wanted = parser.add_subparsers(dest="what", required=True)
    wanted.add_parser("export", help="print the definition in force, as YAML")
    propose = wanted.add_parser("propose", help="print which traits your customers have that other leads have not")
    propose.add_argument("--attribute", action="append", metavar="NAME", help="look at this one (may be repeated)")
    propose.add_argument("--yaml", action="store_true", help="print the proposals as criteria of a definition")
    propose.add_argument("--json", action="store_true", help="print all figures for programs")
    given = parser.parse_args(arguments)
    if given.what == "export":
        print(version_in_force().text, end="")
        return 0
    found = discover(cases(open_log(settings.EMBUDO), now()), given.attribute)
    with translation.override(settings.EMBUDO.language):
        print(_as_json(found) if given.json else _as_yaml(found) if given.yaml else _in_words(found))
    return 0 if found.enough else TOO_FEW


def _in_words(found: Discovery) -> str:
    lines = [
        _("%(people)s leads whose outcome is known; %(customers)s of them are customers.")
        % {"people": found.everybody.people, "customers": found.everybody.customers},
        "",
        _("How well each attribute tells customers from others (information value), and of how many it was known:"),
        *map(_finding, found.findings[:MOST]),
    ]
    if not found.enough:
        words = _("Too little to propose anything: there must be at least %(least)s customers, and as many others.")
        return "\n".join([*lines, "", words % {"least": LEAST_CUSTOMERS}])
    if not found.proposals:
        return "\n".join([*lines, "", _("No trait is surely more frequent among customers: nothing is proposed.")])
    for number, each in enumerate(found.proposals, 1):
        lines += ["", f"{number}. {json.dumps(condition.document(each.when), ensure_ascii=False)}", *_evidence(each)]
    return "\n".join(lines)


def _finding(each: Finding) -> str:
    name = each.name if each.choice is None else f"{each.name}: {each.choice}"
    flags = {
        Leak.AFTER: _("not proposed: it mostly became known after they had bought"),
        Leak.CUSTOMERS_ONLY: _("not proposed: hardly anybody but customers has it"),
        Leak.TELLS: _("not proposed: some of its values are the outcome itself"),
    }
    return f"  {each.value:>7.3f}  {each.known.people:>9,}  {name}" + (f" ({flags[each.leak]})" if each.leak else "")


def _evidence(each: Proposal) -> list[str]:
    words = (
        _("%(customers)s of %(people)s who have it are customers: %(ratio)s times as often as of the others")
        if each.points > 0
        else _("only %(customers)s of %(people)s who have it are customers: %(ratio)s times as often as of the others")
    )
    figures = {
        "customers": each.share.customers, "people": each.share.people,
        "ratio": f"{each.lift.ratio:.2f} ({each.lift.low:.2f} – {each.lift.high:.2f})",
    }  # fmt: skip
    lines = ["   " + words % figures, "   " + _("points: %(points)s") % {"points": f"{points_text(each.points):+}"}]
    if each.alike:
        several = ", ".join(str(number + 1) for number in each.alike)
        lines.append("   " + _("it says much the same as %(numbers)s; take one of them") % {"numbers": several})
    return lines


def _as_yaml(found: Discovery) -> str:
    criteria = [
        {"name": f"{each.name} {number}", "when": condition.document(each.when), "points": points_text(each.points)}
        for number, each in enumerate(found.proposals, 1)
    ]
    return yaml.safe_dump({"criteria": criteria}, allow_unicode=True, sort_keys=False, width=120).rstrip()


def _as_json(found: Discovery) -> str:
    return json.dumps({
        "people": found.everybody.people,
        "customers": found.everybody.customers,
        "enough": found.enough,
        "attributes": [
            {"name": each.name, "choice": each.choice, "information_value": each.value, "known": each.known.people,
             "leak": each.leak}
            for each in found.findings
        ],
        "proposals": [
            {"when": condition.document(each.when), "points": points_text(each.points), "people": each.share.people,
             "customers": each.share.customers, "lift": [each.lift.ratio, each.lift.low, each.lift.high],
             "alike": [number + 1 for number in each.alike]}
            for each in found.proposals
        ],
    })  # fmt: skip
