"""Check of the processes: which of them run here, and whether one hangs."""

import time

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from embudo import pulse
from embudo.config import Config
from embudo.eventlog import open_log
from embudo.health import serves
from embudo.leads.clock import now
from embudo.leads.follow import cursor_of_tables
from embudo.operate.finding import Finding, bad, good, note
from embudo.operate.vitals import lag, work_left
from embudo.processes import RUN, SERVING
from embudo.pulse import Process

QUIET_S = 10.0  # after so long without a turn a loop is looked at twice
LOOK_AGAIN_S = 3.0


def running(config: Config) -> list[Finding]:
    """Look which processes run on this machine, whether each answers, and whether the log is followed."""
    here = [each for each in pulse.processes(config) if each.lives]
    if not here:
        return [
            note(
                _("Processes: none of this install runs on this machine"),
                _("Nothing is collected, and nobody can sign in."),
                f"embudo up --data {config.data}",
            )
        ]
    found = [finding for each in here if (finding := _hangs(each, config))]
    missing = [name for name in RUN if config.embedded and name not in {each.name for each in here}]
    found += [_is_missing(name, config) for name in missing]
    names = ", ".join(f"{each.name} ({each.pid})" for each in here)
    return (
        found
        or [*_falls_behind(config), *_left_lying()]
        or [good(_("Processes: %(names)s run and answer") % {"names": names})]
    )


def _hangs(process: Process, config: Config) -> Finding | None:
    facts = {"name": process.name, "pid": process.pid}
    if stopped := " ".join(map(str, process.stopped())):
        how = _("Let it go on: kill -CONT %(pids)s. Or end it: kill -KILL %(pids)s, and `embudo up` starts it again")
        what = _("Process %(name)s (%(pid)d): it was stopped (SIGSTOP)") % facts
        return bad(what, _WHY[process.name](), how % {"pids": stopped})
    if serves(process.placed(config), process.name) if process.name in SERVING else _turns(process):
        return None
    how = _("End it: kill -KILL %(pid)d. `embudo up` starts it again, and does so by itself after %(silent)d s")
    return bad(
        _("Process %(name)s (%(pid)d): it does not answer") % facts,
        _WHY[process.name](),
        how % {**facts, "silent": pulse.SILENT_S},
    )


def _turns(process: Process) -> bool:
    """Whether its loop has turned just now, or turns while we look."""
    before = process.beaten_at()
    if time.time_ns() - before < QUIET_S * 1e9:
        return True
    time.sleep(LOOK_AGAIN_S)
    return process.beaten_at() != before


def _is_missing(name: str, config: Config) -> Finding:
    return bad(
        _("Process %(name)s: it does not run, though others do") % {"name": name},
        _WHY[name](),
        _("See its lines in the output of `embudo up`; by itself it is started with: embudo %(name)s --data %(folder)s")
        % {"name": name, "folder": config.data},
    )


def _falls_behind(config: Config) -> list[Finding]:
    """What waits to be followed, should it wait for long and the cursor not move while we look."""
    record, before = open_log(config), cursor_of_tables()
    behind = lag(record, now())
    if not behind.late:
        return []
    time.sleep(LOOK_AGAIN_S)
    if cursor_of_tables() != before:
        return []
    words = ngettext("Process follow: %(n)d event waits", "Process follow: %(n)d events wait", behind.events)
    how = _("See the lines of follow in the output of `embudo up`; where it has ended or hangs, start it again.")
    return [bad(words % {"n": behind.events}, _WHY["follow"](), how)]


def _left_lying() -> list[Finding]:
    """Long work that waits, should nobody take it up: on the server shape its process may have been forgotten."""
    if not (work := work_left()).late:
        return []
    words = ngettext(
        "Process work: %(n)d piece of long work waits and nobody takes it up",
        "Process work: %(n)d pieces of long work wait and nobody takes them up",
        work.waiting,
    )
    how = _("Start its process, on one host at least: embudo work. Where it runs, see its lines.")
    return [bad(words % {"n": work.waiting}, _WHY["work"](), how)]


_WHY = {
    "collector": lambda: _("No event is taken in; senders that try again do so for a while."),
    "web": lambda: _("Nobody can open a page."),
    "follow": lambda: _("People, scores and stages stand still, while events go on being kept."),
    "advance": lambda: _("Scores do not fade, windows do not end, and the log is not sealed."),
    "work": lambda: _("Imports, exports and other long work wait until somebody does them."),
}
