"""Every case of test/conformance/http2 against a live data plane, in cleartext and over TLS; then hostile servers behind
it, and attack cases over HTTP/2.

The attack cases are no part of this repository: they come from PENSTOCK_ATTACKS or, beside the checkout,
../shared/attacks/attacks.json, and are left out where there is no such file.
"""
import json
import os
import time

from test.conformance.http2 import attacks, compression, frames, hostile_live, hostile_servers, live, messages, streams, tunnels
from test.conformance.http2.case import get
from test.support.attack_runner import JUDGES, attacks_path, broken_invariants, failed_keys, redirect_denies, to_bytes
from test.support.http2_canary import Canary
from test.support.http2_wire import Client
from test.support.process_meter import ProcessMeter
from test.support.verdict import Verdict, quantile

TABLES = {"frames": frames.CASES, "streams and windows": streams.CASES, "messages": messages.CASES, "compression": compression.CASES,
          "tunnels": tunnels.CASES}
# The canary and whoever attacks share the machine with the data plane.
CANARY_NOISE_MS = 5
# What the canary asks for comes from a process of its own: the recorder shares one with whoever attacks, and waits for it.
BESIDE = get(b"/slow/0")


def failures(cases, place, show=print):
    """How many of CASES fail; each is shown with what was wrong."""
    failed = 0
    for case in cases:
        wrong = case.run(*place)
        failed += bool(wrong)
        show(f"      {'FAIL' if wrong else 'ok  '}  {case.section:14} {case.name}: {case.expect}{' | ' + wrong if wrong else ''}")
    return failed


class Attacked:
    """Runs rows, one after the other, against one data plane."""

    def __init__(self, fleet, recorder):
        self.address, self.recorder = live.address(fleet), recorder
        self.process = fleet.replicas[0].process
        self.meter = ProcessMeter(self.process.pid)
        self.quiet = quantile(Canary(self.address, BESIDE, 300).times(), 0.99)

    def observe(self, send, canary=None):
        """What SEND(client) did; and what is wrong by its own word."""
        self.meter.settle()
        self.meter.forget_peak()
        mark, cpu, memory, began = self.recorder.mark(), self.meter.cpu(), self.meter.kib("VmRSS"), time.monotonic()
        client = Client(self.address)
        wrong = send(client)
        seconds = time.monotonic() - began
        beyond = quantile(canary.stop(), 0.99) - self.quiet - CANARY_NOISE_MS if canary else 0.0
        client.close()
        self.meter.settle()
        growth = max(0, self.meter.kib("VmHWM") - memory) * 1024
        seen = attacks.Seen(client, seconds, self.recorder.since(mark), growth, self.meter.cpu() - cpu, beyond)
        return seen, [wrong] if wrong else []

    def judge(self, row, seen, wanted, data=b""):
        wrong = failed_keys(seen, wanted, JUDGES | attacks.JUDGES) + broken_invariants(seen, data)
        if self.process.poll() is not None:
            return wrong + ["G1: the data plane ended"]
        canary = Client(self.address)
        attacks.ask_canary(canary)
        if canary.status(1) != 200:
            wrong.append("G2: the canary failed")
        canary.close()
        return wrong

    def run_http2(self, row):
        flood = row["class"] == "h2-dos"
        canary = Canary(self.address, BESIDE) if flood and "canary_p99_ms" in row["assert"] else None
        if row["input_kind"] == "procedure":
            seen, wrong = self.observe(attacks.PROCEDURES[row["id"]], canary)
        else:
            seen, wrong = self.observe(lambda client: attacks.run_frames(row, client), canary)
        return self.show(row, seen, wrong + self.judge(row, seen, attacks.adapted(row)))

    def run_http1(self, row):
        data = to_bytes(row["input"])
        translated = attacks.Translated(data)
        seen, wrong = self.observe(translated.send_and_wait)
        return self.show(row, seen, wrong + self.judge(row, seen, redirect_denies(attacks.expected(row, translated)), data))

    @staticmethod
    def show(row, seen, wrong):
        words = f": {'; '.join(wrong)}: statuses {seen.statuses} stream errors {sorted(seen.stream_errors)} GOAWAY {sorted(seen.goaways)}"
        words += f" closed {seen.closed} upstream {[r.line for r in seen.strict]} cpu {seen.cpu:.3f} s memory {seen.rss_growth / 1e6:.1f} MB canary +{seen.canary_ms:.1f} ms"
        print(f"      {'FAIL' if wrong else 'ok  '}  {row['id']} {row['input'][:60]!r}{words if wrong else ''}", flush=True)
        return bool(wrong)


def attack(verdict, path):
    rows = json.load(open(path))
    http2 = [row for row in rows if row["protocol"] == "h2" and row["input_kind"] in ("h2_frames", "procedure")]
    http1 = [row for row in rows if row["input_kind"] == "raw_h1"]
    with live.attacked() as (fleet, recorder):
        attacked = Attacked(fleet, recorder)
        failed = sum(attacked.run_http2(row) for row in http2)
        verdict.equal(f"HTTP/2 attack cases that fail, of {len(http2)}", failed, 0)
        failed = sum(attacked.run_http1(row) for row in http1)
        verdict.equal(f"HTTP/1 attack cases over HTTP/2 to HTTP/1.1 that fail, of {len(http1)}", failed, 0)
        verdict.equal("exit of the data plane after SIGTERM", fleet.replicas[0].terminate(), 0)


def survive(verdict):
    """The side of the gateway that faces servers."""
    cases = hostile_servers.CASES
    with hostile_live.serving() as fleet:
        meter = ProcessMeter(fleet.replicas[0].process.pid)
        memory = meter.kib("VmRSS")
        for protocol in hostile_live.CLIENTS:
            failed = 0
            for number, case in enumerate(cases):
                wrong = hostile_live.run(fleet, number, protocol)
                failed += bool(wrong)
                print(f"      {'FAIL' if wrong else 'ok  '}  {case.section:14} {case.name}: {case.expect}{' | ' + wrong if wrong else ''}", flush=True)
            verdict.equal(f"hostile servers that a client of {protocol} is not shielded from, of {len(cases)}", failed, 0)
        verdict.at_least("hostile servers", len(cases), 25)
        verdict.at_most("memory of the data plane grows by", (meter.kib("VmRSS") - memory) / 1024, 16, " MiB")
        verdict.equal("exit of the data plane after SIGTERM", fleet.replicas[0].terminate(), 0)


def main(words):
    verdict = Verdict("http2-conformance")
    with live.serving() as fleet:
        replica = fleet.replicas[0]
        for how, place in live.places(fleet).items():
            for name, cases in TABLES.items():
                verdict.equal(f"{name}, {how}: cases that fail, of {len(cases)}", failures(cases, place), 0)
        verdict.at_least("cases", sum(map(len, TABLES.values())), 140)
        verdict.equal("exit of the data plane after SIGTERM", replica.terminate(), 0)
        lines = replica.access_lines()
        verdict.equal("access log lines whose protocol is another one", sum(1 for l in lines if l["protocol"] not in ("HTTP/2", "HTTP/1.1")), 0)
    survive(verdict)
    path = attacks_path()
    if os.path.exists(path):
        attack(verdict, path)
    else:
        print(f"SKIP  attack cases: not at {path}; set PENSTOCK_ATTACKS", flush=True)
    return verdict.end()
