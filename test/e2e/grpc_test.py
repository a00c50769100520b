"""gRPC through a real fleet, between programs of others: npm @grpc/grpc-js on both sides, and npm grpc-web as browsers use it."""
import json
import os
import subprocess
import tempfile
import unittest

from test.support import fleet as parts
from test.support import parties

# One port in the clear, one with TLS; one backend in the clear, one with TLS.
MANIFESTS = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: rpc}
spec:
  gatewayClassName: default
  listeners:
  - {name: clear, protocol: HTTP, port: CLEAR_PORT, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}
  - {name: secure, protocol: HTTPS, port: SECURE_PORT, hostname: rpc.test, tls: {certificateRefs: [{name: rpc}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: clear}
spec:
  parentRefs: [{name: rpc, sectionName: clear}]
  rules:
  - matches: [{method: {service: penstock.parties.Echo}}, {method: {service: grpc.health.v1.Health}}]
    backendRefs: [{name: clear}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: secure}
spec:
  parentRefs: [{name: rpc, sectionName: secure}]
  rules:
  - matches: [{method: {service: penstock.parties.Echo}}, {method: {service: grpc.health.v1.Health}}]
    backendRefs: [{name: secure}]
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: clear}
spec: {endpoints: [{address: 127.0.0.1, port: CLEAR_SERVER}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: secure}
spec: {endpoints: [{address: 127.0.0.1, port: SECURE_SERVER}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: secure}
spec:
  targetRefs: [{group: penstock.dev, kind: Backend, name: secure}]
  validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: backend-ca}], hostname: backend.test}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: backend-ca}
