"""Limits hold over a fleet: every algorithm by itself and in Redis, and what Redis's failures do to requests."""
import contextlib
import subprocess
import time

from test.support import fleet as parts
from test.support import redis_outage
from test.support.limit_definitions import Limit, Seen, above, most, withheld
from test.support.limit_manifests import CLIENTS, concurrency_route, limited_route
from test.support.limit_traffic import Client, ask
from test.support.raw_upstream import RawUpstream
from test.support.redis_server import RedisServer
from test.support.verdict import Verdict

CASES = [Limit("FixedWindow", 30, 1.0), Limit("SlidingWindow", 30, 1.0), Limit("TokenBucket", 30, 1.0, burst=15),
         Limit("LeakyBucket", 30, 1.0, delay=0.2)]
KEYS = {"one key": ["one"], "4 keys": ["a", "b", "c", "d"]}
CONNECTIONS = 20  # to each replica
EDGES, AROUND, STEADY = 3, 0.06, 0.8  # how often at an edge, how long before and after it, how long all the time; seconds

AT_ONCE, AT_ONCE_SECONDS = 6, 2.0

# Which of two clocks' instants may be taken for one another.
HERE_SLACK = 0.05   # a data plane stamps a request with the beginning of its loop's turn
REDIS_SLACK = 0.01  # its clock is read twice, here and there


def tests(verdict):
    # As the programs were built, so that bazel-bin stays what it is.
    suites = {"//dataplane/limits:limit_model_test": "a million random arrivals for each algorithm agree with the definition",
              "//dataplane/redis:take_script_test": "the script in Redis agrees with the definition, question by question"}
    for suite, what in suites.items():
        done = subprocess.run(["bazel", "test", "-c", "opt", "--test_output=summary", suite], capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stdout[-2000:])
        verdict.equal(f"{what} ({suite})", "agrees" if done.returncode == 0 else f"exit {done.returncode}", "agrees")


def attack(clients, limit, offset):
    """At the edges of windows by the clock that is OFFSET from ours, and then all the time."""
    rows = []
    edge = (int((time.monotonic() + offset) / limit.per) + 1) * limit.per - offset
    if edge - AROUND < time.monotonic():
        edge += limit.per
    for _ in range(EDGES):
        time.sleep(max(0.0, edge - AROUND - time.monotonic()))
        rows += ask(clients, edge + AROUND)
        edge += limit.per
    return rows + ask(clients, time.monotonic() + STEADY)


def scaled(limit, factor):
    return limit._replace(requests=limit.requests * factor, burst=limit.burst * factor)


def judge(verdict, name, limit, groups):
    """GROUPS: the requests that must each keep to the definition."""
    admitted = sum(len(seen.admitted) for seen in groups)
    sent = admitted + sum(len(seen.refused) for seen in groups)
    verdict.at_most(f"{name}: admitted of {sent}", admitted, sum(most(limit, seen) for seen in groups))
    over = [span for seen in groups for span in above(limit, seen)]
    verdict.none(f"{name}: moments above the definition", over)
    missed = [span for seen in groups for span in withheld(limit, seen)]
    verdict.none(f"{name}: refusals without a reason in the definition", missed)
    # Were it half the limit or twice the limit that is kept, it would be seen.
    over = sum(len(above(scaled(limit, 0.5), seen)) for seen in groups)
    missed = sum(len(withheld(scaled(limit, 2), seen)) for seen in groups)
    verdict.at_least(f"{name}: the fewer of {over} moments above half of it and {missed} refusals within twice of it", min(over, missed), 1)


def run_case(verdict, fleet, upstream, limit, place):
    path = f"/{limit.algorithm}-{place}".lower()
    offset = time.time() - time.monotonic() if place == "redis" else 0.0
    for kind, keys in KEYS.items():
        clients = [Client(replica, fleet.gateway_port, path, keys) for replica in fleet.replicas for _ in range(CONNECTIONS)]
        before = upstream.counts()["requests"]
        rows = attack(clients, limit, offset)
        for client in clients:
            client.close()
        of_key = [[row for row in rows if row.key == key] for key in keys]
        if place == "redis":
            name = f"{limit.algorithm}, one count in Redis, {kind}"
            groups = [Seen(group, offset, REDIS_SLACK) for group in of_key]
        else:
            name = f"{limit.algorithm}, each of {len(fleet.replicas)} data planes for itself, {kind}"
            groups = [Seen([row for row in group if row.replica == replica.index], 0.0, HERE_SLACK)
                      for group in of_key for replica in fleet.replicas]
        judge(verdict, name, limit, groups)
        odd = sum(row.status not in (200, 429) for row in rows)
        forwarded = upstream.counts()["requests"] - before
        admitted = sum(row.status == 200 for row in rows)
        verdict.equal(f"{name}: admitted and forwarded, answered otherwise", (admitted, forwarded, odd), (admitted, admitted, 0))


def algorithms(verdict):
    redis, upstream = RedisServer(), parts.Upstream("limited")
    with contextlib.ExitStack() as stack:
        stack.callback(redis.close)
        stack.callback(upstream.stop)
        fleet = stack.enter_context(parts.Fleet(replicas=3))
        fleet.wait_connected()
        manifest = parts.gateway() + CLIENTS + parts.backend("limited", upstream.ports)
        for limit in CASES:
            manifest += limited_route(f"{limit.algorithm}-local".lower(), "limited", limit, key="{header: x-key}")
            # Whoever waits long enough is counted, however busy this machine is.
            manifest += limited_route(f"{limit.algorithm}-redis".lower(), "limited", limit, key="{header: x-key}",
                                      redis=f"{{address: '{redis.address}', onFailure: Closed, timeout: 5s}}")
        fleet.apply(manifest)
        for limit in CASES:
            for place in ("local", "redis"):
                run_case(verdict, fleet, upstream, limit, place)


def concurrency(verdict):
    """How many at a time, as the backend sees them: each data plane for itself, then all of them."""
    with contextlib.ExitStack() as stack:
        upstream = RawUpstream()
        stack.callback(upstream.stop)
        fleet = stack.enter_context(parts.Fleet(replicas=3, workers=2))
        fleet.wait_connected()
        fleet.apply(parts.gateway() + CLIENTS + parts.backend("raw", [upstream.port]) + concurrency_route("at-once", "raw", AT_ONCE))
        for replicas in [[replica] for replica in fleet.replicas] + [fleet.replicas]:
            clients = [Client(replica, fleet.gateway_port, "/ms/10") for replica in replicas for _ in range(CONNECTIONS)]
            before, upstream.most = len(upstream.requests), 0
            rows = ask(clients, time.monotonic() + AT_ONCE_SECONDS)
            for client in clients:
                client.close()
            name = f"{AT_ONCE} at a time, " + (replicas[0].id if len(replicas) == 1 else f"{len(replicas)} data planes, each for itself")
            admitted = sum(row.status == 200 for row in rows)
            odd = sum(row.status not in (200, 429) for row in rows)
            verdict.equal(f"{name}: most at a time", upstream.most, AT_ONCE * len(replicas))
            verdict.equal(f"{name}: admitted and forwarded, answered otherwise", (admitted, len(upstream.requests) - before, odd),
                          (admitted, admitted, 0))


def main(_):
    verdict = Verdict("limits")
    tests(verdict)
    algorithms(verdict)
    concurrency(verdict)
    redis_outage.show(verdict)
    return verdict.end()
