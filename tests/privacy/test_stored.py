"""The page of what is stored where tells all there is: compared with the models, a real data folder, the cookies
that any code sets, and the keys that any script keeps in a browser."""

import ast
import re
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection

from embudo.privacy import stored
from tests.install import Install
from tests.leads.views.conftest import SignIn, text
from tests.privacy.conftest import Following

PACKAGE = Path(stored.__file__).parents[1]
SCRIPTS = [path for path in PACKAGE.rglob("*.js") if "vendor" not in path.parts and "build" not in path.parts]


def test_every_table_is_told_and_no_other() -> None:
    assert {model._meta.label for model in apps.get_models()} == set(stored.tables())


def test_every_table_of_the_database_is_one_of_a_model_or_told_beside(site: Following) -> None:
    known = {apps.get_model(label)._meta.db_table for label in stored.tables()}
    many = {field.m2m_db_table() for model in apps.get_models() for field in model._meta.local_many_to_many}
    others = set(connection.introspection.table_names()) - known - many - {"django_migrations"}
    beginnings = tuple(name.rstrip("*") for name in stored.TABLES_BESIDE)
    assert [name for name in others if not name.startswith(beginnings)] == []


def test_every_file_of_a_running_install_is_told(install: Install) -> None:
    install.embudo("prepare")
    install.start("collector")
    install.start("follow")
    try:
        install.wait_for_collector()
        data = install.config.data
        for path in sorted(each for each in data.rglob("*") if each.is_file()):
            name = str(path.relative_to(data))
            told = [each for each in stored.FILES if name.startswith(each) or ("*" in each and path.match(each))]
            assert told, f"{name} stands in no line of embudo/privacy/stored.py"
    finally:
        install.stop()


def test_every_cookie_that_code_sets_is_told() -> None:
    named = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "set_cookie":
                first = node.args[0]
                named.add(first.value if isinstance(first, ast.Constant) else getattr(settings, first.attr))  # type: ignore[attr-defined]
    for path in SCRIPTS:
        named |= set(re.findall(r"document\.cookie\s*=\s*[`'\"]([a-z_]+)=", path.read_text()))
        assert len(re.findall(r"document\.cookie\s*=", path.read_text())) <= 1
    assert named == set(stored.COOKIES)


def test_every_key_that_scripts_keep_is_told() -> None:
    keeps = re.compile(r"(local|session)Storage|indexedDB|caches\.")
    keeping = [path.name for path in SCRIPTS if keeps.search(path.read_text())]
    assert keeping == ["tracker.js"]
    script = (PACKAGE / "collector" / "tracker.js").read_text()
    assert len(re.findall(r"localStorage\.setItem", script)) == 1
    (emptied,) = re.findall(r'\["id"[^\]]*\]', script)
    names = {*re.findall(r'\bkeep\("(\w+)"', script), *re.findall(r'"(\w+)"', emptied)}
    assert {f"embudo_{name}" for name in names} == set(stored.BROWSER)


def test_what_htmx_keeps_is_told() -> None:
    """Its history cache is switched off (historyCacheSize 0 in ui/document.html), so it keeps one address of a tab."""
    script = (PACKAGE / "ui" / "static" / "vendor" / "htmx.min.js").read_text()
    kept = set(re.findall(r'setItem\("([^"]+)"', script))
    assert 'historyCacheSize": 0' in (PACKAGE / "ui" / "templates" / "ui" / "document.html").read_text()
    assert kept - {"htmx-history-cache"} == set(stored.KEYS)


def test_the_page_counts_what_is_there(site: Following, sign_in: SignIn) -> None:
    page = sign_in("sales").get("/privacy/stored/")
    rows = {each.name: each for _title, places in page.context["groups"] for each in places}
    assert rows["accounts_user"].count == 1
    assert rows["log/tail.sqlite"].bytes or not site.config.embedded
    assert "about people" in text(page)
