"""A data plane whose policies are attacked, a host name for each of them, and a backend that records what reaches it."""
import contextlib
import dataclasses
import json
import shutil
import socket
import tempfile
import threading

from test.support import fleet as parts
from test.support.attack_runner import Observation, send_raw
from test.support.issuer import KeyServer
from test.support.recorder import Recorder
from test.support.redis_server import RedisServer
from test.support.tokens import Key, Secret, in_seconds, key_set

ISSUER, FAR, SHARED = "https://auth.test", "https://far.test", "https://shared.test"

BASE = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: default
  listeners:
  - {name: http, protocol: HTTP, port: {port}}
  - {name: proxied, protocol: HTTP, port: PROXIED}
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: clients}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  http2: {priorKnowledge: true}
  limits: {headerBytes: 262144, requestsPerConnection: 1000000}
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: proxies}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw, sectionName: proxied}]
  trustedProxies: {cidrs: [127.0.0.0/8]}
"""


def route(name, rules="  - backendRefs: [{name: recorder}]", section="http"):
    return f"""
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}}}
spec:
  parentRefs: [{{name: gw, sectionName: {section}}}]
  hostnames: [{name}.test]
  rules:
{rules}
"""


def policy(kind, name, spec, target=None, section=None):
    at = f", sectionName: {section}" if section else ""
    return f"""
---
apiVersion: penstock.dev/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: {target or name}{at}}}]
{spec}
"""


def security(name, spec, **where):
    return policy("SecurityPolicy", name, spec, **where)


def limits(name, spec, **where):
    return policy("RateLimitPolicy", name, spec, **where)


def provider(name, issuer, keys, more=""):
    """A row of `providers`; KEYS: what `jwks` is."""
    return f"    - {{name: {name}, issuer: \"{issuer}\", audiences: [shop], jwks: {keys}{more}}}\n"


def quoted(text):
    return json.dumps(text)


def secret(name, jwks):
    return f"""
