"""Questions tests ask an install through its own pages and tables, in a process of its own."""

import json
import re
from html import unescape
from typing import Any

from tests.install import Install

FUNNEL = """
import json, time
from embudo.leads.models import Person, StageChange
from embudo.leads.queries import reached
from embudo.reports.funnel import funnel, origins
from embudo.reports.period import Period
period = Period("all", 0, time.time_ns() // 1000)
print(json.dumps({
    "steps": {s.stage: [s.entered, s.converted, s.population, s.median, len(s.negative)] for s in funnel(period)},
    "origins": {each.source: [each.leads, each.qualified] for each in origins(period, most=100)},
}))
"""


def answer(install: Install, code: str) -> Any:
    """Run Python inside the install and return what it printed last, read as JSON."""
    return json.loads(install.embudo("manage", "shell", "-v", "0", "-c", code).splitlines()[-1])


def funnel(install: Install) -> Any:
    """Return the funnel of all time: stage -> [entered, converted, population, median, negative]; and the origins."""
    return answer(install, FUNNEL)


PAGES = """
import json
import re
from html import unescape
from django.test import Client
from embudo.accounts.models import User
user = User.objects.filter(email="reader@tests.example").first() or User.objects.create_user(
    "reader@tests.example", name="Reader", role="manager", language="en")
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(user)
print(json.dumps([[each.status_code, each.content.decode()] for each in map(client.get, {addresses!r})]))
"""


def pages(install: Install, *addresses: str) -> list[str]:
    """Return pages as a manager sees them in English; fails on one that is not there."""
    found = answer(install, PAGES.replace("{addresses!r}", repr(addresses)))
    assert [status for status, _text in found] == [200] * len(addresses)
    return [text for _status, text in found]


def figure(text: str, name: str) -> tuple[str, str]:
    """Return what a figure of the funnel page shows and the address it opens."""
    link = re.search(rf'id="{name}"[^>]*?href="([^"]+)"[^>]*>([^<]+)<', text)
    assert link, f"the page shows no figure {name}"
    return link[2].strip(), unescape(link[1])
