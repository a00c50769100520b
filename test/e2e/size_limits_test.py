"""How large a request may be, for one route: content with a length and without one, header fields, what a tunnel carries, gRPC."""
import socket
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, wait_until
from test.support.hpack import block
from test.support.http2_wire import END_HEADERS, Client, data, headers, window_update
from test.support.raw_upstream import RawUpstream

MOST = 10000

MANIFEST = """
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: clients}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  http2: {priorKnowledge: true}
---
apiVersion: penstock.dev/v1
kind: TrafficPolicy
metadata: {name: sockets}
spec: {targetRefs: [{kind: HTTPRoute, name: all}], upgrades: [websocket]}
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {name: small}
spec:
  targetRefs: [{kind: HTTPRoute, name: all}]
  maxRequestBodyBytes: %d
  maxHeaderBytes: 1000
  maxHeaderCount: 20
""" % MOST


def chunks(*sizes, end=True):
    return b"".join(b"%x\r\n%s\r\n" % (size, b"x" * size) for size in sizes) + (b"0\r\n\r\n" if end else b"")


class SizeLimits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = RawUpstream()
        cls.fleet = Fleet(replicas=1)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.address = (cls.fleet.replicas[0].host, cls.fleet.gateway_port)
        cls.fleet.apply(parts.gateway() + parts.backend("raw", [cls.upstream.port]) + parts.route("all", "raw") +
                        parts.route("free", "raw", prefix="/free") + MANIFEST)

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)
        cls.upstream.stop()

    def send(self, path, fields, content, method="POST"):
        connection = socket.create_connection(self.address, timeout=10)
        self.addCleanup(connection.close)
        connection.sendall(f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n".encode() + content)
        return connection

    def receive(self, connection):
        """All that comes until the connection ends or is quiet."""
        connection.settimeout(1)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except OSError:
            pass
        return received

    def status(self, path, fields, content, method="POST"):
        received = self.receive(self.send(path, "connection: close\r\n" + fields, content, method))
        return int(received[9:12]) if received else 0

    def came(self, path):
        return [request for request in self.upstream.requests if request.path == path]

    def test_takes_content_up_to_the_bound(self):
        self.assertEqual(self.status("/at", f"content-length: {MOST}\r\n", b"x" * MOST), 200)
        self.assertEqual(self.status("/at", "transfer-encoding: chunked\r\n", chunks(MOST // 2, MOST // 2)), 200)
        self.assertEqual(self.status("/free", f"content-length: {MOST + 1}\r\n", b"x" * (MOST + 1)), 200)

    def test_asks_no_backend_if_the_length_is_too_much(self):
        self.assertEqual(self.status("/known", f"content-length: {MOST + 1}\r\n", b"x" * (MOST + 1)), 413)
        self.assertEqual(self.status("/known", f"content-length: {MOST + 1}\r\nexpect: 100-continue\r\n", b""), 413)
        self.assertEqual(self.came("/known"), [])

    def test_breaks_off_what_turns_out_too_large(self):
        for sizes in ([MOST + 1], [MOST, 1], [MOST // 2] * 3):
            self.assertEqual(self.status("/streamed", "transfer-encoding: chunked\r\n", chunks(*sizes)), 413, sizes)
        wait_until(lambda: self.upstream.running == 0, "the upstream is done")
        self.assertFalse(any(request.ended for request in self.came("/streamed")), "a broken request must not look complete")
        lines = lambda: [line for line in self.fleet.replicas[0].access_lines() if line["path"] == "/streamed"]
        wait_until(lambda: len(lines()) == 3, "the lines in the log")
        for line in lines():
            self.assertEqual((line["reason"], line["detail"]), ("body_too_large", f"more than maxRequestBodyBytes, {MOST}, of default/small"))

    def event(self, path):
        """The one event of the audit log for that path."""
        events = lambda: [e for e in self.fleet.replicas[0].audit_lines() if e["path"] == path]
        wait_until(lambda: len(events()) >= 1, f"an event for {path}")
        (event,) = events()
        self.assertEqual((event["policy"], event["object"], event["outcome"]), ("size_limit", "RateLimitPolicy default/small", "denied"))
        return event

    def test_tells_the_audit_log_and_the_caller_alike_whether_the_length_was_known_or_not(self):
        answers = []
        for path, fields, content in (("/told", f"content-length: {MOST + 1}\r\n", b"x" * (MOST + 1)),
                                      ("/counted", "transfer-encoding: chunked\r\n", chunks(MOST, 1))):
            head, _, body = self.receive(self.send(path, "connection: close\r\n" + fields, content)).partition(b"\r\n\r\n")
            answers.append((head.split(b"\r\n")[0], b"application/problem+json" in head, body))
            event = self.event(path)
            self.assertEqual((event["reason"], event["status"], event["method"]), ("body_too_large", 413, "POST"))
            self.assertEqual(event["detail"], f"more than maxRequestBodyBytes, {MOST}, of default/small")
            self.assertEqual((event["route"], event["listener"]), ("default/all", "default/gw/http"))
        self.assertEqual(answers[0], answers[1])
        self.assertTrue(answers[1][1], answers)
        self.assertIn(b"urn:penstock:problem:body_too_large", answers[1][2])

    def test_breaks_off_a_response_that_has_begun(self):
        connection = self.send("/early", "transfer-encoding: chunked\r\n", chunks(10, end=False))
        wait_until(lambda: b"early" in connection.recv(4096), "the beginning of the response")
        connection.sendall(chunks(MOST))
        self.assertNotIn(b"0\r\n\r\n", self.receive(connection), "a broken response must not look complete")
        wait_until(lambda: self.upstream.running == 0, "the upstream is done")
        self.assertFalse(self.came("/early")[-1].ended)
        told = lambda: [e for e in self.fleet.replicas[0].audit_lines() if e["path"] == "/early" and "grpcStatus" not in e]
        wait_until(lambda: len(told()) == 1, "one event")
        self.assertEqual((told()[0]["reason"], told()[0]["status"]), ("body_too_large", 200), "that is what the client got")

    def http2(self, path, *pieces, more=(), end=True, until=lambda client: client.done(1)):
        client = Client(self.address)
        self.addCleanup(client.close)
        fields = [(":method", "POST"), (":scheme", "http"), (":authority", "localhost"), (":path", path), *more]
        client.send(window_update(0, 1 << 20) + headers(1, block(fields), END_HEADERS))
        for i, piece in enumerate(pieces):
            client.send(data(1, b"x" * piece, end=end and i == len(pieces) - 1))
        client.until(lambda: until(client))
        return client

    def test_holds_for_http2_too(self):
        self.assertEqual(self.http2("/h2", MOST // 2, MOST // 2).status(1), 200)
        self.assertEqual(self.http2("/h2-over", MOST // 2, MOST // 2, 1).status(1), 413)
        wait_until(lambda: self.upstream.running == 0, "the upstream is done")
        self.assertFalse(any(request.ended for request in self.came("/h2-over")))
        client = self.http2("/h2-known", 5, more=[("content-length", str(MOST + 1))], end=False)
        self.assertEqual(client.status(1), 413)

    def test_tells_callers_of_grpc_in_their_words(self):
        client = self.http2("/grpc", MOST + 1, more=[("content-type", "application/grpc"), ("te", "trailers")])
        fields = {name: value for section in client.responses[1] for name, value in section}
        self.assertEqual((client.status(1), fields[b"grpc-status"]), (200, b"8"))
        event = self.event("/grpc")
        self.assertEqual((event["reason"], event["status"], event["grpcStatus"]), ("body_too_large", 200, 8))

    def test_tells_callers_of_grpc_even_when_the_response_has_begun(self):
        client = self.http2("/early", 10, more=[("content-type", "application/grpc"), ("te", "trailers")], end=False,
                            until=lambda c: c.content.get(1))
        self.assertEqual((client.content[1], client.ended), (b"early", set()))
        client.send(data(1, b"x" * MOST, end=False))
        client.until(lambda: client.done(1))
        trailers = dict(client.responses[1][-1])
        self.assertEqual((trailers.get(b"grpc-status"), client.status(1)), (b"8", 200))
        self.assertIn(1, client.ended, "its end is no reset")
        wait_until(lambda: self.upstream.running == 0, "the upstream is done")
        self.assertFalse(self.came("/early")[-1].ended, "a broken request must not look complete")
        wait_until(lambda: any(e.get("grpcStatus") == 8 and e["path"] == "/early" for e in self.fleet.replicas[0].audit_lines()), "an event")

    def test_counts_the_header_fields_that_clients_send(self):
        few = "".join(f"x-{i}: 1\r\n" for i in range(20))
        self.assertEqual(self.status("/few", few, b"", "GET"), 200)
        self.assertEqual(self.status("/many", few + "x-one: more\r\n", b"", "GET"), 431)
        self.assertEqual(self.status("/long", f"x-long: {'x' * 990}\r\n", b"", "GET"), 200)
        self.assertEqual(self.status("/long", f"x-long: {'x' * 991}\r\n", b"", "GET"), 431)
        self.assertEqual(self.came("/many"), [])

    def test_counts_nothing_that_a_websocket_carries(self):
        upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        connection = self.send("/ws", upgrade, b"", "GET")
        self.assertIn(b"101", connection.recv(4096))
        received = b""
        for _ in range(4):
            connection.sendall(b"y" * MOST)
            while len(received) % MOST != 0 or not received:
                received += connection.recv(65536)
            self.assertEqual(len(received), MOST)
            received = b""


if __name__ == "__main__":
    unittest.main()
