"""What becomes of requests while Redis is dead, stopped, talks nonsense or is slow (FAULTS D20)."""
import contextlib
import datetime
import threading
import time

from test.support import fleet as parts
from test.support.limit_definitions import Limit, Seen, above
from test.support.limit_manifests import CLIENTS, limited_route
from test.support.limit_traffic import Client, ask
from test.support.redis_relay import Relay
from test.support.redis_server import RedisServer
from test.support.verdict import quantile

LIMIT = Limit("FixedWindow", 20, 1.0)
RULES = ("open", "closed", "local")
ANSWERS = {"open": "200 without a word about what is left", "closed": "503 policy_unavailable", "local": "200 or 429"}
QUIET, FAULT, BACK, AFTER = 4.0, 5.0, 6.0, 2.5  # seconds: before, during, until all must count again, and then
NOTICED = 1.0  # within it a data plane has noticed, and requests wait no more
BUDGET = 0.020  # what counting may add to a request, by default
FLOOR = 0.001
SLACK = 0.05  # as in the show of the algorithms

# Gap between the requests of a connection; of the routes without Redis and with it.
PLAIN, LIMITED = (4, 0.04), (2, 0.04)


class Dead:
    def __init__(self):
        self.redis = RedisServer()
        self.address = self.redis.address

    def begin(self):
        self.redis.kill()

    def end(self):
        self.redis.start()

    def close(self):
        self.redis.close()


class Stopped(Dead):
    def begin(self):
        self.redis.stop()

    def end(self):
        self.redis.go_on()


class Nonsense:
    mode = "nonsense"

    def __init__(self):
        self.redis = RedisServer()
        self.relay = Relay(self.redis.port)
        self.address = self.relay.address

    def begin(self):
        self.relay.say(self.mode)

    def end(self):
        self.relay.say("pass")

    def close(self):
        self.relay.close()
        self.redis.close()


class Slow(Nonsense):
    mode = "slow 1"


FAULTS = {"dead": ("Redis killed -9", Dead), "stopped": ("Redis stopped by SIGSTOP", Stopped),
          "nonsense": ("Redis answering nonsense", Nonsense), "slow": ("Redis slower by 1 s", Slow)}


class Outage:
    """The traffic around one fault, and when the fault began and ended."""

    def __init__(self, fleet, kind, name, fault):
        self.fleet, self.kind, self.name, self.fault = fleet, kind, name, fault
        self.offset = time.time() - time.monotonic()
        clients = []
        for replica in fleet.replicas:
            clients += [Client(replica, fleet.gateway_port, "/plain", gap=PLAIN[1]) for _ in range(PLAIN[0])]
            for rule in RULES:
                clients += [Client(replica, fleet.gateway_port, f"/{kind}-{rule}", gap=LIMITED[1]) for _ in range(LIMITED[0])]
        until = time.monotonic() + QUIET + FAULT + BACK + AFTER
        traffic = threading.Thread(target=lambda: setattr(self, "rows", ask(clients, until)))
        traffic.start()
        self.quiet, unanswered = time.monotonic(), self.unanswered()
        time.sleep(QUIET)
        self.before, self.uncounted_before = time.monotonic(), self.unanswered() - unanswered
        fault.begin()
        self.begun = time.monotonic()
        time.sleep(max(0.0, self.before + FAULT - time.monotonic()))
        self.ending = time.monotonic()
        fault.end()
        self.ended = time.monotonic()
        time.sleep(BACK)
        self.after, unanswered = time.monotonic(), self.unanswered()
        traffic.join()
        self.uncounted_after = self.unanswered() - unanswered
        for client in clients:
            client.close()

    def unanswered(self):
        return int(sum(replica.metric("penstock_rate_limit_store_failures_total") for replica in self.fleet.replicas))

    def of(self, route, begin, end):
        """Requests that were sent and answered between."""
        path = "/plain" if route == "plain" else f"/{self.kind}-{route}"
        return [row for row in self.rows if row.path == path and row.sent >= begin and row.received <= end]

    def sent(self, route, begin, end):
        path = "/plain" if route == "plain" else f"/{self.kind}-{route}"
        return [row for row in self.rows if row.path == path and begin <= row.sent <= end]


def milliseconds(rows, q):
    return quantile([row.received - row.sent for row in rows], q) * 1000


def judge_answers(verdict, outage):
    """What each rule says, from the moment that the fault has begun."""
    name = outage.name
    wanted = {"open": {200}, "closed": {503}, "local": {200, 429}}
    for rule, statuses in wanted.items():
        rows = outage.sent(rule, outage.begun, outage.ending - SLACK)
        other = [row for row in rows if row.status not in statuses]
        if rule == "closed":
            other += [row for row in rows if row.reason != "policy_unavailable"]
        if rule == "open":
            other += [row for row in rows if row.told]  # nobody knows what is left
        verdict.none(f"{name}, {rule}: answers of {len(rows)} that are not {ANSWERS[rule]}", other)
    rows = outage.of("local", outage.begun + NOTICED, outage.ending)
    each = [Seen([row for row in rows if row.replica == replica.index], 0.0, SLACK) for replica in outage.fleet.replicas]
    over = [span for seen in each for span in above(LIMIT, seen)]
    verdict.none(f"{name}, local: moments at which a data plane is above the definition by its own count", over)
    refused = sum(len(seen.refused) > 0 for seen in each)
    verdict.equal(f"{name}, local: data planes that refuse by their own count", refused, len(each))


