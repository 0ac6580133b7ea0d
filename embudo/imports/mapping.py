"""What a map says: which columns of a file are whom, when and what (docs/importing.md)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from embudo import plain_yaml
from embudo.core.kind import RESERVED_KINDS
from embudo.imports.reading import BadFile, Reading
from embudo.imports.values import EPOCH, KINDS, MICROSECOND, Conventions

ENTRIES = (
    "name file missing zone dates decimal key who at known_at attributes first_touch facts create skip labels"
    " updates only_empty consents consents_from guessed"
)
WANTED = (
    "a map is a YAML file with the entries name, who, attributes ... (docs/importing.md): --map takes it, not the CSV"
)
UNSAID = ""  # the kind of an attribute that the map does not say: its own, and text of one that is new
KIND = re.compile(r"[a-z][a-z0-9_]{0,99}")
ALIKE = ({"text", "choice"}, {"number", "money"})  # kinds that give the same values
WHO = "mail phone user_id linkedin twitter facebook instagram domain company"
ANSWERS = ("agree", "refuse", "neither")
TOUCH = ("source", "medium", "campaign", "landing_page", "referrer")


class BadMap(BadFile):
    """A map cannot be used; the message names the entry and what is expected."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a value comes from: a column, read as a kind, or a constant."""

    column: str = ""
    kind: str = "text"
    value: Any = None
    values: Mapping[str, Any] | None = None
    separator: str = ";"
    formats: tuple[str, ...] = ()
    prefix: str = ""  # before an id of another system
    others: tuple[str, ...] = ()  # columns to look into where that one is empty
    alone: bool = False  # an id that names somebody only where nothing else does
    country: str = ""  # of phone numbers written without one


@dataclass(frozen=True, slots=True)
class When:
    """Which rows a fact is for: those whose column has a value, or one of these."""

    column: str
    one_of: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Time:
    """When something was true: a column's instant, or an order without dates that starts somewhere."""

    column: str
    formats: tuple[str, ...] = ()
    optional: bool = False  # an empty cell is no mistake
    starts_at: int | None = None  # set: the column is a number, as many seconds after this instant
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class FactMap:
    """One fact a row may state."""

    kind: str
    when: When | None
    at: Time | None
    known_at: Time | None
    props: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class ConsentMap:
    """A column that says yes or no to a purpose, by its words or by the date of it; imports/consents.py."""

    purpose: str
    column: str
    agree: frozenset[str] = frozenset()  # in small letters
    refuse: frozenset[str] = frozenset()
    neither: frozenset[str] = frozenset()
    dates: str = ""  # what a date means: agree or refuse

    @property
    def gives(self) -> bool:
        """Whether it may say yes."""
        return bool(self.agree) or self.dates == "agree"


@dataclass(frozen=True, slots=True)
class ImportMap:
    """A whole map."""

    name: str
    conventions: Conventions
    who: Mapping[str, Cell]  # of WHO
    key: tuple[str, ...]
    at: Time | None
    known_at: Time | None
    attributes: Mapping[str, Cell]
    touch: Mapping[str, Cell]
    facts: tuple[FactMap, ...]
    create: bool = True
    reading: Reading = Reading()
    skip: When | None = None  # rows that the source itself marks as deleted
    labels: Mapping[str, str] = field(default_factory=dict)  # of attributes that are new
    updates_now: bool = False  # what is said of somebody who is known already was found out now
    only_empty: bool = False  # and fills in only what is not known of them
    consents: tuple[ConsentMap, ...] = ()
    consents_from: str = ""  # what receipts say of how these people had agreed
    guessed: Cell | None = None  # of its values nobody has confirmed the meaning: rows with one say so

    @property
    def source(self) -> str:
        """The source of the facts in the log."""
        return f"import:{self.name}"

    def columns(self) -> set[str]:
        """Return every column the map reads."""
        cells = [*self.who.values(), *self.attributes.values(), *self.touch.values()]
        cells += [cell for fact in self.facts for cell in fact.props.values()]
        times = [self.at, self.known_at, *(time for fact in self.facts for time in (fact.at, fact.known_at))]
        found = (
            {column for cell in cells for column in (cell.column, *cell.others)}
            | {time.column for time in times if time}
            | set(self.key)
            | {each.column for each in self.consents}
            | {self.guessed.column if self.guessed else ""}
        )
        conditions = [*(fact.when for fact in self.facts), self.skip]
        return (found | {each.column for each in conditions if each}) - {""}


def read(path: Path, *, zone: str) -> ImportMap:
    """Return the map of a YAML file; `zone` is of dates when the map names none. Raises BadMap."""
    try:
        document = plain_yaml.load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadMap(f"{path.name} cannot be read; {WANTED}") from error
    except plain_yaml.NotPlain as error:
        raise BadMap(f"{path.name}: {error}; {WANTED}") from error
    if not isinstance(document, Mapping):
        raise BadMap(f"{path.name} is no map; {WANTED}")
    return parse(document, zone=zone)


