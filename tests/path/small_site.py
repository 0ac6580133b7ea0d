"""A small web site of plain pages that carries the tracker: what a company has before it knows Embudo."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LAYOUT = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="embudo:topic" content="{topic}">{snippet}</head><body><h1>{title}</h1>
<p><a href="/">Home</a> <a href="/pricing">Pricing</a> <a href="/guide">The guide</a> <a href="/demo">A demo</a></p>
{body}<div style="height:{height}px"></div><p id="end">The end.</p></body></html>"""
FIELDS = (
    '<input name="email" type="email" required><input name="first_name"><input name="last_name"><input name="company">'
)
GUIDE = f'<form id="guide" method="post" action="/thanks" data-embudo-form="guide">{FIELDS}<button>Send</button></form>'
DEMO = f"""<form id="demo" method="post" action="/thanks" data-embudo-form="demo" data-embudo-event="Demo Requested">
{FIELDS}<select name="country"><option>MX</option></select><button>Send</button></form>
<script>document.getElementById("demo").addEventListener("submit", function (event) {{
  embudo.identify({{email: event.target.email.value, industry: "logistics", companySize: 240, role: "manager"}});
}});</script>"""
PAGES = {
    "/": ("Routes that pay", "routing", "<p>Long words about routes.</p>", 5000),
    "/pricing": ("Pricing", "pricing", "<p>From 40 a month.</p>", 2500),
    "/guide": ("Guide: a shorter route", "routing", GUIDE, 200),
    "/demo": ("See it with your own routes", "demo", DEMO, 200),
    "/thanks": ("Thank you", "thanks", "<p>We will write.</p>", 10),
}


@dataclass
class Site:
    """The site while it is served: its address, and the snippet in the head of every page, which may change."""

    snippet: str
    address: str = ""


class Pages(BaseHTTPRequestHandler):
    """Answers with the page of the path; a form that is sent leads to the page it names."""

    def __init__(self, site: Site, *rest: Any) -> None:
        self.site = site
        super().__init__(*rest)

    def do_GET(self) -> None:
        """Answer with a page."""
        title, topic, body, height = PAGES.get(self.path.partition("?")[0], ("Not here", "none", "", 10))
        text = LAYOUT.format(title=title, topic=topic, body=body, height=height, snippet=self.site.snippet).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self) -> None:
        """Take a form's answers, as any site does, and say thanks."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served(snippet: str) -> Iterator[Site]:
    """Serve the site with a snippet in the head of every page."""
    site = Site(snippet)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, site))
    site.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
