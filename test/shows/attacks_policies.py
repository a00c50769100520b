"""Thousands of spellings of paths and header fields, then attack cases: tokens, keys, rules, services, addresses, limits, forwarding.

The cases are no part of this repository: they come from PENSTOCK_ATTACKS or, beside the checkout, ../shared/attacks/attacks.json, and
are left out where there is no such file.

  test/show attacks-policies [SEED]     SEED: of the spellings; by default another one each time
"""
import json
import os
import random
import time

from test.conformance.policies import access_rows, key_rows, limit_rows, properties, service_rows, token_rows
from test.conformance.policies.place import Place
from test.support.attack_runner import attacks_path, broken_invariants, failed_keys, to_bytes
from test.support.verdict import Verdict

CLASSES = ("authn", "authz", "rate-limit", "path-authz", "forwarding-headers")
# Nobody outside can make a control plane newer than its data planes: (file, test), which test/show tests runs.
BY_UNIT_TESTS = {"RBC-015": [("dataplane/policies/unpack_test.cc", "RefusesAFieldThatANewerControlPlaneKnows"),
                             ("dataplane/xds/subscriber_test.cc", "RefusesAGenerationWithEveryProblemAndForgetsWhatItStaged")]}
PROCEDURES = {}
for module in (token_rows, key_rows, access_rows, service_rows, limit_rows):
    PROCEDURES |= module.PROCEDURES
# Over HTTP/1 and over HTTP/2.
PATHS, BUCKETS, HEADERS = 1500, 400, 900


def run_raw(place, row):
    data = to_bytes(row["input"])
    observation = place.observe(data)
    wrong = failed_keys(observation, row["assert"]) + broken_invariants(observation, data)
    return wrong + ([f"statuses {observation.statuses} upstream {[r.line for r in observation.strict]}"] if wrong else [])


def run(place, row):
    """What is wrong with the reaction to ROW, as a list of words."""
    if row["id"] in BY_UNIT_TESTS:
        return [f"no test {test} in {file}" for file, test in BY_UNIT_TESTS[row["id"]] if f", {test})" not in open(file).read()]
    if row["input_kind"] == "raw_h1":
        return run_raw(place, row)
    return PROCEDURES[row["id"]](place, row) if row["id"] in PROCEDURES else ["nobody knows how to run it"]


def attack(verdict, place, path):
    rows = [row for row in json.load(open(path)) if row["class"] in CLASSES]
    wrong = {"the place": token_rows.let_in(place, token_rows.good_tokens(place))}
    storm = None
    for row in sorted(rows, key=lambda row: row["id"] == "RLM-007"):  # which restarts the data plane
        if row["class"] == "authn" and storm is None:
            storm = token_rows.Storm(place)  # AUT-012, beside the others: it takes half a minute
        if row["id"] == "AUT-012":
            continue
        if row["id"] == "RLM-004":
            wrong["AUT-012"] = token_rows.unknown_keys(storm.finish())
        wrong[row["id"]] = run(place, row)
        if place.replica.process.poll() is not None:
            wrong[row["id"]].append("the data plane ended")
            break
    inputs = {row["id"]: row["input"] for row in rows} | {"the place": "good tokens of each algorithm"}
    for name, words in wrong.items():
        how = f" (by unit tests: {BY_UNIT_TESTS[name]})" if name in BY_UNIT_TESTS else ""
        print(f"      {'FAIL' if words else 'ok  '}  {name} {inputs[name][:70]!r}{how}{': ' + '; '.join(words) if words else ''}", flush=True)
    failed = [name for name, words in wrong.items() if words]
    verdict.equal(f"attack cases whose reaction is another one, of {len(rows)} {failed or ''}", len(failed), 0)
    verdict.equal("attack cases that were run, of all", len(wrong) - 1, len(rows))


CLIENTS = {"HTTP/1.1": properties.Http1, "HTTP/2": properties.Http2}
PATH_PROPERTIES = {"paths against a rule for /admin": (properties.paths, PATHS),
                   "paths and the counters they take from": (properties.buckets, BUCKETS)}


def spell(verdict, place, seed):
    def judge(what, tally):
        wrong = f", {tally.wrong[:2]}" if tally.wrong else ""
        verdict.equal(f"{what}: wrong of {tally.sent}, statuses {tally.statuses}{wrong}", len(tally.wrong), 0)
        verdict.at_least("of these, let through", tally.statuses.get(200, 0), tally.sent // 20)

    print(f"      seed {seed}", flush=True)
    counted = 0
    for protocol, make in CLIENTS.items():
        for what, (run_all, count) in PATH_PROPERTIES.items():
            judge(f"{what}, {protocol}", run_all(place, random.Random(seed), make, count))
        tally, some = properties.header_rules(place, random.Random(seed), make, HEADERS)
        judge(f"header fields against rules, {protocol}", tally)
        counted += some
    verdict.equal("let through with the value that is limited to 20", counted, 20)


def main(words):
    verdict = Verdict("attacks-policies")
    path = attacks_path()
    with Place() as place:
        spell(verdict, place, int(words[0]) if words else int(time.time()))
        if os.path.exists(path):
            attack(verdict, place, path)
        else:
            print(f"SKIP  attack cases: not at {path}; set PENSTOCK_ATTACKS", flush=True)
        verdict.equal("exit of the data plane after SIGTERM", place.replica.terminate(), 0)
    return verdict.end()
