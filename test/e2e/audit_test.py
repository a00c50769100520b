"""Every refusal of a policy is an event of the audit log: what, to whom, by which object, why; and nothing that opens a door."""
import json
import os
import signal
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream
from test.support.tokens import Key, in_seconds, key_set

ISSUER = "https://auth.test"


def manifest(upstream, key):
    return parts.gateway() + parts.backend("users", upstream.ports) + parts.named_rules("users", "users", all="/users", few="/few", trial="/trial", sizes="/sizes") + """
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: tokens}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  jwt: {providers: [{name: auth, issuer: "%s", jwks: {inline: '%s'}, from: [{header: authorization, prefix: "Bearer "}, {query: access_token}]}]}
  authorization:
    rules:
    - {name: everybody}
    - {name: no-deletions, action: Deny, when: {methods: [DELETE]}}
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {name: few}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: few}]
  rules: [{name: two, limit: {requests: 2, per: Hour, algorithm: FixedWindow}}]
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {name: trial}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: trial}]
  rules: [{name: one, limit: {requests: 1, per: Hour, algorithm: FixedWindow}, shadow: true}]
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {name: sizes}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: sizes}]
  maxRequestBodyBytes: 1000
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {name: wide}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  maxHeaderCount: 30
""" % (ISSUER, key_set([key]))


class Audit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("users")
        cls.fleet = Fleet(replicas=1, workers=2)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.key = Key("EdDSA", "k1", cls.fleet.dir)
        cls.fleet.apply(manifest(cls.upstream, cls.key))
        cls.replica = cls.fleet.replicas[0]

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)
        cls.upstream.stop()

    def token(self, **claims):
        return self.key.token({"iss": ISSUER, "sub": "u1", "exp": in_seconds(600)} | claims)

    def get(self, path, token=None, method="GET"):
        headers = {} if token is None else {"authorization": "Bearer " + token}
        return self.fleet.get(0, path, headers=headers, method=method)

    def events(self, count, **wanted):
        """COUNT events whose members are WANTED; no more come."""
        find = lambda: [e for e in self.replica.audit_lines() if all(e.get(k) == v for k, v in wanted.items())]
        parts.wait_until(lambda: len(find()) >= count, lambda: f"{count} events like {wanted}: {self.replica.audit_lines()}")
        self.assertEqual(len(find()), count)
        return find()

    def test_names_the_rule_of_the_object_that_refuses(self):
        status, headers, _ = self.get("/users/1?secret=x", self.token(sub="deleter"), method="DELETE")
        self.assertEqual(status, 403)
        (event,) = self.events(1, subject="deleter")
        request_id = headers["x-request-id"]
        peer, client = event.pop("peer"), event.pop("client")
        self.assertTrue(peer.startswith("127.0.0.1:"), peer)
        self.assertEqual(client, "127.0.0.1")
        self.assertRegex(event.pop("time"), r"^20\d\d-\d\d-\d\dT.*Z$")
        self.assertRegex(event.pop("generation"), r"^1\.\d+$")
        self.assertEqual(event, {
            "replica": "replica-1", "verb": "request", "outcome": "denied", "reason": "access_denied", "status": 403,
            "detail": 'denied by rule "no-deletions"', "policy": "authorization", "object": "SecurityPolicy default/tokens",
            "rule": "no-deletions", "subject": "deleter", "method": "DELETE", "host": "127.0.0.1", "path": "/users/1",
            "listener": "default/gw/http", "route": "default/users", "routeRule": "all", "requestId": request_id,
        } | {"host": event["host"]})

    def test_says_why_nobody_was_let_in_and_repeats_no_credential(self):
        expired = self.token(sub="late", exp=in_seconds(-600))
        self.assertEqual(self.get("/users/late", expired)[0], 401)
        self.assertEqual(self.get("/users/query?access_token=" + expired)[0], 401)
        (event,) = self.events(1, path="/users/late")
        self.assertEqual((event["policy"], event["reason"]), ("authentication", "unauthenticated"))
        self.assertIn("expired", event["detail"])
        self.assertNotIn("subject", event, "an expired token proves nothing")
        self.events(1, path="/users/query")
        text = open(self.replica.audit_log).read()
        self.assertNotIn(expired, text)
        self.assertNotIn(expired.split(".")[1], text)
        self.assertNotIn("?", text)

    def test_names_the_policy_whose_bound_it_was_among_those_of_the_place(self):
        many = {f"x-{i}": "y" for i in range(40)}
        status, _, _ = self.fleet.get(0, "/sizes", headers=many | {"authorization": "Bearer " + self.token()})
        self.assertEqual(status, 431)
        (event,) = self.events(1, path="/sizes")
        self.assertEqual(event["object"], "RateLimitPolicy default/wide")
        self.assertEqual(event["detail"], "more than maxHeaderCount, 30, of default/wide")

    def test_a_request_without_a_route_is_refused_by_its_listener(self):
        self.assertEqual(self.get("/nothing")[0], 401)
        (event,) = self.events(1, path="/nothing")
        self.assertEqual(event["object"], "SecurityPolicy default/tokens")
        self.assertNotIn("route", event)

    def test_records_every_request_beyond_a_limit(self):
        token = self.token(sub="many")
        statuses = [self.get("/few", token)[0] for _ in range(12)]
        self.assertEqual(statuses, [200] * 2 + [429] * 10)
        for event in self.events(10, path="/few", subject="many"):
            self.assertEqual((event["object"], event["rule"], event["status"]), ("RateLimitPolicy default/few", "two", 429))
        self.assertEqual(self.replica.metric("penstock_audit_log_drops_total"), 0)

    def test_records_what_a_trial_would_have_refused(self):
        token = self.token(sub="tried")
        self.assertEqual([self.get("/trial", token)[0] for _ in range(3)], [200, 200, 200])
        for event in self.events(2, subject="tried"):
            self.assertEqual((event["outcome"], event["shadow"], event["reason"]), ("allowed", True, "rate_limited"))
            self.assertEqual((event["object"], event["rule"]), ("RateLimitPolicy default/trial", "one"))
            self.assertNotIn("status", event)

    def test_requests_that_pass_leave_no_event(self):
        before = len(self.replica.audit_lines())
        for _ in range(20):
            self.assertEqual(self.get("/users/1", self.token(sub="fine"))[0], 200)
        parts.wait_until(lambda: sum(1 for l in self.replica.access_lines() if l.get("subject") == "fine") == 20, "20 lines")
        self.assertFalse([e for e in self.replica.audit_lines()[before:] if e.get("subject") == "fine"])

    def test_the_file_is_for_nobody_else(self):
        self.assertEqual(os.stat(self.replica.audit_log).st_mode & 0o777, 0o600)


