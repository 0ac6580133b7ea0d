"""Open redirects, and texts signed for one thing that are offered for another."""

import pytest
from django.core import signing

from embudo.accounts.models import Invitation
from embudo.forms import ticket
from embudo.forms.models import Form
from embudo.privacy.link import token_of
from tests.attacks.conftest import PASSWORD, House
from tests.attacks.walking import addresses, fields

AWAY = (
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "///evil.example",
    "http:///evil.example", "http:evil.example", "https:/\\evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>", "\thttps://evil.example", " //evil.example", "/\t/evil.example",
    "/\n/evil.example", "http://testserver@evil.example", "http://testserver.evil.example",
    "https://evil.example#@testserver/", "/%0d%0aLocation:%20https://evil.example", "1", "evil",
    "accounts:sign_out", "//testserver:80@evil.example",
)  # fmt: skip
SAME = ("http://testserver/", "/")


def _stays(location: str) -> bool:
    return location.startswith(SAME) and not location.startswith(("//", "/\\")) and "\n" not in location


@pytest.mark.parametrize("wanted", AWAY)
def test_neither_the_sign_in_nor_the_choice_of_a_language_leads_away(house: House, wanted: str) -> None:
    sent = {"email": "admin@norte.example", "password": PASSWORD, "next": wanted}
    answers = [
        house.browser().post("/sign-in/", sent),
        house.browser("admin").get("/sign-in/", {"next": wanted}),
        house.browser().post("/preferences/", {"language": "es", "next": wanted}),
        house.browser("admin").post("/people/columns/", {"column": "mail", "back": wanted}),
    ]
    assert [(each.status_code, _stays(each["Location"])) for each in answers] == [(302, True)] * 4


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_page_leads_away_whatever_its_address_says(house: House, wanted: str) -> None:
    held, headers = dict.fromkeys(fields(), wanted), {"referer": wanted, "hx-current-url": wanted}
    client = house.browser("admin")
    for each in addresses():
        answer = client.get(each.path(house.values), held, headers=headers)
        for name in ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url"):
            assert "evil.example" not in answer.get(name, "").partition("?")[0], each.name
            assert not answer.get(name, "").startswith("javascript:"), each.name


def test_a_text_that_was_signed_for_one_door_opens_no_other(house: House) -> None:
    form, person = Form.objects.get(), house.values["other"]
    texts = {
        "invitation": Invitation.objects.get().token,
        "consent": token_of(person),
        "f/files": ticket.file_link(form.slug, 1, "x"),
        "f/confirm": ticket.Confirmation("x", "x", [], "en", "").signed(),
        "of a form": ticket.Ticket.new(form.slug, 1, at_s=1.0).signed(),
        "any other": signing.dumps([1, "n" * 43]),
    }
    for door in ("invitation", "consent", "f/files", "f/confirm", "password/MQ"):
        for made_for, text in texts.items():
            if made_for != door:
                answer = house.browser().get(f"/{door}/{text}/")
                assert answer.status_code in (404, 410), f"{made_for} at {door}: {answer.status_code}"


@pytest.mark.parametrize("door", ["invitation", "consent", "f/files", "f/confirm", "password/MQ", "api/v1/people"])
def test_no_door_opens_to_a_number_that_is_counted_up(house: House, door: str) -> None:
    for guess in ("1", "2", "-1", "0", "MQ", "MQ==", "1:1", "a" * 32, "0" * 32):
        answer = house.browser().get(f"/{door}/{guess}/" if "api" not in door else f"/{door}/{guess}")
        assert answer.status_code in (401, 404, 410), guess
