"""How Embudo calls addresses that people gave it: only public ones, each checked, and pinned to what was checked.

The name is resolved here, every address it has is looked at, and the connection goes to one of those very addresses:
who answers the name anew in between (DNS rebinding) changes nothing. Redirects are not followed. TLS is verified for
the name. `EMBUDO_WEBHOOK_NETWORKS` names private networks that may be reached all the same.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

TOTAL_S = 10.0  # for one call, from the name to the end of the answer
MOST_BYTES = 64 * 1024  # of an answer that are read
PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], list[str]]

_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)")  # a last label like that is read as an address by one library or another
_CLOSED = tuple(  # what `is_global` of one Python version or another lets pass
    ipaddress.ip_network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "100::/64", "2001::/23", "2001:db8::/32", "5f00::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_WITH_IPV4 = tuple(  # the last 32 bits of these are an address of the old kind
    ipaddress.ip_network(each) for each in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
_PRIVATE = "it leads to a private or reserved address (EMBUDO_WEBHOOK_NETWORKS may allow it)"
_LOOPS = tuple(ipaddress.ip_address(each) for each in ("127.0.0.1", "::1"))
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")


class Refused(ValueError):
    """The address may not be called; the message says why."""


class NoAnswer(Exception):
    """Nobody answered in time; the message says what happened."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was taken apart and may be looked up."""

    scheme: str
    host: str  # as it is verified: a name in ASCII, or an IP address
    port: int
    path: str

    @property
    def header(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answered:
    """What an address answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes  # at most MOST_BYTES
    cut: bool = False  # there was more


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name as this machine knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def target_of(url: str) -> Target:
    """Return the parts of an address; raises Refused on any but a plain http or https one."""
    if len(url) > 2000 or not url.isprintable() or re.search(r"[\s\\]", url):
        raise Refused("it holds spaces, a backslash or signs that cannot be seen, or is longer than 2,000 characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused("its host or port cannot be read") from error
    if parts.scheme not in PORTS:
        raise Refused("only http:// and https:// are called")
    if parts.username is not None or parts.password is not None:
        raise Refused("it holds a user name; send what identifies you in the path or check the signature instead")
    if port == 0:
        raise Refused("its port is 0")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise Refused("its path holds letters beyond ASCII; write them in percent form")
    return Target(parts.scheme, _host(parts), port or PORTS[parts.scheme], path)


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if parts.netloc.rpartition("@")[2].startswith("["):
        with suppress(ValueError):
            if "%" not in host:
                return str(ipaddress.IPv6Address(host))
        raise Refused("it names no IPv6 address")
    host = host.removesuffix(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii").lower()
        except UnicodeError as error:
            raise Refused("its host is no name") from error
    if _NUMERIC.fullmatch(host.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            raise Refused("its host is an odd spelling of a number; write a name, or four numbers with dots") from error
    if not _NAME.fullmatch(host):
        raise Refused("its host is no name")
    return host


def is_open(address: Address, networks: Iterable[Network] = ()) -> bool:
    """Return whether an address is public, or in one of these networks; what stands inside an IPv6 address counts."""
    inner = _inside(address)
    if inner is not None and inner != address:
        return is_open(inner, networks)
    if any(address.version == each.version and address in each for each in networks):
        return True
    closed = any(address.version == each.version and address in each for each in _CLOSED)
    return not closed and address.is_global and not address.is_multicast and not address.is_unspecified


def _inside(address: Address) -> Address | None:
    """The address of the old kind that an IPv6 address stands for."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in each for each in _WITH_IPV4) and int(address) > 1:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return ipaddress.IPv4Address("127.0.0.1") if address in _LOCAL_NAT64 else None


@lru_cache(maxsize=8)
def networks_of(text: str) -> tuple[Network, ...]:
    """Return the networks of a setting, whose text was checked when it was read."""
    return tuple(ipaddress.ip_network(each.strip(), strict=False) for each in text.split(",") if each.strip())


def check_host(target: Target, *, networks: Collection[Network] = ()) -> None:
    """Raise Refused where the host itself, without looking it up, is no public one: an address, or a local name."""
    host = target.host
    if is_literal(host):
        closed = not is_open(ipaddress.ip_address(host), networks)
    elif host == "localhost" or host.endswith(".localhost"):
        closed = not any(is_open(each, networks) for each in _LOOPS)
    else:
        closed = host.endswith(".local") and not networks
    if closed:
        raise Refused(_PRIVATE)


def checked(target: Target, *, networks: Collection[Network] = (), resolver: Resolver = resolve) -> list[str]:
    """Return the addresses of a target; raises Refused when one of them is not public, NoAnswer when it has none."""
    check_host(target, networks=networks)
    try:
        texts = [target.host] if is_literal(target.host) else resolver(target.host, target.port)
        found = [ipaddress.ip_address(each.partition("%")[0]) for each in texts]
    except (OSError, UnicodeError, ValueError) as error:
        raise NoAnswer("its name is not known") from error
    if not found:
        raise NoAnswer("its name is not known")
    if not all(is_open(each, networks) for each in found):
        raise Refused(_PRIVATE)
    return [str(each) for each in found]


def is_literal(host: str) -> bool:
    """Return whether a host is an address, which needs no looking up."""
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    networks: Collection[Network] = (),
    resolver: Resolver = resolve,
    total_s: float = TOTAL_S,
    context: ssl.SSLContext | None = None,
) -> Answered:
    """Post a body and return the answer, whatever its status; raises Refused or NoAnswer."""
    target = target_of(url)
    deadline = time.monotonic() + total_s
    addresses = checked(target, networks=networks, resolver=resolver)
    call = _Call(target, addresses, deadline, context)
    watch = threading.Timer(max(0.01, deadline - time.monotonic()), call.cut_off)
    watch.daemon = True
    watch.start()
    try:
        return call.post(body, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(call.words(error, total_s)) from error
    finally:
        watch.cancel()
        call.close()


@dataclass
class _Call:
    """One connection to addresses that were checked, cut off at its deadline."""

    target: Target
    addresses: list[str]
    deadline: float
    context: ssl.SSLContext | None = None
    late: bool = False
    _connection: http.client.HTTPConnection | None = None
    _sockets: list[socket.socket] = field(default_factory=list)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answered:
        """Send and read; any error is the caller's."""
        self._connection = connection = http.client.HTTPConnection(self.target.host, self.target.port)
        connection.sock = self._connected()
        connection.putrequest("POST", self.target.path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": self.target.header, **headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read(MOST_BYTES + 1)
        if self.late:
            raise TimeoutError
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answered(answer.status, told, content[:MOST_BYTES], len(content) > MOST_BYTES)

    def _connected(self) -> socket.socket:
        trouble: OSError = TimeoutError()
        for address in self.addresses:
            try:
                plain = socket.create_connection((address, self.target.port), timeout=self._left())
            except OSError as error:
                trouble = error
                continue
            self._sockets.append(plain)
            plain.settimeout(self._left())
            if self.target.scheme == "http":
                return plain
            context = self.context or ssl.create_default_context()
            secure = context.wrap_socket(plain, server_hostname=self.target.host, do_handshake_on_connect=False)
            self._sockets.append(secure)
            secure.do_handshake()
            return secure
        raise trouble

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def cut_off(self) -> None:
        """End the call from another thread: who answers a byte at a time has no longer than others."""
        self.late = True
        for each in self._sockets:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
        for each in self._sockets:
            with suppress(OSError):
                each.close()

    def words(self, error: Exception, total_s: float) -> str:
        """Say what went wrong, without anything the other side wrote."""
        if self.late or isinstance(error, TimeoutError):
            return f"no complete answer within {total_s:g} s"
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not valid: {error.verify_message}"[:200]
        if isinstance(error, ssl.SSLError):
            return "the secure connection failed"
        if isinstance(error, OSError):
            return f"no connection: {error.strerror or type(error).__name__}"[:200]
        return "what it answered is no HTTP"
