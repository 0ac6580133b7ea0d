"""How values stand in a file that a spreadsheet opens: as text, never as a formula (OWASP, CSV injection)."""

import re
from typing import Any

_BLANK = "[\\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
# Where a cell begins, blanks, and the first sign of a formula. A comma begins no cell: texts that hold one are quoted.
# But where Spanish or Portuguese is spoken spreadsheets split at semicolons, and then those quotes count for nothing.
_BEGINS = re.compile(f"(^|[;\\t\\r\\n])({_BLANK})([=+\\-@|%＝＋－＠])?")


def plain_cell(value: Any) -> Any:
    """Return a value as it may stand in a cell: what a spreadsheet would compute, also behind blanks, gets a quote."""
    if isinstance(value, bool) or not isinstance(value, str):
        return "" if value is None else value
    text = _BEGINS.sub(_quoted, value.replace("\0", ""))
    return f"'{text}" if text.startswith(("\t", "\r", "\n")) else text


def _quoted(found: re.Match[str]) -> str:
    return f"{found[1]}'{found[2]}{found[3]}" if found[3] else found[0]
