"""Where a request comes from, behind the proxies we trust. Addresses stay in memory (DESIGN 9.15)."""

from ipaddress import ip_address, ip_network

from embudo.collector.suspicion import HeadersOf


class Addresses:
    """Finds the sender's address; `trusted`: addresses or networks whose X-Forwarded-For is believed, with commas."""

    def __init__(self, trusted: str) -> None:
        self._trusted = [ip_network(each.strip(), strict=False) for each in trusted.split(",") if each.strip()]

    def of(self, client: str, headers: HeadersOf) -> str:
        """Return the address of whoever sent the request; `client` is "address:port" of the connection."""
        return self.behind(client.rpartition(":")[0].strip("[]") or client, headers)

    def behind(self, address: str, headers: HeadersOf) -> str:
        """Return the address of whoever sent the request that came over a connection from `address`."""
        if not self._trusted or not self._trusts(address):
            return address
        for hop in reversed((headers.get("x-forwarded-for") or "").split(",")):
            if not hop.strip():
                break
            address = hop.strip()
            if not self._trusts(address):
                break
        return address[:64]

    def _trusts(self, address: str) -> bool:
        try:
            return any(ip_address(address) in network for network in self._trusted)
        except ValueError:
            return False
