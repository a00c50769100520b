"""A data plane that speaks HTTP/2 by prior knowledge and with TLS, and backends: one that echoes, one that takes no connection, and one
that takes WebSockets."""
import base64
import contextlib
import hashlib
import re
import socket
import socketserver
import tempfile
import threading

from test.support import fleet as parts
from test.support import parties
from test.support.http2_wire import Tls
from test.support.recorder import Recorder

SERVER_NAME = "a.test"
HTTPS = "  - {name: https, protocol: HTTPS, port: PORT, tls: {certificateRefs: [{name: server}]}}\n"
CERTIFICATE = """
---
apiVersion: v1
kind: Secret
metadata: {name: server}
type: kubernetes.io/tls
dataFromFiles: {tls.crt: FOLDER/a.test.crt, tls.key: FOLDER/a.test.key}
"""

POLICY = """
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: http2}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  http2: {priorKnowledge: true}
"""
ROUTES = """
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: all}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.test, www.example.com]
  rules:
  - matches: [{path: {type: PathPrefix, value: /stalled}}]
    backendRefs: [{name: stalled}]
  - backendRefs: [{name: echo}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: sockets}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.test]
  rules:
  - matches: [{path: {type: PathPrefix, value: /ws}}]
    backendRefs: [{name: sockets}]
  - matches: [{path: {type: PathPrefix, value: /no-socket}}]
    backendRefs: [{name: echo}]
---
apiVersion: penstock.dev/v1
kind: TrafficPolicy
metadata: {name: sockets}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: sockets}]
  upgrades: [websocket]
"""
# As attack cases know it: /admin is denied, /big is large, and everything else reaches a backend that records.
ATTACKED = """
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: http2}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  http2: {priorKnowledge: true}
  timeouts: {minRateGrace: 2s}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: attacked}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.test, b.test]
  rules:
  - matches: [{path: {type: PathPrefix, value: /admin}}]
    filters:
    - type: RequestRedirect
      requestRedirect: {statusCode: 301, path: {type: ReplaceFullPath, replaceFullPath: /login}}
  - matches: [{path: {type: Exact, value: /big}}]
    filters:
    - type: URLRewrite
      urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /bytes/1048576}}
    backendRefs: [{name: echo}]
  - matches: [{path: {type: PathPrefix, value: /slow}}]
    backendRefs: [{name: echo}]
  - backendRefs: [{name: recorder}]
"""


class Stalled:
    """A port on which connecting takes forever, since its queue is full: whoever is sent there waits with its content."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.waiting = [self._connect() for _ in range(4)]

    def _connect(self):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(("127.0.0.1", self.port))
        return waiting


class Sockets:
    """Takes every handshake of a WebSocket (RFC 6455 4), and sends back the bytes that follow until the other side ends."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                received = self.request.recv(1)
                if not received:
                    return
                head += received
            key = re.search(rb"sec-websocket-key: (\S+)", head).group(1)
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            self.request.sendall(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                                 b"sec-websocket-accept: " + accept + b"\r\n\r\n")
            with contextlib.suppress(OSError):
                while received := self.request.recv(65536):
                    self.request.sendall(received)

    def __init__(self):
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self.Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def _fleet(manifests, **options):
    with tempfile.TemporaryDirectory(prefix="penstock-http2-") as folder, parts.Fleet(replicas=1, **options) as fleet:
        fleet.tls_port = parts.free_port()
        parties.certificate(folder, SERVER_NAME)
        https = HTTPS.replace("PORT", str(fleet.tls_port)) + CERTIFICATE.replace("FOLDER", folder)
        fleet.wait_connected()
        fleet.apply(parts.gateway(extra=https) + manifests)
        yield fleet


@contextlib.contextmanager
def serving(**options):
    upstream, stalled, sockets = parts.Upstream("echo"), Stalled(), Sockets()
    backends = parts.backend("echo", upstream.ports) + parts.backend("stalled", [stalled.port]) + parts.backend("sockets", [sockets.port])
    with _fleet(backends + POLICY + ROUTES, **options) as fleet:
        yield fleet
    upstream.stop()
    sockets.stop()


@contextlib.contextmanager
def attacked(**options):
    """A fleet and what records behind it."""
    upstream, recorder = parts.Upstream("echo"), Recorder()
    backends = parts.backend("echo", upstream.ports) + parts.backend("recorder", [recorder.port])
    with _fleet(backends + ATTACKED, **options) as fleet:
        yield fleet, recorder
    upstream.stop()


def address(fleet, replica=0):
    return fleet.replicas[replica].host, fleet.gateway_port


def places(fleet):
    """{how HTTP/2 is spoken: (address, how handshakes are made)}"""
    return {"cleartext": (address(fleet), None), "TLS": ((fleet.replicas[0].host, fleet.tls_port), Tls(SERVER_NAME))}
