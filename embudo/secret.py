"""The install's secret key: given by its setting, else made once and kept in the data folder with mode 600."""

import secrets

from embudo import whole_file
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
        whole_file.make(config.data / FILE, secrets.token_urlsafe(48))
