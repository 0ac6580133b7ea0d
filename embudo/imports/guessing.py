"""What a column most likely is: by its header in three languages, then by its values."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources

import yaml

from embudo.collector.spelling import snake_case
from embudo.core.attributes import STANDARD
from embudo.imports.sniffing import Column, date_formats
from embudo.imports.values import NO, YES
from embudo.leads.attribute import KINDS
from embudo.leads.profile import folded

PEOPLE, OPPORTUNITIES, COMPANIES = "people", "opportunities", "companies"
MAIL = re.compile(r"(mailto:)?[^\s@]+@[^\s@]+\.[^\s@]{2,}")
PHONE = re.compile(r"'?(p:)?\+?[\d\s().\-/]{7,20}")
NUMBER = re.compile(r"[-+]?[\d.,]*\d")
MONEY = re.compile(r"(R\$|US\$|\$|€|£)\s?[-+]?[\d.,]*\d|[-+]?[\d.,]*\d\s?(R\$|US\$|€|£)")
YES_OR_NO = re.compile(r"\s*[(\[](yes|si|sim|y|s)\s*(/|\||o|or|ou)\s*(no|nao|n)\s*[)\]]\s*$")  # behind a header
MOST_CHOICES = 25
MOST_DIGITS = 15  # of a number; what has more is an id
FITTING, FEWEST = 0.9, 3  # share of a column's values that tell its kind, whatever the others are; how many at least

SEVERAL = ("mail", "phone", "id")  # targets that may have several columns
INDEX = {  # kind of file -> what a column is called -> what it is
    kind: {str(word): target for target, words in table.items() for word in words}
    for kind, table in yaml.safe_load(resources.files("embudo.imports").joinpath("headers.yaml").read_text()).items()
}


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column is taken for: the target, the kind of its values, and what a new attribute would be called."""

    target: str = ""
    kind: str = "text"
    label: str = ""
    separator: str = ";"


def plain(header: str) -> str:
    """Return a header as it is compared: letters and digits, without accents, and without "(yes/no)" behind it."""
    return " ".join(re.findall(r"[a-z0-9#]+", YES_OR_NO.sub("", folded(header)))).replace("# ", "no of ")


def guess_all(columns: Sequence[Column], kind: str) -> dict[str, Guess]:
    """Return what each column is taken for; each target once, but for those that may have several columns."""
    found: dict[str, Guess] = {}
    taken: set[str] = set()
    for column in columns:
        guess = guess_one(column, kind)
        if guess.target in taken and guess.target not in SEVERAL:
            guess = new_attribute(column, kind)
        taken.add(guess.target)
        found[column.header] = guess
    return found


def guess_one(column: Column, kind: str) -> Guess:
    """Return what one column is taken for."""
    target = INDEX[kind].get(plain(column.header), "")
    if not target and kind != COMPANIES:
        target = _by_values(column)
    if target == "id" and column.values and column.distinct < 0.9 * len(column.values):
        target = ""
    if target:
        return Guess(target, kind_of(column, target), separator=separator_of(column))
    return new_attribute(column, kind)


def new_attribute(column: Column, kind: str = PEOPLE) -> Guess:
    """Return the guess that a column is an attribute of the company's own; an empty column is left out."""
    if not column.values:
        return Guess()
    name = snake_case(re.sub(r"\bIDs\b", "Ids", column.header))[:60]
    if kind == OPPORTUNITIES:
        return Guess(f"deal:{name}", _looks(column), column.header[:100]) if name else Guess()
    target = f"attr:{name}" if name and not name[0].isdigit() else f"attr:x_{name}"
    return Guess(target, kind_of(column, target), column.header[:100], separator_of(column))


def _by_values(column: Column) -> str:
    values = column.values[:60]
    if _most(values, lambda each: len(each) < 400 and MAIL.fullmatch(each) is not None):
        return "mail"
    return "linkedin" if _most(values, lambda each: "linkedin.com/in/" in each) else ""


def kind_of(column: Column, target: str) -> str:
    """Return the kind of the values of a column: that of a standard attribute, else as they look."""
    name = target.removeprefix("attr:")
    if name in KINDS:
        return KINDS[name]
    if target in ("deal:amount",):
        return "money"
    if name in STANDARD or not column.values or not target.startswith("attr:"):
        return "text"
    return _looks(column)


def _looks(column: Column) -> str:
    values = column.values[:200]
    if date_formats(values):
        return "date"
    if len(set(values)) <= 2 and all(each.casefold() in YES | NO for each in values):
        return "boolean"
    if _most(values, lambda each: _is_number(each) or MONEY.fullmatch(each) is not None):
        if any(len(each) > 1 and each[0] == "0" and each.isdigit() for each in values):
            return "text"
        return "money" if any(map(MONEY.fullmatch, values)) else "number"
    if separator_of(column) != ";" or _hold_several(values):
        return "choices"
    return "choice" if len(values) > 10 and len(set(values)) <= min(MOST_CHOICES, len(values) / 3) else "text"


def _most(values: Sequence[str], fits: Callable[[str], bool]) -> bool:
    """Whether these values are of a kind: all of them, or all but a few bad cells."""
    fitting = sum(map(fits, values))
    return fitting > 0 and (fitting == len(values) or fitting >= max(FEWEST, FITTING * len(values)))


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None and not (text.isdigit() and len(text) > MOST_DIGITS)


def _hold_several(values: Sequence[str]) -> bool:
    """Whether cells hold several choices: each does, or what one of them holds stands in another, too."""
    parts = [{part.strip() for part in each.split(";")} - {""} for each in values]
    several = [each for each in parts if len(each) > 1]
    if not several or any(len(each) >= 200 for each in values):
        return False
    times = Counter(part for each in parts for part in each)
    return len(several) == len(parts) or any(times[part] > 1 for each in several for part in each)


def separator_of(column: Column) -> str:
    """Return what stands between several values of one cell."""
    if any(" ::: " in each for each in column.values):
        return " ::: "
    return "," if any(each.startswith('"') and '","' in each for each in column.values) else ";"
