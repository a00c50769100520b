"""A data plane in front of servers that break the rules, one for each case, and two clients that ask for each."""
import contextlib
import re
import socket

from test.conformance.http2.case import get
from test.conformance.http2.hostile_servers import CASES, Seen
from test.support import fleet as parts
from test.support.http2_server import Http2Server
from test.support.http2_wire import Client, headers, window_update

# A hang is a client that waits longer than all of the gateway's patience.
PATIENCE = 12
POLICIES = """
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: http2}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  http2: {priorKnowledge: true}
---
apiVersion: penstock.dev/v1
kind: TrafficPolicy
metadata: {name: patience}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  timeouts: {request: 1500ms}
"""
HOSTILE = """
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: NAME}
spec: {protocol: H2C, endpoints: [{address: 127.0.0.1, port: PORT}]}
---
apiVersion: penstock.dev/v1
kind: TrafficPolicy
metadata: {name: NAME}
spec:
  targetRefs: [{group: penstock.dev, kind: Backend, name: NAME}]
  timeouts: {connect: 1s, streamIdle: 1500ms}
"""


def name_of(number):
    return f"hostile-{number}"


@contextlib.contextmanager
def serving(**options):
    """A fleet whose routes lead to the servers of CASES, and one to a good one."""
    good, servers = parts.Upstream("good"), [Http2Server(case.script) for case in CASES]
    manifests = parts.gateway() + POLICIES + parts.backend("good", good.ports) + parts.route("good", "good", "/good")
    for number, server in enumerate(servers):
        name = name_of(number)
        manifests += HOSTILE.replace("NAME", name).replace("PORT", str(server.port)) + parts.route(name, name, "/" + name)
    with parts.Fleet(replicas=1, **options) as fleet:
        fleet.wait_connected()
        fleet.apply(manifests)
        yield fleet
    good.stop()
    for server in servers:
        server.stop()


def address(fleet):
    return fleet.replicas[0].host, fleet.gateway_port


def read_http1(received):
    """The final response in what was RECEIVED until the end of the connection."""
    status, head = 100, b""
    while 100 <= status < 200:
        head, end, received = received.partition(b"\r\n\r\n")
        if not end:
            return Seen(0, b"", False)
        status = int(head.split(b" ", 2)[1])
    if length := re.search(rb"\r\ncontent-length: (\d+)", head):
        return Seen(status, received, len(received) == int(length.group(1)))
    content, whole = b"", False
    while not whole and (chunk := re.match(rb"([0-9a-f]+)\r\n", received)):
        size, begin = int(chunk.group(1), 16), chunk.end()
        content, whole = content + received[begin : begin + size], size == 0
        received = received[begin + size + 2 :]
    return Seen(status, content, whole)


def ask_http1(place, path, reads_when):
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(PATIENCE)
        connection.connect(place)
        connection.sendall(b"GET %s HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n" % path.encode())
        if reads_when:
            reads_when.wait(PATIENCE)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while more := connection.recv(65536):
                received += more
    return read_http1(received)


def ask_http2(place, path, reads_when):
    client = Client(place, seconds=PATIENCE)
    client.send(headers(1, get(path.encode())))
    if reads_when:
        reads_when.wait(PATIENCE)
        client.send(window_update(0, 1 << 30) + window_update(1, 1 << 30))
    over = client.until(lambda: client.done(1) or client.closed)
    client.close()
    if not over:
        raise TimeoutError("no end of the response")
    return Seen(client.status(1), client.content.get(1, b""), 1 in client.ended and 1 not in client.resets)


CLIENTS = {"HTTP/1.1": ask_http1, "HTTP/2": ask_http2}


def logged(replica, path):
    lines = lambda: [line for line in replica.access_lines() if line["path"] == path]
    return parts.wait_until(lines, f"a line for {path}")[0]


def run(fleet, number, protocol):
    """What is wrong with the case of this NUMBER for a client of PROTOCOL; "": nothing."""
    case, replica = CASES[number], fleet.replicas[0]
    path = f"/{name_of(number)}/{protocol.replace('/', '').replace('.', '')}"
    if case.reads_when:
        case.reads_when.clear()
    try:
        seen = CLIENTS[protocol](address(fleet), path, case.reads_when)
    except TimeoutError as timeout:
        return f"the client hangs: {timeout}"
    line = logged(replica, path)
    seen.reason = line.get("reason", "")
    if replica.process.poll() is not None:
        return "the data plane ended"
    if fleet.get(0, "/good")[0] != 200:
        return "the next request to a good server fails"
    if case.expect.matches(seen):
        return ""
    return f"saw {seen.status}, {len(seen.content)} bytes, {'whole' if seen.whole else 'not whole'}, {seen.reason}: {line.get('detail', '')}"
