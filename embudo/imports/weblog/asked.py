"""What a request asked for, and whether it counts: a page that was shown, a file that was fetched, or neither, and why.

Which files are downloads is what tracker.js counts as one, too; a test holds the two together.
"""

import re
from enum import StrEnum
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from embudo.imports.weblog.line import Hit

PAGES = frozenset("html htm xhtml shtml php php3 php5 phtml asp aspx jsp jspx jsf do action cgi pl cfm md".split())
DOWNLOADS = frozenset(
    "pdf doc docx xls xlsx ppt pptx csv zip rar 7z gz epub mp3 mp4 mov exe dmg pkg"
    " odt ods odp rtf mobi tgz tar bz2 xz msi deb rpm jar apk iso".split()
)  # fmt: skip
ASSETS = frozenset(
    "css js mjs map png jpg jpeg gif svg webp avif bmp woff woff2 ttf otf eot webm ogg wav swf wasm".split()
)
ICONS = re.compile(r"/(?:favicon[^/]*|apple-touch-icon[^/]*|browserconfig\.xml|[^/]*\.webmanifest)$|\.ico$")
FEEDS = re.compile(
    r"/(?:feeds?|rss2?|atom)/?$|\.(?:rss|atom|rdf)$|/(?:rss2?|atom|feed|index)(?:20|10)?\.(?:xml|rdf)$", re.I
)
FEED_WORDS = ("rss", "atom", "rdf")
DROPPED = ("/wp-json/", "/.well-known/", "/xmlrpc.php", "/wp-cron.php", "/wp-login.php", "/wp-admin/")


class Thing(StrEnum):
    """What an address is of."""

    PAGE = "page"
    DOWNLOAD = "download"
    ASSET = "asset"
    ICON = "icon"
    FEED = "feed"
    ROBOTS = "robots_txt"
    OTHER = "other_file"


class LeftOut(StrEnum):
    """Why a request is no visit; the first that applies."""

    ELSEWHERE = "other_site"
    METHOD = "method"
    ASSET = "asset"
    ICON = "icon"
    FEED = "feed"
    ROBOTS = "robots_txt"
    OTHER = "other_file"
    REDIRECT = "redirect"
    REFUSED = "not_found"
    BROKEN = "server_error"
    PART = "part_of_a_file"


@lru_cache(maxsize=8192)
def thing_of(target: str) -> Thing:
    """Return what the target of a request is of, by its path and query."""
    path, _mark, query = target.partition("?")
    path = unquote(path)
    if path.lower() == "/robots.txt":
        return Thing.ROBOTS
    if FEEDS.search(path) or (query and _asks_for_feed(query)):
        return Thing.FEED
    if ICONS.search(path.lower()):
        return Thing.ICON
    ending = path.rpartition("/")[2].rpartition(".")
    kind = ending[2].lower() if ending[1] and ending[0] else ""
    if path.startswith(DROPPED):
        return Thing.OTHER
    if kind in DOWNLOADS:
        return Thing.DOWNLOAD
    if kind in ASSETS:
        return Thing.ASSET
    return Thing.PAGE if not kind or kind in PAGES or not kind.isalnum() or len(kind) > 8 else Thing.OTHER


def left_out(hit: Hit, thing: Thing, *, elsewhere: bool = False) -> LeftOut | None:
    """Return why a request is no visit, or None when a page was shown or a file fetched."""
    if elsewhere:
        return LeftOut.ELSEWHERE
    if hit.method != "GET":
        return LeftOut.METHOD
    if thing not in (Thing.PAGE, Thing.DOWNLOAD):
        return LeftOut(thing.value)
    match hit.status:
        case 200 | 203:
            return None
        case 304:  # the page was shown from the browser's own copy
            return None if thing is Thing.PAGE else LeftOut.PART
        case 206:
            return LeftOut.PART
        case status if status >= 500:
            return LeftOut.BROKEN
        case status if status >= 400:
            return LeftOut.REFUSED
    return LeftOut.REDIRECT


def _asks_for_feed(query: str) -> bool:
    """WordPress asks with feed=rss2, Joomla with format=feed, Blosxom with flav=rss20."""
    for key, value in parse_qsl(query[:2048], keep_blank_values=True):
        if key == "feed" or (key in ("format", "type") and value in ("feed", *FEED_WORDS)):
            return True
        if key == "flav" and value.startswith(FEED_WORDS):
            return True
    return False
