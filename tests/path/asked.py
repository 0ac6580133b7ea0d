"""Questions tests ask an install through its own pages and tables, in a process of its own."""

import json
from typing import Any

from tests.path.install import Install

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
    return json.loads(install.embudo("manage", "shell", "-v", "0", "-c", code).stdout.splitlines()[-1])


def funnel(install: Install) -> Any:
    """Return the funnel of all time: stage -> [entered, converted, population, median, negative]; and the origins."""
    return answer(install, FUNNEL)
