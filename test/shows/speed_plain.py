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

PEERS, CASES, ROUNDS = ["nginx", "haproxy"], ["h1_1k", "log"], 11

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


def rows_of(path):
    """{case: {round: {proxy: us CPU per request}}}, without the rounds in which something else used the core."""
    rows = {}
    for line in open(path):
        row = json.loads(line)
        if "fail" in row:
            print(f"      {row['proxy']}/{row['case']} failed: {row['fail']}")
            continue
        if row.get("errs") or row.get("non2xx"):
            print(f"      {row['proxy']}/{row['case']}: errs {row.get('errs')}, non-2xx {row.get('non2xx')}")
        if row.get("foreign", 1) <= 0.15:
            rows.setdefault(row["case"], {}).setdefault(row["round"], {})[row["proxy"]] = row["cpu_us"]
    return rows


def print_medians(case, rounds):
    for proxy in ["penstock"] + PEERS + ["floor_epoll"]:
        values = [by_proxy[proxy] for by_proxy in rounds.values() if proxy in by_proxy]
        if values:
            print(f"      {case:6} {proxy:12} {statistics.median(values):6.2f} us CPU per request ({min(values):.2f} to {max(values):.2f}, {len(values)} quiet rounds)")


def ratios(rounds):
    """Penstock against the better peer of the same round, which met the same machine: a virtual machine's speed drifts
    by more from round to round than the proxies differ."""
    whole = [r for r in rounds.values() if "penstock" in r and any(peer in r for peer in PEERS)]
    return [r["penstock"] / min(r[peer] for peer in PEERS if peer in r) for r in whole]


def main(words):
    rounds = words[0] if words else str(ROUNDS)
    verdict = Verdict("speed-plain")
    source = os.environ.get("PENSTOCK_PEER_BENCH", os.path.join(ROOT, "../shared/bench"))
    if not os.path.exists(os.path.join(source, "bench.py")):
        print(f"FAIL  no peer harness at {source}; set PENSTOCK_PEER_BENCH")
        return 1
    subprocess.run([os.path.join(ROOT, "tools/install"), "peers"], check=True)
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as scratch:
        bench = os.path.join(scratch, "bench")
        shutil.copytree(source, bench)
        subprocess.run(["chmod", "-R", "u+w", bench], check=True)
        os.chmod(scratch, 0o755)
        built = subprocess.run([os.path.join(bench, "build.sh")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if built.returncode != 0:
            print(f"the peer harness does not build:\n{built.stdout}")
            return 1
        plug_in(bench)
        results = os.path.join(scratch, "results.jsonl")
        proxies = ",".join(["penstock"] + PEERS + ["floor_epoll"])
        subprocess.run([os.path.join(bench, "bench.py"), "run", "-p", proxies, "-c", ",".join(CASES), "-r", rounds, "-d", "2", "-o", results], check=True)
        rows = rows_of(results)
    for case in CASES:
        rounds = rows.get(case, {})
        print_medians(case, rounds)
        paired = ratios(rounds)
        verdict.at_least(f"{case}: rounds without foreign load", len(paired), 3)
        if paired:
            print(f"      {case:6} ratios by round: {' '.join(f'{r:.2f}' for r in sorted(paired))}")
            verdict.at_most(f"{case}: Penstock / better of {' and '.join(PEERS)} of the same round, median", statistics.median(paired), 1.0)
    return verdict.end()
