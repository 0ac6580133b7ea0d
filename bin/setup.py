"""Makes this checkout ready to run or to test: `python bin/setup.py run|test`.

Standard library only. Each step has a stamp keyed by what it depends on, so a second run does nothing.
"""

import gzip
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
VENV = HOME / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
VENDOR = HOME / "embudo" / "ui" / "static" / "vendor"
TRACKER = HOME / "embudo" / "collector" / "tracker.js"
CHARTS = HOME / "embudo" / "ui" / "charts_library.js"
EMBED = HOME / "embudo" / "forms" / "embed.js"
VENDORED = (
    "@tabler/core/dist/css/tabler.min.css",
    "htmx.org/dist/htmx.min.js",
    "sortablejs/Sortable.min.js",
)
SYSTEM = {"postgresql": "/usr/lib/postgresql/*/bin/initdb", "chromium": "/usr/bin/chromium"}


@dataclass(frozen=True)
class Step:
    """One thing to do: its name, what it depends on (any one key that fits its stamp will do), how it is done."""

    words: str
    keys: Callable[[], list[str]]
    work: Callable[[], None]


class Stopped(Exception):
    """Set-up cannot go on; the message says what to do."""


def steps(mode: str) -> list[Step]:
    """Return the steps of `mode`, in order."""
    modes = ["run", "test"] if mode == "run" else ["test"]  # what is set up to test can also run
    lock = HOME / "requirements" / f"{mode}.txt"
    npm = [HOME / "package.json", HOME / "package-lock.json"]
    messages = list(HOME.glob("embudo/*/locale/*/LC_MESSAGES/*.po"))
    common = [
        Step("Python environment", lambda: [sys.version], make_venv),
        Step(
            "Python packages", lambda: [each + digest([lock.with_stem(each)]) for each in modes], lambda: install(lock)
        ),
        Step("the command embudo", lambda: [digest([HOME / "pyproject.toml"]) + str(HOME)], install_embudo),
        Step("Node.js", lambda: [str(node_on_path())], provide_node),
        Step("front-end packages", lambda: [m + digest(npm) for m in modes], lambda: npm_install(mode)),
        Step("front-end files", lambda: [digest([*npm, TRACKER, CHARTS, EMBED, Path(__file__)])], build_front_end),
        Step("translations", lambda: [digest(messages)], compile_messages),
    ]
    return (
        common
        if mode == "run"
        else [*common, Step("Chromium and PostgreSQL", lambda: [str(missing())], install_system)]
    )


def main(mode: str) -> int:
    """Do the steps whose stamp is not up to date; return an exit code."""
    began = time.monotonic()
    todo = steps(mode)
    for number, step in enumerate(todo, 1):
        bar = "#" * number + "-" * (len(todo) - number)
        try:
            _do(step, f"[{bar}] {number}/{len(todo)} {step.words}")
        except (Stopped, subprocess.CalledProcessError) as error:
            print(f"\nSet-up stopped at: {step.words}\n{error}", file=sys.stderr)
            return 1
    print(f"Set up in {time.monotonic() - began:.0f} s.", flush=True)
    return 0


def _do(step: Step, head: str) -> None:
    stamp = STAMPS / "".join(letter if letter.isalnum() else "-" for letter in step.words)
    if PYTHON.exists() and stamp.exists() and stamp.read_text() in map(_hash, step.keys()):
        return
    print(head, "...", flush=True)
    began = time.monotonic()
    step.work()
    STAMPS.mkdir(parents=True, exist_ok=True)
    stamp.write_text(_hash(step.keys()[0]))
    print(f"    done in {time.monotonic() - began:.1f} s", flush=True)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def digest(files: Iterable[Path]) -> str:
    """Return one hash over the names and the bytes of `files`; a file that is not there counts as empty."""
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(str(file.relative_to(HOME)).encode() + b"\0" + (file.read_bytes() if file.exists() else b""))
    return total.hexdigest()


# -- Python -----------------------------------------------------------------------------------------


def make_venv() -> None:
    """Make the environment anew when it is missing, broken, or of another Python."""
    if PYTHON.exists() and _output([PYTHON, "-c", "import sys, pip; print(sys.version)"]) == sys.version:
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode:
        hint = "On Debian: apt-get install python3-venv"
        raise Stopped(f"Python could not make an environment.\n{made.stdout}{made.stderr}\n{hint}")


