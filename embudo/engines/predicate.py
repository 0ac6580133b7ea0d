"""A condition as one Python function of an event or of attributes: what `core.condition.holds` says, compiled once."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from embudo.core import scoring
from embudo.core.condition import ALWAYS, Compare, Condition, Every, Not, Op, Some, holds
from embudo.core.event import Event

NEVER = Some(())
Of = TypeVar("Of")
Predicate = Callable[[Event], bool]
Test = Callable[[Any], bool]


def predicate(condition: Condition) -> Predicate:
    """Return a function that says of an event what `holds(condition, lookup)` says over `scoring.field`."""
    return _compiled(condition, _field)


def of_attributes(condition: Condition) -> Callable[[Mapping[str, Any]], bool]:
    """Return a function that says of attributes what `holds(condition, attributes.get)` says."""
    return _compiled(condition, _attribute)


def given_kind(condition: Condition, kind: str) -> Condition:
    """Return what is left of a condition for events of one kind: comparisons of the kind decided, constants folded."""
    match condition:
        case Compare("kind"):
            return ALWAYS if holds(condition, lambda _: kind) else NEVER
        case Every(parts):
            left = tuple(each for each in (given_kind(part, kind) for part in parts) if each != ALWAYS)
            return NEVER if NEVER in left else left[0] if len(left) == 1 else Every(left)
        case Some(parts):
            left = tuple(each for each in (given_kind(part, kind) for part in parts) if each != NEVER)
            return ALWAYS if ALWAYS in left else left[0] if len(left) == 1 else Some(left)
        case Not(part):
            inner = given_kind(part, kind)
            return NEVER if inner == ALWAYS else ALWAYS if inner == NEVER else Not(inner)
        case _:
            return condition


def _compiled(condition: Condition, getter: Callable[[str], Callable[[Of], Any]]) -> Callable[[Of], bool]:
    match condition:
        case Compare(name, op, value):
            return _over_values(getter(name), _test(op, value), op is Op.KNOWN and value is False)
        case Every(parts):
            return _every(tuple(_compiled(part, getter) for part in parts))
        case Some(parts):
            return _some(tuple(_compiled(part, getter) for part in parts))
        case Not(part):
            inner = _compiled(part, getter)
            return lambda found: not inner(found)


def _every(parts: tuple[Callable[[Of], bool], ...]) -> Callable[[Of], bool]:
    match parts:
        case ():
            return lambda event: True
        case (first,):
            return first
        case (first, second):
            return lambda event: first(event) and second(event)
        case _:
            return lambda event: all(part(event) for part in parts)


def _some(parts: tuple[Callable[[Of], bool], ...]) -> Callable[[Of], bool]:
    match parts:
        case ():
            return lambda event: False
        case (first,):
            return first
        case (first, second):
            return lambda event: first(event) or second(event)
        case _:
            return lambda event: any(part(event) for part in parts)


def _field(name: str) -> Callable[[Event], Any]:
    if name in ("kind", "site", "door") or name.startswith("context."):
        return lambda event: scoring.field(event, name)
    return lambda event: event.props.get(name)


def _attribute(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda attributes: attributes.get(name)


def _over_values(get: Callable[[Of], Any], test: Test, when_unknown: bool) -> Callable[[Of], bool]:
    """A comparison holds when it holds for any one of the values; `known: false` holds when none is known."""
    if when_unknown:
        return lambda of: not any(map(test, _values(get(of))))

    def found(of: Of) -> bool:
        value = get(of)
        if value is None:
            return False
        if isinstance(value, list | tuple):
            return any(test(each) for each in value if each is not None)
        return test(value)

    return found


def _values(found: Any) -> list[Any]:
    return [each for each in (found if isinstance(found, list | tuple) else (found,)) if each is not None]


def _test(op: Op, wanted: Any) -> Test:
    match op:
        case Op.IS:
            return _same(wanted)
        case Op.ONE_OF:
            tests = tuple(map(_same, wanted))
            return lambda value: any(test(value) for test in tests)
        case Op.BEGINS_WITH:
            return lambda value: isinstance(value, str) and value.startswith(wanted)
        case Op.CONTAINS:
            return lambda value: isinstance(value, str) and wanted in value
        case Op.AT_LEAST:
            alike = _alike(wanted)
            return lambda value: alike(value) and bool(value >= wanted)
        case Op.AT_MOST:
            alike = _alike(wanted)
            return lambda value: alike(value) and bool(value <= wanted)
        case Op.KNOWN:
            return lambda value: bool(value != "")


def _same(wanted: Any) -> Test:
    alike = _alike(wanted)
    return lambda value: alike(value) and bool(value == wanted)


def _alike(wanted: Any) -> Test:
    """Text, numbers and yes/no are never mixed."""
    if isinstance(wanted, bool):
        return lambda value: isinstance(value, bool)
    if isinstance(wanted, str):
        return lambda value: isinstance(value, str)
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool)
