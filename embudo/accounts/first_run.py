"""The first start: while there is no user, the token in the data folder lets its holder become administrator."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hmac import compare_digest
from pathlib import Path

from django.utils.http import urlencode

from embudo import whole_file
from embudo.accounts.models import User
from embudo.config import Config


def needed() -> bool:
    """Whether the install has no user yet."""
    return not User.objects.exists()


def token(config: Config) -> str:
    """Return the one-time token, making its file (mode 600) when there is none; two processes may start at once."""
    file = _file(config)
    config.data.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        whole_file.make(file, secrets.token_urlsafe(24))
    return file.read_text().strip()


def address(config: Config) -> str:
    """Return the address that opens the set-up with its token filled in."""
    return f"{config.site_address}/set-up/?{urlencode({'token': token(config)})}"


@contextmanager
def spending(config: Config, given: str) -> Iterator[bool]:
    """Give whether the token is right, to one caller at a time; it is used up when the block ends without an error."""
    taken = _take(config, given)
    try:
        yield taken is not None
    except BaseException:
        if taken:
            with suppress(FileExistsError):
                os.link(taken, _file(config))
        raise
    finally:
        if taken:
            taken.unlink()


def _take(config: Config, given: str) -> Path | None:
    """Put the token's file aside when its text was given; of those who try at once one succeeds."""
    taken = config.data / f"{_file(config).name}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        right = _file(config).read_text().strip()
        if not right or not compare_digest(right.encode(), given.strip().encode()):
            return None
        return _file(config).rename(taken)
    except FileNotFoundError:
        return None


def _file(config: Config) -> Path:
    return config.data / "first_run_token"
