"""Whether a port can be listened on."""

import socket


def refusal(host: str, port: int) -> OSError | None:
    """Return why nobody can listen on the port now; None: it is free."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