def parse(document: Any, *, zone: str = "UTC") -> ImportMap:
    """Return the map a document states; raises BadMap."""
    top = _mapping(document, "the map")
    _only(top, "the map", ENTRIES)
    file = _mapping(top.get("file"), "file")
    _only(file, "file", "encoding delimiter skip_lines sheet")
    if not isinstance(top.get("name"), str) or not top["name"].strip():
        raise BadMap("`name` is missing: a short word that stays the same from run to run")
    conventions = _conventions(top, zone)
    who = {name: _cell(cell, f"who.{name}") for name, cell in _mapping(top.get("who"), "who").items()}
    _only(who, "who", WHO)
    if not who:
        raise BadMap(f"`who` needs at least one of {', '.join(WHO.split())}")
    touch = _cells(top.get("first_touch"), "first_touch")
    _only(touch, "first_touch", " ".join(TOUCH))
    facts = _list(top.get("facts"), "facts")
    consents, consents_from = _consents(top)
    encoding = str(file.get("encoding", "utf-8")).lower()
    return ImportMap(
        name=top["name"].strip(),
        conventions=conventions,
        who=who,
        key=_key(top.get("key"), who),
        at=_time(top.get("at"), "at", conventions),
        known_at=_time(top.get("known_at"), "known_at", conventions),
        attributes=_cells(top.get("attributes"), "attributes", UNSAID),
        touch=touch,
        facts=tuple(_fact(fact, number, conventions) for number, fact in enumerate(facts, 1)),
        create=bool(top.get("create", True)),
        reading=Reading(
            encoding="utf-8-sig" if encoding in ("utf-8", "utf8") else encoding,
            delimiter=str(file.get("delimiter", ",")),
            skip_lines=int(file.get("skip_lines", 0)),
            sheet=str(file.get("sheet", "")),
        ),
        skip=_when(top.get("skip"), "skip"),
        labels={name: str(label) for name, label in _mapping(top.get("labels"), "labels").items()},
        updates_now=top.get("updates") == "now",
        only_empty=bool(top.get("only_empty", False)),
        consents=consents,
        consents_from=consents_from,
        guessed=_cell(top["guessed"], "guessed") if top.get("guessed") else None,
    )


def _conventions(top: Mapping[str, Any], zone: str) -> Conventions:
    zone = str(top.get("zone") or zone)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadMap(f"`zone` {zone!r} is not a time zone such as America/Sao_Paulo") from error
    decimal = str(top.get("decimal", "."))
    if decimal not in (".", ","):
        raise BadMap(f'`decimal` is {decimal!r}; write "." or ","')
    missing = frozenset(str(each) for each in _list(top.get("missing"), "missing"))
    return Conventions(zone, tuple(map(str, _list(top.get("dates"), "dates"))), decimal, missing)


def _key(given: Any, who: Mapping[str, Cell]) -> tuple[str, ...]:
    if given is None:
        return tuple(column for cell in who.values() for column in (cell.column, *cell.others) if column)
    return (given,) if isinstance(given, str) else tuple(map(str, _list(given, "key")))


def _fact(given: Any, number: int, conventions: Conventions) -> FactMap:
    where = f"facts, number {number}"
    fact = _mapping(given, where)
    _only(fact, where, "kind when at known_at props")
    if not isinstance(fact.get("kind"), str):
        raise BadMap(f"{where}: `kind` is missing, such as purchase_made")
    if fact["kind"] in RESERVED_KINDS or not KIND.fullmatch(fact["kind"]):
        raise BadMap(f"{where}: no file may state the kind {fact['kind']!r}; known are call_made, purchase_made ...")
    return FactMap(
        kind=fact["kind"],
        when=_when(fact.get("when"), where),
        at=_time(fact.get("at"), f"{where}: at", conventions),
        known_at=_time(fact.get("known_at"), f"{where}: known_at", conventions),
        props=_cells(fact.get("props"), f"{where}: props"),
    )


def _consents(top: Mapping[str, Any]) -> tuple[tuple[ConsentMap, ...], str]:
    """The columns of consents, and what is stated of them, which a yes needs."""
    said = str(top.get("consents_from") or "").strip()[:500]
    found = tuple(_consent(each, number) for number, each in enumerate(_list(top.get("consents"), "consents"), 1))
    if any(each.gives for each in found) and not said:
        raise BadMap("`consents_from` is missing: how these people had agreed, as their receipts will say it")
    return found, said


def _consent(given: Any, number: int) -> ConsentMap:
    where = f"consents, number {number}"
    consent = _mapping(given, where)
    _only(consent, where, "purpose column agree refuse neither dates")
    words = [frozenset(str(each).casefold() for each in _list(consent.get(name), where)) for name in ANSWERS]
    dates = consent.get("dates", "")
    if dates not in ("", "agree", "refuse"):
        raise BadMap(f"{where}: `dates` is {dates!r}; write agree or refuse")
    return ConsentMap(_text(consent, "purpose", where), _text(consent, "column", where), *words, dates=dates)


