"""Three data planes, 100,000 revocations: how long from the command until every replica refuses the token, and what they cost."""
import http.client
import threading
import time

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream
from test.support.process_meter import ProcessMeter
from test.support.tokens import Key, in_seconds, key_set
from test.support.verdict import Verdict, quantile

ENTRIES, PER_APPLY, REPLICAS, COMMANDS = 100_000, 20_000, 3, 100

POLICY = """
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: tokens}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  jwt: {providers: [{name: auth, issuer: "https://auth", jwks: {inline: '%s'}}]}
"""


def revocations(begin, end):
    return "".join(f'---\napiVersion: penstock.dev/v1\nkind: Revocation\nmetadata: {{name: r{n}}}\n'
                   f'spec: {{tokenId: "old-{n}", issuer: "https://auth"}}\n' for n in range(begin, end))


class Watcher(threading.Thread):
    """Asks one replica with one token until it is refused."""

    def __init__(self, fleet, index, token):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(f"127.0.0.{index}", fleet.gateway_port, timeout=5)
        self.headers = {"authorization": f"Bearer {token}"}
        self.refused_at, self.accepted, self.ready = None, 0, threading.Event()

    def run(self):
        while self.refused_at is None:
            self.connection.request("GET", "/", headers=self.headers)
            response = self.connection.getresponse()
            response.read()
            if response.status == 401:
                self.refused_at = time.monotonic()
            elif response.status == 200:
                self.accepted += 1
                self.ready.set()
            else:
                raise AssertionError(response.status)
            time.sleep(0.002)
        self.connection.close()


def token(key, **claims):
    return key.token({"iss": "https://auth", "exp": in_seconds(600)} | claims)


def revoke(fleet, key, number):
    """Seconds from the command until the last replica refuses, and the fewest answers that a replica gave before."""
    token_id = f"t{number}"
    watchers = [Watcher(fleet, index, token(key, sub="u", jti=token_id)) for index in range(1, REPLICAS + 1)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        assert watcher.ready.wait(10), "a token that holds is not accepted"
    began = time.monotonic()
    fleet.cli("revoke", "token", token_id, "--issuer", "https://auth")
    for watcher in watchers:
        watcher.join(20)
    return max(watcher.refused_at for watcher in watchers) - began


def main(words):
    entries = int(words[0]) if words else ENTRIES
    commands = int(words[1]) if len(words) > 1 else COMMANDS
    verdict = Verdict("revocation")
    upstream = Upstream("echo")
    with Fleet(replicas=REPLICAS) as fleet:
        key = Key("EdDSA", "k1", fleet.dir)
        fleet.wait_connected()
        fleet.apply(parts.gateway() + parts.backend("echo", upstream.ports) + parts.route("all", "echo") + POLICY % key_set([key]))
        meters = [ProcessMeter(replica.process.pid) for replica in fleet.replicas]
        before = [meter.kib("VmRSS") for meter in meters]
        began = time.monotonic()
        for begin in range(0, entries, PER_APPLY):
            fleet.apply(revocations(begin, min(begin + PER_APPLY, entries)), "--timeout=120s")
        print(f"      {entries} revocations served by {REPLICAS} replicas after {time.monotonic() - began:.1f} s")
        grown = max(meter.kib("VmRSS") - kib for meter, kib in zip(meters, before)) / 1024
        print(f"      a data plane grew by {grown:.1f} MiB: {grown * (1 << 20) / max(entries, 1):.0f} B each")
        status, _, _ = fleet.get(1, "/", headers={"authorization": "Bearer " + token(key, sub="u", jti=f"old-{entries - 1}")})
        verdict.equal("the last of them is refused", status, 401)
        took = [revoke(fleet, key, n) * 1000 for n in range(commands)]
        print(f"      from the command until all {REPLICAS} replicas refuse, ms: min {min(took):.0f}, p50 {quantile(took, .5):.0f}, "
              f"p90 {quantile(took, .9):.0f}, max {max(took):.0f}; {len(took)} commands")
        verdict.at_most("revocation p99", quantile(took, 0.99), 1000.0, " ms")
        fleet.cli("revoke", "before", "now", "--issuer", "https://auth")
        status, _, _ = fleet.get(1, "/", headers={"authorization": "Bearer " + token(key, sub="v", iat=int(time.time()) - 60)})
        verdict.equal("all before now are refused", status, 401)
        status, _, _ = fleet.get(1, "/", headers={"authorization": "Bearer " + token(key, sub="v", iat=int(time.time()) + 1)})
        verdict.equal("one issued later is accepted", status, 200)
    return verdict.end()
