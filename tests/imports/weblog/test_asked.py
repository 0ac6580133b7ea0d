import re
from pathlib import Path

import pytest

import embudo.collector
from embudo.imports.weblog.asked import DOWNLOADS, LeftOut, Thing, left_out, thing_of
from embudo.imports.weblog.line import hit_of
from tests.imports.weblog.conftest import line


@pytest.mark.parametrize(
    ("target", "thing"),
    [
        ("/", Thing.PAGE),
        ("/pricing", Thing.PAGE),
        ("/blog/2025/05/v1.2-is-out", Thing.PAGE),
        ("/index.PHP?p=3", Thing.PAGE),
        ("/.hidden", Thing.PAGE),
        ("/brochure.pdf?v=2", Thing.DOWNLOAD),
        ("/style.css?v=1", Thing.ASSET),
        ("/img/ana%20ruiz.JPG", Thing.ASSET),
        ("/favicon.ico", Thing.ICON),
        ("/apple-touch-icon-precomposed.png", Thing.ICON),
        ("/feed/", Thing.FEED),
        ("/?feed=rss2", Thing.FEED),
        ("/blog/?flav=atom", Thing.FEED),
        ("/index.xml", Thing.FEED),
        ("/robots.txt", Thing.ROBOTS),
        ("/sitemap.xml", Thing.OTHER),
        ("/.well-known/security.txt", Thing.OTHER),
        ("/wp-login.php", Thing.OTHER),
        ("/source/main.py", Thing.OTHER),
    ],
)
def test_an_address_tells_what_it_is_of(target: str, thing: Thing) -> None:
    assert thing_of(target) is thing


@pytest.mark.parametrize(
    ("target", "status", "method", "why"),
    [
        ("/", 200, "GET", None),
        ("/", 304, "GET", None),
        ("/", 301, "GET", LeftOut.REDIRECT),
        ("/", 404, "GET", LeftOut.REFUSED),
        ("/", 500, "GET", LeftOut.BROKEN),
        ("/", 200, "HEAD", LeftOut.METHOD),
        ("/", 200, "POST", LeftOut.METHOD),
        ("/a.pdf", 200, "GET", None),
        ("/a.pdf", 206, "GET", LeftOut.PART),
        ("/a.pdf", 304, "GET", LeftOut.PART),
        ("/a.css", 200, "GET", LeftOut.ASSET),
        ("/a.css", 404, "GET", LeftOut.ASSET),
        ("/feed/", 200, "GET", LeftOut.FEED),
    ],
)
def test_only_pages_that_were_shown_and_files_that_were_fetched_count(
    target: str, status: int, method: str, why: LeftOut | None
) -> None:
    assert left_out(hit_of(line(target, status=status, method=method)), thing_of(target)) is why


def test_what_the_script_in_pages_counts_as_a_download_counts_here_too() -> None:
    script = Path(embudo.collector.__file__).with_name("tracker.js").read_text(encoding="utf-8")
    written = re.search(r"var DOWNLOAD = /\\\.\((.*?)\)\$/i", script)
    assert written is not None
    endings = {each.replace("x?", end) for each in written[1].split("|") for end in ("", "x")}
    assert endings <= DOWNLOADS
