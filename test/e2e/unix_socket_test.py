"""Unix sockets in front, between programs of others: curl and socat; and what becomes of a socket's file."""
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import unittest

from test.support import fleet as parts
from test.support import parties
from test.support.fleet import Fleet, wait_until
from test.support.recorder import Recorder

GATEWAYS = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: local}
spec:
  gatewayClassName: default
  addresses: [{type: penstock.dev/UnixSocket, value: FOLDER/web.sock}, {value: HOST}]
  listeners: [{name: http, protocol: HTTP, port: {port}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: secure}
spec:
  gatewayClassName: default
  addresses: [{type: penstock.dev/UnixSocket, value: FOLDER/tls.sock}]
  listeners:
  - {name: https, protocol: HTTPS, port: 443, hostname: web.test, tls: {certificateRefs: [{name: web}]}}
  - {name: bytes, protocol: TLS, port: 5671, hostname: bytes.test, tls: {certificateRefs: [{name: web}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec: {parentRefs: [{name: local}, {name: secure}], rules: [{backendRefs: [{name: recorder}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: bytes}
spec: {parentRefs: [{name: secure}], hostnames: [bytes.test], rules: [{backendRefs: [{name: echo}]}]}
---
apiVersion: v1
kind: Secret
metadata: {name: web}
type: kubernetes.io/tls
dataFromFiles: {tls.crt: FOLDER/web.test.crt, tls.key: FOLDER/web.test.key}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: echo}
spec: {endpoints: [{unix: FOLDER/echo.sock}]}
"""

BYTES = """
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: db}
spec:
  gatewayClassName: default
  addresses: [{type: penstock.dev/UnixSocket, value: FOLDER/db.sock}]
  listeners: [{name: tcp, protocol: TCP, port: 5432}]
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: db}
spec: {parentRefs: [{name: db}], rules: [{backendRefs: [{name: echo}]}]}
"""

TRUST = """
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: local}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: local}]
  trustedProxies: {unixSockets: true}
"""


class UnixSockets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="penstock-unix-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        parties.certificate(cls.folder, "web.test")
        cls.recorder = Recorder()
        cls.echo = parts.start(["socat", f"UNIX-LISTEN:{cls.path('echo')},fork", "PIPE"])
        cls.addClassCleanup(cls.echo.wait)
        cls.addClassCleanup(cls.echo.kill)
        wait_until(lambda: os.path.exists(cls.path("echo")), "socat listens")
        cls.fleet = cls.enterClassContext(Fleet(replicas=1, workers=2))
        cls.fleet.wait_connected()
        cls.gateway = cls.fleet.replicas[0]
        cls.manifests = (GATEWAYS + parts.backend("recorder", [cls.recorder.port]) + BYTES).replace("FOLDER", cls.folder).replace(
            "HOST", cls.gateway.host)

    def setUp(self):
        if self.gateway.process.poll() is not None:
            self.gateway.start().wait_ready()
        self.fleet.wait_connected()
        self.fleet.apply(self.manifests, "--prune-all")

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name + ".sock")

    def curl(self, name, url, *words):
        """The status, and the head that the upstream got."""
        mark = self.recorder.mark()
        done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", self.path(name), *words, url],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        received = b"".join(self.recorder.since(mark)).decode("latin-1").lower()
        return done.stdout, received

    def said_back(self, stream, text=b"hello"):
        stream.sendall(text)
        return stream.recv(100)

    def connect(self, name):
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(10)
        stream.connect(self.path(name))
        self.addCleanup(stream.close)
        return stream

    def last_line(self, **wanted):
        def find():
            return [line for line in self.gateway.access_lines() if all(line.get(k) == v for k, v in wanted.items())]
        return wait_until(find, lambda: f"a line with {wanted}: {self.gateway.access_lines()}")[-1]

    def test_http_comes_through_a_socket_from_a_client_without_an_address(self):
        status, head = self.curl("web", "http://any.test/plain", "-H", "X-Forwarded-For: 1.2.3.4")
        self.assertEqual(status, "200")
        self.assertNotIn("x-forwarded-for", head)
        self.assertNotIn("x-forwarded-port", head)
        self.assertIn("x-forwarded-host: any.test", head)
        line = self.last_line(path="/plain")
        self.assertEqual((line["peer"], line["client"], line["listener"]), ("unix:", "unix:", "default/local/http"))

    def test_the_ip_address_beside_it_goes_on(self):
        status, _, _ = self.fleet.get(0, "/beside")
        self.assertEqual(status, 200)

    def test_a_proxy_on_the_socket_is_believed_if_that_is_said(self):
        self.fleet.apply(self.manifests + TRUST, "--prune-all")
        status, head = self.curl("web", "http://any.test/trusted", "-H", "X-Forwarded-For: 203.0.113.9")
        self.assertEqual(status, "200")
        self.assertIn("x-forwarded-for: 203.0.113.9\r\n", head)
        line = self.last_line(path="/trusted")
        self.assertEqual((line["peer"], line["client"]), ("unix:", "203.0.113.9"))
        said = self.fleet.cli("explain", "request", f"http://any.test:{self.fleet.gateway_port}/").stdout
        self.assertIn("trusted proxies: all on Unix sockets", said)

    def test_tls_is_spoken_on_a_socket_and_its_server_name_chooses(self):
        authority = os.path.join(self.folder, "web.test.crt")
        self.assertEqual(self.curl("tls", "https://web.test/tls", "--cacert", authority)[0], "200")
        line = self.last_line(path="/tls")
        self.assertEqual((line["peer"], line["sni"], line["tls_version"]), ("unix:", "web.test", "TLSv1.3"))
        words = ["openssl", "s_client", "-quiet", "-unix", self.path("tls"), "-servername", "bytes.test", "-CAfile", authority]
        client = parts.start(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        client.stdin.write("inside\n")
        client.stdin.flush()
        self.assertEqual(client.stdout.readline(), "inside\n")
        client.kill()
        client.communicate()

    def test_bytes_are_carried_from_socket_to_socket(self):
        done = subprocess.run(["socat", "-t10", "-", f"UNIX-CONNECT:{self.path('db')}"], input=b"select 1\n", capture_output=True, timeout=30)
        self.assertEqual(done.stdout, b"select 1\n", done.stderr)
        line = self.last_line(protocol="tcp", bytes_in=9)
        self.assertEqual((line["peer"], line["endpoint"]), ("unix:", "unix:" + self.path("echo")))

    def test_its_file_is_for_owner_and_group(self):
        mode = os.stat(self.path("web")).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o660)

    def test_a_socket_that_a_killed_process_left_is_replaced(self):
        self.gateway.kill()
        self.assertTrue(os.path.exists(self.path("web")))
        self.gateway.start().wait_ready()
        self.fleet.wait_connected()
        wait_until(lambda: self.curl("web", "http://any.test/after")[0] == "200", "served again")

    def test_its_file_goes_with_the_process(self):
        self.assertEqual(self.gateway.terminate(), 0)
        for name in ("web", "tls", "db"):
            self.assertFalse(os.path.exists(self.path(name)), name)

    def test_its_file_goes_with_the_listener_and_connections_stay(self):
        stream = self.connect("db")
        self.assertEqual(self.said_back(stream), b"hello")
        self.fleet.apply(self.manifests.replace(BYTES.replace("FOLDER", self.folder), ""), "--prune-all")
        self.assertFalse(os.path.exists(self.path("db")))
        self.assertEqual(self.said_back(stream, b"still here"), b"still here")

    def test_a_path_where_somebody_listens_is_refused_by_name(self):
        taken = self.manifests.replace("/db.sock", "/echo.sock")
        done = self.fleet.apply(taken, "--prune-all", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout + done.stderr, r"echo\.sock: already in use by socat \(pid \d+\)")
        self.assertEqual(self.curl("web", "http://any.test/goes-on")[0], "200")

    def test_lint_refuses_datagrams_and_paths_that_no_socket_can_have(self):
        for old, new, why in [("protocol: TCP", "protocol: UDP", "takes datagrams, which do not come to a Unix socket"),
                              (self.path("db"), "relative.sock", "is no path of a socket"),
                              (self.path("db"), self.path("web"), "another listener speaks another protocol")]:
            done = self.fleet.cli("lint", "-f", "-", check=False, stdin=self.manifests.replace("{port}", "80").replace(old, new))
            self.assertIn(why, done.stdout + done.stderr)
            self.assertNotEqual(done.returncode, 0)

    def test_explain_and_status_show_the_socket(self):
        said = self.fleet.cli("explain", "request", "tcp://any:5432").stdout
        self.assertIn(f"default/db/tcp at unix:{self.path('db')}", said)
        self.assertIn(self.path("db"), self.fleet.cli("get", "gateway", "db", "-o", "yaml").stdout)


if __name__ == "__main__":
    unittest.main()
