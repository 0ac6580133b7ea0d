"""Checks of the machine: disk, clock, ports, versions."""

import ctypes
import json
import shutil
import sqlite3
import sys
from importlib import metadata

from django.utils.translation import gettext as _

from embudo import pulse
from embudo.config import Config
from embudo.eventlog import Cursor, open_log
from embudo.leads.clock import now
from embudo.operate.finding import Finding, bad, good, note
from embudo.ports import refusal

GB = 1_000_000_000
LEAST_FREE_BYTES = GB  # below it the next seal or backup may not fit
LOW_FREE_SHARE = 0.10
OLDEST_SQLITE = (3, 35, 0)  # UPDATE ... RETURNING
PACKAGES = ("Django", "granian", "msgspec", "duckdb", "pyarrow", "psycopg")
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


def disk(config: Config) -> list[Finding]:
    """Look at the room left where the install keeps its data."""
    usage = shutil.disk_usage(config.data)
    words = _("Disk: %(free).1f GB of %(total).1f GB are free") % {"free": usage.free / GB, "total": usage.total / GB}
    why = _("With no room left the collector answers 503 and keeps nothing.")
    mend = _("Free some room, or move the data folder: EMBUDO_DATA=/larger/disk embudo up")
    if usage.free < LEAST_FREE_BYTES:
        return [bad(words, why, mend)]
    return [note(words, why, mend)] if usage.free < LOW_FREE_SHARE * usage.total else [good(words)]


def clock(config: Config) -> list[Finding]:
    """Look whether the clock is kept in time, and whether it was set back behind events already kept."""
    found = []
    if _newest(config) > now() + 60_000_000:
        found.append(
            bad(
                _("Clock: the newest event was received in the future"),
                _("The clock was set back; times of events, fading and windows are wrong until it has caught up."),
                _("Set the clock (timedatectl set-ntp true) and start Embudo again."),
            )
        )
    if _unsynchronised():
        found.append(
            note(
                _("Clock: nothing keeps it in time"),
                _("Visits are ordered by the times of several machines; a clock that drifts misplaces them."),
                _("Switch time synchronisation on: timedatectl set-ntp true"),
            )
        )
    return found or [good(_("Clock: kept in time"))]


def _newest(config: Config) -> int:
    """Return when the last fact of each shard was received, the latest of them."""
    record = open_log(config)
    end = record.end()
    rows, _cursor = record.read(Cursor({shard: offset - 1 for shard, offset in end.items()}), len(end) or 1)
    return max((row.event.received_at for row in rows), default=0)


def _unsynchronised() -> bool:
    if sys.platform != "linux":
        return False
    buffer = ctypes.create_string_buffer(512)  # struct timex, modes = 0: only reads
    return bool(ctypes.CDLL(None).adjtimex(buffer) == _TIME_ERROR)


def ports(config: Config) -> list[Finding]:
    """Look whether the ports are free, or held by this install."""
    wanted = {
        "EMBUDO_WEB_PORT": (config.web_host, config.web_port),
        "EMBUDO_COLLECTOR_PORT": (config.collector_host, config.collector_port),
    }
    ours = {f"EMBUDO_{each.name.upper()}_PORT" for each in pulse.processes(config) if each.lives}
    return [_port(setting, host, port, ours=setting in ours) for setting, (host, port) in wanted.items()]


def _port(setting: str, host: str, port: int, *, ours: bool) -> Finding:
    place = {"host": host, "port": port, "setting": setting, "other": port + 10}
    error = refusal(host, port)
    if error is None:
        return good(_("Port %(port)d on %(host)s: free") % place)
    if ours:  # whether it answers there is the question of another check
        return good(_("Port %(port)d on %(host)s: held by Embudo") % place)
    return bad(
        _("Port %(port)d on %(host)s cannot be used: %(reason)s") % {**place, "reason": error},
        _("Embudo cannot listen there."),
        _("Stop the program that holds it, or choose another: %(setting)s=%(other)d") % place,
    )


def versions(config: Config) -> list[Finding]:
    """Look at the versions of what we stand on."""
    found = [good(words) for words in version_lines()]
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        found.append(
            bad(
                _("SQLite %(version)s is too old") % {"version": sqlite3.sqlite_version},
                _("Embudo uses statements that came with SQLite 3.35."),
                _("Use a newer Python: each brings or finds its SQLite."),
            )
        )
    return found


def version_lines() -> list[str]:
    """Return "name version" of Python, SQLite and the main packages."""
    python = ".".join(map(str, sys.version_info[:3]))
    packages = [f"{name} {metadata.version(name)}" for name in PACKAGES]
    return [f"Embudo {metadata.version('embudo')}", f"Python {python}", f"SQLite {sqlite3.sqlite_version}", *packages]


def as_json(findings: list[Finding]) -> str:
    """Return findings for programs."""
    rows = [{"grade": each.grade, "what": each.what, "why": each.why, "mend": each.mend} for each in findings]
    return json.dumps(rows, ensure_ascii=False, indent=2)
