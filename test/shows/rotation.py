"""Certificates of a loaded fleet change ten times a second; then streams of hours live through a thousand changes."""
import bisect
import collections
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from test.support import fleet as parts
from test.support import parties
from test.support.process_meter import ProcessMeter
from test.support.rotating_pki import BACKEND, COUNT, FRONT, WINDOW, RotatingPki
from test.support.verdict import Verdict

SECONDS, CHANGES = 75, 1000
SOCKETS, CALLS = 1000, 200
GAP = 0.1  # between changes

TLS = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: secure}}
spec:
  gatewayClassName: default
  listeners:
  - {{name: https, protocol: HTTPS, port: {{port}}, hostname: {FRONT}, tls: {{certificateRefs: [{{name: front}}]}}}}
  tls:
    frontend: {{default: {{validation: {{caCertificateRefs: [{{group: "", kind: ConfigMap, name: trusted-clients}}]}}}}}}
    backend: {{clientCertificateRef: {{name: gateway}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {{name: secure}}
spec:
  targetRefs: [{{group: penstock.dev, kind: Backend, name: secure}}]
  validation: {{caCertificateRefs: [{{group: "", kind: ConfigMap, name: trusted-backends}}], hostname: {BACKEND}}}
""" + parts.route("secure", "secure", parent="secure")

MARKED = """
    filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-change, value: "CHANGE"}]}}]"""
STREAMS = parts.route("chat", "chat", prefix="/ws", extra_rule=MARKED) + """
---
apiVersion: penstock.dev/v1
kind: TrafficPolicy
metadata: {name: chat}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: chat}]
  upgrades: [websocket]
---
apiVersion: penstock.dev/v1
kind: TrafficPolicy
metadata: {name: many}
spec:
  targetRefs: [{group: penstock.dev, kind: Backend, name: chat}]
  connections: {maxConnections: 4096, maxRequests: 4096}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: calls}
