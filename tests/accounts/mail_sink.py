"""A mail server on loopback that takes every mail and keeps it, for tests that send for real."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


class _Speaks(StreamRequestHandler):
    """As much of RFC 5321 as Django's client asks for."""

    def handle(self) -> None:
        self.say(b"220 sink")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say(b"354 go on")
                self.server.kept.append(self.letter())  # type: ignore[attr-defined]
            self.say(b"221 bye" if word == b"QUIT" else b"250 ok")
            if word == b"QUIT":
                return

    def letter(self) -> Message:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return message_from_bytes(b"".join(lines))

    def say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


@contextmanager
def sink() -> Iterator[tuple[int, list[Message]]]:
    """Run the server until the block ends; give its port and the mails it took."""
    with ThreadingTCPServer(("127.0.0.1", 0), _Speaks) as server:
        server.kept = []  # type: ignore[attr-defined]
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1], server.kept  # type: ignore[attr-defined]
        finally:
            server.shutdown()
