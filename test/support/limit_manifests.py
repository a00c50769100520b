"""Routes with limits, as manifests."""
from test.support import fleet as parts

# Every answer of the Gateway's own says why.
CLIENTS = """
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: clients}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  reasonHeader: true
  limits: {requestsPerConnection: 100000000}
"""


def limited_route(name, backend, limit, key="{everybody: true}", redis=None):
    """A route for /NAME and its limit (limit_definitions.Limit), which Redis counts if REDIS says where."""
    fields = f"requests: {limit.requests}, per: {round(limit.per * 1000)}ms, algorithm: {limit.algorithm}"
    if limit.burst:
        fields += f", burst: {limit.burst}"
    if limit.algorithm == "LeakyBucket":
        fields += f", maxDelay: {round(limit.delay * 1000)}ms"
    store = f"\n  redis: {redis}" if redis else ""
    return parts.route(name, backend, prefix=f"/{name}") + f"""
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {{name: {name}}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: {name}}}]
  key: {key}
  rules: [{{name: all, limit: {{{fields}}}}}]{store}
"""


def concurrency_route(name, backend, most):
    """A route for /ms, of which MOST requests may be in progress at a time."""
    return parts.route(name, backend, prefix="/ms") + f"""
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {{name: {name}}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: {name}}}]
  key: {{everybody: true}}
  rules: [{{name: all, concurrency: {most}}}]
"""
