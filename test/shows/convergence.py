"""Ten real data planes, 5,000 routes: how long until a one-route change is served by all, and what it costs on the wire."""
import json
import time

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream
from test.support.verdict import Verdict, quantile

ROUTES, REPLICAS, CHANGES, WARM_UP = 5000, 10, 200, 10



def main(words):
    changes = int(words[0]) if words else CHANGES
    verdict = Verdict("convergence")
    upstream = Upstream("echo")
    manifest = parts.gateway() + parts.backend("echo", upstream.ports)
    manifest += "".join(parts.route(f"route-{n:04}", "echo", prefix=f"/service-{n:04}") for n in range(ROUTES))
    with Fleet(replicas=REPLICAS) as fleet:
        fleet.wait_connected()
        began = time.monotonic()
        fleet.apply(manifest, "--timeout=120s")
        print(f"      {ROUTES} routes served by {REPLICAS} replicas {time.monotonic() - began:.2f} s after the command")
        took, size, whole = [], [], []
        for n in range(changes + WARM_UP):
            one = parts.route(f"route-{n * 7 % ROUTES:04}", "echo", prefix=f"/changed-{n}")
            began = time.monotonic()
            result = json.loads(fleet.apply(one, "-o", "json").stdout)
            if n < WARM_UP:
                continue
            whole.append((time.monotonic() - began) * 1000)
            took.append(result["tookSeconds"] * 1000)
            size.append(result["stored"]["bytesPerReplica"])
            assert result["replicas"]["served"] == REPLICAS, result
        print(f"      from the request's arrival until served by {REPLICAS}/{REPLICAS}, ms: min {min(took):.1f}, p50 {quantile(took, .5):.1f}, "
              f"p90 {quantile(took, .9):.1f}, p99 {quantile(took, .99):.1f}, max {max(took):.1f}; {len(took)} changes")
        print(f"      the command as a whole, ms: p50 {quantile(whole, .5):.1f}, p99 {quantile(whole, .99):.1f}")
        verdict.at_most("convergence p99", quantile(took, 0.99), 50.0, " ms")
        verdict.at_most("bytes per replica", max(size), 2000, " B")
        status, _, body = fleet.get(3, f"/changed-{changes + WARM_UP - 1}")
        verdict.equal("the last change answers", status, 200)
    return verdict.end()
