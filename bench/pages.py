"""How long pages take at a given number of people: every offered filter in every offered order, and one person.

Each page is asked for through Django's own handler, rendering included, signed in as somebody of the company: the
first page, and pages further on by their cursor. Days are counted back from the end of the demo's history.
Ends with one JSON line: a list of {page, people, p50_ms, p95_ms, cpu_p50_ms, cpu_p95_ms, cpu_ms_per_op,
unfinished_share}, the worst p95 last. The share is that of pages which stopped when their time was up and went on by
themselves. Exits with 1 when a list is above 100 ms, or a person or the funnel above 150 ms, at p95.

A filled folder takes a few minutes. Filling one with a million people takes 20 to 60 minutes and 9 GB.
"""

import argparse
import html
import json
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

LIST_MS, LONGER_MS = 100.0, 150.0
NEXT = re.compile(rb'rel="next" href="([^"]+)"')
UNFINISHED = b'class="list-on"'
COLD = "funnel counted anew"  # what the first reader waits for after somebody moved; others are given the kept answer
LONGER = ("person", "funnel", COLD)  # pages that may take LONGER_MS
DEPTHS = 3  # pages read one after the other by the cursor


def main() -> int:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--database", default="", help="postgresql://...; default: SQLite in the data folder")
    parser.add_argument("--data", type=Path, help="a data folder to fill or, when filled, to use again")
    parser.add_argument("--rounds", type=int, default=2, help="times each address is asked for")
    parser.add_argument("--only", default="", help="measure only pages whose name contains this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="embudo-pages-") as folder:
        os.environ["EMBUDO_DATA"] = str(options.data or folder)
        os.environ["EMBUDO_DATABASE_URL"] = options.database
        os.environ["DJANGO_SETTINGS_MODULE"] = "embudo.settings"
        fill(options.people)
        results = list(measured(options.rounds, options.only))
    results.sort(key=lambda each: each["p95_ms"])
    print(json.dumps(results))
    slow = [each for each in results if each["p95_ms"] > (LONGER_MS if each["page"] in LONGER else LIST_MS)]
    return 1 if slow else 0


def fill(people: int) -> None:
    """Make the tables and the people, unless they are there."""
    import django

    Path(os.environ["EMBUDO_DATA"]).mkdir(parents=True, exist_ok=True)
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from embudo.demo import load
    from embudo.leads.models import Person

    call_command("migrate", verbosity=0)
    if not Person.objects.exists():
        print(f"filling {people:,} people", file=sys.stderr, flush=True)
        load.people(settings.EMBUDO, people)
    mark()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "postgresql" else "PRAGMA optimize")


def mark() -> None:
    """Tag people, a third of them and some few, write down what they agree to, and roll up the companies."""
    from django.db import transaction

    from embudo.demo import load
    from embudo.leads import consents, rollup, sql, tags
    from embudo.leads.models import PersonConsent

    for name, every in (("common", 3), ("rare", 5000)):
        tag = tags.tag_of(name, make=True)
        if not tags.count(tag):
            listed = "known AND merged_into_id IS NULL"
            people = sql.rows(f"SELECT id FROM leads_person WHERE {listed} AND MOD(id, %s) = 0", (every,))
            with transaction.atomic():
                tags.put([person for (person,) in people], tag, by=None)
    if not PersonConsent.objects.exists():  # most say something of news, few of the phone
        people = sql.rows("SELECT id FROM leads_person WHERE known AND merged_into_id IS NULL")
        with transaction.atomic():
            sql.many(consents.ADD, [row for (person,) in people if person % 100 for row in _agreed(person, load.UNTIL)])
    while rollup.refresh(load.UNTIL + rollup.FRESH):
        pass


def _agreed(person: int, at: int) -> list[tuple[int, str, bool, int, str, str]]:
    said = {"newsletter": person % 20 > 4, **({"phone": True} if person % 5000 == 0 else {})}
    return [(person, purpose, given, at, "bench", "bench") for purpose, given in said.items()]


def measured(rounds: int, only: str) -> Iterator[dict[str, object]]:
    """Yield the figures of each page."""
    from django.core.cache import cache

    from embudo.demo import load
    from embudo.leads.models import Person
    from embudo.leads.queries import asked
    from embudo.reports import live

    asked.now = live.now = lambda: load.UNTIL
    people = Person.objects.count()
    ask = client()
    for name, addresses in pages().items():
        if only not in name:
            continue
        for address in addresses:  # warms the cache
            list(ask(address))
        answers = []
        for address in addresses * rounds:
            if name == COLD:
                cache.clear()
            answers += ask(address)
        wall, cpu, unfinished = zip(*answers, strict=True)
        figures = {
            "page": name,
            "people": people,
            "p50_ms": round(statistics.median(wall), 1),
            "p95_ms": round(percentile(wall, 0.95), 1),
            "cpu_p50_ms": round(statistics.median(cpu), 1),
            "cpu_p95_ms": round(percentile(cpu, 0.95), 1),
            "cpu_ms_per_op": round(statistics.mean(cpu), 1),
            "unfinished_share": round(statistics.mean(unfinished), 2),
        }
        print(*(f"{key} {value}" for key, value in figures.items()), file=sys.stderr, flush=True)
        yield figures


