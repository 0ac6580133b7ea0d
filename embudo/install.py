"""Where an install lives: whether the data folder holds one, how a folder for a new one is made."""

import errno
import os
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

from embudo.config import Config

MARKS = ("tables.sqlite3", "log/tail.sqlite", "log/manifest.json", "sites.json")  # a folder with one holds an install


class NoInstall(Exception):
    """There is no install where one is needed, or the place for one cannot be used; the message says what to do."""


def require(config: Config) -> None:
    """Check that there is an install; raises NoInstall.

    On the server shape it is in the database, so that the folder only has to be there.
    """
    folder = config.data
    _check(folder)
    if not (folder.is_dir() if not config.embedded else holds_one(folder)):
        near = nearest(folder)
        hint = f"; did you mean --data {near}?" if near else "."
        raise NoInstall(f"There is no install in {folder}{hint} `embudo up --data {folder}` makes one.")


def make(config: Config) -> bool:
    """Make the data folder where it is missing and return whether a new install begins in it; raises NoInstall."""
    _check(config.data)
    try:
        config.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoInstall(f"The data folder {config.data} cannot be made: {reason(error)}.") from error
    if not os.access(config.data, os.R_OK | os.W_OK | os.X_OK):
        raise NoInstall(_not_ours(config.data))
    return not holds_one(config.data)


def holds_one(folder: Path) -> bool:
    """Return whether a folder holds an install."""
    return any((folder / mark).exists() for mark in MARKS)


def nearest(folder: Path) -> Path | None:
    """Return the install near a folder whose name is most like it, or None."""
    found = [each for each in _neighbours(folder) if _holds_one_to_see(each)]
    return max(found, key=lambda each: SequenceMatcher(None, str(each), str(folder)).ratio(), default=None)


def reason(error: OSError) -> str:
    """Return in words why the file system refused."""
    words = {
        errno.ENOSPC: "the disk is full; free some room",
        errno.EDQUOT: "the disk quota is used up; free some room",
        errno.EROFS: "the disk can only be read",
        errno.EACCES: "this account has no permission",
        errno.EPERM: "this account has no permission",
        errno.ENOTDIR: "a part of its path is a file, not a folder",
        errno.EISDIR: "it is a folder, not a file",
        errno.ENOENT: "there is no such file or folder",
    }
    return words.get(error.errno or 0, error.strerror or str(error))


def told(error: OSError) -> str:
    """Return which file the file system refused and why, without its own words and numbers."""
    return f"{error.filename}: {reason(error)}" if error.filename else reason(error)


def _check(folder: Path) -> None:
    """Refuse what is no folder of ours; raises NoInstall."""
    try:
        is_file = folder.exists() and not folder.is_dir()
    except OSError as error:
        raise NoInstall(f"The data folder {folder} cannot be used: {reason(error)}.") from error
    if is_file:
        raise NoInstall(f"{folder} is a file; --data and EMBUDO_DATA name a folder.")
    if folder.is_dir() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise NoInstall(_not_ours(folder))


def _not_ours(folder: Path) -> str:
    return f"This account may not read and write in {folder}; run Embudo as its owner, or give it away with chown -R."


def _neighbours(folder: Path) -> Iterator[Path]:
    """Folders somebody may have meant: those beside the first part of the path that is not there, and below them."""
    missing = folder
    while not missing.parent.exists():
        missing = missing.parent
    try:
        beside = [each for each in sorted(missing.parent.iterdir())[:200] if each.is_dir()]
        below = [inner for each in beside for inner in sorted(each.iterdir())[:50] if inner.is_dir()]
    except OSError:
        return
    yield from (each for each in (missing.parent, *beside, *below) if each != folder)


def _holds_one_to_see(folder: Path) -> bool:
    try:
        return holds_one(folder)
    except OSError:
        return False
