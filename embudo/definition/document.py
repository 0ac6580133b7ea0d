"""A definition of a lead as people write it down: the document of a YAML file, read with words on what is wrong.

`parse` makes a Definition of plain mappings, `document` gives them back in a fixed order of keys.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from embudo.core import condition
from embudo.core.condition import ALWAYS, BadCondition, Condition
from embudo.core.definition import THOUSAND, Action, Criterion, Definition, Group, Promotion, Rule
from embudo.core.event import DAY, HOUR
from embudo.core.window import Limit, Period


class BadDefinition(ValueError):
    """The document is no definition; the message names the place and what is expected."""


def parse(document: Mapping[str, Any]) -> Definition:
    """Return the definition a document states; raises BadDefinition."""
    top = _Reader(document, "the definition")
    profile = _Reader(top.take("profile", {}), "profile")
    engagement = _Reader(top.take("engagement", {}), "engagement")
    groups, rules = _groups(engagement.several("groups"))
    definition = Definition(
        version=top.whole("version", 0),
        name=str(top.take("name", "")),
        zone=_zone(str(top.take("zone", "UTC"))),
        half_life=_half_life(engagement.take("half_life_days", 30)),
        criteria=tuple(_criterion(each) for each in profile.several("criteria")),
        disqualifiers=tuple(_criterion(each, points=False) for each in profile.several("disqualifiers")),
        groups=groups,
        rules=rules,
        promotion=_promotion(top.take("promotion", {})),
    )
    for reader in (top, profile, engagement):
        reader.done()
    _unique("group", [each.name for each in definition.groups])
    _unique("rule", [each.name for each in definition.rules])
    _unique("criterion", [each.name for each in definition.criteria + definition.disqualifiers])
    return definition


def document(definition: Definition) -> dict[str, Any]:
    """Return the document that `parse` reads back to an equal definition, in a fixed order of keys."""
    promotion = definition.promotion
    return {
        "version": definition.version,
        "name": definition.name,
        "zone": definition.zone,
        "profile": {
            "criteria": [_criterion_document(each) for each in definition.criteria],
            "disqualifiers": [
                {"name": each.name, "when": condition.document(each.when)} for each in definition.disqualifiers
            ],
        },
        "engagement": {
            "half_life_days": _plain(Decimal(definition.half_life) / DAY),
            "groups": [_group_document(each, definition.rules) for each in definition.groups],
        },
        "promotion": {
            "fit": points_text(promotion.fit),
            "engagement": points_text(promotion.engagement),
            "keeps": points_text(promotion.keeps),
            "within_days": _plain(Decimal(promotion.within) / DAY),
            "actions": [_action_document(each) for each in promotion.actions],
            "ambassador": [_action_document(each) for each in promotion.ambassador],
        },
    }


def points_text(thousandths: int) -> int | float:
    """Return points as people write them: 5 or 2.5."""
    return _plain(Decimal(thousandths) / THOUSAND)


class _Reader:
    """Takes the keys of a mapping one by one and complains about those left over."""

    def __init__(self, document: Any, place: str) -> None:
        if not isinstance(document, Mapping):
            raise BadDefinition(f"{place} must be a mapping of names to values, not {document!r}")
        self.left, self.place = dict(document), place

    def take(self, key: str, default: Any = None) -> Any:
        value = self.left.pop(key, default)
        return default if value is None else value

    def need(self, key: str) -> Any:
        if self.left.get(key) is None:
            raise BadDefinition(f"{self.place} lacks `{key}`")
        return self.left.pop(key)

    def several(self, key: str) -> Sequence[Any]:
        value = self.take(key, [])
        if not isinstance(value, list | tuple):
            raise BadDefinition(f"`{key}` of {self.place} must be a list, not {value!r}")
        return value

    def whole(self, key: str, default: int) -> int:
        value = self.take(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadDefinition(f"`{key}` of {self.place} must be a whole number, not {value!r}")
        return value

    def done(self) -> None:
        if self.left:
            raise BadDefinition(f"{self.place} has the unknown key `{next(iter(self.left))}`")


def _criterion(document: Any, *, points: bool = True) -> Criterion:
    reader = _Reader(document, "a criterion")
    name = str(reader.need("name"))
    reader.place = f"the criterion {name!r}"
    worth = _points(reader.need("points"), reader.place) if points else 0
    criterion = Criterion(name, _condition(reader.need("when"), reader.place), worth)
    reader.done()
    return criterion


def _groups(documents: Sequence[Any]) -> tuple[tuple[Group, ...], tuple[Rule, ...]]:
    groups: list[Group] = []
    rules: list[Rule] = []
    for document in documents:
        reader = _Reader(document, "a group")
        name, cap = str(reader.need("name")), reader.take("cap")
        reader.place = f"the group {name!r}"
        groups.append(Group(name, None if cap is None else _points(cap, reader.place)))
        rules += [_rule(each, name) for each in reader.several("rules")]
        reader.done()
    return tuple(groups), tuple(rules)


def _rule(document: Any, group: str) -> Rule:
    reader = _Reader(document, f"a rule of the group {group!r}")
    name = str(reader.need("name"))
    reader.place = f"the rule {name!r}"
    when = _condition(reader.need("when"), reader.place)
    points = _points(reader.need("points"), reader.place)
    limit = _limit(reader.take("limit"), reader.place)
    fading = reader.take("fading", True)
    if not isinstance(fading, bool):
        raise BadDefinition(f"`fading` of {reader.place} must be yes or no, not {fading!r}")
    reader.done()
    return Rule(name, group, when, points, limit, fading)


def _limit(document: Any, place: str) -> Limit | None:
    if document is None:
        return None
    match str(document).split():
        case [count, "per", ("day" | "week" | "month") as per] if count.isdecimal() and int(count):
            return Limit(int(count), Period(per))
        case [count, "ever"] if count.isdecimal() and int(count):
            return Limit(int(count), Period.EVER)
    raise BadDefinition(f"the limit of {place} reads {document!r}; write `3 per day`, `1 per week` or `1 ever`")


def _promotion(document: Any) -> Promotion:
    reader = _Reader(document, "promotion")
    default = Promotion()
    engagement = _points(reader.take("engagement", points_text(default.engagement)), "promotion")
    promotion = Promotion(
        fit=_points(reader.take("fit", points_text(default.fit)), "promotion"),
        engagement=engagement,
        keeps=_points(reader.take("keeps", points_text(engagement)), "promotion"),
        within=_span(reader.take("within_days", 30), "promotion"),
        actions=tuple(_action(each) for each in reader.several("actions")),
        ambassador=tuple(_action(each) for each in reader.several("ambassador")),
    )
    reader.done()
    if promotion.keeps > promotion.engagement:
        raise BadDefinition("promotion: `keeps` must not be above `engagement`, or nobody could stay qualified")
    return promotion


def _action(document: Any) -> Action:
    reader = _Reader(document, "an action")
    action = Action(str(reader.need("name")), _condition(reader.need("when"), "an action"))
    reader.done()
    return action


def _condition(document: Any, place: str) -> Condition:
    try:
        found = condition.parse(document)
    except BadCondition as error:
        raise BadDefinition(f"{place}: {error}") from error
    if found == ALWAYS:
        raise BadDefinition(f"{place} has an empty condition; say when it holds")
    return found


def _points(value: Any, place: str) -> int:
    try:
        thousandths = Decimal(str(value)) * THOUSAND
    except InvalidOperation:
        raise BadDefinition(f"{place} has the points {value!r}; a number is expected") from None
    if isinstance(value, bool) or not thousandths.is_finite() or thousandths != int(thousandths):
        raise BadDefinition(f"{place} has the points {value!r}; a number with at most 3 decimals is expected")
    return int(thousandths)


def _span(days: Any, place: str) -> int:
    try:
        return int(Decimal(str(days)) * DAY)
    except (InvalidOperation, ValueError, OverflowError):
        raise BadDefinition(f"{place}: {days!r} is no number of days") from None


def _half_life(days: Any) -> int:
    half_life = _span(days, "half_life_days")
    if half_life < HOUR:
        raise BadDefinition("half_life_days must be at least one hour (0.0417)")
    return half_life


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadDefinition(f"the time zone {name!r} is unknown; write one such as America/Bogota") from None


def _unique(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise BadDefinition(f"two of kind {what} are called {name!r}; give each its own name")


def _plain(number: Decimal) -> int | float:
    return int(number) if number == int(number) else float(number)


def _criterion_document(each: Criterion) -> dict[str, Any]:
    return {"name": each.name, "when": condition.document(each.when), "points": points_text(each.points)}


def _action_document(each: Action) -> dict[str, Any]:
    return {"name": each.name, "when": condition.document(each.when)}


def _group_document(group: Group, rules: Sequence[Rule]) -> dict[str, Any]:
    document: dict[str, Any] = {"name": group.name}
    if group.cap is not None:
        document["cap"] = points_text(group.cap)
    document["rules"] = [_rule_document(each) for each in rules if each.group == group.name]
    return document


def _rule_document(rule: Rule) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": rule.name,
        "when": condition.document(rule.when),
        "points": points_text(rule.points),
    }
    if rule.limit:
        ever = rule.limit.per is Period.EVER
        document["limit"] = f"{rule.limit.count} ever" if ever else f"{rule.limit.count} per {rule.limit.per}"
    if not rule.fading:
        document["fading"] = False
    return document
