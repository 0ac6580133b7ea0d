"""What somebody cares about: topics and pages by the time they really read, and what they only skim."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from embudo.core.event import Event, Verdict
from embudo.leads.sentences import text

READ_S = 20  # a page read for less, or scrolled less than a quarter, was skimmed
READ_SHARE = 0.25
PAGE_KINDS = ("page_viewed", "page_read", "content_viewed")


@dataclass
class Interest:
    """One topic or page: seconds read, times read and times skimmed."""

    name: str
    seconds: float = 0.0
    read: int = 0
    skimmed: int = 0
    share: float = 0.0  # of the largest, for its bar
    paths: set[str] = field(default_factory=set)

    @property
    def visits(self) -> int:
        """How many times it was opened with a known reading time."""
        return self.read + self.skimmed


@dataclass(frozen=True, slots=True)
class Interests:
    """Topics and pages, most read first, and those that are only skimmed."""

    topics: list[Interest]
    pages: list[Interest]
    skims: list[Interest]

    @property
    def groups(self) -> list[tuple[str, list[Interest]]]:
        """Topics and pages with their headings."""
        return [(_("Topics"), self.topics), (_("Pages"), self.pages)]


@dataclass
class _View:
    path: str
    title: str
    topic: str
    seconds: float | None = None
    share: float | None = None


def interests(history: Iterable[Event], most: int = 6) -> Interests:
    """Return the interests that the facts of humans show."""
    topics: dict[str, Interest] = defaultdict(lambda: Interest(""))
    pages: dict[str, Interest] = defaultdict(lambda: Interest(""))
    for view in _views(history):
        _count(topics[view.topic], view.topic, view)
        _count(pages[view.path], view.title or view.path, view)
    found = [each for name, each in topics.items() if name]
    read_pages = [each for name, each in pages.items() if name]
    skims = sorted((e for e in [*found, *read_pages] if e.skimmed > 1 and not e.read), key=lambda e: -e.skimmed)
    names = {each.name for each in skims}
    return Interests(_largest(found, most, names), _largest(read_pages, most, names), skims[:most])


def _views(history: Iterable[Event]) -> Iterable[_View]:
    """Page views with the reading time that came after them."""
    views: dict[str, _View] = {}
    latest: dict[str, str] = {}
    for event in history:
        if event.kind not in PAGE_KINDS or event.verdict is not Verdict.HUMAN:
            continue
        path = text(event.props.get("path")) or text(event.props.get("url"))
        if event.kind == "page_read":
            view = views.get(text(event.props.get("view")) or latest.get(path, "")) or views.setdefault(
                event.id, _View(path, "", text(event.props.get("topic")))
            )
        else:
            title = text(event.props.get("title")) or text(event.props.get("name"))
            view = views[event.id] = _View(path, title, text(event.props.get("topic")))
            latest[path] = event.id
        seconds, share = event.props.get("dwell_s"), event.props.get("scroll_share")
        if isinstance(seconds, int | float):
            view.seconds = max(view.seconds or 0.0, float(seconds))
        if isinstance(share, int | float):
            view.share = max(view.share or 0.0, float(share))
    return views.values()


def _count(interest: Interest, name: str, view: _View) -> None:
    interest.name = interest.name or name
    interest.paths.add(view.path)
    if view.seconds is None:
        return
    interest.seconds += view.seconds
    if view.seconds < READ_S or (view.share is not None and view.share < READ_SHARE):
        interest.skimmed += 1
    else:
        interest.read += 1


def _largest(found: list[Interest], most: int, without: set[str]) -> list[Interest]:
    kept = sorted((each for each in found if each.seconds > 0 and each.name not in without), key=lambda e: -e.seconds)[
        :most
    ]
    top = kept[0].seconds if kept else 1.0
    for each in kept:
        each.share = each.seconds / top
    return kept
