"""Cross-site request forgery: every address, posted to from elsewhere by the browser of an administrator."""

import pytest

from tests.attacks.conftest import House
from tests.attacks.reading import Writes
from tests.attacks.walking import addresses

# Nobody's cookie counts there: who asks shows a key, or the signed link in the address, or is a stranger to all.
WITHOUT_COOKIE = {
    "api", "privacy:link", "privacy:one_click",
    *(f"forms:{name}" for name in ("script", "file", "confirm", "hosted", "embed", "told")),
}  # fmt: skip
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def test_only_doors_where_no_cookie_counts_take_a_post_without_the_token_of_a_form() -> None:
    exempt = {each.name if not each.name.startswith("api") else "api" for each in addresses() if each.exempt}
    assert exempt == WITHOUT_COOKIE


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}, {"origin": "null"}], ids=str)
def test_a_page_elsewhere_makes_an_administrator_do_nothing(house: House, headers: dict[str, str]) -> None:
    victim = house.browser("admin", enforce_csrf_checks=True)
    walked = [each for each in addresses() if not each.exempt]
    with Writes.watched() as writes:
        for each in walked:
            for method in CHANGING:
                answer = victim.generic(method, each.path(house.values), b"sure=1", _FORM, headers=headers)
                assert answer.status_code == 403, f"{method} {each.name}: {answer.status_code}"
    assert writes.seen == []
    assert len(walked) > 100


def test_a_right_token_from_a_page_elsewhere_is_refused_too(house: House) -> None:
    victim = house.browser("admin", enforce_csrf_checks=True)
    victim.get("/me/")
    token = victim.cookies["csrftoken"].value
    sent = {"csrfmiddlewaretoken": token, "name": "Mallory"}
    assert victim.post("/me/", sent, headers={"origin": "https://evil.example"}).status_code == 403
    assert victim.post("/me/", sent, headers={"origin": "http://testserver"}).status_code != 403


def test_the_api_does_not_know_the_cookie_of_who_is_signed_in(house: House) -> None:
    victim = house.browser("admin")
    for each in addresses():
        if each.name.startswith("api:") and each.name != "api:openapi":
            for method in ("GET", *CHANGING):
                answer = victim.generic(method, each.path(house.values), b"{}", "application/json")
                assert answer.status_code in (401, 404, 405), f"{method} {each.name}: {answer.status_code}"


_FORM = "application/x-www-form-urlencoded"
