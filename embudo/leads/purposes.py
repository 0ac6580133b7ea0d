"""The purposes people are asked to agree to, which another app keeps: what the list shows of them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose as the list knows it."""

    code: str
    name: str  # for who reads here


def purposes() -> list[Purpose]:
    """Return all of them in their order, archived ones last."""
    kept: Callable[[], list[tuple[str, str]]] = import_string(settings.PURPOSES)
    return [Purpose(code, name) for code, name in kept()]
