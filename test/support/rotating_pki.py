"""Certificates that take turns: what a fleet, its clients and its upstreams use in change 0, 1, 2, ... Made with openssl.

Each role has COUNT sets, and change k uses set k modulo COUNT. Authorities are trusted WINDOW at a time: those of set k to
k + WINDOW - 1, so that one who shows a certificate of the window's middle is let in before and after each change.
"""
import os
import subprocess

CONFIG = """
[req]
distinguished_name = dn
[dn]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
"""
COUNT, WINDOW = 40, 10
FRONT, BACKEND = "www.rotation.test", "backend.rotation.test"


class RotatingPki:
    def __init__(self, folder):
        self.folder = folder
        with open(self.path("openssl", kind="cnf"), "w") as file:
            file.write(CONFIG)
        self._authority("root")
        for i in range(WINDOW):
            self._authority(f"middle-{i}", issuer="root")
        self._authority("steady")
        self._issue("steady-client", "steady", "URI:spiffe://rotation/steady")
        self._authority("gateways")
        for k in range(COUNT):
            self._issue(f"front-{k}", f"middle-{k % WINDOW}", f"DNS:{FRONT}", chain=True)
            self._authority(f"clients-{k}")
            self._issue(f"client-{k}", f"clients-{k}", f"URI:spiffe://rotation/client-{k}")
            self._authority(f"backends-{k}")
            self._issue(f"backend-{k}", f"backends-{k}", f"DNS:{BACKEND}")
            self._issue(f"gateway-{k}", "gateways", "URI:spiffe://rotation/gateway")
        for k in range(COUNT):
            self._bundle(f"trusted-clients-{k}", ["steady"] + [f"clients-{self.turn(k + i)}" for i in range(WINDOW)])
            self._bundle(f"trusted-backends-{k}", [f"backends-{self.turn(k + i)}" for i in range(WINDOW)])

    @staticmethod
    def turn(k):
        return k % COUNT

    def path(self, name, k=None, kind="crt"):
        return os.path.join(self.folder, f"{name}.{kind}" if k is None else f"{name}-{self.turn(k)}.{kind}")

    def manifests(self, k):
        """What change k says about certificates, all of it at once."""
        return f"""
apiVersion: v1
kind: Secret
metadata: {{name: front}}
type: kubernetes.io/tls
dataFromFiles: {{tls.crt: {self.path("front", k)}, tls.key: {self.path("front", k, "key")}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: trusted-clients}}
dataFromFiles: {{ca.crt: {self.path("trusted-clients", k)}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: trusted-backends}}
dataFromFiles: {{ca.crt: {self.path("trusted-backends", k)}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: gateway}}
type: kubernetes.io/tls
dataFromFiles: {{tls.crt: {self.path("gateway", k)}, tls.key: {self.path("gateway", k, "key")}}}
"""

    def _authority(self, name, issuer=None):
        self._request(name, ["-extensions", "authority"], issuer)

    def _issue(self, name, issuer, names, chain=False):
        self._request(name, ["-extensions", "leaf", "-addext", f"subjectAltName={names}"], issuer)
        if chain:
            self._bundle(name, [name, issuer])

    def _request(self, name, extensions, issuer):
        signer = ["-CA", self.path(issuer), "-CAkey", self.path(issuer, kind="key")] if issuer else []
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-config",
                        self.path("openssl", kind="cnf"), "-subj", f"/CN={name}", "-keyout", self.path(name, kind="key"), "-out", self.path(name), *extensions, *signer],
                       check=True, capture_output=True)
        os.chmod(self.path(name, kind="key"), 0o600)

    def _bundle(self, name, names):
        texts = [open(self.path(part)).read() for part in names]
        with open(self.path(name), "w") as file:
            file.writelines(texts)
