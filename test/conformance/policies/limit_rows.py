"""Attack rows about limits, as those of token_rows."""
import json
import os
import random
import re
import subprocess
import tempfile
import time

from test.conformance.policies.manifests import claims
from test.conformance.policies.place import bearer, resident, status_of
from test.support import fleet as parts
from test.support.fleet import http_get
from test.support.tokens import encoded, part

TENANTS = 200_000  # three times as many as a data plane keeps


def ask(place, host, path="/", method="GET", **headers):
    """(status, the request line that the backend saw, or None)"""
    fields = {"host": f"{host}.test"} | {name.replace("_", "-"): value for name, value in headers.items()}
    status, _, body = http_get(*place.address(), path, fields, method)
    return status, json.loads(body)["line"] if status == 200 and body else None


def spoofed_addresses(place, _):
    def spoof(address):
        return {"x_forwarded_for": address, "x_real_ip": address, "forwarded": f"for={address}", "true_client_ip": address}

    statuses = [ask(place, "spoofed", **spoof(f"198.51.100.{i}"))[0] for i in range(100)]
    good = statuses == [200] * 10 + [429] * 90
    return [] if good else [f"{statuses.count(200)} of 100 passed, {statuses.count(429)} were refused"]


def spelled_otherwise(place, _):
    """The limit is 30, for everything that reaches the backend below /limited. Paths have upper and lower case, so /LIMITED is another."""
    spellings = ["/limited", "/limited/", "//limited", "/./limited", "/x/../limited", "/%6Cimited", "/%6cimited", "/limite%64/x",
                 "/limited//x", "/limited?x=1", "/limited?/../y", "/limited/.", "/limited/x/..", "/.//limited/a%41", "/limited/%2e",
                 "/%2e/limited", "///limited///x"]
    methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", "FOO"]
    counts, lines, refused = {}, [], []
    for i in range(200):
        path, method = spellings[i % len(spellings)], methods[i // len(spellings) % len(methods)]
        status, line = ask(place, "spelled", path, method)
        counts[status] = counts.get(status, 0) + 1
        lines += [line] if line else []
        refused += [path] if status == 429 else []
    print(f"      RLM-003: 200 requests in {len(spellings)} spellings: {counts}", flush=True)
    wrong = [] if len(lines) == 30 else [f"{len(lines)} of 200 passed"]
    wrong += [] if set(refused) == set(spellings) else [f"never refused: {set(spellings) - set(refused)}"]
    wrong += [f"the backend got {line}" for line in lines if not line.split(" ")[1].startswith("/limited")]
    status, line = ask(place, "spelled", "/LIMITED")
    return wrong + ([] if status == 200 and " /LIMITED " in line else [f"/LIMITED: {status} {line}"])


def many_keys(place, _):
    """Keys that anybody may choose are bounded in memory; tokens that do not hold make none."""
    def forged(i):
        return bearer(f"{part({'alg': 'EdDSA', 'kid': 'ed'})}.{part(claims(sub=f'u{i}'))}.{encoded(bytes(64))}")

    pid, chosen = place.replica.process.pid, {}
    place.pipelined("tenants", lambda i: f"x-tenant: warm-{i}", 2000)
    before, began = resident(pid), time.monotonic()
    for _ in range(TENANTS // 20_000):
        for status, count in place.pipelined("tenants", lambda i: f"x-tenant: {random.getrandbits(64):x}", 20_000).items():
            chosen[status] = chosen.get(status, 0) + count
    growth, seconds = resident(pid) - before, time.monotonic() - began
    refused = place.pipelined("guessed", forged, 5000)
    print(f"      RLM-004: {TENANTS} keys in {seconds:.0f} s: {chosen}, memory +{growth / 1e6:.1f} MB; forged tokens: {refused}", flush=True)
    wrong = [] if growth < 16e6 else [f"memory grew by {growth / 1e6:.1f} MB"]
    wrong += [] if set(chosen) == {302} else [f"statuses {chosen}"]
    return wrong + ([] if refused == {401: 5000} else [f"forged tokens: {refused}"])


NAMES = ["a", "a:b", "a:b:", "*", "a\r\nSET injected 1\r\n", "a\r\n*1\r\n$8\r\nFLUSHALL\r\n", "EVAL \"return 1\" 0", "a b",
         "{x}", "a\0b", "a\nb", "ü", "k" * 2000, "'\"\\", "%s%n"]


def told(redis):
    """The commands that Redis got."""
    rows = [line.partition(b":")[0].decode() for line in redis.ask("INFO", "commandstats").splitlines()]
    return {row.removeprefix("cmdstat_") for row in rows if row.startswith("cmdstat_")}


def names_as_commands(place, _):
    """Users whose names are Redis's language: each has a counter of his own, 3 requests, and nothing else happens in Redis."""
    wrong = []
    place.redis.ask("SET", "canary", "alive")
    place.redis.ask("CONFIG", "RESETSTAT")
    for name in NAMES:
        token = place.keys.ed.token(claims(sub=name))
        statuses = [ask(place, "counted", authorization=f"Bearer {token}")[0] for _ in range(4)]
        if statuses != [200, 200, 200, 429]:
            wrong.append(f"{name[:30]!r}: {statuses}")
    commands = told(place.redis)
    keys = [key for key in place.redis.keys() if key != b"canary"]
    print(f"      RLM-005: {len(NAMES)} users, {len(keys)} counters such as {keys[:1]}; Redis was told {sorted(commands)}", flush=True)
    wrong += [] if len(keys) == len(NAMES) else [f"{len(keys)} counters for {len(NAMES)} users"]
    wrong += [f"a key holds what a client chose: {key!r}" for key in keys if not re.fullmatch(rb"[\w:./-]+:[0-9a-f]{32}", key)]
    wrong += [] if place.redis.ask("GET", "canary") == b"alive" else ["the canary is gone"]
    return wrong + [f"Redis was told {command}" for command in commands & {"flushall", "del"}]


def steps_of_the_clock(place, _):
    """The wall clock of a data plane goes an hour back and forth within a window: nothing comes back early, nobody is kept out longer."""
    library, offset = os.path.join(place.dir, "clock.so"), os.path.join(place.dir, "offset")
    source = os.path.join(parts.ROOT, "test/support/stepped_clock.c")
    subprocess.run(["clang-19", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    step_to(offset, 0)
    place.replica.terminate()
    place.replica.start(env=dict(os.environ, LD_PRELOAD=library, STEPPED_CLOCK=offset)).wait_ready()
    wrong, began = [], time.monotonic()
    for i, seconds in enumerate((0, -3600, 3600)):
        step_to(offset, seconds)
        statuses = [ask(place, "clock")[0] for _ in range(6)]
        wanted = [200] * 5 + [429] if i == 0 else [429] * 6
        if statuses != wanted:
            wrong.append(f"after a step to {seconds:+} s: {statuses}")
    hours = {line["time"][:13] for line in place.replica.access_lines()[-12:]}
    wrong += [] if len(hours) > 1 else ["the clock did not step"]
    reopened = parts.wait_until(lambda: ask(place, "clock")[0] == 200 and time.monotonic() - began, "the limit opens again", 25, every=0.2)
    print(f"      RLM-007: the limit of 5 in 10 s opened again after {reopened:.0f} s", flush=True)
    # Its gRPC waits by the kernel's wall clock, which did not step with the library's: it would not end when asked.
    place.replica.kill()
    place.replica.start().wait_ready()
    return wrong


def step_to(file, seconds):
    """Replaced at once, so that nobody reads half of it."""
    with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(file), delete=False) as new:
        new.write(str(seconds))
    os.replace(new.name, file)


PROCEDURES = {
    "RLM-001": spoofed_addresses, "RLM-003": spelled_otherwise, "RLM-004": many_keys, "RLM-005": names_as_commands,
    "RLM-007": steps_of_the_clock,
}