dataFromFiles: {ca.crt: FOLDER/backend.test.crt}
---
apiVersion: v1
kind: Secret
metadata: {name: rpc}
type: kubernetes.io/tls
dataFromFiles: {tls.crt: FOLDER/rpc.test.crt, tls.key: FOLDER/rpc.test.key}
"""


class Grpc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="penstock-grpc-")
        for name in ("rpc.test", "backend.test"):
            parties.certificate(cls.folder, name)
        stem = os.path.join(cls.folder, "backend.test")
        cls.servers = [parties.start_node("grpc_server.js", *words, stdout=subprocess.PIPE, text=True)
                       for words in ((), (stem + ".crt", stem + ".key"))]
        clear, secure = (int(server.stdout.readline()) for server in cls.servers)
        cls.clear, cls.secure = parts.free_port(), parts.free_port()
        cls.fleet = parts.Fleet(replicas=1, workers=2)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        text = MANIFESTS.replace("FOLDER", cls.folder)
        for name, port in (("CLEAR_PORT", cls.clear), ("SECURE_PORT", cls.secure), ("CLEAR_SERVER", clear), ("SECURE_SERVER", secure)):
            text = text.replace(name, str(port))
        cls.fleet.apply(text)
        cls.host = cls.fleet.replicas[0].host

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)
        for server in cls.servers:
            server.kill()
            server.wait()
            server.stdout.close()

    def run_node(self, script, *words):
        client = parties.start_node(script, *words, stdout=subprocess.PIPE, text=True)
        output, _ = client.communicate(timeout=60)
        return json.loads(output)

    def on_both_ports(self, scene):
        """What the client saw: in the clear on both sides, then in TLS on both."""
        ca = os.path.join(self.folder, "rpc.test.crt")
        yield self.run_node("grpc_client.js", scene, f"{self.host}:{self.clear}")
        yield self.run_node("grpc_client.js", scene, f"{self.host}:{self.secure}", ca, "rpc.test")

    def web(self, scene, form):
        return self.run_node("grpc_web_client.js", scene, f"http://{self.host}:{self.clear}", form)

    GOOD = {"head": "a value", "tail": "00ff0a0d", "code": 0, "details": "OK"}

    def test_a_call_has_its_answer_and_metadata(self):
        for seen in self.on_both_ports("unary"):
            self.assertEqual(seen, {**self.GOOD, "answer": "hello"})

    def test_streams_pass_in_either_direction_and_in_both(self):
        for seen in self.on_both_ports("server_stream"):
            self.assertEqual(seen, {**self.GOOD, "messages": ["a", "b", "c"]})
        for seen in self.on_both_ports("client_stream"):
            self.assertEqual(seen, {**self.GOOD, "answer": "abc"})
        for seen in self.on_both_ports("bidi"):
            self.assertEqual(seen, {**self.GOOD, "messages": ["one", "two", "three"]})

    def test_messages_of_4_mib_pass_both_ways(self):
        for seen in self.on_both_ports("large"):
            self.assertEqual(seen, {**self.GOOD, "equal": True})

    def test_the_status_of_the_service_comes_through(self):
        for seen in self.on_both_ports("fail"):
            self.assertEqual((seen["code"], seen["details"]), (9, "as asked, \u00fc"))

    def test_a_call_whose_time_is_up_ends_and_the_service_is_told(self):
        for server, seen in zip(self.servers, self.on_both_ports("deadline")):
            self.assertEqual(seen, {"code": 4})
            self.assertEqual(server.stdout.readline(), "cancelled\n")

    def test_a_call_that_is_cancelled_is_cancelled_at_the_service(self):
        for server, seen in zip(self.servers, self.on_both_ports("cancel")):
            self.assertEqual(seen, {"code": 1})
            self.assertEqual(server.stdout.readline(), "cancelled\n")

    def lines_with(self, status):
        return [line for line in self.fleet.replicas[0].access_lines() if line.get("grpc_status") == status]

    def test_the_log_and_the_metrics_say_how_calls_ended_whoever_gave_the_status(self):
        for status, play in ((9, lambda: self.run_node("grpc_client.js", "fail", f"{self.host}:{self.clear}")),
                             (9, lambda: self.web("fail", "text")),
                             (0, lambda: self.web("unary", "binary")),
                             (12, lambda: self.web("unknown", "binary"))):
            before, lines = self.fleet.replicas[0].metrics(), len(self.lines_with(status))
            play()
            parts.wait_until(lambda: len(self.lines_with(status)) > lines, f"a line with grpc_status {status}")
            line = self.lines_with(status)[-1]
            self.assertEqual(line["status"], 200)
            labels = f'listener="{line["listener"]}",route="{line.get("route", "")}",grpc_status="{status}"'
            name = f"penstock_grpc_calls_total{{{labels}}}"
            self.assertEqual(self.fleet.replicas[0].metrics()[name], before.get(name, 0) + 1)

    def test_the_health_of_a_service_is_asked_and_watched_through_the_gateway(self):
        for seen in self.on_both_ports("health"):
            self.assertEqual(seen, {"whole": "SERVING", "echo": "SERVING", "unknown": 5, "watched": ["SERVING", "NOT_SERVING", "SERVING"]})

    def test_the_control_plane_says_that_it_serves(self):
        stem = os.path.join(self.fleet.pki, "operator-tester")
        services = ["", "penstock.management.v1.Management", "envoy.service.discovery.v3.AggregatedDiscoveryService", "other"]
        seen = self.run_node("grpc_health_client.js", f"127.0.0.1:{self.fleet.port}", self.fleet.pki + "/ca.crt", stem + ".crt", stem + ".key",
                             *services)
        self.assertEqual(seen, ["SERVING", "SERVING", "SERVING", 5])

    def test_grpc_web_passes_in_both_formats(self):
        for form in ("binary", "text"):
            seen = self.web("unary", form)
            self.assertEqual((seen["answer"], seen["code"], seen["head"]), ("hello", 0, "a value"), form)
            self.assertEqual(self.web("fail", form)["code"], 9, form)
        self.assertEqual(self.web("unknown", "binary")["code"], 12)
        self.assertEqual(self.web("server_stream", "text"), {"messages": ["a", "b", "c"], "code": 0})


if __name__ == "__main__":
    unittest.main()