spec:
  parentRefs: [{name: gw, sectionName: rpc}]
  rules:
  - matches: [{method: {service: penstock.parties.Echo}}]
    backendRefs: [{name: calls}]""" + MARKED + "\n"


class Timeline:
    """When each change was begun, and when (a little later at most) all replicas served it, as their metrics say."""

    def __init__(self, fleet, change):
        self.fleet, self.begun, self.served = fleet, [time.monotonic()], []
        change()
        self.first = fleet.replicas[0].metric("penstock_generation_number")
        self.stopping = threading.Event()
        self.watcher = threading.Thread(target=self._watch)
        self.watcher.start()

    def make(self, change):
        self.begun.append(time.monotonic())
        change()

    def waiting(self):
        """Changes that are not served by all yet."""
        return len(self.begun) - len(self.served)

    def stop(self):
        deadline = time.monotonic() + 30
        while self.waiting() > 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.stopping.set()
        self.watcher.join()

    def _watch(self):
        while not self.stopping.wait(0.05):
            oldest = min(replica.metric("penstock_generation_number") for replica in self.fleet.replicas)
            self.served += [time.monotonic()] * (int(oldest - self.first) + 1 - len(self.served))

    def possible(self, begin, end):
        """The changes that may have been in force at some moment between BEGIN and END."""
        first = bisect.bisect_right(self.served, begin) - 1  # the newest that all served already
        return range(max(0, first), bisect.bisect_right(self.begun, end))


class TlsClients:
    """One process of test.support.tls_clients."""

    def __init__(self, kind, pki, fleet):
        self.kind, self.record = kind, os.path.join(pki.folder, f"record-{kind}")
        targets = ",".join(f"{replica.host}:{fleet.gateway_port}" for replica in fleet.replicas)
        self.process = parts.start([sys.executable, "-m", "test.support.tls_clients", kind, pki.folder, targets, self.record],
                                   stdin=subprocess.PIPE, text=True, cwd=parts.ROOT)

    def tell(self, k):
        self.process.stdin.write(f"{k}\n")
        self.process.stdin.flush()

    def finish(self):
        """(begin, end, front, shown, outcome) of each request."""
        self.process.communicate(timeout=60)
        rows = (line.split() for line in open(self.record))
        return [(float(begin), float(end), front, shown, outcome) for begin, end, front, shown, outcome in rows]


def is_of(name, prefix, changes):
    return name in {f"{prefix}-{k % COUNT}" for k in changes}


def judge(verdict, timeline, kind, rows):
    outcomes = collections.Counter(row[4] for row in rows)
    bad = len(rows) - outcomes.get("ok", 0)
    verdict.equal(f"{kind}: failed requests {dict(outcomes)}", bad, 0)
    good = [row for row in rows if row[4] == "ok"]
    shown = [row for row in good if not is_of(row[3], "gateway", timeline.possible(row[0], row[1]))]
    verdict.equal(f"{kind}: requests whose gateway showed its upstream a certificate that was not in force {shown[:3]}", len(shown), 0)
    return good


def rotate(verdict, seconds):
    folder = tempfile.mkdtemp(prefix="penstock-rotation-")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        pki = RotatingPki(folder)
        upstream = parties.start_node("tls_upstream.js", folder, pki.path("gateways"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stack.callback(upstream.kill)

        def show_upstream(k):
            upstream.stdin.write(f"backend-{(k + WINDOW // 2) % COUNT}\n")
            upstream.stdin.flush()
            return upstream.stdout.readline().strip()

        port = int(show_upstream(0))
        fleet = stack.enter_context(parts.Fleet(replicas=2))
        fleet.wait_connected()
        timeline = Timeline(fleet, lambda: fleet.apply(TLS + parts.backend("secure", [port]) + "---" + pki.manifests(0)))
        clients = [TlsClients(kind, pki, fleet) for kind in ("fresh", "kept", "expired")]
        late, due, k = 0, time.monotonic(), 0
        end = due + seconds
        for client in clients:
            client.tell(0)
        while time.monotonic() < end:
            due = max(due + GAP, time.monotonic() - GAP)
            # Clients and upstream show certificates that are good for so many changes before and after.
            while timeline.waiting() >= WINDOW // 2 - 1 or time.monotonic() < due:
                time.sleep(0.002)
            late += time.monotonic() > due + GAP
            k += 1
            timeline.make(lambda: fleet.apply(pki.manifests(k), "--wait=none"))
            show_upstream(k)
            for client in clients:
                client.tell(k)
        timeline.stop()
        rows = {client.kind: client.finish() for client in clients}
        failed_upstream = sum(replica.metric("penstock_upstream_tls_handshake_failures_total") for replica in fleet.replicas)
        upstream_handshakes = sum(replica.metric("penstock_upstream_tls_handshakes_total") for replica in fleet.replicas)
        rejected = sum(replica.metric("penstock_generations_rejected_total") for replica in fleet.replicas)

    verdict.at_least("changes of all certificates at once", k, int(0.95 * seconds / GAP))
    verdict.equal("changes that were not served by both replicas", timeline.waiting(), 0)
    verdict.at_most("changes that came more than 100 ms late", late, k // 5)
    verdict.equal("generations that a replica refused", rejected, 0)
    fresh = judge(verdict, timeline, "a handshake for each request", rows["fresh"])
    kept = judge(verdict, timeline, "connections that stay", rows["kept"])
    verdict.at_least("handshakes with clients", len(fresh), 40 * seconds)
    wrong = [row for row in fresh if not is_of(row[2], "front", timeline.possible(row[0], row[1]))]
    verdict.equal(f"handshakes with a certificate that was not in force {wrong[:3]}", len(wrong), 0)
    verdict.at_least("certificates that clients were shown", len({row[2] for row in fresh}), COUNT)
    verdict.at_least("requests over connections that stay", len(kept), 40 * seconds)
    verdict.at_least("handshakes with the upstream", upstream_handshakes, k)
    verdict.equal("handshakes with the upstream that failed", failed_upstream, 0)
    let_in = [row for row in rows["expired"] if row[4] != "refused"]
    verdict.at_least("clients of authorities that are trusted no more", len(rows["expired"]), seconds)
    verdict.equal(f"of these, let in {let_in[:3]}", len(let_in), 0)


class Streams:
    """test/parties/streams_client.js."""

    def __init__(self, replica, port, rpc_port):
        self.process = parties.start_node("streams_client.js", str(SOCKETS), f"ws://{replica.host}:{port}/ws", str(CALLS),
                                          f"{replica.host}:{rpc_port}", "2000", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.state = self.answer()

    def answer(self):
        self.state = json.loads(self.process.stdout.readline())
        return self.state

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.answer()


def resident_mib(replica):
    """The median of a second, since a moment's figure holds what the allocator has not given back yet."""
    meter, figures = ProcessMeter(replica.process.pid), []
    for _ in range(11):
        figures.append(meter.kib("VmRSS:"))
        time.sleep(0.1)
    return sorted(figures)[5] / 1024


