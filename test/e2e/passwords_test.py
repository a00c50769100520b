"""Users with passwords on a live fleet: hashes that the CLI and others make, what clients and backends get, and what guessing costs others."""
import base64
import concurrent.futures
import json
import os
import pty
import subprocess
import time
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream
from test.support.tokens import Key, in_seconds, key_set

ISSUER = "https://auth.test"
# Of Apache's guide to its htpasswd -B.
FROM_APACHE = "myName:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"
# bcrypt of cost 13: a second of a processor each.
SLOW = "slow:$2b$13$jJ8.Sp60SsaBFVCBzoEdhuekhI49JxMAMKMJGSnt5Tq5BXlGjIpni"
QUEUED = 64  # Checker::kMaxQueued

ROUTES = parts.named_rules("office", "office", office="/office", both="/both", staff="/staff", slow="/slow", open="/open") + """
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: office}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  basic: {secretRef: {name: office-users}, realm: The office}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: both}
spec:
  targetRefs: [{kind: HTTPRoute, name: office, sectionName: both}]
  jwt: {providers: [{name: auth, issuer: "%s", audiences: [shop], jwks: {inline: '%s'}}]}
  basic: {secretRef: {name: office-users}, realm: both, forwardCredentials: true}
---
apiVersion: penstock.dev/v1
kind: Plan
metadata: {name: gold}
---
apiVersion: penstock.dev/v1
kind: Consumer
metadata: {name: lovelace}
spec: {plan: gold, users: [ada]}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: staff}
spec:
  targetRefs: [{kind: HTTPRoute, name: office, sectionName: staff}]
  authorization: {rules: [{name: gold, when: {plans: [gold], consumers: [lovelace]}}, {name: grace, when: {subjects: [grace]}}]}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: slow}
spec:
  targetRefs: [{kind: HTTPRoute, name: office, sectionName: slow}]
  basic: {secretRef: {name: slow-users}}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: open}
spec: {targetRefs: [{kind: HTTPRoute, name: office, sectionName: open}], anonymous: true}
"""


