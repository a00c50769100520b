"""JSON Web Tokens for tests, good and bad ones, signed by the openssl of the machine.

    key = Key("ES256", "k1", folder)
    key.token({"iss": "https://auth.test", "sub": "alice", "exp": in_seconds(60)})
    key_set([key])
"""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import tempfile
import time

_KINDS = {
    "RS256": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "EdDSA": ["ED25519"],
}


def encoded(data):
    """base64url, as tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value):
    """One of the first two parts of a token."""
    return encoded(json.dumps(value).encode())


def in_seconds(seconds):
    return int(time.time()) + seconds


def key_set(keys):
    return json.dumps({"keys": [key.jwk() for key in keys]})


def _openssl(*words, stdin=None):
    return subprocess.run(["openssl", *words], input=stdin, capture_output=True, check=True).stdout


def _integers(der):
    """The two integers of an ECDSA signature in DER."""
    at, found = 2, []
    for _ in range(2):
        size = der[at + 1]
        found.append(int.from_bytes(der[at + 2 : at + 2 + size], "big"))
        at += 2 + size
    return found


class Key:
    """A private key of an issuer, in a file of FOLDER."""

    def __init__(self, algorithm, kid, folder):
        self.algorithm, self.kid = algorithm, kid
        self.file = tempfile.mktemp(".pem", f"{kid}-", folder)
        _openssl("genpkey", "-algorithm", *_KINDS[algorithm], "-out", self.file)

    def jwk(self):
        public = _openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")
        row = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "EdDSA":
            return row | {"kty": "OKP", "crv": "Ed25519", "x": encoded(public[-32:])}
        if self.algorithm == "ES256":
            return row | {"kty": "EC", "crv": "P-256", "x": encoded(public[-64:-32]), "y": encoded(public[-32:])}
        modulus = _openssl("rsa", "-in", self.file, "-noout", "-modulus").decode().strip().partition("=")[2]
        return row | {"kty": "RSA", "n": encoded(bytes.fromhex(modulus)), "e": "AQAB"}

    def public_pem(self):
        return _openssl("pkey", "-in", self.file, "-pubout")

    def signature(self, text):
        if self.algorithm == "EdDSA":  # which openssl signs only what it can read twice
            with tempfile.NamedTemporaryFile() as file:
                file.write(text)
                file.flush()
                return _openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.file, "-in", file.name)
        signed = _openssl("dgst", "-sha256", "-sign", self.file, stdin=text)
        if self.algorithm == "ES256":
            return b"".join(number.to_bytes(32, "big") for number in _integers(signed))
        return signed

    def token(self, claims, **header):
        """HEADER: fields that its header has beside these or instead; None: not at all."""
        head = {"alg": self.algorithm, "typ": "JWT", "kid": self.kid} | header
        text = f"{part({name: value for name, value in head.items() if value is not None})}.{part(claims)}"
        return f"{text}.{encoded(self.signature(text.encode()))}"


class Secret(Key):
    """A key of HS256."""

    def __init__(self, kid, secret=None):
        self.algorithm, self.kid, self.secret = "HS256", kid, secret or os.urandom(32)

    def jwk(self):
        return {"kty": "oct", "kid": self.kid, "alg": "HS256", "k": encoded(self.secret)}

    def signature(self, text):
        return hmac.new(self.secret, text, hashlib.sha256).digest()
