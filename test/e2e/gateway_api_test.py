"""The Gateway API's HTTPRoute, field by field, on a real data plane: matching, precedence, filters, status codes."""
import collections
import json
import os
import socket
import time
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream


def rule(body, match="{path: {type: PathPrefix, value: /}}", backend="[{name: one}]", name=""):
    """One rule as YAML flow text; BODY are further fields."""
    refs = f", backendRefs: {backend}" if backend else ""
    return f"{{{f'name: {name}, ' if name else ''}matches: [{match}]{refs}{', ' + body if body else ''}}}"


def http_route(name, rules, hostnames=None, parents="[{name: gw, sectionName: http}]", namespace="default"):
    hosts = f"\n  hostnames: {json.dumps(hostnames)}" if hostnames else ""
    lines = "".join(f"\n  - {r}" for r in rules)
    return f"""
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  parentRefs: {parents}{hosts}
  rules:{lines}
"""


def stamp(value):
    """A filter that says in the response which rule answered."""
    return f"filters: [{{type: ResponseHeaderModifier, responseHeaderModifier: {{set: [{{name: x-rule, value: {value}}}]}}}}]"


def matching_routes():
    cases = [
        ("exact", "{path: {type: Exact, value: /a/b}}"),
        ("prefix", "{path: {type: PathPrefix, value: /a}}"),
        ("longer", "{path: {type: PathPrefix, value: /a/b}}"),
        ("regex", '{path: {type: RegularExpression, value: "/r/[0-9]+"}}'),
        ("template", '{path: {type: RegularExpression, value: "/t/[^/]+/end"}}'),
        ("template-literal", '{path: {type: RegularExpression, value: "/t/fixed/end"}}'),
        ("under-r", "{path: {type: PathPrefix, value: /r}}"),
        ("method", "{path: {type: PathPrefix, value: /m}, method: PUT}"),
        ("any-method", "{path: {type: PathPrefix, value: /m}}"),
        ("one-header", "{path: {type: PathPrefix, value: /h}, headers: [{name: X-Color, value: blue}]}"),
        ("two-headers", "{path: {type: PathPrefix, value: /h}, headers: [{name: x-color, value: blue}, {name: x-size, value: big}]}"),
        ("regex-header", '{path: {type: PathPrefix, value: /h}, headers: [{name: x-color, type: RegularExpression, value: "gr[ae]y"}]}'),
        ("no-header", "{path: {type: PathPrefix, value: /h}}"),
        ("query", '{path: {type: PathPrefix, value: /q}, queryParams: [{name: page, value: "2"}]}'),
        ("query-regex", '{path: {type: PathPrefix, value: /q}, queryParams: [{name: page, type: RegularExpression, value: "1."}]}'),
        ("no-query", "{path: {type: PathPrefix, value: /q}}"),
    ]
    return http_route("matching", [rule(stamp(name), match) for name, match in cases], ["match.test"])


MATCHING = [
    # method, path, headers, the rule that answers (None: 404)
    ("GET", "/a/b", {}, "exact"),
    ("GET", "/a/b/", {}, "longer"),
    ("GET", "/a/b/c", {}, "longer"),
    ("GET", "/a", {}, "prefix"),
    ("GET", "/a/", {}, "prefix"),
    ("GET", "/a/bc", {}, "prefix"),
    ("GET", "/ab", {}, None),
    ("GET", "/A", {}, None),
    ("GET", "/", {}, None),
    ("GET", "/r/123", {}, "regex"),
    ("GET", "/r/12x", {}, "under-r"),
    ("GET", "/t/any/end", {}, "template"),
    ("GET", "/t/fixed/end", {}, "template-literal"),
    ("GET", "/t/a/b/end", {}, None),
    ("PUT", "/m", {}, "method"),
    ("GET", "/m", {}, "any-method"),
    ("GET", "/h", {}, "no-header"),
    ("GET", "/h", {"x-color": "blue"}, "one-header"),
    ("GET", "/h", {"X-COLOR": "blue", "x-size": "big"}, "two-headers"),
    ("GET", "/h", {"x-color": "grey"}, "regex-header"),
    ("GET", "/h", {"x-color": "greyish"}, "no-header"),
    ("GET", "/q?page=2", {}, "query"),
    ("GET", "/q?x=1&page=2", {}, "query"),
    ("GET", "/q?page=15", {}, "query-regex"),
    ("GET", "/q?page=3", {}, "no-query"),
    ("GET", "/q", {}, "no-query"),
]

