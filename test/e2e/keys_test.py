"""Keys are shown once: whoever issues one has it if it may count, however the issuing ends."""
import json
import os
import signal
import subprocess
import unittest

from test.support import fleet as parts
from test.support.fleet import PENSTOCK, Fleet, Upstream, start, wait_until

MANIFEST = """
---
apiVersion: penstock.dev/v1
kind: Consumer
metadata: {name: app}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: keys}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  apiKey: {}
  require: {allOf: [{anyOf: [apiKey]}]}
"""


class Keys(unittest.TestCase):
    """The second replica is stopped, so that a change is served by one and waited for."""

    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("users")
        cls.fleet = Fleet(replicas=2)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.fleet.apply(parts.gateway() + parts.backend("users", cls.upstream.ports) + parts.route("users", "users") + MANIFEST)

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)
        cls.upstream.stop()

    def setUp(self):
        os.kill(self.fleet.replicas[1].process.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, self.fleet.replicas[1].process.pid, signal.SIGCONT)

    def generation(self):
        return json.loads(self.fleet.cli("status", "-o", "json", check=False).stdout)["generation"]

    def issue(self, *flags):
        """`penstock key issue app` under way, stored already."""
        before = self.generation()
        process = start([PENSTOCK, "key", "issue", "app", *flags], env=self.fleet.environment(), stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE, text=True)
        wait_until(lambda: self.generation() > before, "a generation with the key", every=0.1)
        return process

    def status_of(self, key):
        return self.fleet.get(0, "/", {"x-api-key": key})[0]

    @staticmethod
    def key_in(text):
        return next(line.split()[1] for line in text.splitlines() if line.startswith("key "))

    def test_a_key_is_shown_to_whom_the_control_plane_is_lost(self):
        for flags, key_in in (([], self.key_in), (["-o", "json"], lambda text: json.loads(text)["key"])):
            issuing = self.issue("--timeout", "4s", *flags)
            self.fleet.kill_control_plane()
            out, err = issuing.communicate(timeout=60)
            self.assertEqual(issuing.returncode, 7, err)
            self.fleet.start_control_plane()
            self.fleet.wait_connected(1)
            self.assertEqual(self.status_of(key_in(out)), 200)

    def test_a_key_is_shown_to_whom_interrupts_its_issuing(self):
        for flags, key_in in (([], self.key_in), (["-o", "json"], lambda text: json.loads(text)["key"])):
            issuing = self.issue(*flags)
            issuing.send_signal(signal.SIGINT)
            out, err = issuing.communicate(timeout=60)
            self.assertEqual(issuing.returncode, 130)
            self.assertIn("stored as generation", err)
            wait_until(lambda: self.status_of(key_in(out)) == 200, "the key counts")

    def test_a_key_is_shown_where_a_replica_does_not_serve_it_in_time(self):
        done = self.fleet.cli("key", "issue", "app", "--timeout", "1s", check=False)
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertEqual(self.status_of(self.key_in(done.stdout)), 200)

    def test_a_key_that_is_not_stored_is_not_shown(self):
        for words in (["key", "issue", "nobody"], ["key", "issue", "app", "--dry-run"], ["key", "issue", "app", "--if-generation", "1"]):
            self.assertNotIn("pk_", self.fleet.cli(*words, check=False).stdout, words)

    def test_a_key_for_nobody_is_refused_with_what_makes_somebody(self):
        done = self.fleet.cli("key", "issue", "nobody", "-n", "team", check=False)
        self.assertEqual(done.returncode, 8)
        self.assertIn('Consumer "nobody" does not exist', done.stderr)
        self.assertIn("penstock consumer create nobody -n team", done.stderr)

    def test_findings_about_what_a_verb_writes_name_the_object(self):
        done = self.fleet.cli("revoke", "subject", "u1", "--issuer", "https://nobody.example", "--wait", "none")
        self.assertRegex(done.stderr, r"(?m)^Revocation default/subject-[0-9a-f]+: warning: spec.issuer: no SecurityPolicy takes tokens of")
        self.assertIn("subject u1 of https://nobody.example", self.fleet.cli("get", "revocations").stdout)

    def test_flags_of_other_words_are_refused(self):
        for words in (["issue", "app", "--scheme", "bcrypt"], ["hash-password", "ada", "--expires", "1h"]):
            done = self.fleet.cli("key", *words, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{words[2]} is of key ", done.stderr)


if __name__ == "__main__":
    unittest.main()
