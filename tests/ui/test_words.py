"""Every text of every app stands in Spanish and in Brazilian Portuguese, and says the same with the same values."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.utils import dates, translation

HOME = Path("embudo")
LANGUAGES = ("es", "pt_BR")
APPS = sorted({folder.parent.parent.parent.parent.name for folder in HOME.glob("*/locale/*/LC_MESSAGES/django.po")})
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
TAG = re.compile(r"""{%\s*translate\s+("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|_\(("(?:[^"\\]|\\.)*")\)""")
VALUE = re.compile(r"%\(\w+\)s")


def catalog(app: str, language: str) -> Catalog:
    with (HOME / app / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def texts_of(app: str) -> Iterator[str]:
    """The texts an app marks for translation, found without gettext's own tools."""
    for file in (HOME / app).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS and node.args:
                text = node.args[1 if node.func.id.startswith("pgettext") else 0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value
    for file in (HOME / app / "templates").rglob("*.html"):
        for double, inner in TAG.findall(file.read_text()):
            yield ast.literal_eval(double or inner)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", APPS)
def test_every_text_has_its_translation(app: str, language: str) -> None:
    known = {
        message.id[0] if isinstance(message.id, tuple) else message.id: message for message in catalog(app, language)
    }
    missing = {text for text in texts_of(app) if text not in known}
    empty = {
        key
        for key, message in known.items()
        if key and not all([message.string] if isinstance(message.string, str) else message.string[:2])
    }
    fuzzy = {key for key, message in known.items() if key and message.fuzzy}
    assert (missing, empty, fuzzy) == (set(), set(), set())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", APPS)
def test_a_translation_holds_the_values_of_its_text(app: str, language: str) -> None:
    for message in catalog(app, language):
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        targets = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id:
            allowed = {value for source in sources for value in VALUE.findall(source)}
            for target in targets:
                assert set(VALUE.findall(target or "")) <= allowed, message.id
            if len(sources) == 1:
                assert set(VALUE.findall(targets[0])) == allowed, message.id


def test_apps_that_share_a_text_translate_it_alike() -> None:
    """Django merges all catalogs into one: of two translations of one text, only one would ever be read."""
    for language in LANGUAGES:
        seen: dict[tuple[object, object], tuple[str, object]] = {}
        different = []
        for app in APPS:
            for message in catalog(app, language):
                key = (message.id, message.context)
                if message.id and key in seen and seen[key][1] != message.string:
                    different.append((message.id, seen[key], (app, message.string)))
                seen.setdefault(key, (app, message.string))
        assert different == []


def test_no_catalog_of_ours_translates_a_month_or_a_weekday() -> None:
    """Ours come before Django's: the verb “May” without a context once made every first of May “1 puede”."""
    with translation.override("en"):
        plain = (dates.WEEKDAYS, dates.WEEKDAYS_ABBR, dates.MONTHS, dates.MONTHS_3)
        names = {(str(name), None) for held in plain for name in held.values()}
        names |= {(str(name), "abbrev. month") for name in dates.MONTHS_AP.values()}
        names |= {(str(name), "alt. month") for name in dates.MONTHS_ALT.values()}
    assert {("May", None), ("Sun", None), ("mar", None)} <= names
    for language in LANGUAGES:
        for app in APPS:
            ours = {(message.id, message.context) for message in catalog(app, language)}
            assert not ours & names, (app, language)


@pytest.mark.parametrize(("language", "long", "short"), [("es", "mayo", "may"), ("pt-br", "Maio", "mai")])
def test_may_is_a_month(language: str, long: str, short: str) -> None:
    with translation.override(language):
        assert (str(dates.MONTHS[5]), str(dates.MONTHS_3[5])) == (long, short)
        assert translation.pgettext("what a key may do", "May") in ("Puede", "Pode")