CORS = """{type: CORS, cors: {allowOrigins: ["https://app.test", "https://*.wild.test"], allowMethods: [GET, POST], allowHeaders: [x-custom],
      exposeHeaders: [x-shown], allowCredentials: true, maxAge: 600}}"""

FILTERED = [
    ("request-headers", "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: new}], add: [{name: x-add, value: more}], remove: [x-gone]}}"),
    ("response-headers", "{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-upstream, value: hidden}], add: [{name: x-new, value: added}], remove: [content-type]}}"),
    ("rewrite-prefix", "{type: URLRewrite, urlRewrite: {hostname: inner.test, path: {type: ReplacePrefixMatch, replacePrefixMatch: /v2}}}"),
    ("rewrite-root", "{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}"),
    ("rewrite-full", "{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /whole}}}"),
    ("cors", CORS),
    ("mirror", "{type: RequestMirror, requestMirror: {backendRef: {name: mirror}}}"),
]


def filter_routes():
    rules = [rule(f"filters: [{f}]", f"{{path: {{type: PathPrefix, value: /{name}}}}}") for name, f in FILTERED]
    redirects = [
        ("scheme", "{scheme: https}"), ("host", "{hostname: other.test}"), ("port", "{port: 8443}"), ("moved", "{statusCode: 301, path: {type: ReplaceFullPath, replaceFullPath: /new}}"),
        ("prefix", "{path: {type: ReplacePrefixMatch, replacePrefixMatch: /to}}"),
    ]
    rules += [rule(f"filters: [{{type: RequestRedirect, requestRedirect: {spec}}}]", f"{{path: {{type: PathPrefix, value: /redirect-{name}}}}}", backend="") for name, spec in redirects]
    return http_route("filters", rules, ["filter.test"])


class GatewayApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.one, cls.two, cls.mirror = Upstream("one"), Upstream("two"), Upstream("mirror")
        cls.fleet = Fleet(replicas=1).__enter__()
        cls.addClassCleanup(cls.fleet.__exit__, None)
        cls.fleet.wait_connected()
        cls.base = """
apiVersion: v1
kind: Namespace
metadata: {name: team, labels: {access: granted}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: default
  listeners:
  - {name: http, protocol: HTTP, port: {port}}
  - {name: isolated, protocol: HTTP, port: {port}, hostname: "*.isolated.test", allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {access: granted}}}}}
""" + parts.backend("one", cls.one.ports) + parts.backend("two", cls.two.ports) + parts.backend("mirror", cls.mirror.ports)
        cls.fleet.apply(cls.base + matching_routes() + filter_routes() + cls.status_routes() + cls.host_routes())

    @classmethod
    def status_routes(cls):
        refused = parts.free_port()
        return parts.backend("refused", [refused]) + """
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: empty}
spec: {endpoints: []}
""" + http_route("statuses", [
            rule("", "{path: {type: PathPrefix, value: /refused}}", "[{name: refused}]"),
            rule("", "{path: {type: PathPrefix, value: /empty}}", "[{name: empty}]"),
            rule("", "{path: {type: PathPrefix, value: /zero}}", "[{name: one, weight: 0}]"),
            rule("timeouts: {request: 300ms}", "{path: {type: PathPrefix, value: /slow}}"),
            rule("timeouts: {request: 2s, backendRequest: 300ms}", "{path: {type: PathPrefix, value: /slow/900}}"),
            rule("", "{path: {type: PathPrefix, value: /weights}}", "[{name: one, weight: 3}, {name: two, weight: 1}]"),
        ], ["status.test"])

    @classmethod
    def host_routes(cls):
        return (http_route("host-exact", [rule(stamp("exact"), "{path: {type: PathPrefix, value: /only}}")], ["a.host.test"]) +
                http_route("host-wild", [rule(stamp("wild"))], ["*.host.test"]) +
                http_route("inside", [rule(stamp("inside"), backend="")], parents="[{name: gw, namespace: default, sectionName: isolated}]", namespace="team"))

    def ask(self, host, path="/", headers=None, method="GET", body=None):
        return self.fleet.get(0, path, dict(headers or {}, host=host), method=method, body=body)

    def echoed(self, host, path, headers=None, **kwargs):
        status, _, body = self.ask(host, path, headers, **kwargs)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def test_each_request_reaches_the_rule_that_the_precedence_names(self):
        for method, path, headers, wanted in MATCHING:
            with self.subTest(f"{method} {path} {headers}"):
                status, answer, _ = self.ask("match.test", path, headers, method)
                self.assertEqual((status, answer.get("x-rule")), (200, wanted) if wanted else (404, None))

    def test_an_exact_host_beats_a_wildcard_and_falls_back_to_it(self):
        self.assertEqual(self.ask("a.host.test", "/only")[1]["x-rule"], "exact")
        self.assertEqual(self.ask("a.host.test", "/else")[1]["x-rule"], "wild")
        self.assertEqual(self.ask("b.c.host.test", "/")[1]["x-rule"], "wild")
        self.assertEqual(self.ask("host.test", "/")[0], 404)
        self.assertEqual(self.ask("A.HOST.test:1234", "/only")[1]["x-rule"], "exact")

    def test_a_listener_with_a_hostname_keeps_its_hosts_to_itself(self):
        self.assertEqual(self.ask("x.isolated.test", "/")[0], 500)  # attached to this listener only, and without a backend
        self.assertEqual(self.ask("x.isolated.test", "/a")[0], 500)
        self.assertEqual(self.ask("isolated.test", "/")[0], 404)

    def test_request_headers_are_set_added_and_removed(self):
        seen = self.echoed("filter.test", "/request-headers", {"x-set": "old", "x-add": "first", "x-gone": "1", "x-kept": "k"})["headers"]
        self.assertEqual((seen["x-set"], seen.get("x-gone"), seen["x-kept"]), ("new", None, "k"))
        self.assertIn("first", seen["x-add"])
        self.assertIn("more", seen["x-add"])

    def test_response_headers_are_set_added_and_removed(self):
        _, headers, _ = self.ask("filter.test", "/response-headers")
        self.assertEqual((headers["x-upstream"], headers["x-new"], headers.get("content-type")), ("hidden", "added", None))

    def test_paths_and_hosts_are_rewritten(self):
        for path, wanted in [("/rewrite-prefix/x?q=1", "/v2/x?q=1"), ("/rewrite-prefix", "/v2"), ("/rewrite-root/x", "/x"), ("/rewrite-root", "/"), ("/rewrite-full/x?q=1", "/whole?q=1")]:
            with self.subTest(path):
                seen = self.echoed("filter.test", path)
                self.assertEqual(seen["line"].split(" ")[1], wanted)
        self.assertEqual(self.echoed("filter.test", "/rewrite-prefix/x")["headers"]["host"], "inner.test")

    def test_redirects_follow_the_rules_of_scheme_host_port_and_path(self):
        port = self.fleet.gateway_port
        for path, status, wanted in [
            ("/redirect-scheme/x?q=1", 302, "https://filter.test/redirect-scheme/x?q=1"),
            ("/redirect-host/x", 302, f"http://other.test:{port}/redirect-host/x"),
            ("/redirect-port/x", 302, "http://filter.test:8443/redirect-port/x"),
            ("/redirect-moved/x", 301, f"http://filter.test:{port}/new"),
            ("/redirect-prefix/x", 302, f"http://filter.test:{port}/to/x"),
        ]:
            with self.subTest(path):
                got, headers, _ = self.ask("filter.test", path)
                self.assertEqual((got, headers.get("location")), (status, wanted))

    def test_cors_answers_preflights_and_marks_responses(self):
        preflight = {"origin": "https://app.test", "access-control-request-method": "POST", "access-control-request-headers": "x-custom"}
        status, headers, _ = self.ask("filter.test", "/cors", preflight, "OPTIONS")
        self.assertIn(status, (200, 204))
        self.assertEqual(headers["access-control-allow-origin"], "https://app.test")
        self.assertIn("POST", headers["access-control-allow-methods"])
        self.assertEqual(headers["access-control-max-age"], "600")
        self.assertEqual(headers["access-control-allow-credentials"], "true")
        _, headers, _ = self.ask("filter.test", "/cors", {"origin": "https://x.wild.test"})
        self.assertEqual(headers["access-control-allow-origin"], "https://x.wild.test")
        self.assertIn("x-shown", headers["access-control-expose-headers"])
        _, headers, _ = self.ask("filter.test", "/cors", {"origin": "https://evil.test"})
        self.assertNotIn("access-control-allow-origin", headers)

    def test_a_mirror_gets_its_copy_and_the_client_only_the_first_answer(self):
        before = self.mirror.counts()["requests"]
        status, headers, _ = self.ask("filter.test", "/mirror", method="POST", body=b"x" * 1000)
        self.assertEqual((status, headers["x-upstream"].split(":")[0]), (200, "one"))
        parts.wait_until(lambda: self.mirror.counts()["requests"] == before + 1, "the mirror was asked once")

    def test_status_codes_name_the_failure(self):
        for path, status in [("/none", 404), ("/refused", 503), ("/empty", 503), ("/zero", 500), ("/slow/800", 504), ("/slow/900", 504)]:
            with self.subTest(path):
                began = time.monotonic()
                got, headers, body = self.ask("status.test", path)
                self.assertEqual(got, status, body)
                self.assertNotIn(b"127.0.0.1", body)
                self.assertLess(time.monotonic() - began, 5)

    def test_weights_share_the_requests(self):
        picked = collections.Counter(self.ask("status.test", "/weights")[1]["x-upstream"].split(":")[0] for _ in range(800))
        self.assertAlmostEqual(picked["two"] / 800, 0.25, delta=0.07)

    def test_a_missing_backend_is_an_error_and_on_request_500_for_its_share(self):
        manifest = http_route("unresolved", [rule("", backend="[{name: one, weight: 1}, {name: nobody, weight: 1}]")], ["unresolved.test"])
        done = self.fleet.apply(manifest, check=False)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("nobody", done.stdout + done.stderr)
        self.assertEqual(self.ask("unresolved.test")[0], 404)
        self.fleet.apply(manifest, "--allow-unresolved")
        statuses = collections.Counter(self.ask("unresolved.test")[0] for _ in range(400))
        self.assertEqual(set(statuses), {200, 500})
        self.assertAlmostEqual(statuses[500] / 400, 0.5, delta=0.12)
        self.assertIn("False", self.fleet.cli("describe", "HTTPRoute", "unresolved").stdout)
        self.fleet.cli("delete", "HTTPRoute", "unresolved")
        self.assertEqual(self.ask("unresolved.test")[0], 404)

    def test_another_namespace_needs_a_reference_grant(self):
        backend = parts.backend("inner", self.two.ports).replace("name: inner", "name: inner, namespace: team")
        route = http_route("crossing", [rule("", backend="[{group: penstock.dev, kind: Backend, name: inner, namespace: team}]")], ["cross.test"])
        done = self.fleet.apply(backend + route, check=False)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("ReferenceGrant", done.stdout + done.stderr)
        grant = """
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: let-default-in, namespace: team}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}]
  to: [{group: penstock.dev, kind: Backend}]
"""
        self.fleet.apply(backend + grant + route)
        self.assertEqual(self.ask("cross.test")[1]["x-upstream"].split(":")[0], "two")

    def test_a_service_with_endpoint_slices_is_a_backend(self):
        self.fleet.apply(f"""
apiVersion: v1
kind: Service
metadata: {{name: classic}}
spec: {{ports: [{{name: web, port: 80, targetPort: {self.two.ports[0]}}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: classic-1, labels: {{kubernetes.io/service-name: classic}}}}
addressType: IPv4
ports: [{{name: web, port: {self.two.ports[0]}}}]
endpoints: [{{addresses: [127.0.0.1], conditions: {{ready: true}}}}]
""" + http_route("classic", [rule("", backend="[{name: classic, port: 80}]")], ["service.test"]))
        self.assertEqual(self.ask("service.test")[1]["x-upstream"].split(":")[0], "two")

    def test_what_a_proxy_adds_and_takes_away(self):
        seen = self.echoed("status.test", "/weights", {"x-forwarded-for": "1.2.3.4", "connection": "x-hop", "x-hop": "1", "te": "gzip", "proxy-connection": "keep-alive"})["headers"]
        self.assertEqual(seen["x-forwarded-for"], "127.0.0.1")
        self.assertEqual(seen["x-forwarded-proto"], "http")
        self.assertEqual(seen["host"], "status.test")
        self.assertIn("1.1", seen["via"])
        self.assertRegex(seen["x-request-id"], r"^[0-9a-f-]{16,}$")
        for gone in ("x-hop", "proxy-connection", "te"):
            self.assertNotIn(gone, seen)


