"""A data plane that speaks HTTP/2 by prior knowledge, a backend that echoes, and one that takes no connection."""
import contextlib
import socket

from test.support import fleet as parts
from test.support.recorder import Recorder

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


@contextlib.contextmanager
def _fleet(manifests, **options):
    with parts.Fleet(replicas=1, **options) as fleet:
        fleet.wait_connected()
        fleet.apply(parts.gateway() + manifests)
        yield fleet


@contextlib.contextmanager
def serving(**options):
    upstream, stalled = parts.Upstream("echo"), Stalled()
    backends = parts.backend("echo", upstream.ports) + parts.backend("stalled", [stalled.port])
    with _fleet(backends + POLICY + ROUTES, **options) as fleet:
        yield fleet
    upstream.stop()


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
