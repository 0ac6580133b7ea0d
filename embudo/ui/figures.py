"""How figures are written for people: numbers, shares, durations and instants in the reader's language and zone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext, ngettext

NONE = "—"
MINUS = "−"
SECOND = 1_000_000  # instants and durations are integer microseconds, as in core


def number(value: float | Decimal | None, places: int = 0) -> str:
    """Return 48210 as 48,210 (en) or 48 210 (es): grouped, with a true minus sign."""
    if value is None:
        return NONE
    text = formats.number_format(round(value, places) or 0, decimal_pos=places, use_l10n=True, force_grouping=True)
    return text.replace("-", MINUS)


def signed(value: float | Decimal | None, places: int = 0) -> str:
    """Return a difference with its sign: +12, −3, 0."""
    text = number(value, places)
    return f"+{text}" if value is not None and round(value, places) > 0 else text


def points(thousandths: int | None) -> str:
    """Return points kept as integer thousandths with their sign: 14100 is +14.1, 50000 is +50."""
    if thousandths is None:
        return NONE
    tenths = round(thousandths / 100)
    return signed(tenths / 10, 0 if tenths % 10 == 0 else 1)


def pct(share: float | None) -> str:
    """Return a share (0 to 1) in per cent: 0.029 is 2.9%, 0.22 is 22%."""
    if share is None:
        return NONE
    value = share * 100
    return number(value, 1 if 0 < abs(value) < 9.95 else 0) + _percent_sign()


def change(share: float | None) -> str:
    """Return a relative change (0.12) with its sign: +12%."""
    if share is None:
        return NONE
    return signed(share * 100) + _percent_sign()


def _percent_sign() -> str:
    return "\N{NO-BREAK SPACE}%" if (get_language() or "").startswith("es") else "%"


def duration(microseconds: float | None) -> str:
    """Return a span in its largest fitting unit: 45 s, 12 min, 2.5 h, 31 d."""
    if microseconds is None:
        return NONE
    seconds = microseconds / SECOND
    if seconds < 0:
        return MINUS + duration(-microseconds)
    for unit, size, below in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 86_400)):
        if seconds < below - size / 2:
            return _amount(seconds / size, fine=unit == "h") + "\N{NO-BREAK SPACE}" + unit
    return _amount(seconds / 86_400, fine=True) + "\N{NO-BREAK SPACE}" + gettext("d")


def _amount(value: float, *, fine: bool) -> str:
    return number(value, 1 if fine and value < 9.95 and round(value, 1) % 1 else 0)


def clock(seconds: float | None) -> str:
    """Return a reading time: 45 s, 4:12 min, 1:04 h."""
    if seconds is None:
        return NONE
    whole = round(seconds)
    if whole < 60:
        return f"{whole}\N{NO-BREAK SPACE}s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}\N{NO-BREAK SPACE}min"
    return f"{whole // 3600}:{whole % 3600 // 60:02}\N{NO-BREAK SPACE}h"


def moment_of(value: int | datetime) -> datetime:
    """Return an instant (microseconds since 1970, or an aware datetime) in the reader's zone."""
    if isinstance(value, datetime):
        return timezone.localtime(value)
    return timezone.localtime(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value))


def exact(moment: datetime) -> str:
    """Return an instant to the second with its zone: Sun 22 Nov 2026, 10:12:05 UTC."""
    return f"{_date(moment.date(), 'weekday', get_language())}, {moment:%H:%M:%S} {moment.tzname()}"


def relative(moment: datetime, now: datetime) -> str:
    """Return how long ago an instant was, in words that fit its age; instants to come get their date."""
    age_s = (now - moment).total_seconds()
    if -60 < age_s < 10:
        return gettext("just now")
    if age_s < 0:
        return f"{day(moment, now)} {moment:%H:%M}"
    if age_s < 86_400:
        return _short_ago(int(age_s))
    days = (timezone.localtime(now).date() - moment.date()).days
    if days == 1:
        return gettext("yesterday %(time)s") % {"time": f"{moment:%H:%M}"}
    if days < 7:
        return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}
    return day(moment, now)


def _short_ago(seconds: int) -> str:
    if seconds < 60:
        return gettext("%(n)s s ago") % {"n": seconds}
    if seconds < 3600:
        return gettext("%(n)s min ago") % {"n": seconds // 60}
    return gettext("%(n)s h ago") % {"n": seconds // 3600}


def day(moment: datetime, now: datetime) -> str:
    """Return the date of an instant, with the year only when it is not this one: 3 Nov, 3 Nov 2025."""
    this_year = moment.year == timezone.localtime(now).year
    return _date(moment.date(), "day" if this_year else "year", get_language())


@lru_cache(maxsize=4096)
def _date(date: date, form: str, language: str | None) -> str:
    """A date in the language in force, which is part of the key: a list names the same few days again and again."""
    # Translators: Django date formats, one with the day of the week; "b" is the short month in lower case.
    forms = {"weekday": gettext("D j M Y"), "day": gettext("j M"), "year": gettext("j M Y")}
    return formats.date_format(date, forms[form])
