"""What manifests say beyond HTTP, live: HTTPS with a certificate of a Secret, TLS, TCP and UDP routes, listeners of others; and that
the values of Secrets are shown nowhere."""
import os
import re
import socket
import socketserver
import ssl
import tempfile
import threading
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream

EXAMPLES = os.path.join(parts.ROOT, "api/manifests/v1/examples")


def example(name):
    with open(os.path.join(EXAMPLES, name)) as file:
        return file.read()


def pem(text, label):
    """The blocks of PEM in a manifest, without its indentation."""
    found = re.findall(rf"-----BEGIN {label}-----.*?-----END {label}-----", text, re.S)
    return [re.sub(r"^ +", "", block, flags=re.M) + "\n" for block in found]


CERTIFICATE = pem(example("secret.yaml"), "CERTIFICATE")[0]
KEY = pem(example("secret.yaml"), "PRIVATE KEY")[0]
# configmap.yaml: of clients, then of the servers' certificates.
AUTHORITY = pem(example("configmap.yaml"), "CERTIFICATE")[1]


class Echo:
    """Sends back what comes, behind its name; with TLS if it has a certificate."""

    def __init__(self, name, datagrams=False, context=None):
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                if datagrams:
                    self.request[1].sendto(name + self.request[0], self.client_address)
                    return
                stream = context.wrap_socket(self.request, server_side=True) if context else self.request
                while received := stream.recv(65536):
                    stream.sendall(name + received)

        kind = socketserver.ThreadingUDPServer if datagrams else socketserver.ThreadingTCPServer
        kind.daemon_threads = True
        self.server = kind(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def manifests(ports, backends):
    text = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge}}
spec:
  gatewayClassName: default
  allowedListeners: {{namespaces: {{from: All}}}}
  listeners:
  - {{name: http, protocol: HTTP, port: {ports['http']}, hostname: edge.example}}
  - {{name: https, protocol: HTTPS, port: {ports['tls']}, hostname: www.shop.example, tls: {{certificateRefs: [{{name: shop-cert}}]}}}}
  - {{name: ends, protocol: TLS, port: {ports['tls']}, hostname: queue.shop.example, tls: {{certificateRefs: [{{name: shop-cert}}]}}}}
  - {{name: passes, protocol: TLS, port: {ports['tls']}, hostname: db.shop.example, tls: {{mode: Passthrough}}}}
  - {{name: tcp, protocol: TCP, port: {ports['tcp']}}}
  - {{name: udp, protocol: UDP, port: {ports['udp']}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: team, namespace: team}}
spec:
  parentRef: {{name: edge, namespace: default}}
  listeners: [{{name: http, protocol: HTTP, port: {ports['http']}, hostname: team.example}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: web}}
