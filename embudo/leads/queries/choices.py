"""What may be chosen in a filter: the values that are there, found by jumping along an index, not by reading it."""

from embudo.leads.queries.pieces import IS_LISTED
from embudo.leads.sql import rows

MOST = 40


def sources(most: int = MOST) -> list[str]:
    """Return the sources people came by, in alphabetical order."""
    return _jump("source", f"leads_person WHERE {IS_LISTED}", (), most)


def media(most: int) -> list[str]:
    """Return the media people came by, in alphabetical order."""
    return _jump("medium", f"leads_person WHERE {IS_LISTED}", (), most)


def values(attribute: str, most: int = MOST) -> list[str]:
    """Return values of an attribute, in alphabetical order."""
    return _jump("text", "leads_personattribute WHERE attribute = %s", (attribute,), most)


def _jump(column: str, among: str, values: tuple[str, ...], most: int) -> list[str]:
    """The first values of a column beyond "", in one statement: each is the least above the one before."""
    least = f"(SELECT min({column}) FROM {among} AND {column} > %s)"
    next_one = f"(SELECT min({column}) FROM {among} AND {column} > jump.here)"
    statement = (
        f"WITH RECURSIVE jump(here, number) AS (SELECT {least}, 1 UNION ALL"
        f" SELECT {next_one}, number + 1 FROM jump WHERE here IS NOT NULL AND number < %s)"
        " SELECT here FROM jump WHERE here IS NOT NULL ORDER BY number"
    )
    return [here for (here,) in rows(statement, (*values, "", *values, most))]
