"""A service that says who may: what it gets, what its answers mean, and what happens while it is slow, wrong or away."""
import http.server
import json
import socket
import threading
import time
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream, free_port

WITHIN_TIMEOUT = 0.05
BEYOND_TIMEOUT = 3


class Judge(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answer = (200, {}, b"")
    delay = 0
    stall = False
    asked = []

    def do_GET(self):
        Judge.asked.append((self.path, dict(self.headers.items())))
        if Judge.stall:
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")
            time.sleep(BEYOND_TIMEOUT)
            self.close_connection = True
            return
        time.sleep(Judge.delay)
        status, headers, body = Judge.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address):
        super().__init__(address, Judge)
        self.open = []

    def process_request(self, request, client_address):
        self.open.append(request)
        super().process_request(request, client_address)

    def end(self):
        self.shutdown()
        self.server_close()
        for connection in self.open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # ended before

    def handle_error(self, request, client_address):
        pass  # a gateway that no longer waits


def manifest(upstream, port):
    return parts.gateway() + parts.backend("users", upstream.ports) + parts.backend("judge", [port]) + parts.named_rules("users", "users", all="/users", open="/open", kept="/kept") + """
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: judge}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  external: {backendRef: {kind: Backend, group: penstock.dev, name: judge}, path: /check, timeout: 1s, headersToBackend: [x-user-id]}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: lenient}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: open}]
  external: {backendRef: {kind: Backend, group: penstock.dev, name: judge}, path: /check, timeout: 1s, onFailure: Open}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: kept}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: kept}]
  external:
    backendRef: {kind: Backend, group: penstock.dev, name: judge}
    timeout: 1s
    headersToService: [cookie]
    headersToBackend: [x-user-id]
    cacheDuration: 1m
"""


