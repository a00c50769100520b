"""What `penstock history` and `penstock get --generation` say of what is no longer there, or never was."""
import json
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet


def served(fleet, *flags):
    """The condition Served of HTTPRoute r."""
    shown = json.loads(fleet.cli("get", "httproute", "r", "-o", "json", *flags).stdout)
    (parent,) = shown["status"]["parents"]
    (condition,) = [c for c in parent["conditions"] if c["type"] == "Served"]
    return condition


class History(unittest.TestCase):
    def test_an_object_that_never_was_is_not_found(self):
        with Fleet(replicas=0) as fleet:
            for output in ("table", "json"):
                done = fleet.cli("history", "httproute", "nobody", "-o", output, check=False)
                self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
                self.assertIn("no generation changed HTTPRoute", done.stdout + done.stderr)
            done = fleet.cli("history", "httproutez", "nobody", check=False)
            self.assertEqual(done.returncode, 8, done.stdout + done.stderr)

    def test_a_superseded_generation_is_told_as_such_also_after_the_control_plane_was_killed(self):
        with Fleet(replicas=2) as fleet:
            fleet.wait_connected()
            fleet.apply(parts.gateway() + parts.backend("b", [1]) + parts.route("r", "b"))
            fleet.apply(parts.route("r", "b", "/v2"))
            self.assertEqual(served(fleet)["status"], "True")
            before = served(fleet, "-g", "1")
            self.assertEqual((before["status"], before["reason"]), ("False", "Superseded"))
            self.assertEqual(before["message"], "changed or deleted since; generation 1: served 2/2")

            fleet.kill_control_plane()
            for replica in fleet.replicas:
                replica.kill()
            fleet.start_control_plane()
            fleet.apply(parts.route("r", "b", "/v3"), "--wait=none")
            results = [g["result"] for g in json.loads(fleet.cli("history", "-o", "json").stdout)["generations"]]
            self.assertEqual(results[1:], ["superseded", "served 2/2"])
            self.assertEqual(served(fleet, "-g", "2")["message"], "changed or deleted since")


if __name__ == "__main__":
    unittest.main()
