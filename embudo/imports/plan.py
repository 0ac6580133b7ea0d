"""What people confirm on screen, column by column, and the map it becomes (mapping.py)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from embudo.core.identity import SOCIAL
from embudo.imports import consents
from embudo.imports.guessing import COMPANIES, OPPORTUNITIES, PEOPLE, Guess, guess_all, new_attribute
from embudo.imports.presets import Preset, recognised
from embudo.imports.reading import Reading
from embudo.imports.sniffing import Found, columns_of, date_formats
from embudo.imports.values import YES

MOST_ANSWERS = 20
MOST_STATUSES = 40  # that are asked about
STATUSES = ("open", "won", "lost")
WON, LOST = (
    re.compile(r"won|ganad|ganh|vendid|cerrado ganado", re.I),
    re.compile(r"lost|perdid|descartad|dropped", re.I),
)
TRUE = sorted({form for word in YES for form in (word, word.upper(), word.capitalize())})
DEAL_TARGETS = frozenset(
    f"deal:{name}" for name in "id name amount currency status stage opened closed reason by".split()
)
DEAL_PROPS = {"deal:name": "name", "deal:currency": "currency", "deal:stage": "stage", "deal:by": "by"}


@dataclass
class Plan:
    """One mapping as people see it."""

    name: str = "file"  # of the source; what keeps one file's ids apart from another's
    columns: dict[str, dict[str, str]] = field(default_factory=dict)  # header -> target, kind, label, separator
    decimal: str = "."
    dates: list[str] = field(default_factory=list)
    zone: str = "UTC"
    country: str = ""  # of phone numbers written without one
    currency: str = ""
    missing: list[str] = field(default_factory=list)
    only_empty: bool = False
    create: bool = True
    key: list[str] = field(default_factory=list)
    skip: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    guessed: dict[str, str] = field(default_factory=dict)  # statuses behind the first rows, which nobody confirmed
    constants: dict[str, str] = field(default_factory=dict)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)  # header of a consent -> value -> what it says
    consents_from: str = ""  # how these people had agreed, as their receipts will say it
    order: list[str] = field(default_factory=list)  # of the columns: PostgreSQL keeps none in an object of JSON

    def __post_init__(self) -> None:
        if self.columns.keys() == set(self.order):
            self.columns = {header: self.columns[header] for header in self.order}
        self.order = list(self.columns)

    def of(self, *targets: str) -> list[str]:
        """Return the columns that are one of these, in the order of the file."""
        return [header for header, said in self.columns.items() if said["target"] in targets]

    def consents(self) -> list[tuple[str, str]]:
        """Return the columns that speak of consent, each with its target."""
        found = ((header, said["target"]) for header, said in self.columns.items())
        return [(header, target) for header, target in found if consents.is_consent(target)]

    def obey(self, kinds: Mapping[str, str]) -> None:
        """Take the kind that an attribute has already for what goes there, whatever was guessed or chosen."""
        for said in self.columns.values():
            said["kind"] = own_kind(said["target"], kinds) or said.get("kind", "text")

    @property
    def agreed_unsaid(self) -> bool:
        """Whether a column tells who agrees, and nothing tells how they had agreed."""
        return not self.consents_from and any(target.startswith("consent:") for _header, target in self.consents())

    def kind(self, header: str) -> str:
        """Return the kind of a column's values."""
        return self.columns[header].get("kind", "text")

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as it is stored."""
        return asdict(self) | {"order": list(self.columns)}


def own_kind(target: str, kinds: Mapping[str, str]) -> str:
    """Return the kind that what goes to a target has, "" where it may be chosen; `kinds` are of attributes."""
    if not target or is_deal_prop(target):
        return ""
    if target.startswith("attr:"):
        return kinds.get(target.removeprefix("attr:"), "")
    return "money" if target in ("deal:amount", "won:amount") else "text"


def proposed(found: Found, kind: str, *, file: str, zone: str, country: str = "") -> tuple[Plan, Preset | None]:
    """Return the plan that a file suggests, and the preset it was recognised by."""
    columns = columns_of(found)
    preset = recognised(found.headers, kind)
    guesses = preset.guesses(columns) if preset else guess_all(columns, kind)
    places = {target for target, _words in consents.targets()}
    for column in columns:
        if consents.is_consent(guesses[column.header].target) and guesses[column.header].target not in places:
            guesses[column.header] = new_attribute(column, kind)
    plan = Plan(
        name=preset.name if preset else source_name(file),
        columns={header: _column(guess) for header, guess in guesses.items()},
        decimal=found.decimal, dates=list(found.dates), zone=zone, country=country, missing=list(found.missing),
    )  # fmt: skip
    if preset:
        plan.key = [header for header in preset.key if header in found.headers][:1]
        plan.skip = dict(preset.skip) if preset.skip.get("column") in found.headers else {}
        plan.constants = {**preset.constants, **_from_name(preset, file)}
    plan.key = plan.key or (plan.of("deal:id") if kind == OPPORTUNITIES else plan.of("id"))[:1]
    plan.statuses = statuses_of(plan, found, preset)
    plan.answers = answers_of(plan, found)
    return plan, preset


def statuses_of(plan: Plan, found: Found, preset: Preset | None = None) -> dict[str, str]:
    """Return what each value of the column with the status of an opportunity means."""
    header = next(iter(plan.of("deal:status")), None)
    if header is None:
        return {}
    known = dict(preset.statuses) if preset else {}
    values = next((column.values for column in columns_of(found) if column.header == header), [])
    distinct = sorted(set(values))[:MOST_STATUSES]
    distinct += [value for value in plan.guessed if value not in distinct][:MOST_STATUSES]
    return {value: known.get(value.casefold(), plan.statuses.get(value, _status(value))) for value in distinct}


def guess_statuses(plan: Plan, rows: Iterable[Sequence[str]], preset: Preset | None = None) -> dict[str, str]:
    """Return what the statuses most likely mean that stand in a file, headers first, but not in the plan."""
    lines = iter(rows)
    headers, header = next(lines, []), next(iter(plan.of("deal:status")), None)
    if header not in headers:
        return {}
    place, missing = headers.index(header), {"", *plan.missing}
    found = {row[place].strip() for row in lines if place < len(row)} - plan.statuses.keys() - missing
    known = dict(preset.statuses) if preset else {}
    return {value: known.get(value.casefold(), _status(value)) for value in sorted(found)}


def answers_of(plan: Plan, found: Found) -> dict[str, dict[str, str]]:
    """Return what each value of the columns of consents says; a date is when."""
    values = {column.header: column.values for column in columns_of(found)}
    told: dict[str, dict[str, str]] = {}
    for header, target in plan.consents():
        distinct = [] if date_formats(values[header][:200]) else sorted(set(values[header]))[:MOST_ANSWERS]
        before = plan.answers.get(header, {})
        told[header] = {value: before.get(value, consents.proposed(target, value)) for value in distinct}
    return told


def _status(value: str) -> str:
    return "won" if WON.search(value) else "lost" if LOST.search(value) else "open"


def _column(guess: Guess) -> dict[str, str]:
    return {"target": guess.target, "kind": guess.kind, "label": guess.label, "separator": guess.separator}


def _from_name(preset: Preset, file: str) -> dict[str, str]:
    """What only the name of the file says."""
    found = {}
    for target, words in preset.from_file_name.items():
        word = next((each for each in words.split("|") if each in file.casefold()), "")
        if word:
            found[target] = word
    return found


def source_name(file: str) -> str:
    """Return a name of a source from the name of its file: without date, number and ending."""
    words = re.findall(r"[a-z]+", file.rpartition(".")[0].casefold() or file.casefold())
    return "-".join(words)[:40] or "file"


# -- the map ---------------------------------------------------------------------------------------------


def problems(plan: Plan, kind: str) -> list[str]:
    """Return what is missing before the plan can be carried out."""
    found = []
    if kind == PEOPLE and not plan.of("mail", "phone", "id", *SOCIAL):
        found.append(_("Say which column holds the mail address, the phone, a profile or an id: else nobody is named."))
    if kind == OPPORTUNITIES and not plan.of("deal:id", "deal:name"):
        found.append(_("Say which column names the opportunity: by an id, or by its name."))
    if kind == COMPANIES and not plan.of("domain", "company"):
        found.append(_("Say which column holds the company's name or its web site."))
    if plan.agreed_unsaid:
        found.append(_("Say how these people had agreed: it stands in the receipt of each."))
    once: set[str] = set()
    for header, said in plan.columns.items():
        target = said["target"]
        if target and target not in ("mail", "phone", "id", "skip") and target in once:
            found.append(
                _("“%(column)s” goes where another column goes already. Choose another place.") % {"column": header}
            )
        once.add(target)
    return found


def document(plan: Plan, kind: str, reading: Reading) -> dict[str, Any]:
    """Return the map of a plan, as mapping.parse takes it."""
    made: dict[str, Any] = {
        "name": plan.name,
        "file": {"encoding": reading.encoding, "delimiter": reading.delimiter, "skip_lines": reading.skip_lines},
        "missing": plan.missing,
        "zone": plan.zone,
        "dates": _dates(plan.dates),
        "decimal": plan.decimal,
        "who": _who(plan, kind),
        "attributes": _attributes(plan, kind),
        "labels": {said["target"][5:]: said["label"] for said in plan.columns.values() if said.get("label")},
        "first_touch": _touch(plan) if kind != COMPANIES else {},
        "facts": _facts(plan, kind),
        "create": plan.create,
        "updates": "now",
        "only_empty": plan.only_empty,
    }
    if kind == PEOPLE and (told := plan.consents()):
        made["consents"] = consents.document(told, plan.answers, "".join(plan.of("gone")[:1]))
        made["consents_from"] = plan.consents_from
    if plan.guessed and (status := plan.of("deal:status")[:1]):
        made["guessed"] = {"column": status[0], "values": plan.guessed}
    if plan.key:
        made["key"] = plan.key
    if plan.skip:
        made["skip"] = plan.skip
    if at := (plan.of("at") or plan.of("deal:opened"))[:1]:
        made["at"] = {"column": at[0], "optional": True}
    return made


def _dates(dates: Iterable[str]) -> list[str]:
    """How dates are tried: ISO 8601 is never mistaken for another form, so it goes first."""
    return ["iso", *(each for each in dates if each != "iso")]


def _who(plan: Plan, kind: str) -> dict[str, Any]:
    if kind == COMPANIES:
        return {name: {"columns": found} for name in ("domain", "company") if (found := plan.of(name))}
    who: dict[str, Any] = {}
    if mail := plan.of("mail"):
        who["mail"] = {"columns": mail}
    if phone := plan.of("phone"):
        who["phone"] = {"columns": phone, "country": plan.country}
    who |= {name: {"columns": found} for name in SOCIAL if (found := plan.of(name))}
    ids = plan.of("id") + (plan.of("deal:id", "deal:name") if kind == OPPORTUNITIES else [])
    if ids:
        who["user_id"] = {"columns": ids, "prefix": f"{plan.name}:", "alone": True}
    if kind == OPPORTUNITIES and (company := plan.of("attr:company")):
        who["company"] = {"columns": company}
    return who


def _attributes(plan: Plan, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for header, said in plan.columns.items():
        if said["target"].startswith("attr:"):
            found[said["target"][5:]] = {
                "column": header, "kind": said.get("kind", "text"), "separator": said.get("separator") or ";"
            }  # fmt: skip
    constant = {target[5:]: text for target, text in plan.constants.items() if target.startswith("attr:")}
    return found | {name: {"value": text} for name, text in constant.items() if name not in found}


def _touch(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = {
        target[6:]: {"value": text} for target, text in plan.constants.items() if target.startswith("touch:")
    }
    for header, said in plan.columns.items():
        if said["target"].startswith("touch:"):
            found[said["target"][6:]] = header
    return found


def _facts(plan: Plan, kind: str) -> list[dict[str, Any]]:
    if kind == OPPORTUNITIES:
        return _deal_facts(plan)
    facts = []
    when, at = plan.of("won:if"), plan.of("won:at")
    if kind == PEOPLE and (when or at):
        props = _props(plan, {"opportunity": (plan.of("won:id") + plan.key + plan.of("id", "mail"))[:1]})
        if amount := plan.of("won:amount"):
            props["amount"] = {"column": amount[0], "kind": "money"}
        fact: dict[str, Any] = {"kind": "opportunity_won", "props": props}
        fact["when"] = {"column": when[0], "in": TRUE} if when else {"column": at[0]}
        if at:
            fact["at"] = {"column": at[0], "optional": True}
        facts.append(fact)
    if kind == PEOPLE and (gone := plan.of("gone")):
        facts.append({"kind": "mail_unsubscribed", "when": {"column": gone[0]}, "at": {"column": gone[0]}, "props": {}})
    return facts


def is_deal_prop(target: str) -> bool:
    """Return whether a target is a property of opportunities that the company made."""
    return target.startswith("deal:") and target not in DEAL_TARGETS


def _deal_facts(plan: Plan) -> list[dict[str, Any]]:
    named = plan.of("deal:id") or plan.of("deal:name")
    props = _props(plan, {"opportunity": named[:1]})
    for target, prop in DEAL_PROPS.items():
        props |= _props(plan, {prop: plan.of(target)[:1]})
    if amount := plan.of("deal:amount"):
        props["amount"] = {"column": amount[0], "kind": "money"}
    if plan.currency and "currency" not in props:
        props["currency"] = {"value": plan.currency}
    status, statuses = plan.of("deal:status")[:1], {**plan.guessed, **plan.statuses}
    if status and "stage" not in props:
        props["stage"] = status[0]
    others = [header for header in plan.columns if is_deal_prop(plan.columns[header]["target"])]
    props |= {plan.columns[each]["target"][5:]: {"column": each, "kind": plan.kind(each)} for each in others}
    closed = {"column": plan.of("deal:closed")[0], "optional": True} if plan.of("deal:closed") else None
    opened: dict[str, Any] = {"kind": "opportunity_opened", "when": {"column": named[0]}, "props": props}
    if begun := plan.of("deal:opened"):
        opened["at"] = {"column": begun[0], "optional": True}
    if status:
        known = [value for value, meaning in statuses.items() if meaning]
        opened["when"] = {"column": status[0], "in": known}
    facts = [opened]
    for meaning, kind in (("won", "opportunity_won"), ("lost", "opportunity_lost")):
        values = [value for value, each in statuses.items() if each == meaning]
        if status and values:
            fact: dict[str, Any] = {"kind": kind, "when": {"column": status[0], "in": values}, "props": dict(props)}
            if kind == "opportunity_lost":
                fact["props"] |= _props(plan, {"reason": plan.of("deal:reason")[:1]})
            facts.append(fact | ({"at": closed} if closed else {}))
    return facts


def _props(plan: Plan, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {name: headers[0] for name, headers in columns.items() if headers}
