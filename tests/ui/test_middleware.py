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
