"""Listener, route and backend change together at 10/s; each response must be made of one generation only.

Generation k names listener gk, rule rk (which stamps the request and the response with k) and backend bk. For each response
we know: the stamp that the route put on the request (echoed by the upstream) and on the response, the upstream that answered
(even k: one, odd k: the other), and the access log's generation, listener and cluster.
"""
import collections
import os
import tempfile
import time

from test.support import fleet as parts
from test.support.fleet import Fleet, Load, Upstream
from test.support.verdict import Verdict

WANTED, RATE = 200_000, 4000


def generation(k, upstreams):
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: gw}}
spec:
  gatewayClassName: default
  listeners:
  - {{name: g{k}, protocol: HTTP, port: {{port}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: main}}
spec:
  parentRefs: [{{name: gw, sectionName: g{k}}}]
  rules:
  - name: r{k}
    filters:
    - {{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: x-stamp, value: "{k}"}}]}}}}
    - {{type: ResponseHeaderModifier, responseHeaderModifier: {{set: [{{name: x-generation, value: "{k}"}}]}}}}
    backendRefs: [{{name: b{k}}}]
""" + parts.backend(f"b{k}", upstreams[k % 2].ports)


def mixed_in_record(path, upstreams):
    """(responses, mixed) by what the responses themselves say."""
    total = mixed = 0
    for line in open(path):
        _, status, upstream, stamp = line.rstrip("\n").split(" ")
        total += 1
        if status != "200" or upstream.split(":")[0] != upstreams[int(stamp) % 2].name:
            mixed += 1
    return total, mixed


def mixed_in_log(replica):
    """(lines, mixed, generations) by what the access log says."""
    total = mixed = 0
    seen = collections.Counter()
    for line in replica.access_lines():
        total += 1
        # Generation 1 holds k = 0, and each apply makes the next.
        numbers = {line["listener"].rsplit("/g", 1)[-1], line["cluster"].rsplit("/b", 1)[-1], str(int(line["generation"].split(".")[1]) - 1)}
        seen[line["generation"]] += 1
        mixed += len(numbers) != 1
    return total, mixed, seen


def main(words):
    wanted = int(words[0]) if words else WANTED
    verdict = Verdict("no-mixed-generation")
    upstreams = [Upstream("even"), Upstream("odd")]
    record = os.path.join(tempfile.mkdtemp(), "record")
    with Fleet(replicas=3) as fleet:
        fleet.wait_connected()
        fleet.apply(generation(0, upstreams), "--prune-all")
        load = Load(fleet, connections=12, rate=RATE, record=record)
        k, due, end = 0, time.monotonic(), time.monotonic() + 1.2 * wanted / RATE + 5
        while time.monotonic() < end:
            k += 1
            fleet.apply(generation(k, upstreams), "--prune-all", "--wait=none")
            due = max(due + 0.1, time.monotonic() - 0.1)
            time.sleep(max(0.0, due - time.monotonic()))
        counts = load.finish()
        time.sleep(1.5)
        verdict.equal(f"failed requests {counts['failures']}", counts["failed"], 0)
        total, mixed = mixed_in_record(record, upstreams)
        verdict.at_least("responses judged by their headers", total, wanted)
        verdict.equal("mixed responses (route stamp against backend)", mixed, 0)
        lines = [mixed_in_log(replica) for replica in fleet.replicas]
        verdict.at_least("access log lines judged", sum(line[0] for line in lines), wanted)
        verdict.equal("mixed lines (generation, listener, cluster)", sum(line[1] for line in lines), 0)
        verdict.at_least("generations seen by the replica that saw the fewest", min(len(line[2]) for line in lines), min(100, k // 2))
    return verdict.end()
