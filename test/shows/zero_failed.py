"""No request fails while everything around it changes."""
import concurrent.futures
import time

from test.support import fleet as parts
from test.support.fleet import Fleet, Load, Upstream
from test.support.verdict import Verdict


def unrelated(n):
    """A change that the loaded route has nothing to do with."""
    return parts.route("unrelated", "other", prefix=f"/unrelated-{n}")


def change_ten_times_a_second(fleet, count, manifest_of):
    """Applies manifest_of(0..count-1), one every 100 ms; how many came late by more than one gap."""
    late, due = 0, time.monotonic()
    for n in range(count):
        fleet.apply(manifest_of(n), "--wait=none")
        due += 0.1
        if time.monotonic() > due + 0.1:
            late += 1
        time.sleep(max(0.0, due - time.monotonic()))
    return late


CONNECTIONS = 9
ENDPOINTS = 2


def fill_pools(verdict, fleet, upstream):
    """Leaves as many idle connections at each endpoint of each replica as the load has connections in all.

    A request of the load needs one upstream connection, and at most CONNECTIONS of them run at once: from now on a
    pool that takes back every connection and gives it out again has no reason to open one, however the requests fall.
    """
    each = CONNECTIONS * ENDPOINTS
    with concurrent.futures.ThreadPoolExecutor(each * len(fleet.replicas)) as pool:
        answers = [(index, pool.submit(fleet.get, index, "/slow/2000")) for index in range(len(fleet.replicas)) for _ in range(each)]
    seen = [(index, answer.result()[1].get("x-upstream")) for index, answer in answers]
    fewest = min(seen.count((index, f"echo:{port}")) for index in range(len(fleet.replicas)) for port in upstream.ports)
    verdict.at_least("connections that a pool holds before the changes", fewest, CONNECTIONS)
    # Every one of those requests had a connection of its own: none of them waited for another.
    verdict.equal("connections opened to fill the pools", upstream.counts()["connections"], each * len(fleet.replicas))


def phase(verdict, fleet, name, work):
    load = Load(fleet, connections=CONNECTIONS, rate=1500)
    time.sleep(0.5)
    work()
    time.sleep(0.5)
    counts = load.finish()
    verdict.at_least(f"{name}: requests", counts["sent"], 1000)
    verdict.equal(f"{name}: failed requests {counts['failures']}", counts["failed"], 0)


def main(_):
    verdict = Verdict("zero-failed")
    upstream, other = Upstream("echo", ENDPOINTS), Upstream("other", 1)
    base = parts.gateway() + parts.backend("echo", upstream.ports) + parts.backend("other", other.ports) + parts.route("main", "echo")
    with Fleet(replicas=3) as fleet:
        fleet.wait_connected()
        fleet.apply(base)
        fill_pools(verdict, fleet, upstream)

        def unrelated_changes():
            before = upstream.counts()["connections"]
            late = change_ten_times_a_second(fleet, 200, unrelated)
            verdict.at_most("changes that came more than 100 ms late", late, 20)
            verdict.equal("upstream connections opened by 200 unrelated changes", upstream.counts()["connections"] - before, 0)
            # None was closed either: a pool that loses what it holds lives off its stock for a while.
            held = sum(replica.metric("penstock_upstream_connections_active") for replica in fleet.replicas)
            verdict.equal("upstream connections open after 200 unrelated changes", int(held), before)

        def related_changes():
            change_ten_times_a_second(fleet, 200, lambda n: parts.route("main", "echo").rstrip().replace(
                "backendRefs: [{name: echo}]", f"backendRefs: [{{name: echo, weight: {1 + n % 9}}}, {{name: other, weight: {n % 3}}}]"))

        def control_plane_dies():
            for n in range(10):
                fleet.kill_control_plane()
                time.sleep(0.2)
                fleet.start_control_plane()
                fleet.apply(unrelated(1000 + n), "--wait=none")
            fleet.wait_connected()

        def replicas_restart():
            for replica in fleet.replicas:
                code = replica.terminate()
                verdict.equal(f"exit of drained {replica.id}", code, 0)
                replica.start().wait_ready()
                time.sleep(0.5)

        phase(verdict, fleet, "200 unrelated changes at 10/s", unrelated_changes)
        phase(verdict, fleet, "200 changes of the loaded route at 10/s", related_changes)
        phase(verdict, fleet, "control plane killed 10 times", control_plane_dies)
        phase(verdict, fleet, "each replica drained and restarted", replicas_restart)
        fleet.apply(unrelated(9999))
        served = {replica.metric("penstock_generation_served") for replica in fleet.replicas}
        verdict.equal("generations served at the end", len(served), 1)
    return verdict.end()
