"""Runs the checks of `bin/test`; arguments go to pytest."""

import os
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PARALLEL = ("-n", "2", "--dist", "worksteal")  # who is done takes over from whoever has slow tests before him
STATIC = (["ruff", "check"], ["mypy"], ["lint-imports", "--no-cache"])


def main(arguments: list[str]) -> int:
    """Run style, types and import order, then the tests on each shape; return the first exit code that is not 0.

    A check of the text that fails ends the run; tests that fail on one shape do not keep the other from being tried.
    """
    for command in STATIC:
        print(f"== {' '.join(command)}", flush=True)
        if code := _run([str(BIN / command[0]), *command[1:]]):
            return code
    shapes = ["embedded", "server"] if _postgresql() else ["embedded"]
    if "server" not in shapes:
        print("== The server shape is NOT tested here: PostgreSQL's server programs are missing.", flush=True)
        if os.environ.get("CI") == "true":
            return 1
    codes = []
    for shape in shapes:
        print(f"== pytest --shape {shape}", flush=True)
        codes.append(_run([sys.executable, "-m", "pytest", "-q", *PARALLEL, "--shape", shape, *arguments]))
    return next(filter(None, codes), 0)


def _postgresql() -> bool:
    sys.path.insert(0, str(HOME))
    from tests.postgres import programs

    return programs() is not None


def _run(command: list[str]) -> int:
    return subprocess.run(command, cwd=HOME, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
