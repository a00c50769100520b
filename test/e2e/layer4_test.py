"""TCP, TLS and UDP through a real fleet, between programs of others: socat and openssl."""
import os
import subprocess
import tempfile
import unittest

from test.support import fleet as parts
from test.support import parties
from test.support.fleet import free_port, wait_until

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: wires}
spec:
  gatewayClassName: default
  listeners:
  - {name: tcp, protocol: TCP, port: TCP_PORT}
  - {name: udp, protocol: UDP, port: UDP_PORT}
  - {name: passed, protocol: TLS, port: TLS_PORT, hostname: passed.test, tls: {mode: Passthrough}}
  - {name: ended, protocol: TLS, port: TLS_PORT, hostname: ended.test, tls: {mode: Terminate, certificateRefs: [{name: ended}]}}
  - {name: https, protocol: HTTPS, port: TLS_PORT, hostname: web.test, tls: {certificateRefs: [{name: web}]}}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: tcp}
spec: {parentRefs: [{name: wires, sectionName: tcp}], rules: [{backendRefs: [{name: echo}]}]}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: UDPRoute
metadata: {name: udp}
spec: {parentRefs: [{name: wires, sectionName: udp}], rules: [{backendRefs: [{name: datagrams}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: passed}
spec: {parentRefs: [{name: wires, sectionName: passed}], hostnames: [passed.test], rules: [{backendRefs: [{name: tls}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: ended}
spec: {parentRefs: [{name: wires, sectionName: ended}], hostnames: [ended.test], rules: [{backendRefs: [{name: unix}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec: {parentRefs: [{name: wires, sectionName: https}], rules: [{backendRefs: [{name: web}]}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: echo}
spec: {endpoints: [{address: 127.0.0.1, port: ECHO_PORT}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: datagrams}
spec: {endpoints: [{address: 127.0.0.1, port: DATAGRAM_PORT}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: tls}
spec: {endpoints: [{address: 127.0.0.1, port: SERVER_PORT}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: unix}
spec: {endpoints: [{unix: "@penstock-SOCKET"}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: web}
spec: {endpoints: [{address: 127.0.0.1, port: WEB_PORT}]}
---
apiVersion: v1
kind: Secret
metadata: {name: ended}
type: kubernetes.io/tls
dataFromFiles: {tls.crt: FOLDER/ended.test.crt, tls.key: FOLDER/ended.test.key}
---
apiVersion: v1
kind: Secret
metadata: {name: web}
type: kubernetes.io/tls
dataFromFiles: {tls.crt: FOLDER/web.test.crt, tls.key: FOLDER/web.test.key}
"""


class Layer4(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="penstock-layer4-")
        cls.ports = {name: free_port() for name in ("TCP", "UDP", "TLS", "ECHO", "DATAGRAM", "SERVER")}
        for name in ("passed.test", "ended.test", "web.test"):
            parties.certificate(cls.folder, name)
        cls.web = parts.Upstream("web")
        socket = f"penstock-{os.getpid()}"
        stem = os.path.join(cls.folder, "passed.test")
        cls.processes = [cls.run_beside(*words) for words in (
            ("socat", f"TCP-LISTEN:{cls.ports['ECHO']},bind=127.0.0.1,fork", "PIPE"),
            ("socat", f"UDP-RECVFROM:{cls.ports['DATAGRAM']},bind=127.0.0.1,fork", "PIPE"),
            ("socat", f"ABSTRACT-LISTEN:{socket},fork", "PIPE"),
            ("openssl", "s_server", "-accept", f"127.0.0.1:{cls.ports['SERVER']}", "-cert", stem + ".crt", "-key", stem + ".key", "-rev"))]
        cls.fleet = parts.Fleet(replicas=1, workers=2)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        text = GATEWAY.replace("FOLDER", cls.folder).replace("penstock-SOCKET", socket).replace("WEB_PORT", str(cls.web.ports[0]))
        for name, port in cls.ports.items():
            text = text.replace(name + "_PORT", str(port))
        cls.fleet.apply(text)
        cls.gateway = cls.fleet.replicas[0]

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)
        for process in cls.processes:
            process.kill()
            process.wait()
        cls.web.stop()

    @staticmethod
    def run_beside(*words):
        return parts.start(list(words), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answer(self, words, text, wanted):
        """Says TEXT to a program, until it has said WANTED."""
        client = parts.start(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.wait)
        self.addCleanup(client.kill)
        client.stdin.write(text)
        client.stdin.flush()
        heard = ""
        for line in client.stdout:
            heard += line
            if wanted in line:
                client.stdin.close()
                client.kill()  # what ends a connection is what is logged
                return heard
        self.fail(f"it ended and said: {heard}")

    def tls_client(self, name):
        return ["openssl", "s_client", "-quiet", "-connect", f"{self.gateway.host}:{self.ports['TLS']}", "-servername", name, "-verify_hostname",
                name, "-verify_return_error", "-CAfile", os.path.join(self.folder, name + ".crt")]

    def line_of(self, route):
        def find():
            return [line for line in self.gateway.access_lines() if line.get("route", "").endswith("/" + route)]
        return wait_until(find, lambda: f"a line of {route}: {self.gateway.access_lines()}")[-1]

    def test_tcp(self):
        self.answer(["socat", "STDIO", f"TCP:{self.gateway.host}:{self.ports['TCP']}"], "over tcp\n", "over tcp")
        line = self.line_of("tcp")
        self.assertEqual((line["protocol"], line["bytes_in"], line["bytes_out"]), ("tcp", 9, 9))

    def test_udp(self):
        self.answer(["socat", "STDIO", f"UDP:{self.gateway.host}:{self.ports['UDP']}"], "over udp\n", "over udp")
        series = 'penstock_layer4_sessions_total{listener="default/wires/udp",route="udproute/default/udp"}'
        self.assertEqual(self.gateway.metrics()[series], 1)

    def test_tls_is_passed_through_by_its_server_name(self):
        self.answer(self.tls_client("passed.test"), "hello\n", "olleh")
        line = self.line_of("passed")
        self.assertEqual((line["protocol"], line["sni"]), ("tls", "passed.test"))

    def test_tls_is_ended_and_its_bytes_go_to_a_unix_socket(self):
        self.answer(self.tls_client("ended.test"), "inside\n", "inside")

    def test_https_shares_the_port_by_its_server_name(self):
        url = f"https://web.test:{self.ports['TLS']}/a"
        done = subprocess.run(["curl", "-sS", "--cacert", os.path.join(self.folder, "web.test.crt"), "--resolve",
                               f"web.test:{self.ports['TLS']}:{self.gateway.host}", "-w", "%{http_code}", "-o", "/dev/null", url],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual((done.stdout, done.returncode), ("200", 0), done.stderr)
        line = self.line_of("web")
        self.assertEqual((line["tls_version"], line["sni"]), ("TLSv1.3", "web.test"))

    def test_a_name_that_nothing_serves_is_told_so(self):
        words = ["openssl", "s_client", "-connect", f"{self.gateway.host}:{self.ports['TLS']}", "-servername", "other.test"]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        self.assertIn("unrecognized name", done.stdout + done.stderr)

    def test_explain_says_where_a_connection_goes(self):
        said = self.fleet.cli("explain", "request", f"tcp://gateway:{self.ports['TCP']}").stdout
        self.assertIn("tcproute/default/tcp", said)
        said = self.fleet.cli("explain", "request", f"tls://passed.test:{self.ports['TLS']}").stdout
        self.assertIn("tlsroute/default/passed", said)


if __name__ == "__main__":
    unittest.main()
