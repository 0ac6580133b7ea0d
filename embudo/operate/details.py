"""What the log says in English of one failed event, in the reader's language; names and values stay as they came."""

import re

from django.utils.translation import gettext as _

# As collector, core and log write them, with what differs from event to event.
TEMPLATES = (
    "messageId must be a text of 1 to %(most)s characters",
    "an id is a text of at most %(most)s characters",
    "%(size)s bytes, the limit is %(most)s",
    "nested deeper than %(most)s levels",
    "a track message needs its event's name",
    "%(kind)s needs a secret key",
    "%(stage)s is none of %(stages)s",
    "it lies before 1970",
    "%(seconds)s s ahead",
    "neither userId nor anonymousId nor a mail address",
    "content-encoding %(name)s is not gzip",
    "the compressed body ends too early",
    "Error %(code)s while decompressing data: %(what)s",
    "JSON is malformed: %(what)s (byte %(place)s)",
    "Input data was truncated",
    "Object missing required field `%(name)s`",
    "Expected `%(wanted)s`, got `%(given)s` - at `%(place)s`",
    "Expected `%(wanted)s` of length <= %(most)s - at `%(place)s`",
    "%(what)s: line %(line)s column %(column)s (char %(place)s)",
    "another event of %(source)s has the id %(id)s",
    "%(identifier)s has the subject of another identifier, so its facts are left out",
    "a number beyond 64 bits",
    "a NUL character in a column of text",
)
_VALUE = re.compile(r"%\((\w+)\)s")


def detail_of(detail: str) -> str:
    """Return a detail in the reader's language; one that is a value alone, or that no template knows, as it is."""
    for template, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(detail):
            return _(template) % found.groupdict()
    return detail


def _pattern(template: str) -> re.Pattern[str]:
    parts = _VALUE.split(template)  # words, name, words, name, words
    said = [f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
    return re.compile("".join(said), re.DOTALL)


_PATTERNS = {template: _pattern(template) for template in TEMPLATES}
