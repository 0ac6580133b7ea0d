"""The official SDKs, unchanged, against a running door: 5,000 messages each, all there once, on the right people."""

import json
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from embudo.config import Config
from embudo.core.event import Event
from tests.absent import absent
from tests.chromium import launched
from tests.collector.conftest import PUBLIC, SECRET, RunningDoor, door_of
from tests.collector.test_tracker import until

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "node_modules"
MESSAGES, PEOPLE = 5_000, 50
pytestmark = pytest.mark.slow

SEGMENT_PYTHON = """
import segment.analytics as analytics
analytics.write_key, analytics.host, analytics.gzip = KEY, HOST, GZIP
analytics.max_queue_size = 10_000
for n in range(MESSAGES):
    user = f"user-{n % PEOPLE}"
    if n < PEOPLE:
        analytics.identify(user, {"email": f"{user}@norte.mx", "firstName": "Ana", "company": {"name": "Norte"}})
    else:
        analytics.track(user, "Article Viewed", {"n": n, "title": "Ley ñandú"})
analytics.flush()
analytics.shutdown()
"""
RUDDER_PYTHON = (
    SEGMENT_PYTHON.replace("segment.analytics", "rudderstack.analytics")
    .replace("analytics.host", "analytics.dataPlaneUrl")
    .replace("analytics.shutdown()", "analytics.join()")
)
SEGMENT_NODE = """
const { Analytics } = require('@segment/analytics-node')
const analytics = new Analytics({ writeKey: KEY, host: HOST, flushAt: 100 })
for (let n = 0; n < MESSAGES; n++) {
  const userId = `user-${n % PEOPLE}`
  const traits = { email: `${userId}@norte.mx`, firstName: 'Ana', company: { name: 'Norte' } }
  if (n < PEOPLE) analytics.identify({ userId, traits })
  else analytics.track({ userId, event: 'Article Viewed', properties: { n, title: 'Ley ñandú' } })
}
analytics.closeAndFlush({ timeout: 60000 })
"""
# flushed as it fills: beyond `flushAt` this SDK begins another flush for each message, which takes ever longer
RUDDER_NODE = """
const Analytics = require('@rudderstack/rudder-sdk-node').default || require('@rudderstack/rudder-sdk-node')
const analytics = new Analytics(KEY, { dataPlaneUrl: HOST, flushAt: 100, logLevel: 'error' })
const send = async () => {
  for (let n = 0; n < MESSAGES; n++) {
    const userId = `user-${n % PEOPLE}`
    const traits = { email: `${userId}@norte.mx`, firstName: 'Ana', company: { name: 'Norte' } }
    if (n < PEOPLE) analytics.identify({ userId, traits })
    else analytics.track({ userId, event: 'Article Viewed', properties: { n, title: 'Ley ñandú' } })
    if (n % 100 === 99) await analytics.flush()
  }
  await analytics.flush()
}
send()
"""


@pytest.fixture
def door(config: Config, tmp_path: Path) -> Iterator[RunningDoor]:
    with door_of(config, tmp_path) as running:
        yield running


def constants(door: RunningDoor, form: str, **more: object) -> str:
    """Return the lines that tell a script where to send, in Python or JavaScript."""
    values = {"KEY": SECRET, "HOST": door.url, "MESSAGES": MESSAGES, "PEOPLE": PEOPLE, **more}
    return "\n".join(
        form.format(name, repr(value) if form[0] == "{" else json.dumps(value)) for name, value in values.items()
    )


def in_python(door: RunningDoor, module: str, script: str, *, gzip: bool) -> None:
    """Run a Python script that uses an SDK, in a process of its own."""
    if find_spec(module.partition(".")[0]) is None:
        absent(f"{module} is not installed: pip install -r requirements/test.txt")
    run([sys.executable, "-c", constants(door, "{} = {}", GZIP=gzip) + script])


