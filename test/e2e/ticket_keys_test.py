"""Sessions of TLS are resumed at any data plane of a fleet, after restarts and rotations of the keys; and the keys are shown nowhere."""
import base64
import os
import subprocess
import time
import unittest

from test.support import fleet as parts
from test.support import parties
from test.support.fleet import Fleet, Upstream, wait_until
from test.support.sealed_store import SealedStore

MANIFESTS = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: secure}
spec:
  gatewayClassName: default
  listeners:
  - {name: https, protocol: HTTPS, port: {port}, hostname: a.test, tls: {certificateRefs: [{name: cert}]}}
  - {name: other, protocol: HTTPS, port: {port}, hostname: b.test, tls: {certificateRefs: [{name: cert}]}}
---
apiVersion: v1
kind: Secret
metadata: {name: cert}
type: kubernetes.io/tls
dataFromFiles: {tls.crt: FOLDER/a.test.crt, tls.key: FOLDER/a.test.key}
""" + parts.route("web", "web", parent="secure")
HOURS = 3600 * 1000  # of a TicketKeys' sealing_since_unix_ms


def varint(number):
    encoded = b""
    while number >= 0x80:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def fields(message):
    """(number, value) of a protobuf message that has only varints and bytes."""
    at = 0

    def take_varint():
        nonlocal at
        number = shift = 0
        while True:
            byte = message[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while at < len(message):
        tag = take_varint()
        if tag & 7 == 0:
            yield tag >> 3, take_varint()
        else:
            size = take_varint()
            yield tag >> 3, message[at:at + size]
            at += size


class StoredKeys:
    """What the store of a fleet's control plane holds of them: penstock.xds.v1.TicketKeys."""

    def __init__(self, fleet):
        self.store = SealedStore(os.path.join(fleet.dir, "store"))
        self.bytes = self.store.ticket_keys()
        self.fields = dict(fields(self.bytes))

    def names(self):
        """Of the keys that seal now, next, and sealed before."""
        return [dict(fields(self.fields[number]))[1] if number in self.fields else None for number in (1, 2, 3)]

    def secrets(self):
        return [part for number in (1, 2, 3) if number in self.fields for place, part in fields(self.fields[number]) if place > 1]

    def make_older(self, milliseconds):
        """As if time had passed. The control plane must not run."""
        tail = b"\x20" + varint(self.fields[4])
        assert self.bytes.endswith(tail)
        self.store.put_ticket_keys(self.bytes[:-len(tail)] + b"\x20" + varint(self.fields[4] - milliseconds))


class TicketKeysTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("web")
        cls.fleet = Fleet(replicas=2).__enter__()
        cls.addClassCleanup(cls.fleet.__exit__, None, None, None)
        cls.addClassCleanup(cls.upstream.stop)
        parties.certificate(cls.fleet.dir, "a.test")
        cls.fleet.wait_connected()
        cls.fleet.apply(MANIFESTS.replace("FOLDER", cls.fleet.dir) + parts.backend("web", cls.upstream.ports))

    def handshake(self, replica, version, ticket, *, bring=False, name="a.test"):
        """"New" or "Reused", as openssl says. The session is in the file TICKET then."""
        words = ["openssl", "s_client", "-connect", f"{self.fleet.replicas[replica].host}:{self.fleet.gateway_port}", "-servername", name,
                 f"-tls1_{version}", "-sess_out", ticket, "-ign_eof"]
        request = f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
        done = subprocess.run(words + (["-sess_in", ticket] if bring else []), input=request, capture_output=True, text=True, timeout=30)
        self.assertIn("HTTP/1.1 200", done.stdout, done.stderr)
        (kind,) = {line.split(",")[0] for line in done.stdout.splitlines() if line.startswith(("New, TLS", "Reused, TLS"))}
        return kind

    def tickets(self, name):
        """A file for the session of each version."""
        return [(version, os.path.join(self.fleet.dir, f"{name}-{version}")) for version in (2, 3)]

    def wait_for_keys(self):
        """Until both replicas seal with the key that the store says."""
        since = StoredKeys(self.fleet).fields[4] / 1000

        def has_them(replica):
            age = replica.metric("penstock_tls_ticket_key_age_seconds")
            return age > 0 and abs(time.time() - age - since) < 2

        wait_until(lambda: all(has_them(replica) for replica in self.fleet.replicas), "the keys are there")

    def restart_control_plane(self, older=0):
        self.fleet.kill_control_plane()
        if older:
            StoredKeys(self.fleet).make_older(older)
        self.fleet.start_control_plane()
        self.fleet.wait_connected()
        self.wait_for_keys()

    def test_a_session_is_resumed_at_another_data_plane(self):
        for version, ticket in self.tickets("another"):
            self.assertEqual(self.handshake(0, version, ticket), "New")
            self.assertEqual(self.handshake(1, version, ticket, bring=True), "Reused")
            self.assertEqual(self.handshake(0, version, ticket, bring=True), "Reused")
        self.assertGreaterEqual(self.fleet.replicas[1].metric("penstock_tls_resumptions_total"), 2)

    def test_a_session_is_not_resumed_at_another_listener(self):
        for version, ticket in self.tickets("listener"):
            self.handshake(0, version, ticket)
            self.assertEqual(self.handshake(1, version, ticket, bring=True, name="b.test"), "New")

    def test_a_session_outlives_the_processes_that_made_it(self):
        tickets = self.tickets("restart")
        for version, ticket in tickets:
            self.handshake(0, version, ticket)
        self.restart_control_plane()
        replica = self.fleet.replicas[0]
        replica.terminate()
        for version, ticket in tickets:
            self.assertEqual(self.handshake(1, version, ticket, bring=True), "Reused")
        replica.start().wait_ready()
        self.fleet.wait_connected()
        self.wait_for_keys()
        for version, ticket in tickets:
            self.assertEqual(self.handshake(0, version, ticket, bring=True), "Reused")

    def test_data_planes_keep_their_keys_while_the_control_plane_is_away(self):
        tickets = self.tickets("away")
        for version, ticket in tickets:
            self.handshake(0, version, ticket)
        self.fleet.kill_control_plane()
        for version, ticket in tickets:
            self.assertEqual(self.handshake(1, version, ticket, bring=True), "Reused")
        self.fleet.start_control_plane()
        self.fleet.wait_connected()

    def test_a_rotation_keeps_tickets_for_one_period_and_is_no_generation(self):
        before, history = StoredKeys(self.fleet).names(), self.fleet.cli("history", "-o", "json").stdout
        generations = [replica.metric("penstock_generations_served_total") for replica in self.fleet.replicas]
        tickets = self.tickets("rotation")
        kept = self.tickets("kept")
        for version, ticket in tickets + kept:
            self.handshake(0, version, ticket)
        self.restart_control_plane(older=13 * HOURS)
        after = StoredKeys(self.fleet).names()
        self.assertEqual(after[0], before[1], "a key seals that all had before")
        self.assertEqual(after[2], before[0])
        for version, ticket in tickets:
            self.assertEqual(self.handshake(1, version, ticket, bring=True), "Reused")
        self.restart_control_plane(older=13 * HOURS)
        # openssl's client keeps a ticket that is renewed in TLS 1.3 only.
        version, ticket = tickets[-1]
        self.assertEqual(self.handshake(0, version, ticket, bring=True), "Reused")
        for version, ticket in kept:
            self.assertEqual(self.handshake(0, version, ticket, bring=True), "New", "its key is gone")
        self.assertEqual(self.fleet.cli("history", "-o", "json").stdout, history)
        self.assertEqual([replica.metric("penstock_generations_served_total") for replica in self.fleet.replicas], generations)

    def test_the_keys_are_shown_nowhere(self):
        secrets = StoredKeys(self.fleet).secrets()
        self.assertGreaterEqual(len(secrets), 4)
        said = [self.fleet.cli(*words, check=False).stdout.encode() for words in (
            ["export"], ["get", "gateways", "-o", "yaml"], ["get", "secrets", "-o", "yaml"], ["status", "-o", "json"],
            ["history", "-o", "json"], ["explain", "request", f"https://a.test:{self.fleet.gateway_port}/"])]
        for replica in self.fleet.replicas:
            for path in ("/config", "/metrics"):
                command = ["curl", "-s", "--unix-socket", f"{replica.dir}/admin.sock", f"http://admin{path}"]
                said.append(subprocess.run(command, capture_output=True).stdout)
        self.assertTrue(all(said))
        # All files of both planes: the store, where they are sealed, logs and the audit log.
        for folder, _, names in os.walk(self.fleet.dir):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        said.append(file.read())
        for secret in secrets:
            for shown in (secret, secret.hex().encode(), base64.b64encode(secret)[:40], repr(secret)[2:40].encode()):
                self.assertFalse(any(shown in text for text in said))
        self.assertEqual(os.stat(StoredKeys(self.fleet).store.path).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
