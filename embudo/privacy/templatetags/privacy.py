"""How privacy stands in templates."""

from collections.abc import Mapping
from typing import Any

from django import template

from embudo.privacy import erasing

register = template.Library()


@register.filter
def forgotten(gone: Mapping[str, int]) -> list[tuple[Any, int, Any]]:
    """Return the tables of an evidence by name, with how many rows were forgotten, and how."""
    return erasing.in_words(gone)
