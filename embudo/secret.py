"""The install's secret key: given by its setting, else made once and kept in the data folder with mode 600."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from embudo.config import Config


def key_of(config: Config) -> str:
    """Return the secret key of the install, making the file `secret_key` when there is none yet."""
    if config.secret_key:
        return config.secret_key
    file = config.data / "secret_key"
    if not file.exists():
        _make(file)
    return file.read_text().strip()


def _make(file: Path) -> None:
    """Write a new key beside `file` and link it into place: of two processes one wins, and both read a whole key."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".secret_key.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(secrets.token_urlsafe(48))
        out.flush()
        os.fsync(out.fileno())
    with suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