spec:
  parentRefs: [{{name: edge, sectionName: https}}]
  rules: [{{backendRefs: [{{name: web}}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: team, namespace: team}}
spec:
  parentRefs: [{{kind: ListenerSet, name: team}}]
  rules: [{{backendRefs: [{{name: web}}]}}]
"""
    for kind, version, name, listener in [("TLSRoute", "v1", "queue", "ends"), ("TLSRoute", "v1", "db", "passes"),
                                          ("TCPRoute", "v1alpha2", "tcp", "tcp"), ("UDPRoute", "v1alpha2", "udp", "udp")]:
        hosts = f"\n  hostnames: [{name}.shop.example]" if kind == "TLSRoute" else ""
        text += f"""
---
apiVersion: gateway.networking.k8s.io/{version}
kind: {kind}
metadata: {{name: {name}}}
spec:
  parentRefs: [{{name: edge, sectionName: {listener}}}]{hosts}
  rules: [{{backendRefs: [{{name: {name}}}]}}]
"""
    text += "".join(parts.backend(name, [port]) for name, port in backends.items())
    text += parts.backend("web", [backends["web"]]).replace("name: web", "name: web, namespace: team")
    return text


class Protocols(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(CERTIFICATE + KEY)
            file.flush()
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(file.name)
        cls.upstream = Upstream("web")
        cls.addClassCleanup(cls.upstream.stop)
        cls.echoes = {"queue": Echo(b"queue:"), "db": Echo(b"db:", context=server), "tcp": Echo(b"tcp:"),
                      "udp": Echo(b"udp:", datagrams=True)}
        for echo in cls.echoes.values():
            cls.addClassCleanup(echo.stop)
        cls.ports = {name: parts.free_port() for name in ("http", "tls", "tcp", "udp")}
        cls.fleet = cls.enterClassContext(Fleet(replicas=1))
        cls.fleet.wait_connected()
        backends = {name: echo.port for name, echo in cls.echoes.items()} | {"web": cls.upstream.ports[0]}
        cls.manifests = manifests(cls.ports, backends) + "---\n" + example("secret.yaml")
        cls.fleet.apply(cls.manifests)

    def connect(self, name, server_name=None):
        stream = socket.create_connection((self.fleet.replicas[0].host, self.ports[name]), timeout=10)
        if server_name is None:
            return stream
        context = ssl.create_default_context(cadata=AUTHORITY)
        return context.wrap_socket(stream, server_hostname=server_name)

    def echoed(self, stream):
        with stream:
            stream.sendall(b"hello")
            return stream.recv(100)

    def test_an_https_listener_shows_the_certificate_of_its_secret(self):
        with self.connect("tls", "www.shop.example") as stream:
            stream.sendall(b"GET /a HTTP/1.1\r\nHost: www.shop.example\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: stream.recv(65536), b""))
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)

    def test_a_tls_route_carries_what_is_inside_or_passes_it_through(self):
        self.assertEqual(self.echoed(self.connect("tls", "queue.shop.example")), b"queue:hello")
        self.assertEqual(self.echoed(self.connect("tls", "db.shop.example")), b"db:hello")
        with self.assertRaises(ssl.SSLError):
            self.connect("tls", "nobody.shop.example")

    def test_a_tcp_route_carries_connections(self):
        self.assertEqual(self.echoed(self.connect("tcp")), b"tcp:hello")

    def test_a_udp_route_carries_datagrams(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.sendto(b"hello", (self.fleet.replicas[0].host, self.ports["udp"]))
            self.assertEqual(client.recv(100), b"udp:hello")

    def test_a_listener_set_adds_a_host_for_routes_that_name_it(self):
        host, port = self.fleet.replicas[0].host, self.ports["http"]
        self.assertEqual(parts.http_get(host, port, headers={"Host": "team.example"})[0], 200)
        self.assertEqual(parts.http_get(host, port, headers={"Host": "edge.example"})[0], 404)

    def test_explain_says_where_connections_go(self):
        for url, route in [(f"tcp://any:{self.ports['tcp']}", "tcproute/default/tcp"),
                           (f"udp://any:{self.ports['udp']}", "udproute/default/udp"),
                           (f"tls://db.shop.example:{self.ports['tls']}", "tlsroute/default/db"),
                           (f"https://www.shop.example:{self.ports['tls']}/", "default/web")]:
            self.assertRegex(self.fleet.cli("explain", "request", url).stdout, rf"(?m)^route +{route} ")

    def test_status_says_that_listeners_and_routes_are_served(self):
        for kind, name in [("gateway", "edge"), ("tcproute", "tcp"), ("udproute", "udp"), ("tlsroute", "db")]:
            self.assertIn("Served", self.fleet.cli("get", kind, name, "-o", "yaml").stdout)

    def test_status_says_what_listeners_speak_and_until_when_their_certificates_count(self):
        status = self.fleet.cli("status").stdout
        self.assertRegex(status, rf"(?m)^default/edge/\S+ +\S*:{self.ports['tls']} +HTTPS +\S+ +TLS 1\.2\+, h2, http/1\.1 +default/shop-cert +in \d+ d$")
        self.assertRegex(status, rf"(?m)^default/edge/\S+ +\S*:{self.ports['tcp']} +TCP +- +- +- +-$")

    def test_the_values_of_secrets_are_shown_nowhere(self):
        self.fleet.apply(self.manifests.replace("not-a-real-token", "another-token"))
        said = []
        for words in [("get", "secrets"), ("get", "secret", "shop-cert", "-o", "yaml"), ("get", "secret", "shop-cert", "-o", "json"),
                      ("describe", "secret", "shop-cert"), ("export",), ("history",), ("history", "secret", "shop-cert"),
                      ("diff", "--gen", "1..2"), ("status",)]:
            done = self.fleet.cli(*words, check=False)
            said.append(done.stdout + done.stderr)
        # A broken pair is refused without a word of it.
        swapped = "".join(f"  {line}\n" for line in pem(example("configmap.yaml"), "CERTIFICATE")[0].splitlines())
        broken = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: shop-cert}}\nstringData:\n  tls.crt: |\n  {swapped}  tls.key: \"{KEY}\"\n"
        for words in [("apply", "-f", "-"), ("lint", "-f", "-"), ("diff", "-f", "-")]:
            done = self.fleet.cli(*words, check=False, stdin=broken)
            said.append(done.stdout + done.stderr)
        said += [self.fleet.control_plane_log(), self.fleet.replicas[0].log()]
        with open(os.path.join(self.fleet.dir, "store/audit.jsonl")) as audit:
            said.append(audit.read())
        self.assertIn("REDACTED", said[1])
        secrets = [line for line in KEY.splitlines() if "-----" not in line] + ["not-a-real-token", "another-token"]
        for text in said:
            for secret in secrets:
                self.assertNotIn(secret, text)


if __name__ == "__main__":
    unittest.main()