class Bodies(unittest.TestCase):
    """Framing in both directions on raw connections."""

    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("one")
        cls.fleet = Fleet(replicas=1).__enter__()
        cls.addClassCleanup(cls.fleet.__exit__, None)
        cls.fleet.wait_connected()
        cls.fleet.apply(parts.gateway() + parts.backend("one", cls.upstream.ports) + parts.route("all", "one"))

    def connect(self):
        connection = socket.create_connection((self.fleet.replicas[0].host, self.fleet.gateway_port), timeout=10)
        self.addCleanup(connection.close)
        return connection

    def read_until(self, connection, end):
        data = b""
        while end not in data:
            piece = connection.recv(65536)
            self.assertTrue(piece, data[-200:])
            data += piece
        return data

    def test_large_bodies_pass_whole_in_both_directions(self):
        size = 20_000_000
        status, _, body = self.fleet.get(0, f"/bytes/{size}")
        self.assertEqual((status, len(body)), (200, size))
        status, _, body = self.fleet.get(0, "/up", method="POST", body=os.urandom(size), timeout=60)
        self.assertEqual((status, json.loads(body)["bytes"]), (200, size))

    def test_a_chunked_upload_arrives_whole(self):
        status, _, body = self.fleet.get(0, "/chunked", method="POST", body=iter([b"abc", b"defg" * 1000]))
        self.assertEqual((status, json.loads(body)["bytes"]), (200, 4003))

    def test_expect_100_continue_is_answered_before_the_body(self):
        connection = self.connect()
        connection.sendall(b"POST /e HTTP/1.1\r\nhost: x.test\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n")
        self.assertTrue(self.read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 "))
        connection.sendall(b"hello")
        self.assertIn(b'"bytes":5', self.read_until(connection, b'"bytes":5'))

    def test_head_has_no_body_and_keeps_the_connection(self):
        connection = self.connect()
        connection.sendall(b"HEAD /h HTTP/1.1\r\nhost: x.test\r\n\r\nGET /second HTTP/1.1\r\nhost: x.test\r\n\r\n")
        data = self.read_until(connection, b"/second")
        self.assertEqual(data.count(b"HTTP/1.1 200 "), 2)

    def test_pipelined_requests_are_answered_in_order(self):
        connection = self.connect()
        connection.sendall(b"".join(b"GET /p%d HTTP/1.1\r\nhost: x.test\r\n\r\n" % n for n in range(20)))
        data = self.read_until(connection, b"/p19 ")
        self.assertEqual([data.index(b"/p%d " % n) for n in range(20)], sorted(data.index(b"/p%d " % n) for n in range(20)))

    def test_a_client_that_half_closes_still_gets_its_whole_answer(self):
        connection = self.connect()
        connection.sendall(b"GET /bytes/3000000 HTTP/1.1\r\nhost: x.test\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        data = b""
        while piece := connection.recv(65536):
            data += piece
        self.assertEqual(len(data.partition(b"\r\n\r\n")[2]), 3000000)


if __name__ == "__main__":
    unittest.main()
