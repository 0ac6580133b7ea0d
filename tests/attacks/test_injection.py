"""SQL, templates, NUL and worse in every parameter of every page and in every field of every form."""

from typing import Any

import pytest
from django.http import QueryDict

from embudo.leads.models import Person, StageChange
from tests.attacks.conftest import House
from tests.attacks.walking import addresses, fields

COMPUTED = b"91235329"  # what a template would make of it; no id or token holds that by chance
TEMPLATE = "9{{ 71830|add:51702 }}9 {% debug %} ${7*7} #{7*7} %(password)s {0.__class__.__mro__} {request.user}"
PAYLOADS = {
    "quote": "'; DROP TABLE leads_person; --",
    "double quote": '" OR ""="',
    "union": "x') UNION SELECT password FROM accounts_user --",
    "order": "id DESC; DELETE FROM leads_person; --",
    "json path": "$.'\") OR 1=1 --",
    "like": "%_\\%'",
    "template": TEMPLATE,
    "nul": "a\0b",
    "huge number": "9" * 400,
    "beyond 64 bits": "-9223372036854775809",
    "infinite": "1e999",
    "odd letters": "\u202e\ufeff\u2028\U0001f469\u200d\U0001f52c\u0301",
    "surrogate": b"%ED%A0%80".decode(),
}
FIELDS = fields()
LISTS = (
    "leads:people", "leads:people_count", "leads:people_filters", "leads:attribute_filters", "leads:companies",
    "leads:company", "leads:timeline", "leads:why", "leads:merge", "leads:new_known", "accounts:audit",
    "imports:imports", "imports:run", "imports:report", "operate:failed_events", "reports:funnel", "duplicates:pairs",
    "duplicates:company_pairs", "leads:company_merge",
    "work:jobs", "capture:live", "capture:site", "forms:form", "forms:showings", "doors:log", "doors:webhook",
    "privacy:receipts", "api:people_list", "api:company_list", "api:events", "api:score", "api:webhook_list",
)  # fmt: skip
SORTED = ("leads:people", "leads:companies", "accounts:audit", "api:people_list")
ORDERS = ("sort", "order", "after", "before", "seen", "view", "q", "period", "stage", "attr.industry", "attr.x' OR 1=1")


def query(values: dict[str, str]) -> str:
    """Return a query of these parameters; a NUL and the like go as they are."""
    held = QueryDict(mutable=True)
    held.update(values)
    return held.urlencode()


def there() -> tuple[int, int]:
    """What a statement that was let in would change."""
    return Person.objects.count(), StageChange.objects.count()


@pytest.mark.parametrize("payload", list(PAYLOADS))
def test_nothing_in_the_address_of_a_list_is_carried_out(house: House, payload: str) -> None:
    client, before, odd = house.browser("admin"), there(), PAYLOADS[payload]
    walked = [each for each in addresses() if each.name in LISTS]
    assert len({each.name for each in walked}) == len(LISTS)
    for each in walked:
        alone = [{name: odd} for name in ORDERS] if each.name in SORTED else []
        for values in (dict.fromkeys(FIELDS, odd), *alone):
            answer = client.get(f"{each.path(house.values)}?{query(values)}")
            assert answer.status_code < 500, f"{each.name} {values if len(values) == 1 else 'all'}"
            assert gave_nothing_away(answer), each.name
    assert there() == before


@pytest.mark.parametrize("payload", ["quote", "template", "nul", "beyond 64 bits", "odd letters"])
def test_nothing_in_a_field_of_a_form_is_carried_out(house: House, payload: str) -> None:
    odd = PAYLOADS[payload]
    filled, client = dict.fromkeys(FIELDS, odd), house.browser("admin")
    for each in addresses():
        answer = client.post(each.path(house.values), filled)
        assert answer.status_code < 500, each.name
        assert gave_nothing_away(answer), each.name
        if "_auth_user_id" not in client.session:  # some posts end the session
            client = house.browser("admin")
    assert Person.objects.exists()


@pytest.mark.parametrize("payload", ["quote", "template", "huge number"])
def test_nothing_in_the_parts_of_an_address_is_carried_out(house: House, payload: str) -> None:
    client, before = house.browser("admin"), there()
    odd = query({"x": PAYLOADS[payload]}).removeprefix("x=").replace("+", "%20").replace("%2F", "-")
    for each in addresses():
        answer = client.get(each.path(dict.fromkeys(_parts(each.route), odd)))
        assert answer.status_code < 500, each.name
    assert there() == before


def _parts(route: str) -> list[str]:
    from tests.attacks.walking import PART

    return [found[1] for found in PART.finditer(route)]


def gave_nothing_away(answer: Any) -> bool:
    page = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return COMPUTED not in page and b"md5$" not in page and b"<class &#x27;" not in page
