"""What no log line may say, and how much: some links open what they lead to, and a refusal is no error of ours."""

import logging
import re

_LINK = re.compile(r"/(password|invitation|consent|f/confirm|f/files)/[^\s?]+|([?&](?:token|code|state)=)[^&\s]+")


class WithoutLinks(logging.Filter):
    """Lets every line pass, without what is secret in a link: of a password, an invitation, a person, a form."""

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if _LINK.search(line):
            record.msg, record.args = _LINK.sub(_without, line), ()
        return True


class OneLine(logging.Filter):
    """Lets every line pass; one about an answer of 400 to 499 without the traceback, which tells of nothing broken."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info, record.exc_text, record.stack_info = None, None, None
        return True


def _without(found: re.Match[str]) -> str:
    return f"/{found[1]}/..." if found[1] else f"{found[2]}..."
