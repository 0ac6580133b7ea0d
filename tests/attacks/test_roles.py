"""Every role at every address, by reading and by posting: it passes where the table lets it, and nowhere else."""

import pytest

from embudo.accounts.models import User
from embudo.accounts.permissions import Role, may
from tests.attacks.conftest import House
from tests.attacks.reading import Writes
from tests.attacks.walking import addresses

REFUSED = "This page is for these roles"


@pytest.mark.parametrize("role", [*Role, "stranger", "gone"])
def test_a_role_passes_exactly_where_the_table_lets_it(house: House, role: str) -> None:
    wrong, client = [], house.browser({"stranger": "", "gone": "marketing"}.get(role, role))
    if role == "gone":
        User.objects.filter(email="marketing@norte.example").update(is_active=False)
    for each in addresses():
        if each.permission is None or each.name == "api:nothing":  # what is nowhere is nobody's
            continue
        allowed = role in list(Role) and (each.permission == "" or may(role, each.permission))
        for method in ("GET", "POST"):
            if method == "POST" and allowed:
                continue  # what happens then is the matter of the tests of each page
            with Writes.watched() as writes:
                answer = client.generic(method, each.path(house.values))
            refused = answer.status_code == 403 and REFUSED in answer.content.decode()
            led_away = answer.status_code == 302 and answer["Location"].startswith("/sign-in/")
            kept_out = answer.status_code in (401, 405) or (refused if role in list(Role) else led_away)
            if (refused or led_away) if allowed else (not kept_out or writes.seen):
                wrong.append((method, each.name, answer.status_code, writes.seen))
    assert wrong == []
