"""How two records are compared when nobody said whose they are: which traits, in which degrees, and what each is worth.

The model is that of Fellegi and Sunter (1969), which Splink runs: a degree of agreement adds the logarithm (base 2) of
how much more often two records of one owner show it (`m`, from experience with contact data, stated here) than two
records picked at random (`u`, counted in the very records that are compared).
"""

from dataclasses import dataclass
from enum import StrEnum

NEAR, CLOSE = 0.88, 0.92  # Jaro-Winkler similarities of a text mistyped, and of one hardly so
NUMBERS_APART = 20  # between house numbers of one large building
OTHERWISE = "ELSE"


class Whose(StrEnum):
    """What the records stand for."""

    PEOPLE = "people"
    COMPANIES = "companies"


@dataclass(frozen=True, slots=True)
class Degree:
    """One degree of agreement: its code, the condition in DuckDB's SQL, and how often true and other pairs show it."""

    code: str
    condition: str
    m: float  # share of the pairs that are one
    u: float  # share of the others
    by_frequency: bool = False  # a rare value in common says more than a common one


@dataclass(frozen=True, slots=True)
class Trait:
    """What is compared, the best degree first; the last one holds when no other does."""

    name: str
    degrees: tuple[Degree, ...]
    counted: bool = True  # False: its `u` stand, however many records there are


@dataclass(frozen=True, slots=True)
class Model:
    """The traits of a kind of record; the sets of columns by which pairs are looked for; and those nearly proof."""

    traits: tuple[Trait, ...]
    looked_for: tuple[tuple[str, ...], ...]  # pairs that agree in all columns of one set are compared
    proof: tuple[tuple[str, ...], ...]  # pairs that agree so are one, as a rule: how common duplicates are
    likely: float  # the probability from which a pair is worth a person's look
    proof_share: float = 0.7  # of the true pairs which `proof` finds


def _trait(name: str, *degrees: Degree, counted: bool = True) -> Trait:
    rest = Degree("differs", OTHERWISE, 1 - sum(each.m for each in degrees), 1 - sum(each.u for each in degrees))
    return Trait(name, (*degrees, rest), counted)


def _same(name: str, m: float, u: float) -> Degree:
    return Degree("same", f"{name}_l = {name}_r", m, u, by_frequency=True)


def _equal(name: str, m: float, u: float) -> Degree:
    return Degree("same", f"{name}_l = {name}_r", m, u)


def _alike(name: str, least: float) -> str:
    return f"jaro_winkler_similarity({name}_l, {name}_r) >= {least}"


def _begins(name: str) -> str:
    return f"starts_with({name}_l, {name}_r) OR starts_with({name}_r, {name}_l)"


def _mistyped(name: str) -> str:
    return f"damerau_levenshtein({name}_l, {name}_r) <= 1"


def _equal_part(name: str, start: int, length: int) -> str:
    return f"substr({name}_l, {start}, {length}) = substr({name}_r, {start}, {length})"


def _shared_words(name: str) -> str:
    """The share of the shorter text's words that the other one has, too."""
    left, right = (f"string_split({name}_{side}, ' ')" for side in "lr")
    return f"len(list_intersect({left}, {right})) / least(len({left}), len({right}))"


def _named_by(one: str, other: str) -> str:
    return f"(length(site_{other}) > 3 AND starts_with(letters_{one}, site_{other}))"


_SWAPPED = "first_name_l = last_name_r AND last_name_l = first_name_r"
_PLACE = (
    _trait(
        "number",
        _equal("number", 0.9, 0.02),
        Degree("near", f"abs(number_l - number_r) <= {NUMBERS_APART}", 0.06, 0.15),
    ),
    _trait(
        "street",
        _same("street", 0.85, 0.003),
        Degree("alike", f"{_alike('street', NEAR)} OR {_shared_words('street')} = 1", 0.1, 0.003),
    ),
    _trait("postcode", _same("postcode", 0.9, 0.01), Degree("alike", _mistyped("postcode"), 0.06, 0.02)),
    _trait("city", _same("city", 0.85, 0.05), Degree("alike", _alike("city", NEAR), 0.08, 0.01)),
)

