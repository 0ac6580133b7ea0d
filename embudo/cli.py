"""The one command for people: `embudo COMMAND`. It composes what the apps offer and knows no rule of its own."""

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from embudo import __version__, processes
from embudo import config as settings


@dataclass(frozen=True)
class Command:
    """A command: the module whose `main(arguments)` does it, and what it is for."""

    module: str
    words: str


COMMANDS = {
    "up": Command("embudo.supervisor", "run the whole install: collector, web, follow and advance"),
    "demo": Command("embudo.demo.command", "fill an empty install with a fictional company"),
    "import": Command("embudo.leads.imports.command", "bring in people or facts from a CSV file"),
    "prepare": Command("embudo.operate.prepare", "bring the tables up to date (`up` does it at its start)"),
    "doctor": Command("embudo.operate.doctor", "look for what is wrong and say how to mend it"),
    "backup": Command("embudo.operate.backup", "write everything to one file, while the install runs"),
    "restore": Command("embudo.operate.restore", "fill an empty install from such a file"),
    "ledger": Command("embudo.operate.ledger", "show that received = accepted + failed + refused"),
    "erase": Command("embudo.leads.erasure", "erase one person from log and tables, with evidence"),
    "rebuild": Command(
        "embudo.leads.rebuild", "compute people, scores and stages again from the log (--check: compare)"
    ),
}
_WITHOUT_DJANGO = {"up"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command that `arguments` name; return an exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    os.umask(0o077)  # whatever the install writes, people's data and password hashes included, is its owner's alone
    try:
        return _run(_take_data(given))
    except settings.BadSetting as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        return 130


def usage() -> str:
    """Return what `embudo` can do, one command a line."""
    lines = [f"  {name:<10} {command.words}" for name, command in COMMANDS.items()]
    lines += [f"  {name:<10} run only this process of the install" for name in processes.RUN]
    lines += ["  manage     Django's own commands"]
    return "\n".join([f"Embudo {__version__}: embudo [--data DIR] COMMAND [--help]", "", *lines])


def _run(given: list[str]) -> int:
    name, rest = (given[0], given[1:]) if given else ("--help", [])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "embudo.settings")
    if name in ("-h", "--help", "help"):
        print(usage())
        return 0
    if name == "--version":
        print(__version__)
        return 0
    if name == "manage":
        return _manage(rest)
    if name in processes.RUN:
        return processes.run(name, settings.read())
    if name not in COMMANDS:
        return _complain(f"There is no command {name!r}.\n\n{usage()}")
    return _command(name, rest)


def _command(name: str, rest: list[str]) -> int:
    if name not in _WITHOUT_DJANGO:
        import django

        django.setup()
    return int(import_module(COMMANDS[name].module).main(rest) or 0)


def _manage(rest: list[str]) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["embudo manage", *rest])
    return 0


def _take_data(given: list[str]) -> list[str]:
    """Take `--data DIR` out of the arguments, wherever it stands, and make it the install's data folder."""
    rest, words = [], iter(given)
    for word in words:
        if word == "--data":
            os.environ["EMBUDO_DATA"] = next(words, "")
        elif word.startswith("--data="):
            os.environ["EMBUDO_DATA"] = word.removeprefix("--data=")
        else:
            rest.append(word)
    os.environ["EMBUDO_DATA"] = str(Path(os.environ.get("EMBUDO_DATA") or "var").expanduser().resolve())
    return rest


def _complain(words: str) -> int:
    print(words, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
