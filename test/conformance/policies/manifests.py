"""The manifests of a data plane whose policies are attacked: a host name for each way to be guarded."""
import hashlib
import json

from test.support import fleet as parts
from test.support.tokens import in_seconds, key_set

ISSUER, FAR, SHARED = "https://auth.test", "https://far.test", "https://shared.test"
# Each of another Consumer; the last one will be taken back.
API_KEYS = {"key-one": "one-0123456789abcdef0123456789abcdef", "key-two": "two-0123456789abcdef0123456789abcdef",
            "key-lost": "lost-123456789abcdef0123456789abcdef"}

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
    return parts.http_route(name, rules, parent=f"gw, sectionName: {section}", hostnames=[f"{name}.test"])


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


def claims(issuer=ISSUER, **more):
    return {"iss": issuer, "aud": "shop", "sub": "alice", "exp": in_seconds(600)} | more


def manifests(keys, far_url, redis, recorder, redirecting, echo, judge, nobody):
    """REDIS: its address. RECORDER and those behind it: ports of backends; nobody listens at the last."""
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
    text += access_manifests(tokens(near)) + limit_manifests(tokens(near), redis)
    return text + key_manifests() + service_manifests(judge, nobody)


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


def key_manifests():
    text = route("keyed") + security("keyed", "  apiKey: {from: [{header: x-api-key}, {query: api_key}, {cookie: key}]}")
    for name, key in API_KEYS.items():
        text += f"""
---
apiVersion: penstock.dev/v1
kind: Consumer
metadata: {{name: owner-of-{name}}}
spec: {{}}
---
apiVersion: penstock.dev/v1
kind: ApiKey
metadata: {{name: {name}}}
spec: {{consumer: owner-of-{name}, sha256: {hashlib.sha256(key.encode()).hexdigest()}}}
"""
    return text


def service_manifests(judge, nobody):
    text = parts.backend("judge", [judge]) + parts.backend("nobody", [nobody])
    rows = {"judged": ("judge", "Closed"), "judged-open": ("judge", "Open"), "unjudged": ("nobody", "Closed"), "unjudged-open": ("nobody", "Open")}
    for name, (service, on_failure) in rows.items():
        backend = f"{{group: penstock.dev, kind: Backend, name: {service}}}"
        external = f"  external: {{backendRef: {backend}, timeout: 300ms, onFailure: {on_failure}}}"
        text += route(name, ECHO) + security(name, external)
    return text
