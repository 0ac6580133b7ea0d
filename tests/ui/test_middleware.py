"""What every request passes."""

import pytest
from django.test import Client


@pytest.mark.parametrize("address", ["/people/?source=%00", "/sites/%00/", "/?period=a%00b"])
def test_an_address_with_a_nul_is_refused(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code == 400
    assert client.get(address.replace("%00", "0")).status_code == 302
