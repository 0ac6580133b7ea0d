"""What to paste where: the snippet of a site and examples for servers, filled with its key and address."""

from dataclasses import dataclass

from embudo.config import Config

YOUR_KEY = "YOUR_SECRET_KEY"  # stands where a key belongs that is shown once and kept nowhere


@dataclass(frozen=True)
class Example:
    """Some text to copy; `id` is its element on the page."""

    id: str
    title: str
    text: str


def snippet(config: Config, key: str) -> str:
    """Return the one line for the head of every page."""
    return f'<script async src="{config.collector_address}/tracker.js?key={key}"></script>'


def for_servers(config: Config, key: str) -> list[Example]:
    """Return how a server sends events with the SDKs people have: nothing of ours to install."""
    address = config.collector_address
    return [
        Example("example-curl", "curl", _CURL.format(address=address, key=key)),
        Example("example-python", "Python", _PYTHON.format(address=address, key=key)),
        Example("example-node", "Node.js", _NODE.format(address=address, key=key)),
    ]


_CURL = """\
curl {address}/v1/track -u {key}: -H 'Content-Type: application/json' -d '{{
  "userId": "42",
  "event": "Demo Requested",
  "properties": {{"path": "/pricing"}},
  "context": {{"traits": {{"email": "ana@example.com"}}}}
}}'"""

_PYTHON = """\
# pip install segment-analytics-python
import segment.analytics as analytics

analytics.write_key = "{key}"
analytics.host = "{address}"

analytics.identify("42", {{"email": "ana@example.com", "name": "Ana Ruiz"}})
analytics.track("42", "Demo Requested", {{"path": "/pricing"}})
analytics.flush()"""

_NODE = """\
// npm install @segment/analytics-node
import {{ Analytics }} from '@segment/analytics-node'

const analytics = new Analytics({{ writeKey: '{key}', host: '{address}' }})

analytics.identify({{ userId: '42', traits: {{ email: 'ana@example.com', name: 'Ana Ruiz' }} }})
analytics.track({{ userId: '42', event: 'Demo Requested', properties: {{ path: '/pricing' }} }})
await analytics.closeAndFlush()"""
