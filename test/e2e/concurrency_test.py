"""How many at a time, on a live data plane: over HTTP/1.1 and HTTP/2, with clients that leave, and over changes of the configuration."""
import contextlib
import json
import random
import socket
import struct
import threading
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, wait_until
from test.support.hpack import block
from test.support.http2_wire import Client, headers, rst_stream
from test.support.raw_upstream import RawUpstream

MOST = 3

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
"""

POLICY = """
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {name: few}
spec:
  targetRefs: [{kind: HTTPRoute, name: all}]
  key: {header: x-key}
  rules: [{name: few, concurrency: %d}]
"""


def break_off(connection):
    """Ends it with a reset: one that only ends its own side may still wait for its answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Concurrency(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(replicas=1, workers=2)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.address = (cls.fleet.replicas[0].host, cls.fleet.gateway_port)

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)

    def setUp(self):
        self.upstream = RawUpstream()
        self.addCleanup(self.upstream.stop)
        self.fleet.apply(parts.gateway() + parts.backend("raw", [self.upstream.port]) + parts.route("all", "raw") + MANIFEST +
                         "---" + POLICY % MOST)

    def get(self, path="/", key="a"):
        return self.fleet.get(0, path, headers={"x-key": key})

    def open(self, path, key="a", extra=b""):
        """A request on its way, over HTTP/1.1."""
        connection = socket.create_connection(self.address, timeout=10)
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nx-key: {key}\r\n".encode() + extra + b"\r\n")
        return connection

    def ask_http2(self, client, stream, path, key="a"):
        client.send(headers(stream, block([(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", path),
                                           ("x-key", key)])))

    def hold(self, count, key="a"):
        """So many requests that the upstream has, until it is told."""
        running = self.upstream.running
        held = [self.open("/hold", key) for _ in range(count)]
        self.addCleanup(lambda: [connection.close() for connection in held])
        wait_until(lambda: self.upstream.running == running + count, "the requests at the upstream")
        return held

    def assert_all_places_are_free(self):
        """MOST come in at a time, and not one more; soon after the last one has left."""
        def whole():
            self.upstream.release.clear()
            clients = [Client(self.address) for _ in range(MOST)]
            for client in clients:
                self.ask_http2(client, 1, "/hold")
            refused = [client.until(lambda c=client: c.done(1), 0.5) for client in clients]
            full = not any(refused) and self.get()[0] == 429
            self.upstream.release.set()
            for client in clients:
                client.until(lambda c=client: c.done(1))
                client.close()
            return full
        wait_until(whole, "all places are free again", every=0.2)

    def test_lets_in_the_next_one_when_one_has_ended(self):
        held = self.hold(MOST)
        status, fields, body = self.get()
        self.assertEqual((status, fields["retry-after"]), (429, "1"))
        self.assertEqual(json.loads(body)["type"], "urn:penstock:problem:rate_limited")
        self.assertEqual(fields["ratelimit-policy"], f'"few";q={MOST};qu="concurrent-requests"')
        self.assertEqual(fields["ratelimit"], '"few";r=0')
        self.assertEqual(self.get(key="another")[0], 200)
        self.upstream.release.set()
        for connection in held:
            self.assertIn(b"200 OK", connection.recv(4096))
        wait_until(lambda: self.get()[0] == 200, "a place")

    def test_gives_back_the_place_of_a_client_that_left(self):
        held = self.hold(MOST)
        self.assertEqual(self.get()[0], 429)
        break_off(held[0])
        wait_until(lambda: self.get()[0] == 200, "the place of a client that is gone", seconds=5)
        self.hold(1)
        self.assertEqual(self.get()[0], 429)

    def test_gives_back_the_place_of_a_request_that_was_taken_back(self):
        client = Client(self.address)
        self.addCleanup(client.close)
        for i in range(MOST):
            self.ask_http2(client, 2 * i + 1, "/hold")
        wait_until(lambda: self.upstream.running == MOST, "the requests at the upstream")
        self.ask_http2(client, 101, "/")
        client.until(lambda: client.done(101))
        self.assertEqual(client.status(101), 429)
        client.send(rst_stream(1))
        wait_until(lambda: self.get()[0] == 200, "the place of a stream that was reset", seconds=5)

    def test_counts_a_websocket_as_long_as_it_is_open(self):
        upgrade = b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        sockets = [self.open("/ws", extra=upgrade) for _ in range(MOST)]
        for one in sockets:
            self.assertIn(b"101", one.recv(4096))
        self.assertEqual(self.get()[0], 429)
        sockets[0].close()
        wait_until(lambda: self.get()[0] == 200, "the place of a tunnel that ended")
        for one in sockets[1:]:
            one.close()

    def test_counts_on_over_changes_of_the_configuration(self):
        self.hold(MOST - 1)
        self.fleet.apply(parts.route("unrelated", "raw", prefix="/unrelated") + "---" + POLICY % MOST + "  headers: false\n")
        old = self.hold(1)
        self.assertEqual(self.get()[0], 429, "those of the old generation are still in progress")
        self.fleet.apply(POLICY % (MOST + 1))
        self.assertEqual(self.get()[0], 200)
        self.hold(1)
        self.assertEqual(self.get()[0], 429)
        break_off(old[0])
        wait_until(lambda: self.get()[0] == 200, "who came in before the change leaves after it", seconds=5)

    def test_is_never_above_the_bound_whatever_comes(self):
        seen, lock = [], threading.Lock()

        def http1():
            for _ in range(40):
                status = self.get("/ms/4")[0]
                with lock:
                    seen.append(status)

        def http2():
            client = Client(self.address)
            for stream in range(1, 80, 2):
                self.ask_http2(client, stream, "/ms/4")
                if stream % 3 == 0:
                    continue  # beside the next one
                client.until(lambda: client.done(stream))
            client.until(lambda: all(client.done(stream) for stream in range(1, 80, 2)))
            with lock:
                seen.extend(client.status(stream) for stream in range(1, 80, 2))
            client.close()

        workers = [threading.Thread(target=work) for work in [http1] * 6 + [http2] * 6]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(set(seen), {200, 429})
        self.assertLessEqual(self.upstream.most, MOST)
        self.assert_all_places_are_free()

    def test_loses_no_place_to_clients_that_leave_at_any_moment(self):
        def leave(seed):
            chance = random.Random(seed)
            for _ in range(25):
                path = chance.choice(["/", "/ms/1", "/ms/5", "/ms/30"])
                if chance.random() < 0.5:
                    connection = self.open(path)
                    connection.settimeout(chance.choice([0.0005, 0.002, 0.01, 1]))
                    with contextlib.suppress(OSError):
                        connection.recv(4096)
                    break_off(connection) if chance.random() < 0.5 else connection.close()
                    continue
                client = Client(self.address)
                self.ask_http2(client, 1, path)
                client.until(lambda: client.done(1), chance.choice([0.0005, 0.002, 0.01, 1]))
                if not client.done(1) and chance.random() < 0.5:
                    client.send(rst_stream(1))
                client.close()

        workers = [threading.Thread(target=leave, args=(seed,)) for seed in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assert_all_places_are_free()

    def test_tells_the_log_which_limit_it_was(self):
        self.hold(MOST, key="logged")
        self.assertEqual(self.get("/logged", key="logged")[0], 429)
        replica = self.fleet.replicas[0]
        lines = wait_until(lambda: [line for line in replica.access_lines() if line["path"] == "/logged"], "the line in the log")
        self.assertEqual(lines[0]["detail"], 'limit "few" of default/few: too many at a time')

    def test_explains_how_many_at_a_time(self):
        text = self.fleet.cli("explain", "request", "GET", f"http://localhost:{self.fleet.gateway_port}/").stdout
        self.assertIn(f'limit "few": {MOST} requests at a time for each header x-key', text)


if __name__ == "__main__":
    unittest.main()
