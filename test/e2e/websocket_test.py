"""WebSockets and server-sent events through a real fleet, with the npm package ws on both sides, over HTTP/1.1 and over HTTP/2."""
import json
import subprocess
import unittest

from test.support import fleet as parts
from test.support import parties

ROUTES = """
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: chat}
spec:
  parentRefs: [{name: gw}]
  rules:
  - name: sockets
    matches: [{path: {type: PathPrefix, value: /ws}}]
    backendRefs: [{name: chat}]
  - name: rest
    backendRefs: [{name: chat}]
---
apiVersion: penstock.dev/v1
kind: TrafficPolicy
metadata: {name: chat}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: chat, sectionName: sockets}]
  upgrades: [websocket]
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: http2}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  http2: {priorKnowledge: true}
"""


class WebSocket(unittest.TestCase):
    def setUp(self):
        port = parts.free_port()
        self.server = self.start("ws_server.js", port)
        self.assertEqual(self.server.stdout.readline().strip(), "ready")
        self.fleet = parts.Fleet(replicas=1, workers=2, drain_grace="100ms", dataplane_flags=["--drain-timeout=2s"])
        self.fleet.__enter__()
        self.addCleanup(self.fleet.__exit__, None, None, None)
        self.fleet.wait_connected()
        self.manifests = parts.gateway() + parts.backend("chat", [port]) + ROUTES
        self.fleet.apply(self.manifests)
        self.gateway = self.fleet.replicas[0]

    def start(self, script, *words):
        process = parties.start_node(script, *map(str, words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop, process)
        return process

    @staticmethod
    def stop(process):
        process.kill()
        process.communicate()

    def start_client(self, scene, path="/ws", version="http1"):
        return self.start("ws_client.js", scene, f"ws://{self.gateway.host}:{self.fleet.gateway_port}{path}", version)

    def play(self, scene, path="/ws", version="http1"):
        client = self.start_client(scene, path, version)
        output, _ = client.communicate(timeout=120)
        self.assertEqual(client.returncode, 0)
        return json.loads(output)

    def server_says(self):
        return json.loads(self.server.stdout.readline())

    def lines(self, count):
        """The COUNT lines that the access log has by now, or soon."""
        parts.wait_until(lambda: len(self.gateway.access_lines()) >= count, f"{count} lines in the access log")
        return self.gateway.access_lines()

    def test_text_binary_fragments_pings_and_extensions_pass(self):
        seen = self.play("talk")
        headers = seen.pop("headers")
        self.assertEqual(seen, {
            "protocol": "chat", "extensions": "permessage-deflate", "text": "h\u00e9llo", "binary": [0, 255, 1], "isBinary": True,
            "whole": "abc", "ponged": "are you there", "pinged": "pong me", "end": {"code": 1000, "reason": "done"}})
        self.assertEqual((headers["connection"], headers["upgrade"]), ("upgrade", "websocket"))
        self.assertEqual(headers["x-forwarded-proto"], "http")
        self.assertEqual(self.server_says(), {"close": 1000, "reason": "done"})
        (line,) = self.lines(1)
        self.assertEqual((line["status"], line["upgrade"], line["route"], line["rule"]), (101, "websocket", "default/chat", 0))
        self.assertGreater(line["bytes_in"], 60)
        self.assertGreater(line["bytes_out"], 60)
        self.assertNotIn("reason", line)
        metrics = self.gateway.metrics()
        self.assertEqual(metrics['penstock_upgrades_total{listener="default/gw/http",protocol="websocket"}'], 1)
        self.assertEqual(metrics['penstock_tunnels_active{listener="default/gw/http"}'], 0)

    def test_over_http2_the_same_passes_and_the_server_sees_a_handshake_of_http1(self):
        seen = self.play("talk", version="http2")
        headers = seen.pop("headers")
        self.assertEqual(seen, {
            "protocol": "chat", "extensions": "", "text": "h\u00e9llo", "binary": [0, 255, 1], "isBinary": True,
            "whole": "abc", "ponged": "are you there", "pinged": "pong me", "end": {"code": 1000, "reason": "done"}})
        self.assertEqual((headers["connection"], headers["upgrade"]), ("upgrade", "websocket"))
        self.assertEqual(len(headers["sec-websocket-key"]), 24)
        (line,) = self.lines(1)
        self.assertEqual((line["protocol"], line["status"], line["upgrade"]), ("HTTP/2", 200, "websocket"))
        self.assertNotIn("reason", line)
        metrics = self.gateway.metrics()
        self.assertEqual(metrics['penstock_upgrades_total{listener="default/gw/http",protocol="websocket"}'], 1)
        self.assertEqual(metrics['penstock_tunnels_active{listener="default/gw/http"}'], 0)

    def test_a_message_of_16_mib_comes_back_as_it_was(self):
        for count, version in enumerate(("http1", "http2"), 1):
            self.assertEqual(self.play("large", version=version), {"same": True, "size": 16 << 20})
            line = self.lines(count)[-1]
            self.assertGreater(line["bytes_in"], 16 << 20)
            self.assertGreater(line["bytes_out"], 16 << 20)

    def test_many_small_messages_come_in_order(self):
        self.assertEqual(self.play("many"), {"inOrder": True})
        self.assertEqual(self.play("many", version="http2"), {"inOrder": True})

    def test_close_codes_and_breaks_pass_both_ways(self):
        for version in ("http1", "http2"):
            self.check_closes(version)

    def check_closes(self, version):
        ends = self.play("closes", version=version)
        self.assertEqual(ends, [
            {"code": 1000, "reason": "bye"}, {"code": 1013, "reason": "later"}, {"code": 4001, "reason": "own"},
            {"code": 1006, "reason": ""}, {"code": 1000, "reason": "from client"}, {"code": 1001, "reason": "from client"},
            {"code": 4999, "reason": "from client"}])
        said = [self.server_says() for _ in range(7)]
        self.assertEqual([end["close"] for end in said], [1000, 1013, 4001, 1006, 1000, 1001, 4999])

    def test_a_rule_that_does_not_allow_it_forwards_an_ordinary_request(self):
        self.assertEqual(self.play("refused", "/plain"), {"status": 426, "body": "upgrade: none"})

    def test_over_http2_a_rule_that_does_not_allow_it_is_501(self):
        self.assertEqual(self.play("refused", "/plain", "http2"), {"status": 501, "body": ""})

    def test_explain_says_what_a_request_may_switch_to(self):
        address = f"http://localhost:{self.fleet.gateway_port}"
        self.assertIn("may switch to websocket", self.fleet.cli("explain", "request", "GET", address + "/ws").stdout)
        self.assertNotIn("switch", self.fleet.cli("explain", "request", "GET", address + "/plain").stdout)

    def test_sockets_and_events_live_through_every_change(self):
        client = self.start_client("live")
        self.assertEqual(json.loads(client.stdout.readline()), {"open": 50})
        for i in range(40):
            another = f"\n  - matches: [{{path: {{value: /another/{i}}}}}]\n    backendRefs: [{{name: chat}}]"
            self.fleet.apply(self.manifests + parts.route("another", "chat", f"/{i}", another))
            client.stdin.write(f"change-{i}\n")
            client.stdin.flush()
            self.assertEqual(json.loads(client.stdout.readline()), {"said": f"change-{i}", "same": True})
        self.assertEqual(self.gateway.metric("penstock_tunnels_active"), 40)
        self.assertEqual(self.gateway.access_lines(), [], "none has ended")
        # Not even without the listener, the route and the backend that they came by.
        self.fleet.apply(parts.gateway("other").replace("{port}", str(parts.free_port())), "--prune-all")
        output, _ = client.communicate("the-end\n", timeout=60)
        said, codes = map(json.loads, output.splitlines())
        self.assertEqual((said, codes), ({"said": "the-end", "same": True}, {"codes": [1000]}))
        lines = self.lines(50)
        self.assertEqual([line["route"] for line in lines], ["default/chat"] * 50)
        self.assertEqual(sorted(line["status"] for line in lines), [101] * 40 + [200] * 10)

    def test_a_drain_lets_it_live_to_the_deadline_and_then_closes_it_with_1001(self):
        self.check_drain("http1", 101)

    def test_over_http2_a_drain_does_the_same(self):
        self.check_drain("http2", 200)

    def check_drain(self, version, status):
        client = self.start_client("wait", version=version)
        self.assertEqual(json.loads(client.stdout.readline()), {"open": "hello"})
        self.gateway.process.terminate()
        self.assertEqual(json.loads(client.stdout.readline()), {"code": 1001, "reason": ""})
        self.assertEqual(self.server_says(), {"close": 1001, "reason": ""})
        self.assertEqual(self.gateway.process.wait(30), 1, "something had to be broken off")
        (line,) = self.lines(1)
        self.assertEqual((line["status"], line["reason"]), (status, "shutting_down"))
        self.assertGreater(line["duration_ms"], 2000, "it lived to the drain's deadline")


if __name__ == "__main__":
    unittest.main()
