"""Hostile bytes: the raw HTTP/1 attack cases against a live data plane under asan, then fuzz targets for 5 minutes each.

Which targets: all but those of protocols, which are a show of their own (fuzz-protocols).
The cases are not part of this repository: they come from PENSTOCK_ATTACKS or, beside the checkout,
../shared/attacks/attacks.json. Denials by policy come later: /admin answers 301 here.
"""
import json
import os
import subprocess

from test.support import fleet as parts
from test.support.attack_runner import Observation, attacks_path, broken_invariants, failed_keys, redirect_denies, send_raw, to_bytes
from test.support.fuzzing import fuzz, others
from test.support.recorder import Recorder, read_as
from test.support.verdict import Verdict

ROUTES = """
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.test, b.test]
  rules:
  - matches: [{path: {type: PathPrefix, value: /admin}}]
    filters:
    - type: RequestRedirect
      requestRedirect: {statusCode: 301, path: {type: ReplaceFullPath, replaceFullPath: /login}}
  - backendRefs: [{name: recorder}]
---
apiVersion: penstock.dev/v1
kind: TrafficPolicy
metadata: {name: a}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: a}]
  upgrades: [websocket]
"""


def resident(pid):
    return next(int(line.split()[1]) * 1024 for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))


def canary(replica, port, name):
    """A fresh connection gets its own answer."""
    raw = f"GET /canary/{name} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n".encode()
    received, _, _ = send_raw(replica.host, port, raw, idle=2)
    return received.startswith(b"HTTP/1.1 200 ") and f"/canary/{name}".encode() in received


def run_case(case, fleet, recorder):
    """What is wrong, as a list of words; empty: the case passes."""
    replica, data = fleet.replicas[0], to_bytes(case["input"])
    mark, before = recorder.mark(), resident(replica.process.pid)
    received, closed, seconds = send_raw(replica.host, fleet.gateway_port, data)
    observation = Observation.of_http1(received, closed, seconds, recorder.since(mark), resident(replica.process.pid) - before)
    wrong = failed_keys(observation, redirect_denies(case["assert"])) + broken_invariants(observation, data)
    if replica.process.poll() is not None:
        wrong.append("G1: the data plane ended")
    elif not canary(replica, fleet.gateway_port, case["id"]):
        wrong.append("G2: the canary failed")
    if wrong:
        print(f"      {case['id']}: {'; '.join(wrong)}: statuses {observation.statuses} closed {closed} upstream {[r.line for r in observation.strict]}")
    return wrong


def attack(verdict, path):
    cases = [case for case in json.load(open(path)) if case["input_kind"] == "raw_h1"]
    recorder = Recorder()
    with parts.Fleet(replicas=1) as fleet:
        fleet.wait_connected()
        fleet.apply(parts.gateway() + parts.backend("recorder", [recorder.port]) + ROUTES)
        replica = fleet.replicas[0]
        assert canary(replica, fleet.gateway_port, "first"), replica.log()[-2000:]
        open_before = len(os.listdir(f"/proc/{replica.process.pid}/fd"))
        failed = sum(1 for case in cases if run_case(case, fleet, recorder))
        verdict.equal(f"raw HTTP/1 cases that fail, of {len(cases)}", failed, 0)
        growth = len(os.listdir(f"/proc/{replica.process.pid}/fd")) - open_before
        verdict.at_most("descriptors more than before", growth, 8)
        verdict.equal("exit of the data plane after SIGTERM", replica.terminate(), 0)
        entries = [_entry(line) for line in open(replica.access_log, "rb")]
        verdict.equal("access log lines that are not JSON", entries.count(None), 0)
        forwarded = sum(1 for entry in entries if entry and entry.get("tries") and not entry.get("reason"))
        verdict.equal("requests that the access log calls forwarded, against whole ones at the upstream", forwarded, _whole(recorder))
        log = replica.log()
        verdict.equal("sanitizer reports", log.count("ERROR: ") + log.count("runtime error:"), 0)


def _entry(line):
    """An access log line as a dictionary; None if it is not one."""
    try:
        entry = json.loads(line)
        return entry if isinstance(entry, dict) else None
    except ValueError:
        return None


def _whole(recorder):
    """How many whole requests the upstream read."""
    return sum(1 for data in recorder.since([]) for request in read_as(data, "strict") if not request.problem)


def use_asan_data_plane():
    """The data plane of the asan build, kept beside the optimised others."""
    subprocess.run(["bazel", "build", "--config=asan", "//dataplane/server:penstock-dataplane"], check=True, stderr=subprocess.DEVNULL)
    folder = subprocess.run(["bazel", "info", "--config=asan", "bazel-bin"], check=True, capture_output=True, text=True).stdout.strip()
    parts.DATAPLANE = os.path.join(folder, "dataplane/server/penstock-dataplane")
    optimised = subprocess.run(["bazel", "info", "-c", "opt", "bazel-bin"], check=True, capture_output=True, text=True).stdout.strip()
    for name in ("PENSTOCK", "CONTROLPLANE"):
        setattr(parts, name, getattr(parts, name).replace(parts.BIN, optimised))


def main(words):
    verdict = Verdict("bad-input")
    seconds = int(words[0]) if words else 300
    path = attacks_path()
    use_asan_data_plane()
    if os.path.exists(path):
        attack(verdict, path)
    else:
        verdict.check("attack cases", f"not at {path}; set PENSTOCK_ATTACKS", False, "present")
    if seconds != 0:
        fuzz(verdict, others(), seconds)
    return verdict.end()