def in_node(door: RunningDoor, package: str, script: str) -> None:
    """Run a script of Node that uses an SDK."""
    node = shutil.which("node") or str(Path(sys.executable).parent / "node")
    if not (MODULES / package).exists() or not Path(node).exists():
        absent(f"{package} is not installed: npm ci")
    run([node, "-e", constants(door, "const {} = {}") + script])


def run(command: list[str]) -> None:
    """Run a command at the root of the checkout; its words are shown when it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def check(door: RunningDoor) -> list[Event]:
    """All messages are there, each once and on its person; the ledger agrees."""
    events = door.events()
    assert len(events) == len({event.key for event in events}) == MESSAGES
    ledger = door.ledger()
    assert (ledger.kept, ledger.failed, ledger.refusals, ledger.balanced) == (MESSAGES, 0, 0, True)
    people = Counter(event.identifier for event in events)
    assert people == {f"user:user-{n}": MESSAGES // PEOPLE for n in range(PEOPLE)}
    profiles = [event for event in events if event.kind == "profile_changed"]
    assert {event.identifier[5:] + "@norte.mx" for event in profiles} == {e.props["traits"]["email"] for e in profiles}
    assert {(e.props["traits"]["first_name"], e.props["traits"]["company"]) for e in profiles} == {("Ana", "Norte")}
    views = [event for event in events if event.kind == "content_viewed"]
    assert sorted(event.props["n"] for event in views) == list(range(PEOPLE, MESSAGES))
    assert {event.props["title"] for event in views} == {"Ley ñandú"}
    assert all(abs(event.at - event.received_at) < 120_000_000 for event in events)
    return events


@pytest.mark.parametrize("gzip", [False, True])
def test_segments_sdk_for_python(door: RunningDoor, gzip: bool) -> None:
    in_python(door, "segment.analytics", SEGMENT_PYTHON, gzip=gzip)
    check(door)


def test_rudderstacks_sdk_for_python(door: RunningDoor) -> None:
    in_python(door, "rudderstack.analytics", RUDDER_PYTHON, gzip=True)
    check(door)


def test_segments_sdk_for_node(door: RunningDoor) -> None:
    in_node(door, "@segment/analytics-node", SEGMENT_NODE)
    check(door)


def test_rudderstacks_sdk_for_node(door: RunningDoor) -> None:
    in_node(door, "@rudderstack/rudder-sdk-node", RUDDER_NODE)
    check(door)


class Folder(SimpleHTTPRequestHandler):
    """Serves a page and the SDK's own files."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.browser
def test_segments_sdk_for_the_browser(door: RunningDoor, tmp_path: Path) -> None:
    umd = MODULES / "@segment" / "analytics-next" / "dist" / "umd"
    if not umd.exists():
        absent("the browser SDK needs npm ci")
    folder = tmp_path / "pages"
    shutil.copytree(umd, folder, ignore=shutil.ignore_patterns("*.gz", "*.map"))
    (folder / "index.html").write_text(f"""<title>Norte</title><script src="index.js"></script><script>
      window.ready = AnalyticsNext.AnalyticsBrowser.load({{writeKey: "{PUBLIC}", cdnURL: "{door.url}"}})
    </script>""")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Folder, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with launched() as browser:
        page = browser.new_context().new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html?utm_source=news")
        page.evaluate("""async () => {
            ready.page('Home')
            ready.identify('u-1', {email: 'ana@norte.mx'})
            for (let n = 0; n < 100; n++) ready.track('Demo Requested', {n})
        }""")
        until(lambda: len(door.events()) >= 102, 20)
    server.shutdown()
    events = door.events()
    assert Counter(event.kind for event in events) == {"page_viewed": 1, "profile_changed": 1, "demo_requested": 100}
    (view,) = (event for event in events if event.kind == "page_viewed")
    assert view.props["name"] == "Home" and view.props["path"] == "/index.html" and view.anonymous_id
    assert view.context["utm"] == {"source": "news"}
    assert len({event.anonymous_id for event in events}) == 1
