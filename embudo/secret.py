"""The install's secret key: given by its setting, else made once and kept in the data folder with mode 600."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from embudo.config import Config

FILE = "secret_key"


def key_of(config: Config) -> str:
    """Return the secret key of the install; where none is kept, one that lives as long as this process."""
    if config.secret_key:
        return config.secret_key
    try:
        return (config.data / FILE).read_text().strip()
    except OSError:  # doctor and restore work without; what signs for others has called `keep`
        return secrets.token_urlsafe(48)


def keep(config: Config) -> None:
    """Make the file `secret_key` where the install has no key yet; raises OSError."""
    if not config.secret_key and not (config.data / FILE).exists():
        _make(config.data / FILE)


def _make(file: Path) -> None:
    """Write a new key beside `file` and link it into place: of two processes one wins, and both read a whole key."""
    draft = file.with_name(f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(48))
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
