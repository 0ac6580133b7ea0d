"""What may be chosen in a filter: the values that are there, found by jumping along an index, not by reading it."""

from embudo.leads.queries.pieces import IS_LISTED
from embudo.leads.sql import rows

MOST = 40


def sources(most: int = MOST) -> list[str]:
    """Return the sources people came by, in alphabetical order."""
    return _jump(f"SELECT min(source) FROM leads_person WHERE {IS_LISTED} AND source > %s", (), most)


def values(attribute: str, most: int = MOST) -> list[str]:
    """Return values of an attribute, in alphabetical order."""
    return _jump("SELECT min(text) FROM leads_personattribute WHERE attribute = %s AND text > %s", (attribute,), most)


def _jump(statement: str, values: tuple[str, ...], most: int) -> list[str]:
    found: list[str] = []
    here = ""
    while len(found) < most:
        (here,) = rows(statement, (*values, here))[0]
        if here is None:
            break
        found.append(here)
    return found
