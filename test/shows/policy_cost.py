"""What each policy costs a data plane, in CPU per request, beside the same route without any."""
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from test.support import fleet as parts
from test.support.policy_cost_parties import CORE, ISSUER, Nginx, Penstock, drive, pinned_upstream
from test.support.tokens import Key, in_seconds, key_set
from test.support.verdict import Verdict

ROUNDS, REQUESTS, CONNECTIONS = 9, 10000, 16
MOST_OF_THE_CHAIN = 15  # percent over the plain route

# As they are measured; the names are paths. "plain" and "plain2" are the same route, before and after the others.
PENSTOCK = {
    "plain": "no policy",
    "ip10": "ipFilter of 10 blocks",
    "ip250k": "ipFilter of 250,000 addresses",
    "jwt": "jwt, the token is in the cache",
    "role": "jwt (cached), and authorization by a role",
    "limit": "limit of the data plane's own (fixed window), told in the response",
    "chain": "jwt (cached), role, limit by a claim, and a filter of response headers",
    "plain2": "no policy",
}
NGINX = {"plain": "no directive", "ip10": "deny of 10 blocks", "limit": "limit_req", "plain2": "no directive"}

BENCHES = {"dataplane/policies/jwt/jwt_benchmark": ".", "dataplane/limits/limit_table_benchmark": ".",
           "dataplane/policies/cidr_set/cidr_set_benchmark": "BM_Contains"}


def measure(verdict, party, cases, token, rounds):
    """{case: [us of CPU per request, by round]}"""
    figures, failures, others = {case: [] for case in cases}, 0, []
    for number in range(rounds):
        middle = [case for case in cases if not case.startswith("plain")]
        turned = middle[number % len(middle):] + middle[:number % len(middle)]
        for case in ["plain", *turned, "plain2"]:
            sample = drive(party, "/" + case, token, REQUESTS, CONNECTIONS)
            figures[case].append(sample.cpu_us)
            failures += sample.failed
            others.append(sample.foreign)
    print(f"      {party.name}: share of core {CORE} that others used: median {statistics.median(others):.2f}, most {max(others):.2f}")
    verdict.equal(f"{party.name}: failed requests of {rounds * len(cases) * REQUESTS}", failures, 0)
    return figures


def report(party, cases, figures):
    """Prints what each case costs; {case: percent over the plain route, median of the rounds}."""
    plain = [(a + b) / 2 for a, b in zip(figures["plain"], figures["plain2"])]
    print(f"      {party.name}, plain route: {statistics.median(plain):.2f} us of CPU per request ({min(plain):.2f} to {max(plain):.2f})")
    percents = {}
    for case, what in cases.items():
        if case == "plain":
            continue
        over = [figure - base for figure, base in zip(figures[case], plain)]
        share = sorted(100 * more / base for more, base in zip(over, plain))
        percents[case] = statistics.median(share)
        print(f"      {party.name}: {statistics.median(over):+6.2f} us, {percents[case]:+6.1f} % ({share[0]:+.1f} to {share[-1]:+.1f})   {what}")
    return percents


def check_that_they_act(verdict, penstock, token, guest):
    """What is measured is what protects."""
    bearer = {"authorization": f"Bearer {token}"}
    verdict.equal("without a token, on the chain", penstock.status("/chain"), 401)
    verdict.equal("with a token that lacks the role", penstock.status("/chain", {"authorization": f"Bearer {guest}"}), 403)
    for case in ("ip10", "ip250k"):
        verdict.equal(f"from a denied address, {case}", penstock.status(f"/{case}", bearer, source="127.0.0.77"), 403)
    _, fields, _ = penstock.get("/chain", bearer)
    verdict.equal("fields of the filter and of the limit in the chain's response", ("x-cost" in fields, "ratelimit" in fields), (True, True))


def allocations(verdict):
    suite = "//test/integration/policies:chain_allocation_test"
    done = subprocess.run(["bazel", "test", "-c", "opt", "--test_output=errors", suite], capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout[-3000:])
    verdict.equal(f"heap allocations of 1,000 requests through the chain ({suite})", 0 if done.returncode == 0 else "some", 0)


def benches():
    """For information: the same work without a request around it."""
    subprocess.run(["bazel", "build", "-c", "opt", *(f"//{os.path.dirname(path)}:{os.path.basename(path)}" for path in BENCHES)],
                   check=True, capture_output=True)
    for path, which in BENCHES.items():
        done = subprocess.run([os.path.join(parts.BIN, path), "--benchmark_min_time=0.1", f"--benchmark_filter={which}"],
                              check=True, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            if re.match(r"\S+ +\d", line):
                print("      bench:", re.sub(r" +\d+$", "", line))


def main(words):
    rounds = int(words[0]) if words else ROUNDS
    verdict = Verdict("policy-cost")
    verdict.equal("the build that is measured", os.path.basename(os.path.dirname(os.path.realpath(parts.BIN))), "k8-opt")
    allocations(verdict)
    benches()
    folder = tempfile.mkdtemp(prefix="penstock-cost-")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        key = Key("RS256", "k1", folder)
        claims = {"iss": ISSUER, "aud": "shop", "sub": "3f0c8a52-6d1e-4b7a-9a55-0d3a1b6a7c11", "exp": in_seconds(3600),
                  "jti": "c0ffee00-0000-4000-8000-000000000001", "iat": in_seconds(0), "scope": "orders.read orders.write"}
        token, guest = key.token(claims | {"roles": ["viewer", "user"]}), key.token(claims | {"roles": ["guest"]})
        upstream = pinned_upstream()
        stack.callback(upstream.stop)
        penstock = Penstock(folder, upstream.ports[0], key_set([key]))
        stack.callback(penstock.stop)
        check_that_they_act(verdict, penstock, token, guest)
        hits = penstock.metric("penstock_jwt_cache_hits_total")
        figures = measure(verdict, penstock, PENSTOCK, token, rounds)
        hits = penstock.metric("penstock_jwt_cache_hits_total") - hits
        cached = 3 * rounds * REQUESTS
        verdict.at_least(f"tokens found in the cache, of {cached}", int(hits), cached - 10)
        percents = report(penstock, PENSTOCK, figures)
        if shutil.which("nginx"):
            nginx = Nginx(folder, upstream.ports[0])
            stack.callback(nginx.stop)
            report(nginx, NGINX, measure(verdict, nginx, NGINX, token, rounds))
        else:
            print("      no nginx on this machine: no neighbour (tools/install peers)", file=sys.stdout)
        verdict.at_most("the chain, over the same route without policies, median of the rounds", percents["chain"], MOST_OF_THE_CHAIN, " %")
    return verdict.end()
