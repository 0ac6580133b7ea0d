"""Where a request comes from, behind the proxies we trust. Addresses stay in memory (DESIGN 9.15)."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from embudo.collector.suspicion import HeadersOf

FORWARDED = "x-forwarded-for"


class Addresses:
    """Finds the sender's address; `trusted`: addresses or networks whose X-Forwarded-For is believed, with commas."""

    def __init__(self, trusted: str) -> None:
        self._trusted = [ip_network(each.strip(), strict=False) for each in trusted.split(",") if each.strip()]

    def of(self, client: str, headers: HeadersOf) -> str:
        """Return the address of whoever sent the request; `client` is "address:port" of the connection."""
        return self.behind(client.rpartition(":")[0].strip("[]") or client, headers)

    def behind(self, address: str, headers: HeadersOf) -> str:
        """Return the address of whoever sent the request that came over a connection from `address`.

        Each proxy writes at the end whom it heard, so the hops are read from there, and no further than trusted
        proxies wrote them: what stands before the first other address may be invented.
        """
        if not self._trusted or not self._trusts(address):
            return address
        for hop in _from_the_last(headers):
            heard = _read(hop)
            if heard is None:
                break
            address = str(heard)
            if not self._trusts(address):
                break
        return address

    def is_hidden(self, address: str, headers: HeadersOf) -> bool:
        """Return whether a proxy that is not listed seems to stand between: many senders may share this address."""
        return any(name.lower() == FORWARDED for name, _value in headers.items()) and not self._trusts(address)

    def _trusts(self, address: str) -> bool:
        known = _read(address)
        return known is not None and any(known in network for network in self._trusted)


def _from_the_last(headers: HeadersOf) -> Iterator[str]:
    """The hops of all X-Forwarded-For lines: several lines mean the same as one with commas (RFC 9110, 5.3)."""
    lines = [value for name, value in headers.items() if name.lower() == FORWARDED]
    return reversed(",".join(lines).split(","))


def _read(hop: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it, with or without a port; None where it is none ("unknown", nothing)."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