def client() -> Callable[[str], Iterator[tuple[float, float, bool]]]:
    """Return what asks for an address and the pages behind it: wall and processor milliseconds, and if unfinished."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    import_module("embudo.wsgi")  # what the process does at its start

    browser = Client(SERVER_NAME="localhost")
    browser.force_login(get_user_model().objects.filter(role="admin").first())
    browser.get("/people/")

    def ask(address: str) -> Iterator[tuple[float, float, bool]]:
        for _depth in range(DEPTHS):
            began, used = time.perf_counter(), time.process_time()
            response = browser.get(address)
            wall, cpu = time.perf_counter() - began, time.process_time() - used
            yield wall * 1000, cpu * 1000, UNFINISHED in response.content
            if response.status_code != 200:
                raise SystemExit(f"{address} answered {response.status_code}")
            following = NEXT.search(response.content)
            if not following:
                return
            address = html.unescape(following[1].decode())

    return ask


def pages() -> dict[str, list[str]]:
    """Return the addresses of each page to measure, by the page's name."""
    from embudo.leads.queries.companies import ORDERS
    from embudo.leads.queries.people import OFFERED, SORTS
    from embudo.reports.period import ROLLING

    found: dict[str, list[str]] = {}
    for kind, sorts in OFFERED.items():
        for sort in sorts:
            for turned in ("", "-") if sort in SORTS else ("",):
                name = f"people {kind} by {turned}{sort}"
                found[name] = [f"/people/?{query}&sort={turned}{sort}" for query in queries(kind)]
    for sort in SORTS:
        found[f"people several by {sort}"] = [f"/people/?{query}&sort={sort}" for query in SEVERAL]
    for sort in ORDERS:
        found[f"companies by {sort}"] = [f"/companies/?{query}&sort={sort}" for query in COMPANIES]
    found["company"] = [f"/companies/{company}/" for company in companies()]
    found["count"] = [f"/people/count/?{query}" for kind in OFFERED for query in queries(kind)]
    found["person"] = [f"/people/{person}/" for person in busy()]
    found["why"] = [f"/people/{person}/why/?on=2026-06-01" for person in busy()[:10]]
    found["funnel"] = found[COLD] = [f"/?period={period}" for period in (*ROLLING, "all")]
    found[COLD] = [*found[COLD], "/?from=2026-03-10&to=2026-05-20"]
    return found


SEVERAL = [
    "stage=lead&grade=A&source=google",
    "stage=customer&grade=D&seen=30",
    "q=an&grade=A&score.min=20",
    "a.industry=logistics&stage=lead&score.min=5",
    "a.budget.min=20000&source=google&stage=qualified",
]


COMPANIES = [
    "", "q=lo", "q=transportes", "q=zzzz", "stage=lead", "stage=customer", "owner=none", "owner=1", "q=a&stage=lead",
]  # fmt: skip


def companies() -> list[int]:
    """Return companies: the largest and some others."""
    from embudo.leads.models import Company

    largest = Company.objects.order_by("-people_count").values_list("id", flat=True)[:5]
    return [*largest, *Company.objects.filter(people_count__gt=0).order_by("id").values_list("id", flat=True)[:15]]


def queries(kind: str) -> list[str]:
    """Return queries of one kind of filter: what is rare, what is common, what nobody has."""
    until = 1_785_542_400_000_000
    start = until - 90 * 86_400_000_000
    return {
        "none": [""],
        "search": [f"q={quote(text)}" for text in ("óscar ibáñez", "an", "maria", "g", "logistica", "5281", "zzzz")],
        "stage": [
            "stage=lead",
            "stage=qualified",
            "stage=customer",
            "stage=ambassador",
            "stage=prospect&stage=opportunity",
        ],
        "grade": ["grade=A", "grade=D", "grade=A&grade=B"],
        "score": ["score.min=40", "score.max=1", "score.min=10&score.max=11"],
        "source": ["source=google", "source=podcast", "source=-"],
        "seen": ["seen=7", "seen=90", "seen=365"],
        "unseen": ["unseen=30", "unseen=180"],
        "handoff": ["handoff=1"],
        "tag": ["tag=common", "tag=rare", "tag=common&tag=rare"],
        "company": [f"company={company}" for company in companies()[::5]],
        "touch": ["last.source=google", "medium=organic", "direction=outbound", "last.campaign=nothing"],
        "consent": [
            "consent.newsletter=given",
            "consent.newsletter=withdrawn",
            "consent.newsletter=unsaid",
            "consent.phone=given&consent.newsletter=given",
            "consent.phone=unsaid",
        ],
        "choice": ["a.industry=logistics", "a.country=BR", "a.role=owner", "a.has_dispatcher=true"],
        "number": ["a.budget.min=20000", "a.company_size.min=50&a.company_size.max=60", "a.renewal_on.min=2026-09-01"],
        "reached": [
            f"reached={stage}&from={since}&to={until}"
            for stage in ("visitor", "lead", "qualified", "customer")
            for since in (0, start)
        ],
    }[kind]


def busy() -> list[int]:
    """Return people with facts in the log, the busiest among them."""
    from embudo.leads.models import Identifier, Person

    kept = set(Identifier.objects.values_list("person_id", flat=True)[:20_000])
    found = Person.objects.filter(id__in=list(kept)[:5000], known=True, merged_into=None).order_by("-events")
    ids = list(found.values_list("id", flat=True)[:400])
    random.Random(1).shuffle(ids)
    return ids[:40]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    sys.exit(main())
