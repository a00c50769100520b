"""What people are told of a request: as stored, as files say, and as one replica serves it now."""
import json
import os
import signal
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream
from test.support.tokens import Key, in_seconds, key_set

ISSUER = "https://auth.test"


def manifest(upstream, key):
    return parts.gateway() + parts.backend("users", upstream.ports) + parts.named_rules("users", "users", all="/users", few="/few", keys="/keys") + """
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: tokens}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  jwt:
    providers: # the line of the tokens
    - {name: auth, issuer: "%s", jwks: {inline: '%s'}}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: keys}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: keys}]
  apiKey: {}
  require: {allOf: [{anyOf: [apiKey]}]}
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {name: few}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: few}]
  key: {jwtClaim: sub}
  rules: [{name: few, limit: {requests: 3, per: Hour, algorithm: FixedWindow}}]
""" % (ISSUER, key_set([key]))


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("users")
        cls.fleet = Fleet(replicas=2)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.key = Key("EdDSA", "k1", cls.fleet.dir)
        cls.file = cls.write("shop.yaml", manifest(cls.upstream, cls.key).replace("{port}", str(cls.fleet.gateway_port)))
        cls.fleet.cli("apply", "-f", cls.file)

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)
        cls.upstream.stop()

    @classmethod
    def write(cls, name, text):
        path = os.path.join(cls.fleet.dir, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def token(self, **claims):
        return self.key.token({"iss": ISSUER, "sub": "u1", "exp": in_seconds(600)} | claims)

    def explain(self, path, *flags, token=None, check=True):
        url = f"http://localhost:{self.fleet.gateway_port}{path}"
        headers = [] if token is None else ["-H", f"authorization: Bearer {token}"]
        return self.fleet.cli("explain", "request", "GET", url, *headers, *flags, check=check)

    def live(self, path, replica="replica-1", **kwargs):
        return json.loads(self.explain(path, f"--from=replica/{replica}", "-o", "json", **kwargs).stdout)["explanation"]

    @staticmethod
    def policy(explanation, kind):
        return next(policy for policy in explanation["policies"] if policy["type"] == kind)

    @classmethod
    def text(cls):
        with open(cls.file) as file:
            return file.read()

    def line_of(self, text):
        return next(number for number, line in enumerate(self.text().splitlines(), 1) if text in line)

    def test_a_replica_knows_whether_a_signature_holds(self):
        good = self.token()
        forged = good[:-12] + "AAAAAAAAAAAA"
        for replica in ("replica-1", "replica-2"):
            explanation = self.live("/users/1", replica, token=good)
            self.assertIn("signature ok", self.policy(explanation, "jwt")["why"])
            self.assertEqual(self.policy(explanation, "authentication")["verdict"], "pass")
            self.assertEqual(explanation["replica"], replica)
            self.assertEqual(explanation["route"], "default/users")
            explanation = self.live("/users/1", replica, token=forged)
            self.assertIn("its signature does not hold", self.policy(explanation, "jwt")["why"])
            self.assertEqual(self.policy(explanation, "authentication")["verdict"], "deny")
            self.assertEqual(explanation["status"], 401)
        self.assertEqual(self.fleet.get(0, "/users/1", headers={"authorization": "Bearer " + good})[0], 200)
        self.assertEqual(self.fleet.get(0, "/users/1", headers={"authorization": "Bearer " + forged})[0], 401)
        offline = self.explain("/users/1", token=forged).stdout
        self.assertIn("whether its signature holds only a data plane knows", offline)

    def test_what_is_told_holds_no_credential(self):
        for token in (self.token(), self.token()[:-12] + "AAAAAAAAAAAA"):
            done = self.explain("/users/1", "--from=replica/replica-1", token=token)
            self.assertNotIn(token.rsplit(".", 1)[1], done.stdout + done.stderr)
            self.assertIn("which replica replica-1 serves now", done.stdout)

    def test_a_replica_knows_what_is_left_of_a_limit_and_counts_nothing(self):
        token = self.token(sub="limited")
        for _ in range(5):
            self.assertIn(", 3 left", self.policy(self.live("/few", token=token), "rate_limit")["why"])
        for expected in (", 2 left", ", 1 left", ", 0 left"):
            self.assertEqual(self.fleet.get(0, "/few", headers={"authorization": "Bearer " + token})[0], 200)
            explanation = self.live("/few", token=token)
            if expected != ", 0 left":
                self.assertIn(expected, self.policy(explanation, "rate_limit")["why"])
        self.assertEqual(self.policy(explanation, "rate_limit")["verdict"], "deny")
        self.assertEqual(explanation["status"], 429)
        other = self.live("/few", "replica-2", token=token)
        self.assertIn(", 3 left", self.policy(other, "rate_limit")["why"])
        self.assertIn("each data plane knows", self.explain("/few", token=token).stdout)

    def test_tells_whose_an_api_key_is(self):
        self.fleet.apply("apiVersion: penstock.dev/v1\nkind: Plan\nmetadata: {name: gold}\n")
        self.fleet.cli("consumer", "create", "app", "--plan", "gold")
        issued = self.fleet.cli("key", "issue", "app", "--name", "app-1").stdout
        key = next(line.split()[1] for line in issued.splitlines() if line.startswith("key "))
        self.assertRegex(self.fleet.cli("get", "apikeys").stdout, r"app-1 +of app ")
        for where in ([], ["--from=replica/replica-2"]):
            text = self.explain("/keys", "-H", "x-api-key: " + key, *where).stdout
            self.assertIn("key of Consumer default/app, Plan gold", text)
            self.assertNotIn(key, text)
            self.assertIn("the key is nobody's", self.explain("/keys", "-H", "x-api-key: pk_guess", *where).stdout)

    def test_each_policy_says_where_it_was_written(self):
        place = f"{self.file}:{self.line_of('# the line of the tokens')}"
        self.assertIn(f"from SecurityPolicy default/tokens ({place})", self.explain("/users/1").stdout)
        self.assertEqual(self.policy(self.live("/users/1", token=self.token()), "jwt")["place"], place)
        limit = f"{self.file}:{self.line_of('rules: [{name: few')}"
        self.assertIn(f"from RateLimitPolicy default/few ({limit})", self.explain("/few", token=self.token()).stdout)

    def test_where_it_was_written_outlives_a_restart_and_is_no_part_of_it(self):
        place = f"({self.file}:{self.line_of('# the line of the tokens')})"
        moved = self.write("moved.yaml", "# a line more\n" + self.text())
        self.assertEqual(self.fleet.cli("diff", "-f", moved, check=False).returncode, 0)
        generation = json.loads(self.fleet.cli("status", "-o", "json").stdout)["generation"]
        self.fleet.cli("apply", "-f", moved)
        self.assertEqual(json.loads(self.fleet.cli("status", "-o", "json").stdout)["generation"], generation)
        shown = lambda: self.fleet.cli("get", "securitypolicy", "tokens", "-o", "yaml").stdout.split("status:")[0]
        before = shown()
        self.assertNotIn(self.file, before)
        self.fleet.kill_control_plane()
        self.fleet.start_control_plane()
        self.fleet.wait_connected()
        self.assertIn(place, self.explain("/users/1").stdout)
        self.assertEqual(shown(), before)

    def test_files_are_asked_without_a_control_plane(self):
        done = self.explain("/users/1", "-f", self.file, token=self.token())
        self.assertIn(f"({self.file}:{self.line_of('# the line of the tokens')})", done.stdout)
        self.assertIn("by what is written, which nobody serves", done.stdout)
        broken = self.write("broken.yaml", self.text().replace("[{name: users}]}", "[{name: usres}]}", 1))
        done = self.explain("/users/1", "-f", broken, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"{broken}:", done.stderr)

    def test_says_which_replicas_there_are_if_one_is_not(self):
        done = self.explain("/users/1", "--from=replica/nobody", check=False)
        self.assertEqual(done.returncode, 8)
        self.assertIn('no replica "nobody" is connected; those that are: replica-1, replica-2', done.stderr)
        done = self.explain("/users/1", "--from=nobody", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("write --from=replica/ID", done.stderr)

    def test_says_that_a_replica_is_too_slow_or_gone(self):
        replica = self.fleet.replicas[1]
        replica.process.send_signal(signal.SIGSTOP)
        done = self.explain("/users/1", "--from=replica/replica-2", check=False)
        self.assertEqual(done.returncode, 6)
        self.assertIn("replica replica-2 did not answer within 5s", done.stderr)
        done = self.explain("/users/1", "--from=replica/replica-2", check=False)
        self.assertEqual(done.returncode, 7)
        self.assertIn("is busy with another question", done.stderr)
        replica.kill()
        parts.wait_until(lambda: self.explain("/users/1", "--from=replica/replica-2", check=False).returncode == 8,
                         "the replica to be gone")
        self.assertIn("signature ok", self.explain("/users/1", "--from=replica/replica-1", token=self.token()).stdout)
        replica.start()
        replica.wait_ready()
        self.fleet.wait_connected()
        self.live("/users/1", "replica-2")

    def test_says_that_forwarding_headers_are_not_looked_at(self):
        done = self.explain("/users/1", "--client", "192.0.2.7", "-H", "X-Forwarded-For: 203.0.113.9")
        self.assertIn("X-Forwarded-For is not looked at", done.stderr)
        self.assertEqual(self.explain("/users/1").stderr, "")


if __name__ == "__main__":
    unittest.main()
