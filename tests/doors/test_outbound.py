"""Only public addresses are called: odd spellings, redirects, names that change their mind, answers without end."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from embudo.doors import outbound
from embudo.doors.outbound import NoAnswer, Refused, check_host, checked, is_open, networks_of, post, target_of
from tests.doors.conftest import Receiver

LOOPBACK = networks_of("127.0.0.0/8")

# Every one of these leads to this machine, or to what only this network reaches, in one library or another.
CLOSED = [
    "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/",
    "http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.1./", "http://0/", "http://0.0.0.0/",
    "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/",
    "http://[0:0:0:0:0:ffff:a00:1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::1]/", "http://[2001:0:4136:e378:8000:63bf:f5ff:fffe]/", "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/", "http://[fc00::1]/", "http://[fec0::1]/", "http://[ff02::1]/", "http://10.0.0.1/",
    "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/", "http://100.127.255.255/", "http://192.0.0.8/", "http://198.18.0.1/", "http://224.0.0.1/",
    "http://239.255.255.250/", "http://240.0.0.1/", "http://255.255.255.255/", "http://192.0.2.1/",
    "http://localhost/", "http://localhost:8000/", "http://LOCALHOST./", "http://①②⑦.0.0.1/", "http://127。0。0。1/",
    "http://１２７.0.0.1/", "http://0x7f.1/", "http://1.1.1.0x1/", "http://8.8.2056/", "http://134744072/",
]  # fmt: skip

NO_ADDRESS = [
    "", "hooks.example", "ftp://hooks.example/", "file:///etc/passwd", "gopher://hooks.example/", "javascript:alert(1)",
    "http://", "http:///x", "http://user@hooks.example/", "http://user:pass@hooks.example/", "http://a@127.0.0.1@b.example/",
    "http://hooks.example:0/", "http://hooks.example:99999/", "http://hooks.example:x/", "http://hooks example/",
    "http://hooks.example/\r\nHost: evil", "http://hooks.example\\@evil.example/", "http://hooks.example/\x00",
    "http://-.example/", "http://[::1", "http://[127.0.0.1]/", "http://hooks.example/é",
    "http://" + "a" * 300 + ".example/",
    "http://.../", "http://hooks..example/", "data:text/plain,x", "HTTP+unix://x/",
]  # fmt: skip


@pytest.mark.parametrize("url", CLOSED)
def test_what_leads_inside_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        post(url, b"{}", {})


@pytest.mark.parametrize("url", NO_ADDRESS, ids=lambda url: url[:30])
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        target_of(url)


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2001:4860:4860::8888", "2002:808:808::1"]
)
def test_public_addresses_are_open(text: str) -> None:
    assert is_open(ipaddress.ip_address(text))


def test_a_setting_opens_the_networks_it_names_and_no_other() -> None:
    networks = networks_of("10.1.0.0/16, fd00::/8")
    told = {
        each: is_open(ipaddress.ip_address(each), networks) for each in ("10.1.2.3", "10.2.0.1", "fd00::1", "127.0.0.1")
    }
    assert told == {"10.1.2.3": True, "10.2.0.1": False, "fd00::1": True, "127.0.0.1": False}
    assert is_open(ipaddress.ip_address("::ffff:10.1.2.3"), networks)


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "LOCALHOST.", "printer.local", "127.0.0.1"])
def test_a_local_name_is_refused_before_it_is_looked_up(host: str) -> None:
    target = target_of(f"http://{host}/h")
    with pytest.raises(Refused, match="private or reserved"):
        check_host(target)
    if host != "printer.local":
        with pytest.raises(Refused):
            check_host(target, networks=networks_of("10.0.0.0/8"))
    check_host(target, networks=networks_of("127.0.0.0/8"))
    check_host(target_of("http://localhost.example/h"))


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    target = target_of("https://hooks.example/")
    with pytest.raises(Refused):
        checked(target, resolver=lambda _host, _port: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(Refused):
        checked(target, resolver=lambda _host, _port: ["::ffff:169.254.169.254"])
    with pytest.raises(NoAnswer):
        checked(target, resolver=lambda _host, _port: [])


def test_a_name_that_changes_its_mind_is_not_asked_twice(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: public when it is looked at, this machine when it is called. It is looked at once, and pinned."""
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["203.0.114.7"] if len(asked) == 1 else ["127.0.0.1"]

    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], **_given: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: pytest.fail("the name was looked up behind our back"))
    with pytest.raises(NoAnswer):
        post(f"http://rebind.example:{receiver.port}/", b"{}", {}, resolver=rebinding)
    assert asked == ["rebind.example"]
    assert connected == [("203.0.114.7", receiver.port)]
    assert receiver.got == []


