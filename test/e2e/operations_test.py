"""A large real table: the operations of two public APIs as routes, each of which must reach the route that the precedence names.

The lists (METHOD path-template a line) are not part of this repository: they come from PENSTOCK_OPERATIONS or, beside the
checkout, ../shared/data. Skipped without them.
"""
import glob
import json
import os
import re
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Upstream

FOLDER = os.environ.get("PENSTOCK_OPERATIONS", os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../../shared/data"))


class Operation:
    def __init__(self, host, index, line):
        self.host, self.index = host, index
        self.method, self.template = line.split()
        # What a path cannot hold stands percent-encoded in route and request alike.
        self.template = self.template.replace("<", "%3C").replace(">", "%3E")
        self.segments = self.template.strip("/").split("/")
        literals = [s for s in self.segments if s and "{" not in s and not re.fullmatch(r"v\d+", s)]
        self.backend = re.sub("[^a-z0-9]+", "-", literals[0].lower()).strip("-") if literals else "root"

    @property
    def name(self):
        return f"{self.host.split('.')[0]}-{self.index:04}"

    def regex(self):
        return "".join("[^/]+" if re.fullmatch(r"\{[^{}]*\}", piece) else re.escape(piece) if piece.strip("/") else piece
                       for piece in re.split(r"(\{[^{}]*\})", self.template)).replace(r"\-", "-")

    def is_template(self):
        """Only whole segments vary: the precedence compares it segment by segment."""
        return all(re.fullmatch(r"\{[^{}]*\}|[^{}]*", s) for s in self.segments)

    def matches(self, method, path):
        return method == self.method and re.fullmatch(self.regex(), path)

    def rank(self):
        """Smaller goes first: templates before other expressions, then literal before wildcard from the left, then first in the list."""
        if "{" not in self.template:
            return (0, (), self.index)
        if self.is_template():
            return (0, tuple(1 if "{" in s else 0 for s in self.segments), self.index)
        literal = self.template.split("{")[0]
        return (1, (-len(literal), -len(self.regex())), self.index)

    def path(self):
        return re.sub(r"\{([^{}]*)\}", lambda m: "value-" + re.sub("[^a-z0-9]", "", m.group(1).lower()), self.template)

    def manifest(self):
        return f"""
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {self.name}}}
spec:
  parentRefs: [{{name: gw}}]
  hostnames: [{self.host}]
  rules:
  - matches: [{{path: {{type: RegularExpression, value: {json.dumps(self.regex())}}}, method: {self.method}}}]
    filters:
    - {{type: ResponseHeaderModifier, responseHeaderModifier: {{set: [{{name: x-route, value: {self.name}}}]}}}}
    backendRefs: [{{name: {self.backend}}}]
"""


def read_operations():
    operations = []
    for path in sorted(glob.glob(os.path.join(FOLDER, "operations-*.txt"))):
        host = os.path.basename(path)[len("operations-") : -len(".txt")] + ".test"
        lines = [line for line in open(path).read().splitlines() if line.strip()]
        operations += [Operation(host, i, line) for i, line in enumerate(lines)]
    return operations


@unittest.skipUnless(os.path.isdir(FOLDER), f"no operation lists at {FOLDER}")
class Operations(unittest.TestCase):
    def test_every_operation_reaches_the_route_that_the_precedence_names(self):
        operations = read_operations()
        self.assertGreater(len(operations), 1800)
        upstream = Upstream("api")
        backends = sorted({o.backend for o in operations})
        manifest = parts.gateway() + "".join(parts.backend(b, upstream.ports) for b in backends) + "".join(o.manifest() for o in operations)
        by_host = {}
        for o in operations:
            by_host.setdefault(o.host, []).append(o)
        with Fleet(replicas=3) as fleet:
            fleet.wait_connected()
            fleet.apply(manifest, "--timeout=120s")
            wrong = []
            for n, o in enumerate(operations):
                path = o.path()
                wanted = min((c for c in by_host[o.host] if c.matches(o.method, path)), key=Operation.rank)
                status, headers, _ = fleet.get(n % 3, path, {"host": o.host}, method=o.method)
                if status != 200 or headers.get("x-route") != wanted.name:
                    wrong.append((o.method, path, status, headers.get("x-route"), wanted.name))
            self.assertEqual(wrong[:10], [], f"{len(wrong)} of {len(operations)}")


if __name__ == "__main__":
    unittest.main()
