"""What hostile clients of HTTP/2 cost a live data plane, in CPU and memory, and what others notice of it."""
from test.conformance.http2 import live
from test.conformance.http2.case import GET, POST, get
from test.support.hpack import block, incremental, indexed
from test.support.http2_canary import Canary
from test.support.http2_wire import *
from test.support.process_meter import ProcessMeter
from test.support.verdict import Verdict, quantile

FRAMES = 100_000
# 4 KiB of table, 4 MB of fields in each block.
BOMB = GET + incremental(b"x", 4000 * b"y") + 1000 * indexed(62)
CANARIES = 500


def endless(make, before=b""):
    """BEFORE, then FRAMES frames in pieces of a few hundred."""
    yield before
    for first in range(0, FRAMES, 500):
        yield b"".join(make(i) for i in range(first, first + 500))


def opened(i):
    return headers(1 + 2 * i, GET)


FLOODS = {
    "rapid reset": lambda: endless(lambda i: opened(i) + rst_stream(1 + 2 * i)),
    "requests that are malformed": lambda: endless(lambda i: headers(1 + 2 * i, block([("x", "y")]))),
    "windows that overflow": lambda: endless(lambda i: headers(1 + 2 * i, POST, END_HEADERS) + window_update(1 + 2 * i, 0x7FFFFFFF)),
    "CONTINUATION": lambda: endless(lambda i: frame(CONTINUATION, 0, 1), headers(1, GET, END_STREAM)),
    "CONTINUATION of fields": lambda: endless(lambda i: frame(CONTINUATION, 0, 1, block([(f"x{i}", 100 * "y")])), headers(1, GET, END_STREAM)),
    "SETTINGS": lambda: endless(lambda i: settings((INITIAL_WINDOW_SIZE, 65535 + i % 2))),
    "PING": lambda: endless(lambda i: frame(PING, payload=number(i, 8))),
    "empty DATA": lambda: endless(lambda i: data(1, end=False), headers(1, POST, END_HEADERS)),
    "DATA of padding": lambda: endless(lambda i: frame(DATA, PADDED, 1, padded(b"", 9)), headers(1, POST, END_HEADERS)),
    "PRIORITY": lambda: endless(lambda i: frame(PRIORITY, 0, 1 + 2 * i, number(1 + 2 * (i + 1)) + b"\xff")),
    "WINDOW_UPDATE": lambda: endless(lambda i: window_update(0, 1)),
    "unknown frames": lambda: endless(lambda i: frame(0xF0, 0, 0, b"x")),
    "HPACK bombs": lambda: endless(lambda i: headers(1 + 2 * i, BOMB) if i % 100 == 0 else b""),
    "HPACK bomb of one block": lambda: [headers(1, GET + incremental(b"x", 4000 * b"y") + 12000 * indexed(62))],
}


def flood(address, pieces):
    """Sends until the server has had enough; the client."""
    client = Client(address, seconds=20)
    for piece in pieces:
        client.send(piece)
        if client.reset or client.until(lambda: client.closed, 0):
            break
    client.until(lambda: client.closed, 10)
    client.close()
    return client


def measure(verdict, process, address, name, most_cpu):
    process.settle()
    process.forget_peak()
    before, memory = process.cpu(), process.kib("VmRSS")
    client = flood(address, FLOODS[name]())
    process.settle()
    verdict.at_most(f"{name}: CPU", (process.cpu() - before) * 1000, most_cpu, " ms")
    verdict.at_most(f"{name}: resident memory at its peak, beyond before", max(0, process.kib("VmHWM") - memory), 1024, " KiB")
    verdict.check(f"{name}: the connection", "ended" if client.closed else "lives", client.closed, "ended")


def beside(address, name):
    """The canary's times beside one flood after the other."""
    canary = Canary(address, GET, CANARIES)
    while canary.runs():
        flood(address, FLOODS[name]())
    return canary.times()


def quiet(address):
    return quantile(Canary(address, GET, CANARIES).times(), 0.99)


def closed_windows(verdict, process, address):
    """100 responses of 1 MiB to a client that takes nothing of them."""
    for _ in range(3):
        process.settle()
        before = process.kib("VmRSS")
        client = Client(address, greet=False)
        client.send(PREFACE + settings((INITIAL_WINDOW_SIZE, 0)) + b"".join(headers(1 + 2 * i, get(b"/bytes/1048576")) for i in range(100)))
        client.until(lambda: len(client.responses) == 100, 20)
        process.settle()
        held = process.kib("VmRSS") - before
        answered = len(client.responses)
        client.close()
        process.settle()
    verdict.equal("closed windows: responses that began", answered, 100)
    verdict.at_most("closed windows: resident memory for each of 100 responses of 1 MiB", held / 100, 64, " KiB")


def main(words):
    verdict = Verdict("http2-floods")
    with live.serving() as fleet:
        address, process = live.address(fleet), ProcessMeter(fleet.replicas[0].process.pid)
        quiet(address)  # warm
        counted = int(fleet.replicas[0].metric("penstock_http2_requests_total"))
        verdict.at_least("requests of the canary that are counted as begun", counted, CANARIES)
        for name in FLOODS:
            flood(address, FLOODS[name]())
        for name in FLOODS:
            before = fleet.replicas[0].metric("penstock_http2_requests_total")
            measure(verdict, process, address, name, 20 if name == "rapid reset" else 100)
            if name == "rapid reset":
                begun = int(fleet.replicas[0].metric("penstock_http2_requests_total") - before)
                verdict.at_most(f"{name}: requests that were begun, of {FRAMES}", begun, 300)
        baseline = quiet(address)
        print(f"      canary on a quiet data plane: p99 {baseline:.2f} ms")
        for name in FLOODS:
            times = beside(address, name)
            verdict.equal(f"canary beside {name}: requests that were answered", len(times), CANARIES)
            verdict.at_most(f"canary beside {name}: p99", quantile(times, 0.99), 2 * baseline + 5, " ms")
        closed_windows(verdict, process, address)
    return verdict.end()
