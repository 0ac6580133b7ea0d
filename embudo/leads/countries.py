"""How countries and languages are called (Unicode CLDR, by Babel), and which code a name stands for.

Kept are codes: ISO 3166-1 alpha-2 for countries, BCP 47 for languages. Names come and go with the reader's language.
"""

from collections.abc import Mapping
from functools import lru_cache

from babel import Locale
from django.conf import settings
from django.utils.translation import get_language

from embudo.leads.profile import folded, words

NO_COUNTRY = frozenset("EU EZ QO UN XA XB ZZ".split())  # unions, pseudo-regions and the unknown
SAID = {"usa": "US", "eeuu": "US", "ee uu": "US", "eua": "US", "uk": "GB", "england": "GB", "holland": "NL"}


def country_called(code: str) -> str:
    """Return the name of a country in the reader's language; what is no code of a country stays as it is."""
    return _countries(get_language() or "en").get(code.upper(), code)


def language_called(code: str) -> str:
    """Return the name of a language ("pt-BR") in the reader's language; what is no code of one stays as it is."""
    return _languages(get_language() or "en").get(code.lower().replace("-", "_"), code)


def country_of(text: str) -> str | None:
    """Return the code of the country that a code or a name in any language of the interface stands for, or None."""
    code = text.strip().upper()
    return code if code in _countries("en") else _codes().get(" ".join(words(folded(text))))


def countries() -> list[str]:
    """Return the names of all countries in the reader's language, in its order."""
    return sorted(_countries(get_language() or "en").values(), key=folded)


@lru_cache(maxsize=8)
def _countries(language: str) -> Mapping[str, str]:
    names = _locale(language).territories
    return {code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in NO_COUNTRY}


@lru_cache(maxsize=8)
def _languages(language: str) -> Mapping[str, str]:
    return {code.lower(): name for code, name in _locale(language).languages.items()}


@lru_cache(maxsize=1)
def _codes() -> Mapping[str, str]:
    named = (_countries(language) for language, _name in settings.LANGUAGES)
    return {" ".join(words(folded(name))): code for each in named for code, name in each.items()} | SAID


def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")