def stream(verdict, changes):
    chat_port, rpc_port = parts.free_port(), parts.free_port()
    with contextlib.ExitStack() as stack:
        chat = parties.start_node("ws_server.js", str(chat_port), stdout=subprocess.PIPE, text=True)
        calls = parties.start_node("grpc_server.js", stdout=subprocess.PIPE, text=True)
        for server in (chat, calls):
            stack.callback(server.kill)
        assert chat.stdout.readline().strip() == "ready"
        calls_port = int(calls.stdout.readline())
        fleet = stack.enter_context(parts.Fleet(replicas=1, workers=2))
        fleet.wait_connected()
        rpc = f"  - {{name: rpc, protocol: HTTP, port: {rpc_port}, allowedRoutes: {{kinds: [{{kind: GRPCRoute}}]}}}}"
        base = parts.gateway(extra=rpc) + STREAMS + parts.backend("chat", [chat_port]) + parts.backend("calls", [calls_port])
        fleet.apply(base)
        replica = fleet.replicas[0]
        streams = Streams(replica, fleet.gateway_port, rpc_port)
        verdict.equal("streams that are open, each of which has carried a message", streams.state["open"], SOCKETS + CALLS)
        late, due, resident = 0, time.monotonic(), {}
        for n in range(1, changes + 1):
            # Most changes are of others; every tenth is of the routes that the streams came by.
            text = STREAMS.replace("CHANGE", str(n)) if n % 10 == 0 else parts.route("unrelated", "chat", prefix=f"/unrelated-{n}")
            fleet.apply(text, "--wait=none")
            due += GAP
            late += time.monotonic() > due + GAP
            time.sleep(max(0.0, due - time.monotonic()))
            if n % (changes // 10) == 0:
                before = streams.say("count")
                resident[n] = resident_mib(replica)
                due = max(due, time.monotonic())
                print(f"      after change {n}: {resident[n]:.1f} MiB resident, echoes {before['echoes']}", flush=True)
        verdict.at_most("changes that came more than 100 ms late", late, changes // 5)
        fleet.apply(parts.route("unrelated", "chat", prefix="/last"))
        verdict.at_least("generations served", int(replica.metric("penstock_generation_number")), changes)
        during = streams.say("count")
        verdict.equal(f"streams that broke {during['why']}", during["broken"], 0)
        for kind, fewest in during["fewest"].items():
            verdict.at_least(f"{kind}: messages of the one that carried the fewest", fewest, changes * GAP // 4)
        after = streams.say("round")
        for kind, fewest in after["fewest"].items():
            verdict.at_least(f"{kind}: the same after one more round", fewest, during["fewest"][kind] + 1)
        verdict.equal("tunnels that the data plane counts", int(replica.metric("penstock_tunnels_active")), SOCKETS)
        end = streams.say("end")
        verdict.equal(f"streams that did not end in order {end['why']}", end["broken"], 0)
        # The first streams make the allocator take what it then keeps, with or without changes: 2 MiB at a time.
        warm = changes * 3 // 10
        first, last = resident[warm], resident[changes]
        verdict.at_most(f"resident memory after change {changes} (after change {warm}: {first:.1f} MiB)", last, round(first + 4, 1), " MiB")


def main(words):
    seconds = int(words[0]) if words else SECONDS
    changes = int(words[1]) if len(words) > 1 else CHANGES
    verdict = Verdict("rotation")
    rotate(verdict, seconds)
    stream(verdict, changes)
    return verdict.end()
