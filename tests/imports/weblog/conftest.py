"""Access logs that tests make up: one line after the other, by people and robots at addresses of examples."""

import gzip
from pathlib import Path

import pytest

from embudo.imports.weblog.run import VisitImport
from embudo.imports.weblog.visits import Place, Salt
from tests.leads.conftest import Following, following, log

__all__ = ["following", "log"]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
ANA, LUIS, BOT = "192.0.2.17", "2001:db8::17", "198.51.100.9"
PLACE = Place("s0123456789ab", "norte.example")


def line(
    target: str, *, who: str = ANA, agent: str = FIREFOX, time: str = "10:05:03", day: str = "17/May/2025",
    zone: str = "+0000", status: int = 200, method: str = "GET", referrer: str = "-", user: str = "-", more: str = "",
) -> str:  # fmt: skip
    """Return one line of an access log."""
    request = f"{method} {target} HTTP/1.1"
    return f'{who} - {user} [{day}:{time} {zone}] "{request}" {status} 1234 "{referrer}" "{agent}"{more}'


class Logs:
    """Access logs that are imported one after the other."""

    def __init__(self, following: Following, folder: Path) -> None:
        self.following, self.folder = following, folder

    def file(self, *lines: str, name: str = "access.log", compressed: bool = False) -> Path:
        """Return a file of these lines."""
        text = "".join(f"{each}\n" for each in lines).encode("latin-1")
        path = self.folder / name
        path.write_bytes(gzip.compress(text) if compressed else text)
        return path

    def __call__(self, *lines: str, dry_run: bool = False, compressed: bool = False) -> VisitImport:
        """Import a log of these lines and follow; return the run."""
        return self.of(self.file(*lines, compressed=compressed), dry_run=dry_run)

    def of(self, path: Path, *, dry_run: bool = False, place: Place = PLACE, salt: Salt | None = None) -> VisitImport:
        """Import a file and follow; return the run."""
        work = VisitImport(self.following.log, place, dry_run=dry_run, salt=salt)
        for _step in work.run(path):
            pass
        self.following.follower.catch_up()
        self.following.agrees()
        return work


@pytest.fixture
def logs(following: Following, tmp_path: Path) -> Logs:
    return Logs(following, tmp_path)
