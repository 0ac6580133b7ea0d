"""What the code never does: make a template, a statement or an object of a text that came from outside."""

import ast
import re
from pathlib import Path

import pytest

from tests.attacks.walking import PACKAGE

FILES = sorted(file for file in PACKAGE.rglob("*.py") if "migrations" not in file.parts)
TEMPLATES = sorted(PACKAGE.rglob("*.html"))
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "xml", "lxml", "jinja2"}
UNSAFE_CALLS = {"eval", "exec", "from_string", "RawSQL", "unsafe_load", "full_load", "extractall", "mktemp"}
CONSTANT = {"mark_safe", "extra"}  # only of texts that stand in the code
SAFE_OF_NUMBERS = re.compile(r"(\.(id|pk)|{{ each|field\.help_text)\|safe")  # numbers, and words of the code
TEMPLATE_CLASS = {"Template", "DebugEngine"}


def _calls(file: Path) -> list[tuple[str, ast.Call]]:
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            found.append((name, node))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_code_carries_out_what_a_text_says(file: Path) -> None:
    tree = ast.parse(file.read_text())
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & UNSAFE_MODULES
    for name, call in _calls(file):
        assert name not in UNSAFE_CALLS | TEMPLATE_CLASS, f"{name} in line {call.lineno}"
        if ast.unparse(call.func) in ("yaml.load", "yaml.load_all"):
            raise AssertionError(f"yaml.load in line {call.lineno}")
        if name in ("run", "Popen", "call", "check_output"):
            assert not any(each.arg == "shell" for each in call.keywords), f"a shell in line {call.lineno}"


def test_whoever_reads_yaml_of_people_reads_it_plain() -> None:
    readers = {str(file.relative_to(PACKAGE)) for file in FILES if "yaml.safe_load" in file.read_text()}
    assert readers == {"imports/presets.py", "imports/guessing.py", "demo/world.py"}  # files of the code itself
    plain = {str(file.relative_to(PACKAGE)) for file in FILES if "plain_yaml.load(" in file.read_text()}
    assert plain == {"imports/mapping.py", "definition/in_force.py"}


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_template_shows_a_text_unescaped_or_writes_a_handler(file: Path) -> None:
    text = file.read_text()
    assert "|safe" not in SAFE_OF_NUMBERS.sub("", text)
    assert not re.search(r"autoescape\s+off|\bsafeseq\b", text)
    assert not re.search(r"<[^>{]*\son[a-z]+=|javascript:|hx-on|hx-vals=.js:", text)
    assert "<script>" not in text and not re.search(r"<style[ >]", text)
    for attribute in re.findall(r"\s(?:href|src|action|hx-\w+)=([^\"'\s>]*{{)", text):
        raise AssertionError(f"an attribute without quotes: {attribute}")


def test_whatever_writes_a_spreadsheet_asks_what_may_stand_in_a_cell() -> None:
    writers = [file for file in FILES if "csv.writer(" in file.read_text()]
    unasked = {str(file.relative_to(PACKAGE)) for file in writers if "plain_cell" not in file.read_text()}
    assert unasked == {"imports/workbook.py", "demo/records.py"} & unasked  # read again by us, and the demo's own
    assert len(writers) >= 5
    books = [file for file in FILES if "xlsxwriter.Workbook(" in file.read_text()]
    assert books
    assert all('"strings_to_formulas": False' in file.read_text() for file in books)
