"""How ids of people and companies are written for other software: as texts, since JavaScript rounds their numbers."""

from collections.abc import Mapping
from typing import Any

SIDES = ("survivor", "absorbed")  # what the properties of a fact call the two that were joined or taken apart


def with_ids_as_texts(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of a fact as other software reads them."""
    return {name: str(value) if name in SIDES else value for name, value in props.items()}
