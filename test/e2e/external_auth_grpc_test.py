"""A service of gRPC that says who may, as those for Envoy are; and answers that are kept."""
import concurrent.futures
import json
import time
import unittest

from test.support import fleet as parts
from test.support.fleet import AuthorizationServer, Fleet, Upstream

TIMEOUT_SECONDS = 1


def policy(name, extra, section=None):
    target = f"{{kind: HTTPRoute, name: users, sectionName: {section}}}" if section else "{kind: Gateway, name: gw}"
    return f"""
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {{name: {name}}}
spec:
  targetRefs: [{target}]
  external:
    backendRef: {{kind: Backend, group: penstock.dev, name: judge}}
    protocol: GRPC
    timeout: {TIMEOUT_SECONDS}s
    {extra}
"""


def manifest(upstream, port):
    routes = parts.named_rules("users", "users", users="/users", open="/open", kept="/kept")
    return parts.gateway() + parts.backend("users", upstream.ports) + parts.backend("judge", [port]) + routes + (
        policy("judge", "headersToBackend: [x-user-id]\n    contextExtensions: {place: edge}") + policy("lenient", "onFailure: Open", "open")
       + policy("kept", "headersToService: [authorization]\n    cacheDuration: 1m", "kept"))


class GrpcExternalAuth(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("users")
        cls.judge = AuthorizationServer()
        cls.fleet = Fleet(replicas=1)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.fleet.apply(manifest(cls.upstream, cls.judge.port))

    @classmethod
    def tearDownClass(cls):
        cls.judge.stop()
        cls.fleet.__exit__(None, None, None)
        cls.upstream.stop()

    def get(self, path, method="GET", body=None, **headers):
        return self.fleet.get(0, path, headers={k.replace("_", "-"): v for k, v in headers.items()}, method=method, body=body)

    def backend(self, path, **headers):
        """The header fields that the backend got."""
        status, _, body = self.get(path, **headers)
        self.assertEqual(status, 200, body)
        return {name.lower(): value for name, value in json.loads(body)["headers"].items()}

    def metric(self, name):
        return self.fleet.replicas[0].metric("penstock_external_auth_" + name)

    def assert_closed(self, path, detail):
        status, headers, body = self.get(path)
        self.assertEqual((status, json.loads(body)["type"]), (503, "urn:penstock:problem:policy_unavailable"))

        def own_line():
            return [line for line in self.fleet.replicas[0].access_lines() if line["request_id"] == headers["x-request-id"]]

        lines = parts.wait_until(own_line, "the line of the log")
        self.assertIn("backend/default/judge+grpc: ", lines[-1]["detail"])
        self.assertRegex(lines[-1]["detail"], detail)

    def test_is_told_who_asks_for_what(self):
        answer = self.get("/users/tell?a=b", method="POST", body=b"content", cookie="session=7", **{"content-type": "text/plain"})
        asked = json.loads(answer[1]["x-asked"])["attributes"]
        http = asked["request"]["http"]
        self.assertEqual([http[k] for k in ("method", "path", "scheme", "protocol", "size")], ["POST", "/users/tell?a=b", "http", "HTTP/1.1", "7"])
        self.assertEqual(http["headers"]["cookie"], "session=7")
        self.assertNotIn("content-type", http["headers"])
        self.assertNotIn("content", json.dumps(asked).replace("contextExtensions", ""))
        self.assertEqual(asked["source"]["address"]["socketAddress"]["address"], "127.0.0.1")
        self.assertEqual(asked["contextExtensions"], {"place": "edge"})

    def test_says_what_the_backend_and_the_client_get(self):
        got = self.backend("/users/allow", x_secret="s", x_user_id="root")
        self.assertEqual(got["x-user-id"], "ada")
        self.assertNotIn("x-secret", got)
        self.assertNotIn("content-length", got)
        self.assertEqual(self.get("/users/allow")[1]["x-quota"], "5")
        self.assertNotIn("x-user-id", self.backend("/users/quiet", x_user_id="root"))

    def test_gives_clients_its_refusals(self):
        status, headers, body = self.get("/users/deny")
        self.assertEqual((status, headers["www-authenticate"], headers["content-type"], body), (401, "Basic", "text/x-no", b"who are you?"))

    def test_lets_nobody_in_while_it_is_wrong(self):
        self.assert_closed("/users/unknown", "UNAVAILABLE: no policy loaded")
        self.assert_closed("/users/garbage", "no CheckResponse")
        self.assert_closed("/users/length", "too long")
        self.assert_closed("/users/smuggle", "no message can have")
        self.assertEqual(self.get("/open/unknown")[0], 200)

    def test_lets_nobody_in_while_it_is_silent(self):
        for path, detail in (("/users/silence", "upstream_timeout|DEADLINE_EXCEEDED"), ("/users/stall", "too late|DEADLINE_EXCEEDED")):
            began = time.monotonic()
            self.assert_closed(path, detail)
            self.assertLess(time.monotonic() - began, TIMEOUT_SECONDS + 2)

    def test_lets_nobody_in_while_it_is_away(self):
        counted = self.metric("fail_open_total")
        self.judge.stop()
        try:
            self.assert_closed("/users/allow", "upstream_connect_failed")
            self.assertEqual(self.get("/open/allow")[0], 200)
            self.assertGreater(self.metric("fail_open_total"), counted)
        finally:
            self.judge.start()
        parts.wait_until(lambda: self.get("/users/allow")[0] == 200, "the service that is back")

    def test_is_asked_once_for_requests_that_are_alike(self):
        first = self.backend("/kept/allow", authorization="one")["x-checks"]
        hits = self.metric("cache_hits_total")
        self.assertEqual(self.backend("/kept/allow", authorization="one", cookie="other")["x-checks"], first)
        self.assertEqual(self.metric("cache_hits_total"), hits + 1)
        self.assertNotEqual(self.backend("/kept/allow", authorization="two")["x-checks"], first)
        self.assertNotEqual(self.backend("/kept/x/allow", authorization="one")["x-checks"], first)
        self.assertEqual(self.get("/kept/deny", authorization="one")[0], 401)
        hits = self.metric("cache_hits_total")
        self.assertEqual(self.get("/kept/deny", authorization="one")[2], b"who are you?")
        self.assertEqual(self.metric("cache_hits_total"), hits + 1)

    def test_is_asked_once_for_requests_at_the_same_time(self):
        misses = self.metric("cache_misses_total")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            seen = set(pool.map(lambda _: self.backend("/kept/later", authorization="crowd")["x-checks"], range(16)))
        self.assertEqual(len(seen), 1)
        self.assertEqual(self.metric("cache_misses_total"), misses + 1)
        self.assertGreater(self.metric("cache_joins_total"), 0)

    def test_gives_each_client_a_cookie_of_its_own(self):
        first = self.get("/kept/cookie", authorization="one")[1]["set-cookie"]
        self.assertNotEqual(self.get("/kept/cookie", authorization="one")[1]["set-cookie"], first)

    def test_is_asked_again_after_a_failure(self):
        self.assert_closed("/kept/unknown", "UNAVAILABLE")
        misses = self.metric("cache_misses_total")
        self.assert_closed("/kept/unknown", "UNAVAILABLE")
        self.assertEqual(self.metric("cache_misses_total"), misses + 1)

    def test_is_asked_again_after_a_revocation(self):
        first = self.backend("/kept/allow", authorization="revoked")["x-checks"]
        self.assertEqual(self.backend("/kept/allow", authorization="revoked")["x-checks"], first)
        self.fleet.cli("revoke", "subject", "user-17", "--reason", "left")
        self.assertNotEqual(self.backend("/kept/allow", authorization="revoked")["x-checks"], first)

    def test_is_named_by_explain(self):
        text = self.fleet.cli("explain", "request", "GET", f"http://localhost:{self.fleet.gateway_port}/kept/allow", check=False).stdout
        self.assertIn("asks backend/default/judge+grpc in gRPC; keeps its answers for 1m", text)

    def test_is_refused_where_its_backend_speaks_http1(self):
        text = "apiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: old}\nspec: {protocol: HTTP, endpoints: [{address: 127.0.0.1, port: 1}]}\n"
        text += "---" + parts.gateway() + policy("old", "path: /check").replace("name: judge}", "name: old}")
        done = self.fleet.cli("lint", "-f", "-", check=False, stdin=text.replace("{port}", "8080"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("gRPC needs HTTP/2", done.stdout + done.stderr)
        self.assertIn("spec.external.path", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
