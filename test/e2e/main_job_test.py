"""The shop, as the tutorial tells it: three data planes, one control plane, and everything that can happen on a normal day."""
import collections
import json
import os
import shutil
import subprocess
import time
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet, Load, Upstream

SHOP = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: shop}}
spec:
  gatewayClassName: default
  listeners:
  - {{name: http, protocol: HTTP, port: {port}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: users}}
spec:
  parentRefs: [{{name: shop}}]
  rules:
  - name: all
    matches: [{{path: {{type: PathPrefix, value: /users}}}}]
    backendRefs:
    - {{name: users}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: products}}
spec:
  parentRefs: [{{name: shop}}]
  rules:
  - name: catalog
    matches: [{{path: {{type: PathPrefix, value: /products}}, method: GET}}]
    timeouts: {{request: 2s}}
    backendRefs:
    - {{name: products-v1, weight: {v1}}}
    - {{name: products-v2, weight: {v2}}}
"""


class MainJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.users, cls.v1, cls.v2 = Upstream("users", 2), Upstream("products-v1"), Upstream("products-v2")
        cls.fleet = Fleet(replicas=3).__enter__()
        cls.addClassCleanup(cls.fleet.__exit__, None)
        cls.fleet.wait_connected()

    def shop(self, v1=100, v2=0):
        backends = parts.backend("users", self.users.ports) + parts.backend("products-v1", self.v1.ports) + parts.backend("products-v2", self.v2.ports)
        return SHOP.format(port=self.fleet.gateway_port, v1=v1, v2=v2) + backends

    def upstream_of(self, replica, path):
        status, headers, _ = self.fleet.get(replica, path)
        self.assertEqual(status, 200)
        return headers["x-upstream"].split(":")[0]

    def test_the_day_of_the_shop(self):
        for step in (self.users_and_products_are_served, self.canary_weights_change_under_load, self.a_broken_manifest_is_refused_with_its_line,
                     self.a_rollback_is_served_by_all, self.prometheus_scrapes_every_process, self.the_control_plane_dies_and_traffic_goes_on,
                     self.a_data_plane_restarts_without_a_control_plane, self.the_control_plane_returns):
            with self.subTest(step.__name__):
                step()

    def users_and_products_are_served(self):
        done = self.fleet.apply(self.shop())
        self.assertIn("3/3", done.stdout + done.stderr)
        for replica in range(3):
            self.assertEqual(self.upstream_of(replica, "/users/1"), "users")
            self.assertEqual(self.upstream_of(replica, "/products"), "products-v1")
            self.assertEqual(self.fleet.get(replica, "/nowhere")[0], 404)
            self.assertEqual(self.fleet.get(replica, "/products", method="POST")[0], 404)
        both = {self.fleet.get(0, "/users/1")[1]["x-upstream"] for _ in range(8)}
        self.assertEqual(len(both), 2, "weighted round robin uses both endpoints")

    def canary_weights_change_under_load(self):
        load = Load(self.fleet, path="/products", connections=6, rate=300)
        for v2 in (10, 50, 90):
            self.fleet.apply(self.shop(100 - v2, v2))
            picked = collections.Counter(self.upstream_of(n % 3, "/products") for n in range(600))
            self.assertAlmostEqual(picked["products-v2"] / 600, v2 / 100, delta=0.08)
        counts = load.finish()
        self.assertEqual(counts["failed"], 0, counts)
        self.assertGreater(counts["sent"], 100)

    def a_broken_manifest_is_refused_with_its_line(self):
        before = self.generation()
        broken = self.shop(50, 50).replace("products-v2, weight", "produtcs-v2, weight").replace("type: PathPrefix, value: /users", "type: Prefix, value: /users")
        path = os.path.join(self.fleet.dir, "broken.yaml")
        with open(path, "w") as file:
            file.write(broken)
        done = self.fleet.cli("apply", "-f", path, check=False)
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, 3, text)
        line = 1 + broken[: broken.index("produtcs-v2")].count("\n")
        self.assertIn(f"broken.yaml:{line}:", text)
        self.assertIn('did you mean "products-v2"?', text)
        self.assertIn("PathPrefix", text)
        self.assertEqual(self.generation(), before)

    def generation(self):
        return json.loads(self.fleet.cli("status", "-o", "json", check=False).stdout)["generation"]

    def a_rollback_is_served_by_all(self):
        self.fleet.apply(self.shop(100, 0))
        self.fleet.apply(self.shop(0, 100))
        self.assertEqual(self.upstream_of(2, "/products"), "products-v2")
        done = self.fleet.cli("rollback")
        self.assertIn("3/3", done.stdout + done.stderr)
        self.assertEqual({self.upstream_of(n % 3, "/products") for n in range(12)}, {"products-v1"})

    def prometheus_scrapes_every_process(self):
        prometheus = shutil.which("prometheus")
        self.assertIsNotNone(prometheus, "tools/install test brings Debian's prometheus")
        targets = [f"{r.host}:{r.metrics_port}" for r in self.fleet.replicas] + [f"127.0.0.1:{self.fleet.metrics_port}"]
        port, folder = parts.free_port(), os.path.join(self.fleet.dir, "prometheus")
        os.makedirs(folder)
        with open(os.path.join(folder, "config.yml"), "w") as file:
            file.write("scrape_configs: [{job_name: penstock, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: %s}]}]" % json.dumps(targets))
        process = parts.start([prometheus, f"--config.file={folder}/config.yml", f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            def query(expression):
                if not parts.answers("127.0.0.1", port, "/-/ready"):
                    return []
                answer = parts.http_get("127.0.0.1", port, "/api/v1/query?query=" + expression)
                return json.loads(answer[2])["data"]["result"]

            parts.wait_until(lambda: [r["value"][1] for r in query("up")] == ["1"] * 4, lambda: f"4 targets up: {query('up')}", 30, 0.3)
            requests = parts.wait_until(lambda: query("sum(penstock_requests_total)"), "requests counted", 10, 0.3)
            self.assertGreater(float(requests[0]["value"][1]), 100)
        finally:
            process.kill()
            process.wait()

    def the_control_plane_dies_and_traffic_goes_on(self):
        self.fleet.kill_control_plane()
        load = Load(self.fleet, path="/users/1", connections=6, rate=300)
        time.sleep(2)
        counts = load.finish()
        self.assertEqual(counts["failed"], 0, counts)
        done = self.fleet.cli("status", check=False)
        self.assertEqual(done.returncode, 7, done.stdout + done.stderr)

    def a_data_plane_restarts_without_a_control_plane(self):
        replica = self.fleet.replicas[1]
        replica.kill()
        replica.start().wait_ready()
        self.assertEqual(self.upstream_of(1, "/users/1"), "users")
        self.assertEqual(self.upstream_of(1, "/products"), "products-v1")

    def the_control_plane_returns(self):
        self.fleet.start_control_plane()
        self.fleet.wait_connected()
        done = self.fleet.apply(self.shop(0, 100))
        self.assertIn("3/3", done.stdout + done.stderr)
        self.assertEqual({self.upstream_of(n, "/products") for n in range(3)}, {"products-v2"})


if __name__ == "__main__":
    unittest.main()