def _when(given: Any, where: str) -> When | None:
    if given is None:
        return None
    if isinstance(given, str):
        return When(given)
    when = _mapping(given, f"{where}: when")
    _only(when, f"{where}: when", "column in")
    texts = when.get("in")
    one_of = None if texts is None else frozenset(map(str, _list(texts, "in")))
    return When(_text(when, "column", f"{where}: when"), one_of)


def _time(given: Any, where: str, conventions: Conventions) -> Time | None:
    if given is None:
        return None
    if isinstance(given, str):
        return Time(given)
    time = _mapping(given, where)
    _only(time, where, "column format formats order from unknown optional")
    if "order" in time:
        start = _start(time.get("from"), where, conventions)
        return Time(_text(time, "order", where), starts_at=start, unknown=bool(time.get("unknown", False)))
    formats = _list(time.get("formats") or ([time["format"]] if "format" in time else []), where)
    return Time(_text(time, "column", where), tuple(map(str, formats)), optional=bool(time.get("optional", False)))


def _start(given: Any, where: str, conventions: Conventions) -> int:
    if isinstance(given, date) and not isinstance(given, datetime):
        given = datetime(given.year, given.month, given.day)  # the zone follows
    if not isinstance(given, datetime):
        raise BadMap(f"{where}: `from` needs a day, such as 2020-01-01")
    if given.tzinfo is None:
        given = given.replace(tzinfo=ZoneInfo(conventions.zone))
    return (given.astimezone(UTC) - EPOCH) // MICROSECOND


def obeying(plan: ImportMap, kinds: Mapping[str, str]) -> ImportMap:
    """Return the map with each attribute as the kind it has already; raises BadMap where the map says another."""
    found = {}
    for name, cell in plan.attributes.items():
        own = kinds.get(name) or cell.kind or "text"
        there = f"attributes.{name}: there is an attribute of this name, of kind {own}"
        if cell.column and cell.kind not in (UNSAID, own) and not any({own, cell.kind} <= each for each in ALIKE):
            raise BadMap(f"{there}, and `kind` is {cell.kind}; leave `kind` out, or give it another name")
        given = [*(cell.values or {}).values(), cell.value]
        if own in ("number", "money") and any(isinstance(each, str) for each in given):
            raise BadMap(f"{there}, and the map gives it a text; write a number")
        found[name] = replace(cell, kind=own)
    return replace(plan, attributes=found)


def _cells(given: Any, where: str, usual: str = "text") -> dict[str, Cell]:
    return {name: _cell(cell, f"{where}.{name}", usual) for name, cell in _mapping(given, where).items()}


def _cell(given: Any, where: str, usual: str = "text") -> Cell:
    if isinstance(given, str):
        return Cell(given, usual)
    cell = _mapping(given, where)
    _only(cell, where, "column columns kind value values separator format formats prefix country alone")
    kind = cell.get("kind", usual)
    if kind not in (*KINDS, usual):
        raise BadMap(f"{where}: `kind` is {kind!r}; known are {', '.join(KINDS)}")
    columns = [str(each) for each in _list(cell.get("columns") or cell.get("column"), where)]
    if bool(columns) == ("value" in cell):
        raise BadMap(f"{where} needs either a column or a value")
    values = cell.get("values")
    return Cell(
        column=columns[0] if columns else "",
        others=tuple(columns[1:]),
        kind=kind,
        value=_plain(cell.get("value")),
        values=None if values is None else {str(k): _plain(v) for k, v in _mapping(values, where).items()},
        separator=str(cell.get("separator", ";")),
        prefix=str(cell.get("prefix", "")),
        country=str(cell.get("country", "")),
        alone=bool(cell.get("alone", False)),
    )


def _plain(value: Any) -> Any:
    """YAML reads bare dates; a fact's properties are JSON."""
    return value.isoformat() if isinstance(value, date) else value


def _text(given: Mapping[str, Any], name: str, where: str) -> str:
    if not isinstance(given.get(name), str):
        raise BadMap(f"{where}: `{name}` needs the name of a column")
    return str(given[name])


def _mapping(given: Any, where: str) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadMap(f"{where} needs names and values, not {_shortened(given)}")
    return {str(name): value for name, value in given.items()}


def _shortened(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _list(given: Any, where: str) -> Sequence[Any]:
    if given is None:
        return []
    return [given] if isinstance(given, str) or not isinstance(given, Sequence) else given


def _only(given: Mapping[str, Any], where: str, known: str) -> None:
    for name in given:
        if name not in known.split():
            raise BadMap(f"{where} has `{name}`; known are {', '.join(known.split())}")
