"""CPU per request beside NGINX and HAProxy, by a copy of the peers' harness: h1_1k, and log with a JSON access log.

The harness is not part of this repository: its folder comes from PENSTOCK_PEER_BENCH or, beside the checkout, ../shared/bench.
Penstock runs one data plane with one worker from a generation file, access log and metrics on.
"""
import json
import os
import shutil
import stat
import statistics
import subprocess
import tempfile

from test.support.fleet import DATAPLANE, PENSTOCK, ROOT
from test.support.verdict import Verdict

PEERS, CASES, ROUNDS = ["nginx", "haproxy"], ["h1_1k", "log"], 7

START = """#!/bin/bash
set -e
cat > "$BENCH_DIR/gateway.yaml" <<EOF
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: bench}
spec:
  gatewayClassName: default
  listeners: [{name: http, protocol: HTTP, port: $1}]
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: up}
spec: {endpoints: [{address: 127.0.0.1, port: $2}]}
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: bench}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: bench}]
  limits: {requestsPerConnection: 100000000}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: all}
spec:
  parentRefs: [{name: bench}]
  rules: [{backendRefs: [{name: up}]}]
EOF
@PENSTOCK@ compile -f "$BENCH_DIR/gateway.yaml" -o "$BENCH_DIR/generation" >"$BENCH_DIR/compile.log" 2>&1 </dev/null
@DATAPLANE@ --generation="$BENCH_DIR/generation" --state-dir="$BENCH_DIR" --workers="$3" --access-log="$BENCH_DIR/access.json" \\
  --metrics-address=127.0.0.1:0 --admin-socket="$BENCH_DIR/admin.sock" >"$BENCH_DIR/out.log" 2>&1 </dev/null &
echo $!
"""


def plug_in(bench):
    folder = os.path.join(bench, "proxies/penstock")
    os.makedirs(folder)
    start = os.path.join(folder, "start")
    with open(start, "w") as file:
        file.write(START.replace("@PENSTOCK@", os.path.join(ROOT, PENSTOCK)).replace("@DATAPLANE@", os.path.join(ROOT, DATAPLANE)))
    os.chmod(start, os.stat(start).st_mode | stat.S_IXUSR)
    with open(os.path.join(folder, "caps"), "w") as file:
        file.write("h1 log\n")


def medians(path):
    """{(case, proxy): (median, min, max, rounds)} of the quiet rounds, all rounds where fewer than two were quiet."""
    rows = {}
    for line in open(path):
        row = json.loads(line)
        if "fail" in row:
            print(f"      {row['proxy']}/{row['case']} failed: {row['fail']}")
            continue
        if row.get("errs") or row.get("non2xx"):
            print(f"      {row['proxy']}/{row['case']}: errs {row.get('errs')}, non-2xx {row.get('non2xx')}")
        rows.setdefault((row["case"], row["proxy"]), []).append(row)
    result = {}
    for key, all_rounds in rows.items():
        quiet = [r for r in all_rounds if r.get("foreign", 1) <= 0.15]
        values = [r["cpu_us"] for r in (quiet if len(quiet) >= 2 else all_rounds)]
        result[key] = (statistics.median(values), min(values), max(values), len(values))
    return result


def main(words):
    rounds = words[0] if words else str(ROUNDS)
    verdict = Verdict("speed-plain")
    source = os.environ.get("PENSTOCK_PEER_BENCH", os.path.join(ROOT, "../shared/bench"))
    if not os.path.exists(os.path.join(source, "bench.py")):
        print(f"SKIP  no peer harness at {source}; set PENSTOCK_PEER_BENCH")
        return 1
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as scratch:
        bench = os.path.join(scratch, "bench")
        shutil.copytree(source, bench)
        subprocess.run(["chmod", "-R", "u+w", bench], check=True)
        os.chmod(scratch, 0o755)
        subprocess.run([os.path.join(bench, "build.sh")], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        plug_in(bench)
        results = os.path.join(scratch, "results.jsonl")
        proxies = ",".join(["penstock"] + PEERS + ["floor_epoll"])
        subprocess.run([os.path.join(bench, "bench.py"), "run", "-p", proxies, "-c", ",".join(CASES), "-r", rounds, "-d", "2", "-o", results], check=True)
        table = medians(results)
    for case in CASES:
        for proxy in ["penstock"] + PEERS + ["floor_epoll"]:
            if (case, proxy) in table:
                median, low, high, count = table[case, proxy]
                print(f"      {case:6} {proxy:12} {median:6.2f} us CPU per request ({low:.2f} to {high:.2f}, {count} rounds)")
        if (case, "penstock") not in table:
            verdict.check(f"{case}", "did not run", False, "runs")
            continue
        best = min(table[case, peer][0] for peer in PEERS if (case, peer) in table)
        verdict.at_most(f"{case}: Penstock / better of {' and '.join(PEERS)}", table[case, "penstock"][0] / best, 1.0)
    return verdict.end()
