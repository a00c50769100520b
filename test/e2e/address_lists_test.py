"""AddressLists on a live fleet: more addresses than one object holds, changed while they are used."""
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream

LISTS, EACH = 4, 50_000


def address_list(name, addresses):
    return f"---\napiVersion: penstock.dev/v1\nkind: AddressList\nmetadata: {{name: {name}}}\nspec:\n  addresses:\n" + "".join(
        f"  - {address}\n" for address in addresses)


def many(number):
    """Of 10.0.0.0/8, each list its own."""
    return [f"10.{number * 50 + n // 1000}.{n // 4 % 250}.{n % 4 * 64}/26" for n in range(EACH)]


POLICY = """
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: proxies}
spec: {targetRefs: [{kind: Gateway, name: gw}], trustedProxies: {cidrs: [127.0.0.0/8]}}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: attackers}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  ipFilter: {deny: [203.0.113.7], denyLists: [%s]}
""" % ", ".join(f"bad-{n}" for n in range(LISTS))


class AddressLists(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("users")
        cls.fleet = Fleet(replicas=2)
        cls.fleet.__enter__()
        cls.fleet.wait_connected()
        cls.fleet.apply(parts.gateway() + parts.backend("users", cls.upstream.ports) + parts.route("users", "users"))
        for number in range(LISTS):
            cls.fleet.apply(address_list(f"bad-{number}", many(number)))
        cls.fleet.apply(POLICY)

    @classmethod
    def tearDownClass(cls):
        cls.fleet.__exit__(None, None, None)
        cls.upstream.stop()

    def statuses(self, client):
        return {self.fleet.get(replica, "/", headers={"x-forwarded-for": client})[0] for replica in (0, 1)}

    def test_count_all_together(self):
        for number in range(LISTS):
            self.assertEqual(self.statuses(many(number)[number * 7].removesuffix("/26")), {403})
        self.assertEqual(self.statuses("203.0.113.7"), {403})
        self.assertEqual(self.statuses("192.0.2.1"), {200})
        self.assertEqual(self.statuses("2001:db8::1"), {200})

    def test_change_live_and_are_named_where_they_deny(self):
        self.assertEqual(self.statuses("192.0.2.9"), {200})
        self.fleet.apply(address_list("bad-3", ["192.0.2.9"]))
        self.assertEqual(self.statuses("192.0.2.9"), {403})
        explained = self.fleet.cli("explain", "request", "GET", f"http://gw:{self.fleet.gateway_port}/", "--client=192.0.2.9", check=False).stdout
        self.assertIn("denied by AddressList default/bad-3", explained)
        self.fleet.apply(address_list("bad-3", many(3)))
        self.assertEqual(self.statuses("192.0.2.9"), {200})

    def test_stay_while_a_policy_names_them(self):
        refused = self.fleet.cli("delete", "addresslist", "bad-0", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn('AddressList "bad-0" does not exist', refused.stdout + refused.stderr)
        self.assertEqual(self.statuses(many(0)[0].removesuffix("/26")), {403})


if __name__ == "__main__":
    unittest.main()