def install(lock: Path) -> None:
    """Install exactly what the lock says; every file must have the hash in it."""
    total = sum("==" in line for line in lock.read_text().splitlines())
    command = [PYTHON, "-m", "pip", "install", "--require-hashes", "-r", lock]
    _follow(command, total, starts="Collecting ")


def install_embudo() -> None:
    """Install this checkout itself, editable."""
    _run([PYTHON, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "-e", HOME])


# -- front end --------------------------------------------------------------------------------------


def node_on_path() -> Path | None:
    """Return the machine's Node.js when it is new enough and has npm, else None."""
    found, npm = shutil.which("node"), shutil.which("npm")
    version = _output([found, "--version"]) if found and npm else ""
    return Path(str(found)) if version and int(version.lstrip("v").split(".")[0]) >= 20 else None


def provide_node() -> None:
    """Install Node.js into the environment when the machine has none."""
    if node_on_path() is None:
        install(HOME / "requirements" / "node.txt")


def npm_install(mode: str) -> None:
    """Install what package-lock.json says; to run, without what only tests need."""
    npm = shutil.which("npm") if node_on_path() else str(VENV / "bin" / "npm")
    _run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error", *(["--omit=dev"] if mode == "run" else [])])


def build_front_end() -> None:
    """Copy the files that pages load, bundle what charts use, and make the scripts for other sites small."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name in VENDORED:
        target = VENDOR / Path(name).name
        shutil.copyfile(HOME / "node_modules" / name, target)
        _compress(target)
    _build(CHARTS, VENDOR / "echarts.min.js", "--bundle", "--target=es2020")
    _build(TRACKER, TRACKER.parent / "build" / "tracker.min.js", "--target=es2018")
    _build(EMBED, EMBED.parent / "build" / "embed.min.js", "--target=es2018")


def _build(source: Path, target: Path, *options: str) -> None:
    if source.exists():
        esbuild = HOME / "node_modules" / ".bin" / "esbuild"
        _run([esbuild, source, "--minify", *options, "--log-level=warning", f"--outfile={target}"])
        _compress(target)


def _compress(file: Path) -> None:
    file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))


# -- translations and the machine -------------------------------------------------------------------


def compile_messages() -> None:
    """Compile the translations of every app."""
    _run([PYTHON, HOME / "bin" / "messages.py"])


def missing() -> list[str]:
    """Return which of the Debian packages that tests use are not on this machine."""
    return [name for name, mark in SYSTEM.items() if not list(Path("/").glob(mark.lstrip("/")))]


def install_system() -> None:
    """Install Chromium and PostgreSQL's server where we may; tests say loudly what they miss where we may not."""
    names = missing()
    if not names:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"    not here: {', '.join(names)} (as root on Debian, bin/test installs them)")
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["-y", "--no-install-recommends", "install", *names]):
        try:
            _run(["apt-get", "-qq", *words], env=quiet)
        except Stopped as error:  # one list that cannot be read need not matter; a package that is missing shows itself
            print(f"    {error}")


# -- running commands -------------------------------------------------------------------------------


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "NODE_USE_SYSTEM_CA": "1",  # Node of our own otherwise trusts its own list only, not the machine's
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def _output(command: list[str | Path | None]) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _run(command: list[str | Path | None], env: dict[str, str] | None = None) -> None:
    with _started(command, env) as process:
        said, _ = process.communicate()
    if process.returncode:
        raise Stopped(f"{' '.join(str(part) for part in command)}\n{said[:3000]}")


def _started(command: Sequence[str | Path | None], env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=HOME,
        env=env or _environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _follow(command: list[str | Path], total: int, starts: str) -> None:
    """Run a command and show on one line of a terminal how many of `total` things it has begun."""
    lines: list[str] = []
    with _started(command) as process:
        for line in process.stdout or ():
            lines.append(line)
            seen = sum(each.startswith(starts) for each in lines)
            if sys.stdout.isatty():
                print(f"\r    {min(seen, total)}/{total} {line.strip()[:60]:60}", end="", flush=True)
    if sys.stdout.isatty():
        print(f"\r{'':80}\r", end="")
    if process.returncode:
        raise Stopped("".join(lines[-30:]))


if __name__ == "__main__":
    if sys.argv[1:] not in (["run"], ["test"]):
        sys.exit(f"usage: python bin/setup.py run|test   (this is Python {platform.python_version()})")
    sys.exit(main(sys.argv[1]))
