"""What holds for the whole house: import order, sizes, locks without addresses, complete translations."""

import ast
import re
import subprocess
import sys
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

HOME = Path(__file__).resolve().parent.parent
PACKAGE = HOME / "embudo"
PURE = ("core", "eventlog", "engines", "learn", "collector")
LONGEST_FILE = 400
LANGUAGES = ("es", "pt_BR")
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_noop": None, "gettext_lazy": None, "ngettext_lazy": (1, 2)}
LOCKS = sorted([*HOME.glob("requirements/*.txt"), HOME / "package-lock.json"])
REGISTRY = re.compile(r"registry|pypi\.org|pythonhosted|npmjs|--(extra-)?index-url|--find-links|\bfile:")


def modules_of(*folders: str) -> list[Path]:
    """Return the Python files below folders of the package, migrations left out."""
    files = [file for folder in folders for file in (PACKAGE / folder).rglob("*.py")]
    return sorted(file for file in files if "migrations" not in file.parts)


@cache
def imports_of(file: Path) -> set[str]:
    """Return the names of every module a file imports, also inside its functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def tops_of(names: set[str]) -> set[str]:
    """Return the outermost package of each name."""
    return {name.split(".")[0] for name in names}


def test_core_imports_only_the_standard_library_and_itself() -> None:
    assert modules_of("core")
    for file in modules_of("core"):
        names = imports_of(file)
        assert tops_of(names) - sys.stdlib_module_names <= {"embudo"}, file
        ours = {name for name in names if name.startswith("embudo")}
        assert all(name.startswith("embudo.core") or name == "embudo" for name in ours), file


def test_core_can_be_read_in_one_sitting() -> None:
    assert sum(_code_lines(file) for file in modules_of("core")) < 1_500


def _code_lines(file: Path) -> int:
    """Return the lines that hold code: neither blank nor comment nor docstring."""
    words: set[int] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            words |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(file.read_text().splitlines(), 1)
    return sum(bool(line.strip()) and not line.strip().startswith("#") for number, line in lines if number not in words)


def test_the_pure_half_never_imports_django() -> None:
    files = [*modules_of(*PURE), PACKAGE / "config.py"]
    assert [file for file in files if "django" in tops_of(imports_of(file))] == []


def test_core_and_collector_never_reach_a_batch_engine() -> None:
    engines = {"duckdb", "pyspark", "pyarrow"}
    assert [file for file in modules_of("core", "collector") if tops_of(imports_of(file)) & engines] == []


def test_only_engines_and_the_log_open_duckdb() -> None:
    apps = [file for file in modules_of(".") if file.relative_to(PACKAGE).parts[0] not in ("engines", "eventlog")]
    assert [file for file in apps if "duckdb" in tops_of(imports_of(file))] == []


def test_imports_go_one_way() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_layer_of_the_picture_is_in_the_contract() -> None:
    contract = (HOME / "pyproject.toml").read_text()
    apps = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()}
    assert {app for app in apps if f"({app})" not in contract} == set()


def test_no_file_grows_beyond_what_one_reads_at_once() -> None:
    assert modules_of(".")
    assert [file for file in modules_of(".") if len(file.read_text().splitlines()) > LONGEST_FILE] == []


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.name)
def test_locks_carry_no_registry_address(file: Path) -> None:
    assert LOCKS
    assert [line for line in file.read_text().splitlines() if REGISTRY.search(line)] == []


@pytest.mark.parametrize("name", ["run", "test", "node"])
def test_every_package_of_a_lock_has_hashes(name: str) -> None:
    text = (HOME / "requirements" / f"{name}.txt").read_text().replace("\\\n", "")
    pinned = [line for line in text.splitlines() if "==" in line and not line.startswith("#")]
    assert pinned
    assert [line for line in pinned if "--hash=sha256:" not in line] == []


def test_what_runs_has_the_same_versions_in_the_lock_for_tests() -> None:
    run, test = (_versions(HOME / "requirements" / f"{name}.txt") for name in ("run", "test"))
    assert {name: version for name, version in run.items() if test.get(name) != version} == {}


def _versions(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def apps_with_words() -> list[Path]:
    """Return the apps that mark text for translation."""
    marked = re.compile(r"{%\s*(translate|blocktranslate)|gettext")
    files = [
        file for pattern in ("*.py", "*.html") for file in PACKAGE.rglob(pattern) if marked.search(file.read_text())
    ]
    return sorted({PACKAGE / file.relative_to(PACKAGE).parts[0] for file in files if file.parent != PACKAGE})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", apps_with_words(), ids=lambda app: app.name)
def test_every_text_of_an_app_is_translated(app: Path, language: str) -> None:
    file = app / "locale" / language / "LC_MESSAGES" / "django.po"
    assert file.exists(), f"{app.name} has no {language} translation"
    with file.open("rb") as source:
        catalog = read_po(source, locale=language)
    entries = {_texts(entry.id)[0]: entry for entry in catalog if entry.id}
    assert {text for text in texts_of(app) if text not in entries} == set(), "not in the catalog"
    assert [text for text, entry in entries.items() if not all(_texts(entry.string) or ("",))] == []
    assert [text for text, entry in entries.items() if entry.fuzzy] == []
    assert [text for text, entry in entries.items() if _marks(entry.id) != _marks(entry.string)] == []


@cache
def texts_of(app: Path) -> set[str]:
    """Return the first form of each text an app marks for translation, in its code and its templates."""
    sources = [(file, file.read_text()) for file in app.rglob("*.py")]
    sources += [
        (file, re.sub(r"^\s+", "", templatize(file.read_text()), flags=re.MULTILINE)) for file in app.rglob("*.html")
    ]
    found = [extract("python", BytesIO(text.encode()), KEYWORDS) for _file, text in sources]
    return {_texts(row[1])[0] for rows in found for row in rows}


def _texts(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _marks(text: str | tuple[str, ...]) -> set[str]:
    """Return the placeholders of all forms."""
    return {mark for form in _texts(text) for mark in re.findall(r"%\(\w+\)[sd.\df]|{\w*}", form)}
