"""Fit as SQL: the attributes in force of everybody at an instant, and how well they match the profile."""

from collections.abc import Iterable

from embudo.core.condition import names
from embudo.core.curve import PLACES
from embudo.core.definition import Criterion, Definition
from embudo.engines.sql import Query
from embudo.engines.sql_condition import Json, holds, number, pointer, text

STRENGTH = "CASE WHEN door = 'public' THEN 0 ELSE 1 END"


def fit(definition: Definition, at: int) -> Query:
    """Return the query of (person, fit, known_share, disqualified_by) of people who stated anything up to the instant.

    `fit` is NULL where the profile has no positive points. Of the statements on one attribute the one of the
    greatest (strength, at, id, source) is in force (core.attributes).
    """
    asked = sorted({name for each in definition.criteria + definition.disqualifiers for name in names(each.when)})
    column = {name: f"a{place}" for place, name in enumerate(asked)}
    inside = [f"json_extract(traits, {text(pointer([name]))})" for name in asked]
    said = "".join(f", {each} AS a{place}" for place, each in enumerate(inside))
    stated = (
        f"SELECT coalesce(i.person, f.subject) AS person, "
        f"{{'strength': {STRENGTH}, 'at': \"at\", 'id': id, 'source': source}} AS rank{said} "
        f"FROM facts AS f LEFT JOIN identity AS i ON i.subject = f.subject "
        f"WHERE traits IS NOT NULL AND verdict <> 'machine' AND \"at\" <= {at}"
    )
    chosen = "".join(
        f", nullif(nullif(CAST(max_by(a{n}, rank) FILTER (WHERE a{n} IS NOT NULL) AS VARCHAR), 'null'), '\"\"') AS a{n}"
        for n in range(len(asked))
    )
    steps = {"stated": stated, "attributes": f"SELECT person{chosen} FROM stated GROUP BY person"}
    return Query(steps, f"SELECT person, {_columns(definition, column)} FROM attributes")


def _columns(definition: Definition, column: dict[str, str]) -> str:
    def met(criterion: Criterion) -> str:
        return holds(criterion.when, lambda name: Json(f"CAST({column[name]} AS JSON)"))

    def known(criterion: Criterion) -> str:
        return " AND ".join(f"{column[name]} IS NOT NULL" for name in sorted(set(names(criterion.when)))) or "TRUE"

    available = definition.positive_points
    points = _sum(f"CASE WHEN {met(each)} THEN {each.points} ELSE 0 END" for each in definition.criteria)
    positive = [each for each in definition.criteria if each.points > 0]
    share = _sum(f"CASE WHEN {known(each)} THEN {each.points} ELSE 0 END" for each in positive)
    fitted = f"round(least(100e0, greatest(0e0, 100e0 * ({points}) / {number(available)})), {PLACES})"
    against = " ".join(f"WHEN {met(each)} THEN {text(each.name)}" for each in definition.disqualifiers)
    return (
        f"{fitted if available else 'CAST(NULL AS DOUBLE)'} AS fit, "
        f"{f'({share}) / {number(available)}' if available else '0e0'} AS known_share, "
        f"{f'CASE {against} END' if against else 'CAST(NULL AS VARCHAR)'} AS disqualified_by"
    )


def _sum(parts: Iterable[str]) -> str:
    return " + ".join(parts) or "0"