def secret(name, *lines):
    return f"""
---
apiVersion: v1
kind: Secret
metadata: {{name: {name}}}
stringData:
  htpasswd: |
""" + "".join(f"    {line}\n" for line in lines)


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Passwords(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("office")
        cls.fleet = Fleet(replicas=2)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.key = Key("EdDSA", "k1", cls.fleet.dir)
        cls.users = [cls.line("ada", "correct horse"), cls.line("grace", "battery st\u00e4ple", "bcrypt"),
                     cls.line("joan", "sha 512", "sha512"), FROM_APACHE]
        cls.fleet.apply(parts.gateway() + parts.backend("office", cls.upstream.ports) + ROUTES % (ISSUER, key_set([cls.key]))
                        + secret("office-users", *cls.users) + secret("slow-users", SLOW))

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)
        cls.upstream.stop()

    @classmethod
    def line(cls, user, password, scheme="yescrypt"):
        return cls.fleet.cli("key", "hash-password", user, "--scheme", scheme, stdin=password + "\n").stdout.strip()

    def get(self, path, authorization=None, replica=0, **headers):
        if authorization is not None:
            headers["authorization"] = authorization
        return self.fleet.get(replica, path, headers=headers)

    def status(self, path, *credentials, replica=0):
        return self.get(path, basic(*credentials), replica)[0]

    def token(self, **claims):
        return "Bearer " + self.key.token({"iss": ISSUER, "aud": "shop", "sub": "u1", "exp": in_seconds(600)} | claims)

    def test_lets_in_who_has_the_password_whoever_made_its_hash(self):
        for user, password in [("ada", "correct horse"), ("grace", "battery st\u00e4ple"), ("joan", "sha 512"), ("myName", "myPassword")]:
            for replica in (0, 1):
                self.assertEqual(self.status("/office", user, password, replica=replica), 200, user)
            self.assertEqual(self.status("/office", user, password + "x"), 401, user)
        for user, password in [("bob", "correct horse"), ("Ada", "correct horse"), ("ada", "battery st\u00e4ple"), ("ada", "")]:
            self.assertEqual(self.status("/office", user, password), 401, user)

    def test_challenges_clients_so_that_browsers_ask(self):
        for authorization in (None, basic("ada", "wrong"), "Basic nonsense!", "Bearer abc"):
            status, headers, body = self.get("/office", authorization)
            self.assertEqual(status, 401)
            self.assertEqual(headers["www-authenticate"], 'Basic realm="The office", charset="UTF-8"')
            self.assertEqual(json.loads(body)["type"], "urn:penstock:problem:unauthenticated")
        self.assertEqual(self.get("/nothing")[0], 401, "nobody learns routes without a password")
        self.assertEqual(self.status("/nothing", "ada", "correct horse"), 404)

    def test_stands_beside_tokens_in_the_same_header(self):
        self.assertEqual(self.get("/both", self.token())[0], 200)
        self.assertEqual(self.status("/both", "ada", "correct horse"), 200)
        for authorization in (self.token(aud="other"), basic("ada", "wrong"), None):
            status, _, _ = self.get("/both", authorization)
            self.assertEqual(status, 401)
        answer = subprocess.run(["curl", "-s", "-i", f"http://127.0.0.1:{self.fleet.gateway_port}/both"], capture_output=True, text=True).stdout
        challenges = [line.split(": ", 1)[1] for line in answer.splitlines() if line.lower().startswith("www-authenticate")]
        self.assertEqual(challenges, ['Bearer realm="both"', 'Basic realm="both", charset="UTF-8"'])
        both = ["-H", "authorization: " + self.token(), "-H", "authorization: " + basic("ada", "correct horse")]
        code = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *both, f"http://127.0.0.1:{self.fleet.gateway_port}/both"],
                              capture_output=True, text=True).stdout
        self.assertEqual(code, "401", "two of them are none")

    def test_keeps_passwords_from_backends_unless_told_otherwise(self):
        given = basic("ada", "correct horse")
        self.assertNotIn(given.lower(), self.get("/office", given)[2].decode().lower())
        self.assertNotIn("authorization", self.get("/office", given)[2].decode().lower())
        self.assertIn(given.lower(), self.get("/both", given)[2].decode().lower())
        wrong = basic("ada", "wrong")
        self.assertNotIn(wrong.lower(), self.get("/open", wrong)[2].decode().lower(), "who is not asked gives nothing away either")

    def test_knows_consumers_and_subjects_by_their_users(self):
        self.assertEqual(self.status("/staff", "ada", "correct horse"), 200)
        self.assertEqual(self.status("/staff", "grace", "battery st\u00e4ple"), 200)
        self.assertEqual(self.status("/staff", "joan", "sha 512"), 403)
        twice = self.fleet.apply("apiVersion: penstock.dev/v1\nkind: Consumer\nmetadata: {name: byron}\nspec: {users: [ada]}\n", check=False)
        self.assertEqual(twice.returncode, 3, twice.stdout + twice.stderr)
        for word in ("E142", "default/byron", "default/lovelace", 'user "ada"'):
            self.assertIn(word, twice.stdout + twice.stderr)

    def test_takes_users_back_everywhere(self):
        for replica in (0, 1):
            self.assertEqual(self.status("/office", "joan", "sha 512", replica=replica), 200)
        self.fleet.cli("revoke", "subject", "joan", "--reason", "a test")
        try:
            for replica in (0, 1):
                self.assertEqual(self.status("/office", "joan", "sha 512", replica=replica), 401)
        finally:
            name = json.loads(self.fleet.cli("get", "revocations", "-o", "json").stdout)["items"][0]["metadata"]["name"]
            self.fleet.cli("delete", "revocation", name)
        self.assertEqual(self.status("/office", "joan", "sha 512"), 200)

    def test_takes_a_new_password_at_once(self):
        self.fleet.apply(secret("office-users", *self.users, self.line("eve", "old one")))
        self.assertEqual(self.status("/office", "eve", "old one"), 200)
        self.fleet.apply(secret("office-users", *self.users, self.line("eve", "new one")))
        self.assertEqual([self.status("/office", "eve", "old one"), self.status("/office", "eve", "new one")], [401, 200])
        self.fleet.apply(secret("office-users", *self.users))
        self.assertEqual(self.status("/office", "eve", "new one"), 401)

    def test_refuses_files_that_protect_nobody_and_shows_no_hash(self):
        done = self.fleet.apply(secret("office-users", self.users[0], "bob:$apr1$salt$hunter2"), check=False)
        self.assertEqual(done.returncode, 3)
        said = done.stdout + done.stderr
        self.assertIn('Secret "office-users", key "htpasswd": line 2: the hash of bob is MD5 (apr1)', said)
        self.assertIn("penstock key hash-password", said)
        self.assertNotIn("hunter2", said)
        self.assertEqual(self.status("/office", "ada", "correct horse"), 200, "what was there goes on")

    def test_explains_as_far_as_it_can_know(self):
        ask = lambda *credentials: self.fleet.cli("explain", "request", "GET", f"http://localhost:{self.fleet.gateway_port}/office",
                                                  "-H", "authorization: " + basic(*credentials), check=False).stdout
        self.assertIn("user ada is known; whether the password is right is not looked at here", ask("ada", "a guess"))
        self.assertIn("there is no user nobody", ask("nobody", "a guess"))
        self.assertNotIn("a guess", ask("ada", "a guess"))

    def test_shows_passwords_and_hashes_to_nobody(self):
        self.status("/office", "ada", "correct horse")
        self.status("/office", "ada", "a wrong one")
        parts.wait_until(lambda: '"subject": "ada"' in json.dumps(self.fleet.replicas[0].access_lines()), "the line in the access log")
        replica = self.fleet.replicas[0]
        dump = subprocess.run(["curl", "-s", "--unix-socket", os.path.join(replica.dir, "admin.sock"), "http://x/config"],
                              capture_output=True, text=True).stdout
        shown = [json.dumps(replica.access_lines()), replica.log(), self.fleet.control_plane_log(), dump]
        # An export of Secrets ends with 1: it says that their values are left out.
        shown += [self.fleet.cli(*verb, check=False).stdout for verb in (["get", "all", "-o", "yaml"], ["history"], ["export"])]
        for text in shown:
            self.assertNotEqual(text, "")
            for hidden in ("correct horse", "a wrong one", basic("ada", "correct horse"), self.users[0].split(":")[1]):
                self.assertNotIn(hidden, text)
        self.assertIn("no such user, or another password", shown[0])
        self.assertGreater(replica.metric("penstock_basic_verifications_total"), 0)

    def test_computes_a_password_once_for_many_requests(self):
        self.fleet.apply(secret("office-users", *self.users, self.line("max", "once")))
        before = self.fleet.replicas[1].metric("penstock_basic_verifications_total")
        self.assertEqual([self.status("/office", "max", "once", replica=1) for _ in range(20)], [200] * 20)
        self.assertEqual(self.fleet.replicas[1].metric("penstock_basic_verifications_total"), before + 1)
        self.assertGreaterEqual(self.fleet.replicas[1].metric("penstock_basic_cache_hits_total"), 19)
        self.fleet.apply(secret("office-users", *self.users))

    def test_serves_others_while_somebody_guesses(self):
        refused = self.fleet.replicas[0].metric("penstock_basic_queue_full_total")
        with concurrent.futures.ThreadPoolExecutor(QUEUED + 16) as guessers:
            guesses = [guessers.submit(self.get, "/slow", basic("slow", f"guess {i}")) for i in range(QUEUED + 16)]
            parts.wait_until(lambda: self.fleet.replicas[0].metric("penstock_basic_queue_full_total") > refused, "a queue that is full")
            for _ in range(20):
                begun = time.monotonic()
                self.assertEqual(self.get("/open")[0], 200)
                # A check takes a second; on the worker's own thread nobody would be served before it is over.
                self.assertLess(time.monotonic() - begun, 0.5)
            statuses = [guess.result()[0] for guess in guesses]
        self.assertEqual(set(statuses) - {401, 503}, set())
        self.assertGreater(statuses.count(503), 0)
        parts.wait_until(lambda: "password checks: queue is full" in json.dumps(self.fleet.replicas[0].access_lines()), "the reason in the access log")
        self.assertEqual(self.status("/slow", "slow", "slow horse"), 200, "afterwards all is as before")

    def test_reads_a_password_from_a_terminal_that_does_not_show_it(self):
        leader, terminal = pty.openpty()
        asked = subprocess.Popen([parts.PENSTOCK, "key", "hash-password", "ada"], stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2):
            said = ""
            while not said.endswith(": "):
                said += asked.stderr.read(1)
            os.write(leader, b"correct horse\n")
        line, _ = asked.communicate(timeout=60)
        self.assertTrue(line.startswith("ada:$y$"), line)
        os.set_blocking(leader, False)
        try:
            echoed = os.read(leader, 4096)
        except BlockingIOError:
            echoed = b""
        self.assertNotIn(b"horse", echoed)


if __name__ == "__main__":
    unittest.main()
