"""A condition as SQL over the log's columns: what `core.condition.holds` says, for DuckDB and what sqlglot makes of it.

A value is read from a typed column where the row says that its columns tell all (not `odd`), else from
JSON with its type. In the result NULL stands for false; only NOT turns it into false outright, which is
the same because every other operator is monotone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from embudo.core.condition import Compare, Condition, Every, Not, Op, Some, names
from embudo.eventlog.columns import HOT_NUMBER, HOT_TEXT

Test = Callable[[str], str]  # the SQL of a value -> the SQL of what is asked of it


@dataclass(frozen=True, slots=True)
class Column:
    """A typed column; `kind` as core names kinds of values."""

    sql: str
    kind: str


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON value of any kind; NULL when missing."""

    sql: str


Value = Column | Json
ValueOf = Callable[[str], Value]


def holds(condition: Condition, value_of: ValueOf) -> str:
    """Return the SQL that is true exactly where the condition holds."""
    match condition:
        case Compare(name, op, wanted):
            return compare(value_of(name), op, wanted)
        case Every(parts):
            return " AND ".join(_grouped(part, value_of) for part in parts) or "TRUE"
        case Some(parts):
            return " OR ".join(_grouped(part, value_of) for part in parts) or "FALSE"
        case Not(part):
            return f"NOT coalesce({holds(part, value_of)}, FALSE)"


def of_row(name: str) -> Value:
    """Return where a rule finds a name in a row that is not odd."""
    if name in HOT_TEXT:
        return Column(quoted_name(name), "text")
    if name in HOT_NUMBER:
        return Column(quoted_name(name), "number")
    return of_odd_row(name)


def of_odd_row(name: str) -> Value:
    """Return where a rule finds a name in any row, at the price of reading its body."""
    if name in ("kind", "site", "door"):
        return Column(quoted_name(name), "text")
    if name.startswith("context."):
        return _inside(name.split("."))
    return Json(f"json_extract(body, {text(pointer(['props', name]))})")


def compare(value: Value, op: Op, wanted: Any) -> str:
    """Return the SQL of one comparison."""
    if op is Op.KNOWN:
        known = _column_known(value) if isinstance(value, Column) else _any_of(value, _json_known)
        return known if wanted else f"NOT coalesce({known}, FALSE)"
    if op is Op.ONE_OF and any(map(_is_vast, wanted)):
        return f"({' OR '.join(compare(value, Op.IS, each) for each in wanted)})"
    if isinstance(value, Column):
        return _test(op, wanted, value.kind)(value.sql)
    return _any_of(value, _json_test(op, wanted))


def text(value: str) -> str:
    """Return a text literal."""
    return "'" + value.replace("'", "''") + "'"


def number(value: float) -> str:
    """Return a literal of type DOUBLE: with an exponent, or DuckDB would read a DECIMAL."""
    written = repr(float(value))
    return written if "e" in written else written + "e0"


def quoted_name(name: str) -> str:
    """Return a column's name in quotes: `at` is a word of SQL."""
    return f'"{name}"'


def pointer(keys: list[str]) -> str:
    """Return the JSON pointer (RFC 6901) of a path of keys."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def reads_body(condition: Condition) -> bool:
    """Return whether a condition looks into the body of rows that are not odd, which costs far more than columns."""
    return any(isinstance(of_row(name), Json) for name in names(condition))


def _grouped(part: Condition, value_of: ValueOf) -> str:
    return f"({holds(part, value_of)})"


def _inside(keys: list[str]) -> Json:
    """A value of the context; a pointer would also count into lists, which core does not."""
    found = f"json_extract(body, {text(pointer(keys))})"
    for depth, key in enumerate(keys[1:], start=1):
        if key.isdigit() or key == "-":
            inside = f"json_type(body, {text(pointer(keys[:depth]))}) = 'OBJECT'"
            found = f"CASE WHEN {inside} THEN {found} END"
    return Json(found)


def _any_of(value: Json, test: Test) -> str:
    """A comparison holds when it holds for any one of several values."""
    each = f"array_length(list_filter(CAST({value.sql} AS JSON[]), x -> coalesce({test('x')}, FALSE))) > 0"
    return f"CASE json_type({value.sql}) WHEN 'ARRAY' THEN {each} ELSE {test(value.sql)} END"


def _column_known(column: Column) -> str:
    known = f"{column.sql} IS NOT NULL"
    return f"{known} AND {column.sql} <> ''" if column.kind == "text" else known


def _json_known(value: str) -> str:
    return f"{value} IS NOT NULL AND json_type({value}) <> 'NULL' AND CAST({value} AS VARCHAR) <> '\"\"'"


def _kind(wanted: Any) -> str:
    return "boolean" if isinstance(wanted, bool) else "text" if isinstance(wanted, str) else "number"


def _literal(wanted: Any) -> str:
    if isinstance(wanted, bool):
        return "TRUE" if wanted else "FALSE"
    return text(wanted) if isinstance(wanted, str) else number(wanted)


def _test(op: Op, wanted: Any, kind: str) -> Test:
    """What is asked of a value of one kind: kinds are never mixed."""
    if op is Op.ONE_OF:
        alike = [_literal(each) for each in wanted if _kind(each) == kind]
        return lambda value: f"{value} IN ({', '.join(alike)})" if alike else "FALSE"
    if _kind(wanted) != kind:
        return lambda value: "FALSE"
    literal = _literal(wanted)
    match op:
        case Op.BEGINS_WITH:
            return lambda value: f"starts_with({value}, {literal})"
        case Op.CONTAINS:
            return lambda value: f"contains({value}, {literal})"
        case Op.AT_LEAST:
            sign = ">="
        case Op.AT_MOST:
            sign = "<="
        case _:
            sign = "="
    if _is_vast(wanted):
        whole = f"CAST({int(wanted)} AS HUGEINT)"
        return lambda value: (
            f"coalesce(TRY_CAST({value} AS HUGEINT) {sign} {whole}, CAST({value} AS DOUBLE) {sign} {literal})"
        )
    return lambda value: f"{value} {sign} {literal}"


def _is_vast(wanted: Any) -> bool:
    """Whether it is a whole number of which a DOUBLE cannot tell all its neighbours, as core can."""
    return isinstance(wanted, int | float) and 2**53 <= abs(wanted) < 2**127


_JSON_KINDS = {
    "text": ("'VARCHAR'", "json_extract_string({}, '$')"),
    "number": ("'BIGINT', 'UBIGINT', 'DOUBLE'", "CAST({} AS DOUBLE)"),
    "boolean": ("'BOOLEAN'", "CAST({} AS BOOLEAN)"),
}


def _json_test(op: Op, wanted: Any) -> Test:
    """What is asked of a JSON value: of its own kind, and cast only where it is of that kind."""
    kinds = {_kind(each) for each in wanted} if op is Op.ONE_OF else {_kind(wanted)}
    read = {kind: "{}" if _is_vast(wanted) else cast for kind, (_, cast) in _JSON_KINDS.items()}
    tests = {kind: _test(op, wanted, kind) for kind in sorted(kinds)}

    def of_kinds(value: str) -> str:
        cases = (
            f"WHEN json_type({value}) IN ({_JSON_KINDS[kind][0]}) THEN {test(read[kind].format(value))}"
            for kind, test in tests.items()
        )
        return f"CASE {' '.join(cases)} ELSE FALSE END"

    return of_kinds
