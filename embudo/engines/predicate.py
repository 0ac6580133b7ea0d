"""A condition as one Python function of an event: what `core.condition.holds` says, compiled once per rule."""

from collections.abc import Callable
from typing import Any

from embudo.core import scoring
from embudo.core.condition import ALWAYS, Compare, Condition, Every, Not, Op, Some, holds
from embudo.core.event import Event

NEVER = Some(())
Predicate = Callable[[Event], bool]
Test = Callable[[Any], bool]


def predicate(condition: Condition) -> Predicate:
    """Return a function that says of an event what `holds(condition, lookup)` says over `scoring.field`."""
    match condition:
        case Compare(name, op, value):
            return _over_values(_getter(name), _test(op, value), op is Op.KNOWN and value is False)
        case Every(parts):
            return _every(tuple(map(predicate, parts)))
        case Some(parts):
            return _some(tuple(map(predicate, parts)))
        case Not(part):
            inner = predicate(part)
            return lambda event: not inner(event)


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


def _every(parts: tuple[Predicate, ...]) -> Predicate:
    match parts:
        case ():
            return lambda event: True
        case (first,):
            return first
        case (first, second):
            return lambda event: first(event) and second(event)
        case _:
            return lambda event: all(part(event) for part in parts)


def _some(parts: tuple[Predicate, ...]) -> Predicate:
    match parts:
        case ():
            return lambda event: False
        case (first,):
            return first
        case (first, second):
            return lambda event: first(event) or second(event)
        case _:
            return lambda event: any(part(event) for part in parts)


def _getter(name: str) -> Callable[[Event], Any]:
    if name in ("kind", "site", "door") or name.startswith("context."):
        return lambda event: scoring.field(event, name)
    return lambda event: event.props.get(name)


def _over_values(get: Callable[[Event], Any], test: Test, when_unknown: bool) -> Predicate:
    """A comparison holds when it holds for any one of the values; `known: false` holds when none is known."""
    if when_unknown:
        return lambda event: not any(map(test, _values(get(event))))

    def found(event: Event) -> bool:
        value = get(event)
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
