"""A small OpenID Connect provider on loopback: discovery, keys, authorization code with PKCE, identity tokens.

It does what the app and API Gateway's authorizer need of one (OpenID Connect Core 1.0, section 3.1; Discovery 1.0;
RFC 7636; RFC 7517), with RS256 signatures. Whoever comes to its page is `person` at once: there is no password.
"""

import base64
import hashlib
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from workshop.platform import clock


class OidcProvider:
    """Use as a context manager. `groups` are the person's; `redirect_uri` is the only one that it leads back to, any
    at first."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.groups: list[str] = []
        self.redirect_uri = ""
        self._key = new_key()
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Pages,), {"provider": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="oidc-provider")

    def __enter__(self) -> "OidcProvider":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def token(self, *, key: rsa.RSAPrivateKey | None = None, **claims: Any) -> str:
        """An identity token, signed by the provider's key or another; `claims` replace those that it has by itself."""
        now = clock.now_ms() // 1000
        standard = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "ann",
            "iat": now,
            "exp": now + 600,
            "groups": self.groups,
        }
        head = encoded(json.dumps({"alg": "RS256", "typ": "JWT", "kid": "1"}).encode())
        text = f"{head}.{encoded(json.dumps(standard | claims).encode())}"
        signature = (key or self._key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{encoded(signature)}"

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def keys(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        modulus, exponent = (encoded(n.to_bytes((n.bit_length() + 7) // 8)) for n in (numbers.n, numbers.e))
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1", "n": modulus, "e": exponent}]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is led back to, with a code."""
        assert asked["client_id"] == self.client_id
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert asked["redirect_uri"] == (self.redirect_uri or asked["redirect_uri"])
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchange(self, asked: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, once; None for what does not fit."""
        begun = self._codes.pop(asked.get("code", ""), None)
        if begun is None or begun["redirect_uri"] != asked.get("redirect_uri"):
            return None
        if encoded(hashlib.sha256(asked.get("code_verifier", "").encode()).digest()) != begun["code_challenge"]:
            return None
        return {"token_type": "Bearer", "id_token": self.token(nonce=begun.get("nonce"))}


class _Pages(BaseHTTPRequestHandler):
    provider: OidcProvider

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        match address.path:
            case "/.well-known/openid-configuration":
                self._answer(200, self.provider.discovery())
            case "/keys":
                self._answer(200, self.provider.keys())
            case "/authorize":
                self.send_response(302)
                self.send_header("Location", self.provider.authorize(_first(address.query)))
                self.send_header("Content-Length", "0")
                self.end_headers()
            case _:
                self._answer(404, {})

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        tokens = self.provider.exchange(_first(form)) if self.path == "/token" else None
        self._answer(400 if tokens is None else 200, tokens or {"error": "invalid_grant"})

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")  # as providers do for public clients
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: codes are in the addresses."""


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _first(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
