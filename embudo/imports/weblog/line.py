"""What one line of an access log says: the combined format that Apache and nginx write."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from embudo.imports.values import EPOCH

MONTHS = {name: number for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
QUOTED = r'"((?:[^"\\]|\\.)*)"'
LINE = re.compile(
    r"(?:(\S{1,255}):\d{1,5} )?(\S{1,255}) \S{1,255} \S{1,255} "
    r"(?P<rest>\[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "
    rf"{QUOTED} (\d{{3}}) (?:\d+|-) {QUOTED} {QUOTED})(?: .*)?"
)
REQUEST = re.compile(r"([A-Z]{3,20}) (\S+)(?: HTTP/\d(?:\.\d)?)?")
ESCAPED = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v"}


class Damage(StrEnum):
    """Why nothing can be made of a line."""

    FORMAT = "format"
    REQUEST = "request"
    TIME = "time"
    FUTURE = "future"
    TOO_LONG = "too_long"


class BadLine(ValueError):
    """A line is damaged. It is never repeated in a message: lines hold addresses of people."""

    def __init__(self, damage: Damage) -> None:
        super().__init__(damage.value)
        self.damage = damage


@dataclass(frozen=True, slots=True)
class Hit:
    """One request as the server noted it. `at` in microseconds; `rest` is the line without who asked."""

    address: str = field(repr=False)
    at: int
    method: str
    target: str
    status: int
    referrer: str
    agent: str
    rest: str = field(repr=False, default="")
    host: str = ""  # of a server with several sites that notes it first


def hit_of(line: str) -> Hit:
    """Return what a line says; raises BadLine. The bytes of the file are read as Latin-1, so none is lost."""
    found = LINE.fullmatch(line)
    if found is None:
        raise BadLine(Damage.FORMAT)
    host, address, rest, time, request, status, referrer, agent = found.groups()
    asked = REQUEST.fullmatch(_text(request))
    if asked is None:
        raise BadLine(Damage.REQUEST)
    return Hit(
        address, _instant(time), asked[1], asked[2], int(status), _said(referrer), _said(agent), rest, host or ""
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _instant(text: str) -> int:
    """17/May/2015:10:05:03 +0200, whatever language the machine speaks."""
    try:
        day, month, year = int(text[:2]), MONTHS[text[3:6]], int(text[7:11])
        moment = datetime(year, month, day, int(text[12:14]), int(text[15:17]), int(text[18:20]), tzinfo=EPOCH.tzinfo)
        hours, minutes = int(text[22:24]), int(text[24:26])
    except (KeyError, ValueError) as error:
        raise BadLine(Damage.TIME) from error
    ahead = timedelta(hours=hours, minutes=minutes)
    at = (moment - EPOCH - (ahead if text[21] == "+" else -ahead)) // timedelta(microseconds=1)
    if at <= 0 or minutes > 59 or hours > 15:
        raise BadLine(Damage.TIME)
    return at


def _said(text: str) -> str:
    """A header; servers write "-" where there was none."""
    return "" if text == "-" else _text(text)


def _text(text: str) -> str:
    """The text that was sent: servers escape quotes, and all bytes that are not plain."""
    if "\\" in text:
        text = ESCAPED.sub(lambda each: chr(int(each[1], 16)) if each[1] else PLAIN.get(each[2], each[2]), text)
    return text if text.isascii() else text.encode("latin-1").decode(errors="replace")
