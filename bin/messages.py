"""Compiles the translations of every app (.po to .mo) with Babel: `python bin/messages.py`."""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

APPS = Path(__file__).resolve().parent.parent / "embudo"


def compile_all(apps: Path) -> int:
    """Write the .mo beside each .po below `apps`; return how many."""
    files = sorted(apps.glob("*/locale/*/LC_MESSAGES/*.po"))
    for file in files:
        with file.open("rb") as source:
            catalog = read_po(source, locale=file.parts[-3])
        with file.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalog)
    return len(files)


if __name__ == "__main__":
    compile_all(APPS)
    sys.exit(0)