class PipesForLogs(unittest.TestCase):
    """A log may go to a pipe; whoever reads it has no power over the process."""

    def setUp(self):
        self.fleet = Fleet(replicas=1)
        self.addCleanup(self.fleet.__exit__, None)
        self.replica = self.fleet.replicas[0]
        os.mkfifo(self.replica.audit_log)
        os.mkfifo(self.replica.access_log)

    def read_pipes(self):
        return [os.open(path, os.O_RDONLY | os.O_NONBLOCK) for path in (self.replica.access_log, self.replica.audit_log)]

    def serve(self):
        upstream = Upstream("users")
        self.addCleanup(upstream.stop)
        self.fleet.__enter__()
        self.fleet.wait_connected()
        self.fleet.apply(manifest(upstream, Key("EdDSA", "k1", self.fleet.dir)))
        self.assertEqual(self.fleet.get(0, "/users/1")[0], 401)

    def test_a_data_plane_says_at_its_start_that_nobody_reads_a_pipe(self):
        self.fleet.__enter__()
        self.assertEqual(self.replica.process.wait(20), 1)
        self.assertIn("nobody reads this pipe; start its reader first", self.replica.log())

    def test_a_data_plane_goes_on_and_ends_when_the_readers_of_its_logs_have_died(self):
        readers = self.read_pipes()
        self.serve()
        for reader in readers:
            os.close(reader)
        self.replica.process.send_signal(signal.SIGHUP)
        parts.wait_until(lambda: "the audit log cannot be opened again" in self.replica.log(), self.replica.log)
        self.assertEqual(self.fleet.get(0, "/users/1")[0], 401)
        self.assertEqual(self.replica.terminate(20), 0)
        self.assertIn("the audit log did not take its last lines", self.replica.log())

    def test_a_data_plane_ends_when_the_readers_of_its_logs_stall(self):
        for reader in self.read_pipes():
            self.addCleanup(os.close, reader)
        self.serve()
        for _ in range(400):
            self.assertEqual(self.fleet.get(0, "/users/" + "x" * 1000)[0], 401)
        self.replica.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.replica.terminate(20), 0)
        self.assertIn("the access log did not take its last lines", self.replica.log())


if __name__ == "__main__":
    unittest.main()
