"""What a condition is: a small tree of comparisons over named values, and when it holds.

A value may be missing (None), text, a number, yes/no, or a list of these (several choices). A
comparison holds when it holds for any one of the values; a missing value makes every comparison
false. Text is compared exactly, by code point; text and numbers are never mixed. Every engine reads
these rules (`tests/parity`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Lookup = Callable[[str], Any]


class BadCondition(ValueError):
    """The text of a condition cannot be read; the message says which part and what is expected."""


class Op(StrEnum):
    """The comparisons people may use."""

    IS = "is"
    ONE_OF = "one_of"
    BEGINS_WITH = "begins_with"
    CONTAINS = "contains"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Compare:
    """`name` `op` `value`; `value` is a tuple for ONE_OF, True or False for KNOWN."""

    name: str
    op: Op
    value: Any


@dataclass(frozen=True, slots=True)
class Every:
    """All of the parts hold; with no part it holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of the parts holds; with no part it does not."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = Compare | Every | Some | Not
ALWAYS = Every(())


def holds(condition: Condition, lookup: Lookup) -> bool:
    """Return whether `condition` holds for the values that `lookup(name)` gives."""
    match condition:
        case Compare(name, op, value):
            return _compare(lookup(name), op, value)
        case Every(parts):
            return all(holds(part, lookup) for part in parts)
        case Some(parts):
            return any(holds(part, lookup) for part in parts)
        case Not(part):
            return not holds(part, lookup)


def names(condition: Condition) -> Iterator[str]:
    """Yield the name of every value the condition looks at, repeats included."""
    match condition:
        case Compare(name):
            yield name
        case Every(parts) | Some(parts):
            for part in parts:
                yield from names(part)
        case Not(part):
            yield from names(part)


def kinds(condition: Condition) -> frozenset[str] | None:
    """Return the event kinds for which the condition can hold, or None when any kind may do.

    It may name too many, never too few: an engine uses it to look only at rules that can match.
    """
    match condition:
        case Compare("kind", Op.IS, value):
            return frozenset((value,)) if isinstance(value, str) else frozenset()
        case Compare("kind", Op.ONE_OF, value):
            return frozenset(each for each in value if isinstance(each, str))
        case Every(parts):
            known = [each for each in map(kinds, parts) if each is not None]
            return frozenset.intersection(*known) if known else None
        case Some(parts) if parts:
            each = [kinds(part) for part in parts]
            return None if None in each else frozenset().union(*(k for k in each if k is not None))
        case _:
            return None


def _compare(found: Any, op: Op, wanted: Any) -> bool:
    values = [each for each in (found if isinstance(found, list | tuple) else (found,)) if each is not None]
    if op is Op.KNOWN:
        return any(each != "" for each in values) is wanted
    return any(_one(each, op, wanted) for each in values)


def _one(value: Any, op: Op, wanted: Any) -> bool:
    match op:
        case Op.IS:
            return _same(value, wanted)
        case Op.ONE_OF:
            return any(_same(value, each) for each in wanted)
        case Op.BEGINS_WITH:
            return isinstance(value, str) and value.startswith(wanted)
        case Op.CONTAINS:
            return isinstance(value, str) and wanted in value
        case Op.AT_LEAST:
            return _kind(value) == _kind(wanted) and bool(value >= wanted)
        case Op.AT_MOST:
            return _kind(value) == _kind(wanted) and bool(value <= wanted)
        case _:
            return False


def _same(value: Any, wanted: Any) -> bool:
    return _kind(value) == _kind(wanted) and bool(value == wanted)


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return "other"


def parse(document: Mapping[str, Any]) -> Condition:
    """Return the condition a mapping states; raises BadCondition.

    `{kind: page_viewed, path: {begins_with: /pricing}}` means both; a list means one of;
    `any: [...]`, `all: [...]` and `not: {...}` nest.
    """
    if not isinstance(document, Mapping):
        raise BadCondition(f"a condition is a mapping of names to values, not {document!r}")
    parts = [_part(str(name), value) for name, value in document.items()]
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _part(name: str, value: Any) -> Condition:
    if name in ("any", "all"):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise BadCondition(f"`{name}` needs a list of conditions, not {value!r}")
        parts = tuple(parse(each) for each in value)
        return Some(parts) if name == "any" else Every(parts)
    if name == "not":
        return Not(parse(value))
    if isinstance(value, Mapping):
        compares = tuple(_named(name, str(op), wanted) for op, wanted in value.items())
        return compares[0] if len(compares) == 1 else Every(compares)
    if isinstance(value, list | tuple):
        return _named(name, "one_of", value)
    return _named(name, "is", value)


def _named(name: str, op: str, wanted: Any) -> Compare:
    if op not in Op.__members__.values():
        raise BadCondition(f"`{name}` has the comparison `{op}`; known are {', '.join(Op)}")
    for each in (name, *wanted) if isinstance(wanted, list | tuple) else (name, wanted):
        if isinstance(each, str) and "\0" in each:
            raise BadCondition(f"`{name}` `{op}` has a NUL character in {each!r}; no fact has one")
    expected: tuple[str, ...]
    match Op(op):
        case Op.ONE_OF:
            if not isinstance(wanted, list | tuple) or not wanted or "other" in map(_kind, wanted):
                raise BadCondition(f"`{name}` `one_of` needs a list of values, not {wanted!r}")
            return Compare(name, Op.ONE_OF, tuple(wanted))
        case Op.KNOWN:
            expected = ("boolean",)
        case Op.BEGINS_WITH | Op.CONTAINS:
            expected = ("text",)
        case Op.AT_LEAST | Op.AT_MOST:
            expected = ("number", "text")
        case Op.IS:
            expected = ("text", "number", "boolean")
    if _kind(wanted) not in expected:
        raise BadCondition(f"`{name}` `{op}` needs {' or '.join(expected)}, not {wanted!r}")
    return Compare(name, Op(op), wanted)


def document(condition: Condition) -> dict[str, Any]:
    """Return the mapping that `parse` reads back to an equal condition."""
    match condition:
        case Compare(name, op, value):
            return {name: value if op is Op.IS else list(value) if op is Op.ONE_OF else {op.value: value}}
        case Every(parts):
            each = [document(part) for part in parts]
            keys = [key for one in each for key in one]
            if len(each) > 1 and len(set(keys)) == len(keys):
                return {key: value for one in each for key, value in one.items()}
            return {"all": each}
        case Some(parts):
            return {"any": [document(part) for part in parts]}
        case Not(part):
            return {"not": document(part)}