def judge_times(verdict, outage):
    """Against the times before and after it, when Redis was well."""
    name, end = outage.name, outage.after + AFTER

    def quiet(*routes):
        return [row for route in routes for row in outage.of(route, outage.quiet, outage.before) + outage.of(route, outage.after, end)]

    def within(what, rows, baseline):
        base = milliseconds(baseline, 0.99)
        verdict.at_most(f"{name}: p99 of {len(rows)} {what} (quiet {base:.2f} ms)", milliseconds(rows, 0.99),
                        round(1.2 * base + FLOOR * 1000, 2), " ms")

    within("requests of routes without Redis", outage.of("plain", outage.before, outage.ending), quiet("plain"))
    silent = [row for rule in RULES for row in outage.of(rule, outage.before, outage.begun + NOTICED)]
    slowest = milliseconds(quiet(*RULES), 1)
    verdict.at_most(f"{name}: slowest of {len(silent)} limited requests of the first second (quiet {slowest:.2f} ms)",
                    milliseconds(silent, 1), round(slowest + (BUDGET + FLOOR) * 1000, 2), " ms")
    later = [row for rule in RULES for row in outage.of(rule, outage.begun + NOTICED, outage.ending)]
    within("limited requests from then on", later, quiet(*RULES))


def judge_return(verdict, outage):
    """When each data plane counts in Redis again: only then it refuses by an open rule, and answers by a closed one."""
    name, end = outage.name, outage.after + AFTER
    back = []
    for replica in outage.fleet.replicas:
        counted = [[row.received - outage.ended for row in outage.of(rule, outage.ended, end)
                    if row.replica == replica.index and row.status in statuses]
                   for rule, statuses in (("open", {429}), ("closed", {200, 429}))]
        back.append(max(times[0] if times else float("inf") for times in counted))
    verdict.at_most(f"{name}: until the last data plane counted again (all: {' '.join(f'{t:.2f}' for t in sorted(back))})",
                    max(back), BACK, " s")
    for what, begin, end, uncounted in (("before", outage.quiet, outage.before, outage.uncounted_before),
                                        ("after", outage.after, end, outage.uncounted_after)):
        # What Redis did not answer in time, which happens on a busy machine, was admitted besides.
        limit = LIMIT._replace(requests=LIMIT.requests + uncounted)
        over = [span for rule in ("open", "local") for span in above(limit, Seen(outage.of(rule, begin, end), outage.offset, SLACK))]
        over += above(LIMIT, Seen(outage.of("closed", begin, end), outage.offset, SLACK))
        verdict.none(f"{name}: moments {what} it at which the fleet is above the definition ({uncounted} not answered in time)", over)
    broken = [row for row in outage.rows if row.status == 0]
    verdict.none(f"{name}: requests of {len(outage.rows)} without an answer", broken)


def judge_log(verdict, outage):
    """One alarm, and one line that it is over, once it is."""
    for replica in outage.fleet.replicas:
        lines = [line for line in replica.log().splitlines() if outage.fault.address in line and " redis: " in line]
        # Lines have no finer times than milliseconds.
        lost = [line for line in lines if "redis server lost" in line and told_at(line, outage) >= outage.before - 0.001]
        back = [line for line in lines if "redis server is back" in line and told_at(line, outage) >= outage.ending - 0.001]
        counts = (len(lost), len(back), len(lines))
        if not verdict.equal(f"{outage.name}: lines of {replica.id}: lost once it is, back once it is, and all", counts, (1, 1, 2)):
            for line in lines:
                print(f"      {told_at(line, outage) - outage.before:+.3f} s of {outage.ending - outage.before:.3f} s: {line}")


def told_at(line, outage):
    return datetime.datetime.fromisoformat(line.split()[0].replace("Z", "+00:00")).timestamp() - outage.offset


def show(verdict):
    upstream = parts.Upstream("limited")
    with contextlib.ExitStack() as stack:
        stack.callback(upstream.stop)
        faults = {}
        for kind, (_, make) in FAULTS.items():
            faults[kind] = make()
            stack.callback(faults[kind].close)
        fleet = stack.enter_context(parts.Fleet(replicas=3))
        fleet.wait_connected()
        manifest = parts.gateway() + CLIENTS + parts.backend("limited", upstream.ports) + parts.route("plain", "limited", prefix="/plain")
        for kind, fault in faults.items():
            for rule in RULES:
                manifest += limited_route(f"{kind}-{rule}", "limited", LIMIT,
                                          redis=f"{{address: '{fault.address}', onFailure: {rule.capitalize()}}}")
        fleet.apply(manifest)
        for kind, fault in faults.items():
            outage = Outage(fleet, kind, FAULTS[kind][0], fault)
            judge_answers(verdict, outage)
            judge_times(verdict, outage)
            judge_return(verdict, outage)
            judge_log(verdict, outage)
