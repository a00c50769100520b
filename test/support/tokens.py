"""JSON Web Tokens for tests, signed by openssl with an RSA key of their own."""
import base64
import json
import os
import subprocess


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(value):
    return _encode(json.dumps(value, separators=(",", ":")).encode())


class Issuer:
    """RS256; the key lies in FOLDER."""

    def __init__(self, folder, name):
        self.name, self.key = name, os.path.join(folder, "issuer.key")
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True, capture_output=True)

    def jwks(self):
        done = subprocess.run(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"], check=True, capture_output=True, text=True)
        modulus = bytes.fromhex(done.stdout.strip().partition("=")[2])
        return json.dumps({"keys": [{"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig", "n": _encode(modulus), "e": "AQAB"}]})

    def token(self, **claims):
        signed = f"{_json({'alg': 'RS256', 'kid': 'k1', 'typ': 'JWT'})}.{_json({'iss': self.name, **claims})}"
        done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed.encode(), check=True, capture_output=True)
        return f"{signed}.{_encode(done.stdout)}"
