"""The first start: while there is no user, the token in the data folder lets its holder become administrator."""

import os
import secrets
from hmac import compare_digest
from pathlib import Path

from django.utils.http import urlencode

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
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(24))
        try:
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()


def address(config: Config) -> str:
    """Return the address that opens the set-up with its token filled in."""
    return f"{config.site_address}/set-up/?{urlencode({'token': token(config)})}"


def spend(config: Config, given: str) -> bool:
    """Use the token up; true for the one caller that gave the right one first."""
    try:
        right = _file(config).read_text().strip()
        if not right or not compare_digest(right.encode(), given.strip().encode()):
            return False
        _file(config).unlink()
    except FileNotFoundError:
        return False
    return True


def _file(config: Config) -> Path:
    return config.data / "first_run_token"
