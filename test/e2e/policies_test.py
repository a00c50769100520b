"""SecurityPolicies, RateLimitPolicies and Revocations on a live fleet: what clients get, what backends get, what operators read."""
import json
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream
from test.support.tokens import Key, in_seconds, key_set

ISSUER = "https://auth.test"


def manifest(upstream, key):
    return parts.gateway() + parts.backend("users", upstream.ports) + """
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: users}
spec:
  parentRefs: [{name: gw}]
  rules:
  - {name: all, matches: [{path: {value: /users}}], backendRefs: [{name: users}]}
  - {name: health, matches: [{path: {type: Exact, value: /users/health}}], backendRefs: [{name: users}]}
  - {name: admin, matches: [{path: {value: /admin}}], backendRefs: [{name: users}]}
  - {name: few, matches: [{path: {value: /few}}], backendRefs: [{name: users}]}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: tokens}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  ipFilter: {deny: [203.0.113.0/24]}
  jwt:
    providers:
    - {name: auth, issuer: "%s", audiences: [shop], jwks: {inline: '%s'}, from: [{header: authorization, prefix: "Bearer "}, {query: access_token}]}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: health}
spec: {targetRefs: [{kind: HTTPRoute, name: users, sectionName: health}], anonymous: true}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: admin}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: admin}]
  authorization: {rules: [{name: admins, when: {roles: [admin]}}]}
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {name: few}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: few}]
  key: {jwtClaim: sub}
  rules: [{name: few, limit: {requests: 3, per: Hour, algorithm: FixedWindow}}]
""" % (ISSUER, key_set([key]))