PEOPLE = Model(
    traits=(
        _trait(
            "first_name",
            _same("first_name", 0.75, 0.01),
            Degree("swapped", _SWAPPED, 0.02, 1e-5),
            Degree("alike", f"{_alike('first_name', CLOSE)} OR {_begins('first_name')}", 0.12, 0.01),
            Degree("partly", _alike("first_name", 0.7), 0.04, 0.05),
        ),
        _trait(
            "last_name",
            _same("last_name", 0.8, 0.003),
            Degree("swapped", _SWAPPED, 0.02, 1e-5),
            Degree("alike", f"{_alike('last_name', CLOSE)} OR {_shared_words('last_name')} >= 0.5", 0.09, 0.006),
            Degree("partly", _alike("last_name", 0.7), 0.03, 0.04),
        ),
        _trait(
            "birthday",
            _equal("birthday", 0.85, 5e-5),
            Degree("alike", _mistyped("birthday"), 0.08, 5e-4),
            Degree("partly", f"{_equal_part('birthday', 1, 4)} OR {_equal_part('birthday', 5, 4)}", 0.04, 0.02),
        ),
        _trait(
            "mail",
            _equal("mail", 0.55, 1e-6),
            Degree("alike", _alike("mail", 0.95), 0.15, 1e-4),
            Degree("partly", "mailbox_l = mailbox_r", 0.1, 2e-3),  # often the name once more, which says itself
            counted=False,
        ),
        _trait("phone", _same("phone", 0.7, 1e-4), Degree("alike", _mistyped("phone"), 0.05, 1e-4)),
        _trait(
            "company",
            _same("company", 0.7, 0.005),
            Degree("alike", f"{_alike('company', CLOSE)} OR {_shared_words('company')} >= 0.6", 0.15, 0.005),
        ),
        *_PLACE,
    ),
    looked_for=(
        ("mail",),
        ("mailbox", "first_letters"),
        ("phone",),
        ("first_name", "last_name"),
        ("last_name", "company"),
        ("first_name", "company"),
        ("birthday",),
        ("last_name", "postcode"),
        ("first_name", "postcode"),
        ("number", "street"),
        ("number", "postcode"),
        ("street", "postcode"),
        ("street", "city"),
        ("number", "city"),
        ("number", "first_letters"),
    ),
    proof=(("mail",), ("first_name", "last_name", "phone"), ("first_name", "last_name", "birthday")),
    likely=0.9,
)
COMPANIES = Model(
    traits=(
        _trait(
            "name",
            _same("name", 0.3, 1e-4),
            Degree("alike", f"{_alike('name', CLOSE)} OR {_shared_words('name')} = 1", 0.3, 0.002),
            Degree("partly", f"{_alike('name', 0.85)} OR {_shared_words('name')} >= 0.6", 0.2, 0.005),
            Degree("hardly", f"{_shared_words('name')} >= 0.3", 0.12, 0.05),
        ),
        *_PLACE,
        _trait("phone", _same("phone", 0.75, 1e-4)),
        _trait("domain", _same("domain", 0.9, 1e-4)),
        _trait(
            "site",
            Degree("same", "site_l = site_r AND site_l <> ''", 0.25, 1e-6),
            Degree("alike", "letters_l = site_r OR letters_r = site_l", 0.2, 5e-6),
            Degree("partly", f"{_named_by('l', 'r')} OR {_named_by('r', 'l')}", 0.3, 1e-5),
            counted=False,
        ),
    ),
    looked_for=(
        ("phone",),
        ("domain",),
        ("name",),
        ("site",),
        ("number", "street_letters"),
        ("number", "postcode"),
        ("name_letters", "city"),
    ),
    proof=(("phone", "number"), ("name", "number", "street"), ("name", "domain")),
    likely=0.98,
)
MODELS = {Whose.PEOPLE: PEOPLE, Whose.COMPANIES: COMPANIES}
