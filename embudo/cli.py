"""The one command for people: `embudo COMMAND`. It composes what the apps offer and knows no rule of its own."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from embudo import __version__, install, processes, secret
from embudo import config as settings
from embudo.install import NoInstall
from embudo.memory import collect_seldom


@dataclass(frozen=True)
class Command:
    """A command: the module whose `main(arguments)` does it, and what it is for."""

    module: str
    words: str
    begins: bool = False  # may make a new install; `import` may when it is asked to


COMMANDS = {
    "up": Command("embudo.supervisor", "run the whole install: collector, web, follow, advance, work and deliver"),
    "demo": Command("embudo.demo.command", "fill an empty install with a fictional company", begins=True),
    "import": Command("embudo.imports.command", "bring in people, facts, opportunities or companies from a CSV file"),
    "prepare": Command(
        "embudo.operate.prepare", "make an install, or bring its tables up to date (`up` does it)", begins=True
    ),
    "doctor": Command("embudo.operate.doctor", "look for what is wrong and say how to mend it"),
    "backup": Command("embudo.operate.backup", "write everything to one file, while the install runs"),
    "restore": Command("embudo.operate.restore", "fill an empty install from such a file"),
    "ledger": Command("embudo.operate.ledger", "show that received = accepted + failed + refused"),
    "erase": Command("embudo.privacy.erasing", "erase one person from log, tables and files, with evidence"),
    "definition": Command("embudo.operate.definition", "print the definition of a lead, and what the past proposes"),
    "rebuild": Command(
        "embudo.leads.rebuild", "compute people, scores and stages again from the log (--check: compare)"
    ),
}
CREATE = "--create"  # lets `import` make a new install
_ALONE = {"up", "restore"}  # `up` has `prepare` make the install, `restore` makes one from the backup


def main(arguments: list[str] | None = None) -> int:
    """Run the command that `arguments` name; return an exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    os.umask(0o077)  # whatever the install writes, people's data and password hashes included, is its owner's alone
    try:
        return _run(_take_data(given))
    except (settings.BadSetting, NoInstall, NoFolder) as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        from embudo.trouble import words_of

        config = settings.read()
        words = words_of(error, config)
        if words is None or config.debug:
            raise
        return _complain(words)


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
    if name not in COMMANDS and name not in processes.RUN and name != "manage":
        return _complain(f"There is no command {name!r}.\n\n{usage()}")
    if name in processes.RUN and rest:
        return _of_process(name, rest)
    if name in _ALONE or {"-h", "--help"} & set(rest):
        return _start(name, rest)
    with _nothing_half_made(settings.read()) as outcome:
        outcome.code = _start(name, _find_install(name, rest))
    return outcome.code


def _of_process(name: str, rest: list[str]) -> int:
    """Say what a process is; it is told everything by its settings."""
    words = f"embudo [--data DIR] {name}: run only this process of the install. Its settings: docs/settings.md"
    if {"-h", "--help"} & set(rest):
        print(words)
        return 0
    return _complain(f"`embudo {name}` takes nothing but --data DIR, and was given: {' '.join(rest)}\n{words}")


@dataclass
class _Outcome:
    code: int = 1


@contextmanager
def _nothing_half_made(config: settings.Config) -> Iterator[_Outcome]:
    """Leave no folder behind in which a new install was to begin, where the command failed before there was one."""
    outcome, key = _Outcome(), config.data / secret.FILE
    missing = [each for each in (config.data, *config.data.parents) if not each.exists()]
    there = install.holds_one(config.data) or key.exists()
    try:
        yield outcome
    finally:
        begun = not there and config.data.is_dir() and (key.exists() or missing)
        if outcome.code and begun and not install.holds_one(config.data):
            key.unlink(missing_ok=True)
            with suppress(OSError):
                for each in missing:
                    each.rmdir()
                print(f"Nothing was made in {config.data}.", file=sys.stderr)


def _find_install(name: str, rest: list[str]) -> list[str]:
    """Make sure that there is an install, making one where that is asked for; return the other arguments."""
    config = settings.read()
    begins = COMMANDS[name].begins if name in COMMANDS else False
    if begins or (name == "import" and CREATE in rest):
        if install.make(config) and config.embedded:
            print(f"A new install begins in {config.data}.", flush=True)
    else:
        install.require(config)
    if begins or name in processes.RUN:
        secret.keep(config)
    return [word for word in rest if name != "import" or word != CREATE]


def _start(name: str, rest: list[str]) -> int:
    if name in processes.RUN:
        return processes.run(name, settings.read())
    if name == "manage":
        return _manage(rest)
    if name != "up":
        import django

        django.setup()
    command = import_module(COMMANDS[name].module)
    if name == "up":
        return int(command.main(rest) or 0)
    from django.db import connections

    collect_seldom()
    try:
        return int(command.main(rest) or 0)
    finally:
        connections.close_all()  # what is frozen is not closed by itself at the end


def _manage(rest: list[str]) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["embudo manage", *rest])
    return 0


def _take_data(given: list[str]) -> list[str]:
    """Take `--data DIR` out of the arguments, wherever it stands, and make it the install's data folder.

    Raises NoFolder where it names none: an unset variable in a script must not turn to another install.
    """
    rest, words = [], iter(given)
    for word in words:
        if word == "--data":
            os.environ["EMBUDO_DATA"] = _folder(next(words, ""))
        elif word.startswith("--data="):
            os.environ["EMBUDO_DATA"] = _folder(word.removeprefix("--data="))
        else:
            rest.append(word)
    os.environ["EMBUDO_DATA"] = str(Path(os.environ.get("EMBUDO_DATA") or "var").expanduser().resolve())
    return rest


def _folder(given: str) -> str:
    if not given.strip() or given.startswith("-"):
        raise NoFolder("--data needs a folder behind it: embudo --data DIR COMMAND. Nothing was done.")
    return given


class NoFolder(ValueError):
    """`--data` stands without a folder; the message says so."""


def _complain(words: str) -> int:
    print(words, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
