"""Who somebody really is: their company, role and budget (how well they fit) and how much they want to buy.

Fit and intent are latent: no event carries them. Everything a persona does follows from them.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from random import Random

from embudo.demo.chance import Wheel, dice
from embudo.demo.world import Source, world

CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Employer:
    """A fictional company."""

    number: int
    name: str
    domain: str
    industry: str
    size: int
    country: str
    city: str
    language: str
    fit: float  # 0 to 1: industry and size
    scans_mail: bool  # its mail gateway opens and clicks everything before a human sees it


@dataclass(frozen=True, slots=True)
class Persona:
    """One human being. `fit` and `intent` are latent, 0 to 1."""

    employer: Employer
    first: str
    last: str
    role: str
    title: str
    language: str
    budget: int
    fit: float
    intent: float
    topic: str  # what they care about most
    free_mail: bool

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def zone_h(self) -> int:
        """Hours their clocks are ahead of UTC."""
        return int(world().companies["zones_h"][self.employer.country])


@lru_cache(maxsize=200_000)
def employer(number: int, seed: int) -> Employer:
    """Return the company of a number; the same for every person who works there."""
    random = dice(seed, 2, number)
    wheels = _wheels()
    language = wheels.languages.turn(random.random)
    people = world().people[language]
    industry = wheels.industries.turn(random.random)
    about = wheels.sizes.turn(random.random)
    country = wheels.countries[language].turn(random.random)
    row = world().companies["industries"][industry]
    name = f"{_word(number, language)} {random.choice(row[language])}"
    fit = 0.6 * row["fit"] + 0.4 * world().companies["sizes"][about]["fit"]
    return Employer(
        number=number,
        name=name,
        domain=f"{slug(name)}.example",
        industry=industry,
        size=max(2, int(about * random.uniform(0.6, 1.5))),
        country=country,
        city=random.choice(people["cities"][country]),
        language=language,
        fit=fit,
        scans_mail=random.random() < 0.18,
    )


def persona(random: Random, seed: int, employers: int, source: Source, lift: float = 0.0) -> Persona:
    """Return a new human being who comes by `source`; `lift` is added to fit and intent (somebody vouched for us)."""
    works_at = employer(int(employers * random.random() ** 1.4), seed)
    wheels = _wheels()
    role = wheels.roles.turn(random.random)
    role_fit = world().companies["roles"][role]["fit"]
    fit = (0.65 * works_at.fit + 0.35 * role_fit) * (1.0 if role_fit else 0.5) + lift
    intent = random.betavariate(0.7, 3.0) + source.intent + lift
    people = world().people[works_at.language]
    return Persona(
        employer=works_at,
        first=random.choice(people["first"]),
        last=random.choice(people["last"]),
        role=role,
        title=random.choice(people["titles"][role]),
        language=works_at.language,
        budget=_budget(works_at, role_fit, random),
        fit=min(max(fit, 0.0), 1.0),
        intent=min(max(intent, 0.01), 1.0),
        topic=wheels.topics.turn(random.random),
        free_mail=random.random() < (0.08 if role_fit else 0.7),
    )


def _word(number: int, language: str) -> str:
    """The first word of a company's name: another one for each company of a language."""
    parts = world().companies["words"][language]
    first, last = parts["first"], parts["last"]
    turn, place = divmod(number, len(first) * len(last))
    place = place * 367 % (len(first) * len(last))  # neighbours do not sound alike
    beginning, end = first[place % len(first)], last[place // len(first)]
    word = f"{beginning}{end}" if language == "en" else f"{beginning} {end.title()}"
    again = {"en": "New", "es": "Nueva", "pt-br": "Nova"}[language]
    return f"{again} {word}" if turn == 1 else f"{word} {turn}" if turn else word


def slug(text: str) -> str:
    """Return a text as it stands in an address: no accents, no spaces, lower case."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(each if each.isalnum() else "-" for each in plain).strip("-")


def _budget(works_at: Employer, role_fit: float, random: Random) -> int:
    """What they may spend in a year, rounded as people say it."""
    exact: float = (
        (400 + works_at.size**0.85 * 120) * (0.4 + works_at.fit) * (0.5 + role_fit) * random.lognormvariate(0, 0.4)
    )
    return max(500, round(exact / 500) * 500)


@dataclass(frozen=True, slots=True)
class _Wheels:
    languages: Wheel[str]
    industries: Wheel[str]
    sizes: Wheel[int]
    roles: Wheel[str]
    topics: Wheel[str]
    countries: dict[str, Wheel[str]]


@cache
def _wheels() -> _Wheels:
    companies = world().companies
    return _Wheels(
        languages=Wheel.of(companies["languages"]),
        industries=Wheel.of({name: row["weight"] for name, row in companies["industries"].items()}),
        sizes=Wheel.of({size: row["weight"] for size, row in companies["sizes"].items()}),
        roles=Wheel.of({name: row["weight"] for name, row in companies["roles"].items()}),
        topics=Wheel.of(
            {
                "routing": 6,
                "scheduling": 5,
                "mobile app": 4,
                "first-time fix": 4,
                "spare parts": 3,
                "integrations": 2,
                "service levels": 2,
            }
        ),
        countries={name: Wheel.of(row["countries"]) for name, row in world().people.items()},
    )
