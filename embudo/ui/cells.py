"""How values stand in a file that a spreadsheet opens: as text, never as a formula (OWASP, CSV injection)."""

from typing import Any

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def plain_cell(value: Any) -> Any:
    """Return a value as it may stand in a cell: what a spreadsheet would compute, also behind blanks, gets a quote."""
    if isinstance(value, bool) or not isinstance(value, str):
        return "" if value is None else value
    text = value.replace("\0", "")
    inner = text.lstrip(" \t\r\n\v\f\u00a0\ufeff\u200b")
    return f"'{text}" if text.startswith(_STARTS) or inner.startswith(_STARTS) else text
