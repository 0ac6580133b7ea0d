"""A small OpenID Connect provider on loopback, run in the test process: it checks what a real one checks."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "embudo-client", "p@ss word/1"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """Where it answers, whom it has in front of it, and what it was asked; `profile` goes over the claims."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    says_no: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the person is sent back to."""
        self.asked.append(query)
        assert query["client_id"] == CLIENT and query["response_type"] == "code"
        assert "openid" in query["scope"].split() and query["code_challenge_method"] == "S256"
        back = {"state": query["state"]}
        if self.says_no:
            return f"{query['redirect_uri']}?{urlencode({**back, 'error': 'access_denied'})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({**back, 'code': code})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Return the tokens of a code, once, to the client that it was made for."""
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        given = (form.get("client_id"), form.get("client_secret"))
        if asked is None or given != (CLIENT, SECRET) or asked["redirect_uri"] != form["redirect_uri"]:
            return None
        if challenge.decode().rstrip("=") != asked["code_challenge"]:
            return None
        access, now = secrets.token_urlsafe(16), int(time.time())
        self.tokens.add(access)
        told = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, **self.claims}
        signed = jwt.encode(told, KEY, algorithm="RS256", headers={"kid": "1"})
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed}


@contextmanager
def running() -> Iterator[Provider]:
    """Run a provider until the block ends."""
    provider = Provider()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.endswith("/.well-known/openid-configuration"):
                ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
                found = {f"{name}_endpoint": f"{provider.issuer}/{path}" for name, path in ends.items()}
                methods = ["client_secret_post", "client_secret_basic"]
                self.told({**found, "issuer": provider.issuer, "jwks_uri": f"{provider.issuer}/keys",
                           "token_endpoint_auth_methods_supported": methods})  # fmt: skip
            elif parts.path.endswith("/authorize"):
                self.send_response(302)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
            elif parts.path.endswith("/userinfo"):
                bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
                known = {**provider.claims, **provider.profile}
                self.told(known if bearer in provider.tokens else None)
            elif parts.path.endswith("/keys"):
                key = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
                self.told({"keys": [{**key, "kid": "1", "alg": "RS256", "use": "sig"}]})
            else:
                self.told(None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.told(provider.token(form, self.headers.get("Authorization", "")))

        def told(self, what: Any) -> None:
            self.send_response(200 if what is not None else 400)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(what or {"error": "invalid_grant"}).encode())

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    provider.issuer = f"http://127.0.0.1:{server.server_port}/realms/norte"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
