"""Words about a row that can be told again in another language: what they are made of is kept with them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, pgettext

LONGEST = 200  # letters of one value
MOST = 10  # remarks of one row
COLUMN = "%(column)s: %(words)s"
BETWEEN = "; "
Part = Any  # a text as it stands, or [text to translate, its values, perhaps its context]


class Words(str):
    """A text in the language of now that knows its parts; from a BadValue, too, for it is no other text than that."""

    __slots__ = ("parts",)
    parts: list[Part]

    @classmethod
    def of(cls, text: str, parts: Sequence[Part]) -> "Words":
        """Return a text with its parts."""
        found = cls(text)
        found.parts = list(parts)
        return found

    def __mod__(self, values: Any) -> "Words":
        ((text, _none, *context),) = self.parts
        kept = {name: _kept(value) for name, value in values.items()}
        return Words.of(str(self).__mod__(values), [[text, kept, *context]])


def marked(text: str) -> Words:
    """Return a text translated now, to be called `_` where the reasons of rows are composed."""
    return Words.of(gettext(text), [[text, {}]])


def marked_in(context: str, text: str) -> Words:
    """Return a text of a context translated now."""
    return Words.of(pgettext(context, text), [[text, {}, context]])


def of_column(column: str, problem: object) -> Words:
    """Return what is wrong with a cell, its column named: of an error, what it says."""
    said = problem.args[0] if isinstance(problem, Exception) and problem.args else problem
    words = {"column": column, "words": said if isinstance(said, str) else str(said)}
    return Words.of(COLUMN % words, [[COLUMN, {name: _kept(each) for name, each in words.items()}]])


def joined(several: Iterable[str]) -> Words:
    """Return several texts as one."""
    found = list(several)
    return Words.of(BETWEEN.join(found), [part for each in found[:MOST] for part in parts_of(each)])


def parts_of(text: str) -> list[Part]:
    """Return the parts of a text, for JSON."""
    return text.parts if isinstance(text, Words) else [_cut(text)]


def told(parts: Sequence[Part]) -> str:
    """Return parts that were kept as one text in the reader's language."""
    return BETWEEN.join(map(_told, parts))


def _told(part: Part) -> str:
    if isinstance(part, str):
        return part
    text, values, *context = part
    said = pgettext(context[0], text) if context else gettext(text) if text != COLUMN else text
    return said % _spoken(values) if values else said


def _spoken(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told(value) if isinstance(value, list) else value for name, value in values.items()}


def _kept(value: Any) -> Any:
    if isinstance(value, Words):
        return value.parts
    return value if isinstance(value, int) else _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