class ExternalAuth(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("users")
        cls.port = free_port()
        cls.start_judge()
        cls.fleet = Fleet(replicas=1)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.fleet.apply(manifest(cls.upstream, cls.port))

    @classmethod
    def tearDownClass(cls):
        cls.stop_judge()
        cls.fleet.__exit__(None, None, None)
        cls.upstream.stop()

    @classmethod
    def start_judge(cls):
        cls.judge = Server(("127.0.0.1", cls.port))
        threading.Thread(target=cls.judge.serve_forever, daemon=True).start()

    @classmethod
    def stop_judge(cls):
        cls.judge.end()

    def setUp(self):
        Judge.answer, Judge.delay, Judge.stall, Judge.asked = (200, {}, b""), 0, False, []

    def get(self, path, **headers):
        return self.fleet.get(0, path, headers=headers)

    def reason(self, answer):
        return json.loads(answer[2])["type"].rsplit(":", 1)[1]

    def test_is_asked_about_each_request_with_its_header_fields(self):
        self.assertEqual(self.get("/users/1?a=b", cookie="session=7")[0], 200)
        path, fields = Judge.asked[0]
        fields = {name.lower(): value for name, value in fields.items()}
        self.assertEqual(path, "/check")
        self.assertEqual(fields["cookie"], "session=7")
        self.assertEqual([fields["x-forwarded-method"], fields["x-forwarded-uri"]], ["GET", "/users/1?a=b"])
        self.assertEqual([fields["x-forwarded-proto"], fields["x-forwarded-for"]], ["http", "127.0.0.1"])
        self.assertEqual(fields["x-forwarded-host"], fields["host"])

    def test_gives_the_backend_the_fields_that_it_shall_and_takes_those_of_clients_away(self):
        Judge.answer = (200, {"x-user-id": "ada", "x-secret": "inside"}, b"")
        backend = self.get("/users/1", **{"x-user-id": "root"})[2].decode().lower()
        self.assertIn("ada", backend)
        self.assertNotIn("root", backend)
        self.assertNotIn("inside", backend)
        Judge.answer = (200, {}, b"")
        self.assertNotIn("root", self.get("/users/1", **{"x-user-id": "root"})[2].decode().lower())

    def test_gives_clients_its_refusals(self):
        Judge.answer = (401, {"www-authenticate": "Basic", "content-type": "text/x-no", "x-secret": "inside"}, b"who are you?")
        status, headers, body = self.get("/users/1")
        self.assertEqual((status, headers["www-authenticate"], headers["content-type"], body), (401, "Basic", "text/x-no", b"who are you?"))
        self.assertNotIn("x-secret", headers)
        Judge.answer = (302, {"location": "https://login.test/"}, b"")
        status, headers, _ = self.get("/users/1")
        self.assertEqual((status, headers["location"]), (302, "https://login.test/"))

    def test_lets_nobody_in_while_it_is_wrong(self):
        for status in (500, 503):
            Judge.answer = (status, {}, b"")
            answer = self.get("/users/1")
            self.assertEqual((answer[0], self.reason(answer)), (503, "policy_unavailable"))
            self.assertEqual(self.get("/open")[0], 200)
        Judge.answer = (200, {}, b"x" * 100_000)
        self.assertEqual(self.get("/users/1")[0], 503)

    def test_lets_nobody_in_while_it_is_slow(self):
        Judge.delay = WITHIN_TIMEOUT
        self.assertEqual(self.get("/users/1")[0], 200)
        Judge.delay = BEYOND_TIMEOUT
        answer = self.get("/users/1")
        self.assertEqual((answer[0], self.reason(answer)), (503, "policy_unavailable"))

    def test_lets_nobody_in_while_its_answer_stalls(self):
        Judge.stall, began = True, time.monotonic()
        answer = self.get("/users/1")
        self.assertEqual((answer[0], self.reason(answer)), (503, "policy_unavailable"))
        self.assertLess(time.monotonic() - began, BEYOND_TIMEOUT - 1)

    def test_lets_nobody_in_while_it_is_away(self):
        counted = self.fleet.replicas[0].metric("penstock_external_auth_fail_open_total")
        self.stop_judge()
        try:
            answer = self.get("/users/1")
            self.assertEqual((answer[0], self.reason(answer)), (503, "policy_unavailable"))
            self.assertEqual(self.get("/open")[0], 200)
            self.assertGreater(self.fleet.replicas[0].metric("penstock_external_auth_fail_open_total"), counted)
        finally:
            self.start_judge()
        parts.wait_until(lambda: self.get("/users/1")[0] == 200, "the service that is back")

    def test_is_asked_once_about_requests_that_are_alike(self):
        Judge.answer = (200, {"x-user-id": "ada"}, b"")
        for _ in range(3):
            self.assertIn("ada", self.get("/kept/1", cookie="session=7")[2].decode())
        self.assertEqual(len(Judge.asked), 1)
        self.get("/kept/1", cookie="session=8")
        self.get("/kept/2", cookie="session=7")
        self.assertEqual(len(Judge.asked), 3)
        fields = {name.lower() for name in Judge.asked[0][1]}
        self.assertEqual(fields & {"cookie", "user-agent", "x-forwarded-for", "x-request-id"}, {"cookie"})
        self.assertLessEqual({"x-forwarded-method", "x-forwarded-uri", "x-forwarded-host", "x-forwarded-proto"}, fields)

    def test_is_named_by_explain(self):
        text = self.fleet.cli("explain", "request", "GET", f"http://localhost:{self.fleet.gateway_port}/users/1", check=False).stdout
        self.assertIn("external_auth", text)
        self.assertIn("default/judge", text)
        self.assertEqual(Judge.asked, [], "explain asks nobody")

    def test_says_so_where_its_backend_is_nowhere(self):
        done = self.fleet.cli("apply", "--dry-run", "-f", "-", stdin="""
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: lenient}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: open}]
  external: {backendRef: {kind: Backend, group: penstock.dev, name: nobody}}
""", check=False)
        self.assertIn("spec.external.backendRef", done.stdout + done.stderr)
        self.assertIn("nobody", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
