"""What no log line may say: a password link opens an account until it is used."""

import logging
import re

_LINK = re.compile(r"/password/[^/\s]+/[^/\s]+")


class WithoutLinks(logging.Filter):
    """Lets every line pass, without what is secret in a password link."""

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if "/password/" in line:
            record.msg, record.args = _LINK.sub("/password/...", line), ()
        return True