---
apiVersion: v1
kind: Secret
metadata: {{name: {name}}}
stringData: {{jwks: {quoted(jwks)}}}
"""


ANYWHERE = ", from: [{header: authorization, prefix: \"Bearer \"}, {query: access_token}, {cookie: session}]"
NO_ADMIN = "  authorization: {rules: [{name: no-admin, action: Deny, when: {paths: [{value: /admin}]}}, {name: others}]}"
ECHO = "  - backendRefs: [{name: echo}]"


@dataclasses.dataclass
class Keys:
    rsa: Key
    ec: Key
    ed: Key
    far: Key
    attacker: Key
    shared: Secret

    @staticmethod
    def made(folder):
        return Keys(Key("RS256", "rsa", folder), Key("ES256", "ec", folder), Key("EdDSA", "ed", folder), Key("EdDSA", "far", folder),
                    Key("RS256", "rsa", folder), Secret("shared-1"))


def claims(issuer=ISSUER, **more):
    return {"iss": issuer, "aud": "shop", "sub": "alice", "exp": in_seconds(600)} | more


def manifests(keys, far_url, redis, recorder, redirecting, echo):
    inline = f"{{inline: {quoted(key_set([keys.rsa, keys.ec, keys.ed]))}}}"
    near, only_rs, places = (provider("near", ISSUER, inline, more) for more in ("", ", algorithms: [RS256]", ANYWHERE))
    far = provider("far", FAR, f"{{uri: {far_url}/jwks, allowPrivateAddresses: true}}")
    shared = provider("shared", SHARED, "{secretRef: {name: shared}}", ", algorithms: [HS256]")
    text = BASE + parts.backend("recorder", [recorder]) + parts.backend("redirecting", [redirecting]) + parts.backend("echo", [echo])
    text += secret("shared", key_set([keys.shared]))
    for name in ("a", "b"):
        text += route(name) + security(name, NO_ADMIN)
    text += route("jwt") + security("jwt", tokens(near + far + shared))
    text += route("only-rs") + security("only-rs", tokens(only_rs))
    text += route("places") + security("places", tokens(places))
    return text + access_manifests(tokens(near)) + limit_manifests(tokens(near), redis)


def tokens(providers):
    return "  jwt:\n    providers:\n" + providers


def access_manifests(near):
    text = route("deny-path", ECHO) + security("deny-path", NO_ADMIN)
    text += route("role", ROLE) + security("role", near + "  anonymous: true")
    admins = "  anonymous: false\n  authorization: {rules: [{name: admins, when: {roles: [admin]}}]}"
    text += security("role-admin", admins, target="role", section="admin")
    not_admin = "{action: Deny, when: {headers: [{name: x-role, in: [admin]}]}}"
    text += route("deny-header", ECHO) + security("deny-header", f"  authorization: {{rules: [{not_admin}, {{name: others}}]}}")
    team = "{when: {headers: [{name: x-team, in: [a]}]}}"
    text += route("allow-header", ECHO) + security("allow-header", f"  authorization: {{rules: [{team}]}}")
    text += route("rewritten", REWRITES) + security("rewritten", NO_ADMIN)
    text += route("redirected", ECHO.replace("echo", "redirecting")) + security("redirected", NO_ADMIN)
    blocks = "  ipFilter: {allow: [10.9.0.0/16, \"fe80::/10\"], deny: [10.9.7.0/24]}"
    return text + route("addresses", ECHO, section="proxied") + security("addresses", blocks)


ROLE = """  - name: admin
    matches: [{path: {type: PathPrefix, value: /admin}}]
    backendRefs: [{name: echo}]
  - backendRefs: [{name: echo}]"""
REWRITES = """  - matches: [{path: {type: PathPrefix, value: /pub}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /admin}}}]
    backendRefs: [{name: recorder}]
  - matches: [{path: {type: PathPrefix, value: /admin}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /pub}}}]
    backendRefs: [{name: recorder}]"""
# Answered without a backend, so that many can be asked for.
ANSWERED_HERE = "  - filters: [{type: RequestRedirect, requestRedirect: {statusCode: 302, hostname: elsewhere.test}}]"


def limit_manifests(near, redis):
    rules = {"spoofed": "{limit: {requests: 10, per: Hour}}",
             "spelled": "{when: {paths: [{value: /limited}]}, limit: {requests: 30, per: Hour}}",
             "tenants": "{key: {header: x-tenant}, limit: {requests: 5, per: Hour}}",
             "buckets": "{name: r, key: {path: true}, limit: {requests: 1000000, per: Hour}}",
             "members": "{key: {everybody: true}, when: {headers: [{name: x-bulk, in: [\"yes\"]}]}, limit: {requests: 20, per: Hour}}",
             "clock": "{limit: {requests: 5, per: 10s}}"}
    text = ""
    for name, rule in rules.items():
        text += route(name, ANSWERED_HERE if name == "tenants" else ECHO) + limits(name, f"  rules: [{rule}]")
    by_user = "  key: {jwtClaim: sub}\n  rules: [{limit: {requests: 3, per: Hour}}]"
    text += route("guessed", ECHO) + security("guessed", near) + limits("guessed", by_user)
    store = f"  redis: {{address: \"{redis}\", onFailure: Closed}}"
    return text + route("counted", ECHO) + security("counted", near) + limits("counted", f"{by_user}\n{store}")


class Place:
    """All of it, running. `far` is the issuer whose keys are fetched, `evil` one that nobody should ever ask."""

    def __enter__(self):
        self.dir, self._stack = tempfile.mkdtemp(prefix="penstock-attacked-"), contextlib.ExitStack()
        self._stack.callback(shutil.rmtree, self.dir, ignore_errors=True)
        self.keys, self.recorder = Keys.made(self.dir), Recorder()
        self.far, self.evil = KeyServer(key_set([self.keys.far])), KeyServer(key_set([self.keys.attacker]))
        self.redirecting = KeyServer("", status=302, location="/admin/x")
        self.echo = parts.Upstream("echo")
        self._stack.callback(self.echo.stop)
        self.redis = self._stack.enter_context(RedisServer())
        self.fleet = self._stack.enter_context(parts.Fleet(replicas=1, workers=2))
        self.fleet.wait_connected()
        self.proxied_port = parts.free_port()
        backends = self.recorder.port, self.redirecting.port, self.echo.ports[0]
        text = manifests(self.keys, self.far.url, self.redis.address, *backends)
        self.fleet.apply(text.replace("PROXIED", str(self.proxied_port)))
        self.replica = self.fleet.replicas[0]
        return self

    def __exit__(self, *what):
        return self._stack.__exit__(*what)

    def address(self, port=None):
        return self.replica.host, port or self.fleet.gateway_port

    def observe(self, data, port=None):
        """What one connection with DATA did."""
        mark, before = self.recorder.mark(), resident(self.replica.process.pid)
        received, closed, seconds = send_raw(*self.address(port), data)
        growth = resident(self.replica.process.pid) - before
        return Observation.of_http1(received, closed, seconds, self.recorder.since(mark), growth)

    def ask(self, host, *fields, path="/echo", method="GET", port=None):
        """One request with header FIELDS ("name: value"), and the end of its connection."""
        lines = [f"{method} {path} HTTP/1.1", f"host: {host}.test", "connection: close", *fields, "", ""]
        return self.observe("\r\n".join(lines).encode("latin-1"), port)

    def pipelined(self, host, field, count):
        """{status: how many} of COUNT requests without a pause on one connection; FIELD(i): a header field of the i-th."""
        statuses = {}
        with socket.create_connection(self.address(), timeout=30) as connection:
            text = b"".join(f"GET /echo HTTP/1.1\r\nhost: {host}.test\r\n{field(i)}\r\n\r\n".encode("latin-1") for i in range(count))
            writer = threading.Thread(target=lambda: connection.sendall(text))
            writer.start()
            stream = connection.makefile("rb")
            for _ in range(count):
                status, length = int(stream.readline().split()[1]), 0
                while (line := stream.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                stream.read(length)
                statuses[status] = statuses.get(status, 0) + 1
            writer.join()
        return statuses


def bearer(token):
    return f"authorization: Bearer {token}"


def resident(pid):
    return next(int(line.split()[1]) * 1024 for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))


def status_of(observation):
    return observation.statuses[0] if observation.statuses else 0
