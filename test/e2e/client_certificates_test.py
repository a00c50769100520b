"""Clients that are known by their certificates, on a live fleet: who is let in by which name, and what explain says of it."""
import os
import subprocess
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream

# Names of certificates that one CA issued, and whether they are orders: by the Consumer, by the subject of a rule.
NAMES = {
    "URI:spiffe://p/orders": (200, 200),
    "URI:spiffe://p/orders,DNS:other.example": (200, 200),
    "URI:spiffe://p/other,URI:spiffe://p/orders": (403, 403),
    "DNS:spiffe://p/orders": (403, 403),
    "email:spiffe://p/orders": (403, 403),
    "DNS:p.example": (403, 403),
    "": (403, 403),
}

MANIFEST = """
---
apiVersion: v1
kind: Secret
metadata: {name: server}
type: kubernetes.io/tls
stringData: {tls.crt: "%(crt)s", tls.key: "%(key)s"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: clients}
data: {ca.crt: "%(ca)s"}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: default
  listeners: [{name: https, protocol: HTTPS, port: {port}, tls: {certificateRefs: [{name: server}]}}]
  tls: {frontend: {default: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: clients}]}}}}
---
apiVersion: penstock.dev/v1
kind: Consumer
metadata: {name: orders}
spec: {certificates: ["spiffe://p/orders"]}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: everybody}
spec: {targetRefs: [{kind: Gateway, name: gw}], clientCertificate: {}}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: consumer}
spec: {targetRefs: [{kind: HTTPRoute, name: r, sectionName: consumer}], authorization: {rules: [{when: {consumers: [orders]}}]}}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: subject}
spec: {targetRefs: [{kind: HTTPRoute, name: r, sectionName: subject}], authorization: {rules: [{when: {subjects: ["spiffe://p/orders"]}}]}}
"""


class ClientCertificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("orders")
        cls.fleet = Fleet(replicas=1)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.openssl("req", "-x509", *cls.KEY, "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.crt", "-addext", "basicConstraints=critical,CA:TRUE")
        cls.issue("server", "DNS:localhost", "serverAuth")
        for i, names in enumerate(NAMES):
            cls.issue(f"client-{i}", names, "clientAuth")
        texts = {name: cls.text(file) for name, file in (("crt", "server.crt"), ("key", "server.key"), ("ca", "ca.crt"))}
        cls.fleet.apply(MANIFEST % texts + parts.backend("orders", cls.upstream.ports) + parts.named_rules("r", "orders", consumer="/consumer", subject="/subject"))

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)
        cls.upstream.stop()

    KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")

    @classmethod
    def path(cls, name):
        return os.path.join(cls.fleet.dir, name)

    @classmethod
    def text(cls, name):
        """As it stands between quotation marks."""
        with open(cls.path(name)) as file:
            return file.read().replace("\n", "\\n")

    @classmethod
    def openssl(cls, *words):
        subprocess.run(["openssl", *words], cwd=cls.fleet.dir, check=True, capture_output=True)

    @classmethod
    def issue(cls, name, names, usage):
        with open(cls.path("extensions"), "w") as file:
            file.write(f"extendedKeyUsage={usage}\n" + (f"subjectAltName={names}\n" if names else ""))
        cls.openssl("req", *cls.KEY, "-subj", "/O=Acme/CN=somebody", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        cls.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions", "-out", f"{name}.crt")

    def status(self, path, client):
        certificate = [] if client is None else ["--cert", self.path(f"{client}.crt"), "--key", self.path(f"{client}.key")]
        done = subprocess.run(["curl", "-sk", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", f"https://{self.fleet.replicas[0].host}:{self.fleet.gateway_port}{path}",
                               "-H", "host: localhost", *certificate], capture_output=True, text=True)
        return int(done.stdout)

    def explain(self, path, *flags, scheme="https", check=True):
        return self.fleet.cli("explain", "request", "GET", f"{scheme}://localhost:{self.fleet.gateway_port}{path}", *flags, check=check)

    def test_somebody_is_who_the_first_name_of_his_certificate_says_by_its_type(self):
        for i, (names, statuses) in enumerate(NAMES.items()):
            self.assertEqual((self.status("/consumer", f"client-{i}"), self.status("/subject", f"client-{i}")), statuses, names)

    def test_nobody_comes_without_a_certificate(self):
        self.assertEqual(self.status("/consumer", None), 0)

    def test_explain_says_what_a_client_with_a_certificate_may(self):
        for where in ([], ["--from=replica/replica-1"]):
            good = self.explain("/consumer", "--client-certificate", "spiffe://p/orders", *where).stdout
            self.assertIn("certificate of spiffe://p/orders", good)
            self.assertIn("forward to", good)
            other = self.explain("/consumer", "--client-certificate", "spiffe://p/other", *where).stdout
            self.assertIn("no rule allows it", other)
            self.assertNotIn("forward to", other)
            self.assertIn("no certificate that was verified", self.explain("/consumer", *where).stdout)
        cleartext = self.explain("/consumer", "--client-certificate", "x", scheme="http", check=False)
        self.assertEqual(cleartext.returncode, 2)
        self.assertIn("over https:// only", cleartext.stderr)


if __name__ == "__main__":
    unittest.main()
