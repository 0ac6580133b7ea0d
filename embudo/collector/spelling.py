"""How the log spells the names that others give to kinds, properties, attributes and purposes."""

import re
import unicodedata
from functools import lru_cache

MAX_NAME = 64  # characters in the name of an attribute, a property or a kind

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[\W_]+")


@lru_cache(maxsize=8192)
def snake_case(text: str) -> str:
    """Return a name as the log spells it: "firstName", "First name" -> "first_name"; "" when nothing is left."""
    if not text.isascii():
        folded = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return _NOT_WORD.sub("_", _HUMP.sub("_", text)).lower().strip("_")[:MAX_NAME].rstrip("_")
