"""Where forms live: an install with some of them and who builds them, and somebody's web site to put them on.

The site has a server, a look and a strict policy of its own, and knows nothing of Embudo.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.install import Install

SOON_MS = 15_000  # for what comes by another process
MAIL, PASSWORD = "noa@rutalba.example", "a-password-of-the-tests"
MADE = f"""
from embudo.accounts.models import User
from embudo.capture.models import Site
from embudo.forms.models import Form
from embudo.forms.content import Content, Field, Kind, When, Widget
from embudo.forms.presets import BY_CODE
noa = User.objects.create_user("{MAIL}", "{PASSWORD}", name="Noa Vidal", role="marketing", language="en")
site = Site(name="Norte", domains=["norte.example"], mode="implied")
site.open(by=None)
for code in ("contact", "demo", "survey"):
    Form.open(name=str(BY_CODE[code].label), slug=code, site=site, content=BY_CODE[code].make(), by=noa).publish(by=noa)
later = Content(title={{"en": "Later"}}, at_once=1, last=4, fields=(
    Field("f1", Kind.QUESTION, Widget.YES_NO, label={{"en": "A visit?"}}),
    Field("f2", Kind.ATTRIBUTE, Widget.TEXT, "city", progressive=True, when=When("f1", ("yes",))),
    Field("f3", Kind.QUESTION, Widget.TEXT, label={{"en": "Why?"}}, progressive=True),
    Field("f4", Kind.ATTRIBUTE, Widget.TEXT, "title", progressive=True),
))
Form.open(name="Later", slug="later", site=site, content=later, by=noa).publish(by=noa)
print("KEY", site.public_key.text)
"""


@dataclass
class Host:
    """Somebody's web site: pages by their path, and the headers they come with."""

    address: str
    pages: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def hosting() -> Iterator[Host]:
    """Serve a web site that knows nothing of Embudo."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = host.pages.get(self.path.partition("?")[0], "").encode()
            self.send_response(200 if text else 204)
            for name, value in {"Content-Type": "text/html; charset=utf-8", **host.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    host = Host(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Made:
    """The install and the public key of its site."""

    install: Install
    key: str

    @property
    def url(self) -> str:
        """The address of the site."""
        return f"http://127.0.0.1:{self.install.config.web_port}"

    def line(self, slug: str, **more: str) -> str:
        """The one line that people paste."""
        data = "".join(f' data-{name}="{value}"' for name, value in more.items())
        return f'<script async src="{self.url}/f/embed.js" data-form="{slug}"{data}></script>'