class Policies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("users")
        cls.fleet = Fleet(replicas=2)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.key = Key("EdDSA", "k1", cls.fleet.dir)
        cls.fleet.apply(manifest(cls.upstream, cls.key))

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)
        cls.upstream.stop()

    def token(self, **claims):
        return self.key.token({"iss": ISSUER, "aud": "shop", "sub": "u1", "exp": in_seconds(600)} | claims)

    def get(self, path, token=None, replica=0, **headers):
        if token is not None:
            headers["authorization"] = "Bearer " + token
        return self.fleet.get(replica, path, headers=headers)

    def test_lets_in_who_has_a_token_that_holds(self):
        self.assertEqual(self.get("/users/1", self.token())[0], 200)
        for bad in (None, "abc", self.token(aud="other"), self.token(exp=in_seconds(-60)), self.token(iss="https://other")):
            status, headers, body = self.get("/users/1", bad)
            self.assertEqual(status, 401)
            self.assertIn("Bearer", headers["www-authenticate"])
            self.assertEqual(headers["content-type"], "application/problem+json")
            self.assertEqual(json.loads(body)["type"], "urn:penstock:problem:unauthenticated")

    def test_tells_nobody_which_routes_there_are(self):
        self.assertEqual(self.get("/nothing")[0], 401)
        self.assertEqual(self.get("/nothing", self.token())[0], 404)

    def test_asks_nobody_where_a_closer_policy_says_so(self):
        self.assertEqual(self.get("/users/health")[0], 200)

    def test_lets_administrators_do_more(self):
        self.assertEqual(self.get("/admin/x", self.token())[0], 403)
        self.assertEqual(self.get("/admin/x", self.token(roles=["admin"]))[0], 200)
        for path in ("//admin/x", "/users/../admin/x", "/%61dmin/x", "/users/%2e%2e/admin/x"):
            self.assertIn(self.get(path, self.token())[0], (400, 403, 404), path)

    def test_counts_each_user(self):
        statuses = [self.get("/few", self.token(sub="few"))[0] for _ in range(5)]
        self.assertEqual(statuses, [200, 200, 200, 429, 429])
        status, headers, _ = self.get("/few", self.token(sub="few"))
        self.assertGreater(int(headers["retry-after"]), 0)
        self.assertTrue(headers["ratelimit"].startswith('"few";r=0;t='), headers["ratelimit"])
        self.assertEqual(self.get("/few", self.token(sub="another"))[0], 200)
        self.fleet.apply(parts.route("unrelated", "users", prefix="/unrelated"))
        self.assertEqual(self.get("/few", self.token(sub="few"))[0], 429, "a change elsewhere gives nobody a new count")

    def test_takes_tokens_back_everywhere(self):
        token = self.token(jti="lost")
        for replica in (0, 1):
            self.assertEqual(self.get("/users/1", token, replica)[0], 200)
        self.fleet.cli("revoke", "token", "lost", "--issuer", ISSUER, "--reason", "a test")
        for replica in (0, 1):
            self.assertEqual(self.get("/users/1", token, replica)[0], 401)
        self.assertIn("token-", self.fleet.cli("get", "revocations").stdout)
        name = json.loads(self.fleet.cli("get", "revocations", "-o", "json").stdout)["items"][0]["metadata"]["name"]
        self.fleet.cli("delete", "revocation", name)
        self.assertEqual(self.get("/users/1", token)[0], 200)

    def test_knows_consumers_by_keys_and_limits_them_by_plan(self):
        self.fleet.apply("""
apiVersion: penstock.dev/v1
kind: Plan
metadata: {name: small}
---
apiVersion: penstock.dev/v1
kind: Plan
metadata: {name: large}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: keys}
spec:
  parentRefs: [{name: gw}]
  rules: [{name: all, matches: [{path: {value: /keys}}], backendRefs: [{name: users}]}]
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: keys}
spec:
  targetRefs: [{kind: HTTPRoute, name: keys}]
  apiKey: {forwardKey: false}
  require: {allOf: [{anyOf: [apiKey]}]}
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {name: by-plan}
spec:
  targetRefs: [{kind: HTTPRoute, name: keys}]
  key: {consumer: true}
  rules:
  - {name: small, when: {plans: [small]}, limit: {requests: 2, per: Hour, algorithm: FixedWindow}}
  - {name: large, when: {plans: [large]}, limit: {requests: 1000, per: Hour}}
""")
        self.fleet.cli("consumer", "create", "app", "--plan", "small")
        issued = self.fleet.cli("key", "issue", "app", "--name", "app-1").stdout
        key = next(line.split()[1] for line in issued.splitlines() if line.startswith("key "))
        ask = lambda value: self.get("/keys", None, 0, **{"x-api-key": value})[0]
        self.assertEqual([ask(key), ask(key), ask(key)], [200, 200, 429])
        self.assertEqual([ask("pk_guess"), self.get("/keys")[0], self.get("/keys", self.token())[0]], [401, 401, 401])
        self.fleet.cli("consumer", "create", "app", "--plan", "large")
        self.assertEqual(ask(key), 200, "a plan counts as soon as it is changed")
        self.fleet.apply("apiVersion: penstock.dev/v1\nkind: Consumer\nmetadata: {name: app, labels: {team: a}}\nspec: {plan: large, users: [ada]}\n")
        self.fleet.cli("consumer", "create", "app")
        self.fleet.cli("consumer", "create", "app", "--plan", "small")
        app = json.loads(self.fleet.cli("get", "consumer", "app", "-o", "json").stdout)
        self.assertIn('"users": ["ada"]', json.dumps(app), "who a Consumer is stays when he gets another Plan")
        self.assertIn('"plan": "small"', json.dumps(app))
        self.assertIn('"team": "a"', json.dumps(app))
        another = json.loads(self.fleet.cli("key", "issue", "app", "--expires", "1h", "-o", "json").stdout)
        self.assertEqual(another["outcome"], "ok")
        self.assertEqual(ask(another["key"]), 429, "a key of the same Consumer")
        self.fleet.cli("key", "revoke", another["apiKey"])
        self.assertEqual(self.fleet.cli("consumer", "create", "", check=False).returncode, 2, "no name is not the name of somebody")
        for wrong in ("0s", "-5m", "900000h"):
            self.assertEqual(self.fleet.cli("key", "issue", "app", "--expires", wrong, check=False).returncode, 2, wrong)
        for verb in (["get", "apikeys", "-o", "yaml"], ["history"], ["get", "all", "-o", "json"]):
            self.assertNotIn(key, self.fleet.cli(*verb).stdout)
        self.fleet.cli("key", "revoke", "app-1")
        self.assertEqual(ask(key), 401)

    def test_explains_what_it_does(self):
        url = f"http://localhost:{self.fleet.gateway_port}"
        denied = self.fleet.cli("explain", "request", "GET", url + "/admin/x", "-H", f"authorization: Bearer {self.token()}").stdout
        self.assertIn("from SecurityPolicy default/admin", denied)
        self.assertIn("no rule allows it", denied)
        self.assertIn("not reached", denied)
        stranger = self.fleet.cli("explain", "request", "GET", url + "/users/1", "--client", "203.0.113.9").stdout
        self.assertIn("denied by 203.0.113.0/24", stranger)

    def test_shows_what_is_in_effect_and_where_it_is_from(self):
        text = self.fleet.cli("get", "httproute", "users", "--effective").stdout
        admin = text[text.index('rule "admin"'):text.index('rule "few"')]
        for line in ("jwt                 from SecurityPolicy default/tokens", "authorization       from SecurityPolicy default/admin"):
            self.assertIn(line, admin)
        self.assertIn("rate_limit          from RateLimitPolicy default/few", text[text.index('rule "few"'):])
        rules = json.loads(self.fleet.cli("get", "httproute", "users", "--effective", "-o", "json").stdout)["rules"]
        self.assertEqual([policy["type"] for policy in rules[1]["policies"]], ["address_filter", "jwt"])
        self.assertEqual(self.fleet.cli("get", "httproute", "nobody", "--effective", check=False).returncode, 8)

    def test_logs_who_and_why_and_no_token(self):
        token = self.token(sub="logged", aud="other")
        self.assertEqual(self.get("/users/1?a=1&access_token=" + token)[0], 401)
        self.assertEqual(self.get("/users/2", self.token(sub="logged-in"))[0], 200)
        parts.wait_until(lambda: "logged-in" in json.dumps(self.fleet.replicas[0].access_lines()), "the line in the access log")
        text = json.dumps(self.fleet.replicas[0].access_lines())
        self.assertNotIn(token, text)
        self.assertIn("/users/1?a=1&access_token=-", text)
        self.assertIn('"subject": "logged-in"', text)
        self.assertIn("audience", text)
        self.assertGreater(self.fleet.replicas[0].metric("penstock_jwt_verifications_total"), 0)


