"""What every request passes."""

import pytest
from django.test import Client


@pytest.mark.parametrize("address", ["/people/?source=%00", "/sites/%00/", "/?period=a%00b"])
def test_an_address_with_a_nul_is_refused(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code == 400
    assert client.get(address.replace("%00", "0")).status_code == 302


def test_a_browser_never_shows_a_fragment_where_the_page_belongs(client: Client, db: None) -> None:
    page, fragment = client.get("/sign-in/"), client.get("/sign-in/", headers={"HX-Request": "true"})
    assert "HX-Request" in page["Vary"] and "HX-Request" in fragment["Vary"]
    assert "no-store" in fragment["Cache-Control"]


@pytest.mark.parametrize(
    ("address", "above"),
    [
        ("/people/123/opportunities/", "/people/123/"),
        ("/people/export/", "/people/"),
        ("/duplicates/1/join/", "/duplicates/"),
    ],
)
def test_who_goes_to_an_address_that_only_takes_forms_is_led_to_the_page_above(
    client: Client, db: None, address: str, above: str
) -> None:
    page = client.get(address)
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert f'href="{above}"' in page.content.decode() and "This address shows no page" in page.content.decode()
    assert client.put(address).content == b""
