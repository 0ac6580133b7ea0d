"""What a check found: how grave it is, what it is, why it matters, how to mend it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from embudo.config import Config


class Grade(StrEnum):
    """How grave a finding is; only BAD makes `embudo doctor` fail."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    grade: Grade
    what: str
    why: str = ""
    mend: str = ""


Check = Callable[[Config], list[Finding]]


def good(what: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(Grade.GOOD, what)


def note(what: str, why: str, mend: str) -> Finding:
    """Return a finding that works, but that the operator should know."""
    return Finding(Grade.NOTE, what, why, mend)


def bad(what: str, why: str, mend: str) -> Finding:
    """Return a finding that must be mended."""
    return Finding(Grade.BAD, what, why, mend)
