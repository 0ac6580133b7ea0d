"""What kinds of long work there are; the apps that do them are named in `settings.WORK`.

The process `embudo work` does them; `embudo up` runs one, and on the server shape any number may run. A page asks by
`Job.objects.create(kind=…, by=…, wants=…)` and redirects to `work:job`.

A kind is a module that holds
    LABEL       what it is called, translatable
    RESULT      the template that shows `job.result` once it is done
    about(job)  optional: what it is about, in the reader's language; else it is `job.about` as it was kept
    LEFT        optional: the template that shows what cancelled or failed work has left behind
    MUST_END    optional: True where half of it must not stay: it may be cancelled only before it has begun
    run(job)    a generator that does it and yields a Progress now and then; it returns the result, a dict for JSON

Errands are short, wait behind no work and are asked for by nobody: each module in `settings.ERRANDS` holds
    turn()      does one, if there is one, and returns whether there was; several processes may call it at once

`run` is called again with the job's last `memory` after a crash, a pause or a retry, so what it did since
may be done twice and must come out the same. The memory goes when the work is done. When the job is cancelled the
generator is closed at a yield.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is: `done` of `total` (None: not known yet), and what it takes to go on from here."""

    done: int
    total: int | None = None
    memory: Mapping[str, Any] | None = None  # None: as it was before
    at_once: bool = False  # it is written down before the next step begins, else at most every half second


Steps = Generator[Progress, None, Mapping[str, Any]]


class Refused(Exception):
    """The work cannot be done; the message says to people what happened, why, and what to do."""


class Kind(Protocol):
    """What the module of a kind holds."""

    LABEL: Any
    RESULT: str

    def run(self, job: Any) -> Steps: ...


def kind_of(name: str) -> Kind:
    """Return the module of a kind; raises KeyError when there is none of this name."""
    module: Any = import_module(settings.WORK[name])
    return module