def test_a_redirect_is_told_and_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"Location": f"http://127.0.0.1:{receiver.port}/inside"}
    answered = post(receiver.url, b"{}", {}, networks=LOOPBACK)
    assert (answered.status, len(receiver.got)) == (302, 1)


def test_body_headers_and_name_arrive_as_given(receiver: Receiver) -> None:
    url = f"http://hooks.example:{receiver.port}/a?b=c"
    answered = post(url, b'{"a":1}', {"webhook-id": "m"}, networks=LOOPBACK, resolver=lambda _h, _p: ["127.0.0.1"])
    ((headers, body),) = receiver.got
    assert (answered.status, answered.body, body) == (200, b"thanks", b'{"a":1}')
    assert (headers["host"], headers["webhook-id"]) == (f"hooks.example:{receiver.port}", "m")
    assert "cookie" not in headers and "authorization" not in headers


def test_a_long_answer_is_cut(receiver: Receiver) -> None:
    receiver.body = b"x" * 500_000
    answered = post(receiver.url, b"{}", {}, networks=LOOPBACK)
    assert (len(answered.body), answered.cut) == (outbound.MOST_BYTES, True)


@contextmanager
def speaking(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that speaks as it likes to whoever connects."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        try:
            connection, _address = listener.accept()
            with connection:
                serve(connection)
        except OSError:
            return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.close()
    thread.join(5)


def read_whole(connection: socket.socket) -> None:
    """Read a request to its end: who closes with something unread resets the connection."""
    read = b""
    while not read.endswith(b"{}"):
        read += connection.recv(65536)


def drips(start: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.sendall(start)
        for _second in range(200):
            time.sleep(0.05)
            connection.sendall(b"x")

    return serve


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_who_answers_a_byte_at_a_time_has_no_longer_than_others(start: bytes) -> None:
    began = time.monotonic()
    with speaking(drips(start)) as port, pytest.raises(NoAnswer, match=r"within 0\.5 s"):
        post(f"http://127.0.0.1:{port}/", b"{}", {}, networks=LOOPBACK, total_s=0.5)
    assert time.monotonic() - began < 5


def test_a_handshake_that_never_ends_is_cut_off() -> None:
    with speaking(drips(b"\x16\x03\x03\x40\x00")) as port, pytest.raises(NoAnswer, match=r"within 0\.5 s"):
        post(f"https://127.0.0.1:{port}/", b"{}", {}, networks=LOOPBACK, total_s=0.5)


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/9.9 xx\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500]
)
def test_what_is_no_http_is_no_answer(answer: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        read_whole(connection)
        connection.sendall(answer)

    with speaking(serve) as port, pytest.raises(NoAnswer) as told:
        post(f"http://127.0.0.1:{port}/", b"{}", {}, networks=LOOPBACK)
    assert "nonsense" not in str(told.value)


def test_a_certificate_of_another_name_is_refused(tmp_path: Any) -> None:
    """TLS is verified for the name of the address, not for the address it was pinned to."""
    import subprocess

    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=hooks.example", "-addext", "subjectAltName=DNS:hooks.example"], check=True, capture_output=True,
    )  # fmt: skip
    trusting = ssl.create_default_context(cafile=str(certificate))

    def serve(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                read_whole(secure)
                secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (ssl.SSLError, OSError):
            return

    def call(name: str, context: ssl.SSLContext | None) -> int:
        with speaking(serve) as port:
            url = f"https://{name}:{port}/"
            here = lambda _host, _port: ["127.0.0.1"]  # noqa: E731
            return post(url, b"{}", {}, networks=LOOPBACK, resolver=here, context=context).status

    assert call("hooks.example", trusting) == 204
    with pytest.raises(NoAnswer, match="certificate"):
        call("other.example", trusting)
    with pytest.raises(NoAnswer, match="certificate"):
        call("hooks.example", None)