class CredentialsInQueries(unittest.TestCase):
    """What one policy takes from a query opens a door whatever the path was, so no line of the access log shows it."""

    def test_are_in_no_line_of_the_access_log_and_reach_backends_as_they_came(self):
        upstream = Upstream("users")
        self.addCleanup(upstream.stop)
        fleet = Fleet(replicas=1).__enter__()
        self.addCleanup(fleet.__exit__, None)
        fleet.wait_connected()
        key = Key("EdDSA", "k1", fleet.dir)
        text = parts.gateway() + parts.backend("users", upstream.ports)
        text += parts.named_rules("users", "users", jwt="/jwt", key="/key", open="/open") + """
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: tokens}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: jwt}]
  jwt: {providers: [{name: auth, issuer: "%s", jwks: {inline: '%s'}, from: [{query: at}]}]}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: keys}
spec:
  targetRefs: [{kind: HTTPRoute, name: users, sectionName: key}]
  apiKey: {from: [{query: app}]}
""" % (ISSUER, key_set([key]))
        fleet.apply(text)
        token = key.token({"iss": ISSUER, "sub": "u1", "exp": in_seconds(600)})
        for path, status in (("/jwt", 200), ("/jwtx", 404), ("/open", 200), ("/key", 401)):
            for name in ("at", "%61t", "app", "a%70p", "access_token", "Password"):
                wanted = 401 if path == "/jwt" and not name.endswith("t") else status
                query = f"?a=1&{name}={token}&b=2"
                got, _, body = fleet.get(0, path + query)
                self.assertEqual(got, wanted, path + query)
                if got == 200:
                    self.assertIn(path + query, json.loads(body)["line"])
                line = f"{path}?a=1&{name}=-&b=2"
                parts.wait_until(lambda: line in [l["path"] for l in fleet.replicas[0].access_lines()], line)
        fleet.get(0, "/nothing?at=&plain=text")
        parts.wait_until(lambda: "/nothing?at=&plain=text" in [l["path"] for l in fleet.replicas[0].access_lines()], "the last line")
        self.assertNotIn(token.split(".")[1], open(fleet.replicas[0].access_log).read())


if __name__ == "__main__":
    unittest.main()
