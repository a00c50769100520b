"""The proxies that the show of policies' costs measures, each on a core of its own, and how one sample is taken."""
import collections
import http.client
import json
import os
import random
import signal
import subprocess

from test.support import fleet as parts
from test.support.process_meter import ProcessMeter

CORE = 1  # of the proxy; the other one is the client's and the upstream's

ISSUER = "https://auth.cost.example"

Sample = collections.namedtuple("Sample", "cpu_us failed foreign")

GATEWAY = """
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: cost}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  limits: {requestsPerConnection: 100000000}
"""
FILTER = """
    filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-cost, value: "1"}]}}]"""
ROLE = "authorization: {rules: [{name: users, when: {roles: [user]}}]}"


def _policy(kind, name, spec):
    return f"""
---
apiVersion: penstock.dev/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: {name}}}]
  {spec}
"""


def _limit(key):
    return f"""key: {key}
  rules: [{{name: all, limit: {{requests: 1000000000, per: Hour, algorithm: FixedWindow}}}}]"""


def _addresses(count):
    """Blocks nobody comes from, and one who shows that they are looked at."""
    choose = random.Random(1)
    blocks = [f"{choose.randrange(128, 224)}.{choose.randrange(256)}.{choose.randrange(256)}.{choose.randrange(256)}" for _ in range(count - 1)]
    return f"ipFilter: {{deny: [127.0.0.77,{','.join(blocks)}]}}"


def _blocks():
    return f"ipFilter: {{deny: [127.0.0.77, {', '.join(f'203.0.{i}.0/24' for i in range(9))}]}}"


def _manifest(port, upstream_port, keys):
    jwt = f"""jwt: {{providers: [{{name: auth, issuer: '{ISSUER}', audiences: [shop], jwks: {{inline: '{keys}'}}}}]}}"""
    text = parts.gateway().replace("{port}", str(port)) + GATEWAY + parts.backend("up", [upstream_port])
    for name in ("plain", "plain2", "ip10", "ip250k", "jwt", "role", "limit", "chain"):
        text += parts.route(name, "up", prefix=f"/{name}", extra_rule=FILTER if name == "chain" else "")
    text += _policy("SecurityPolicy", "ip10", _blocks())
    text += _policy("SecurityPolicy", "jwt", jwt)
    text += _policy("SecurityPolicy", "role", f"{jwt}\n  {ROLE}")
    text += _policy("SecurityPolicy", "chain", f"{jwt}\n  {ROLE}")
    text += _policy("RateLimitPolicy", "limit", _limit("{clientAddress: true}"))
    return text + _policy("RateLimitPolicy", "chain", _limit("{jwtClaim: sub}"))


def pinned_upstream():
    """An upstream on the client's core."""
    upstream = parts.Upstream("cost")
    for thread in os.listdir(f"/proc/{upstream.process.pid}/task"):
        os.sched_setaffinity(int(thread), {1 - CORE})
    return upstream


class Party:
    """A proxy on `port`, with one worker."""

    def start(self, command, log):
        with open(log, "w") as file:
            self.process = parts.start(["taskset", "-c", str(CORE), *command], stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        parts.wait_until(lambda: parts.answers("127.0.0.1", self.port, "/plain"), lambda: f"{self.name}\n{open(log).read()[-2000:]}", 60)

    def pids(self):
        """Its own, and those of its children."""
        listed = open(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read().split()
        return [self.process.pid, *map(int, listed)]

    def cpu(self):
        return sum(ProcessMeter(pid).cpu() for pid in self.pids())

    def get(self, path, headers=None, source="127.0.0.1"):
        """(status, fields, body) of one request that comes from the address SOURCE."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10, source_address=(source, 0))
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        fields = {name.lower(): value for name, value in answer.getheaders()}
        body = answer.read()
        connection.close()
        return answer.status, fields, body

    def status(self, path, headers=None, source="127.0.0.1"):
        return self.get(path, headers, source)[0]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)


class Penstock(Party):
    """From a generation file; metrics on, no access log."""

    name = "penstock"

    def __init__(self, folder, upstream_port, keys):
        self.port, self.metrics_port = parts.free_port(), parts.free_port()
        # A list of its own file: a file may have 4 MiB.
        texts = {"gateway.yaml": _manifest(self.port, upstream_port, keys),
                 "addresses.yaml": _policy("SecurityPolicy", "ip250k", _addresses(250_000))}
        files = []
        for name, text in texts.items():
            files += ["-f", os.path.join(folder, name)]
            with open(files[-1], "w") as file:
                file.write(text)
        generation = os.path.join(folder, "generation")
        done = subprocess.run([parts.PENSTOCK, "compile", *files, "-o", generation], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        self.start([parts.DATAPLANE, f"--generation={generation}", f"--state-dir={folder}", "--workers=1",
                    f"--metrics-address=127.0.0.1:{self.metrics_port}", f"--admin-socket={folder}/admin.sock"],
                   os.path.join(folder, "penstock.log"))

    def metric(self, name):
        text = parts.http_get("127.0.0.1", self.metrics_port, "/metrics")[2].decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith((name + " ", name + "{")))


class Nginx(Party):
    name = "nginx"

    def __init__(self, folder, upstream_port):
        self.port = parts.free_port()
        home = os.path.join(folder, "nginx")
        os.mkdir(home)
        pass_on = 'proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;'
        denied = " ".join(f"deny 203.0.{i}.0/24;" for i in range(10))
        temporary = " ".join(f"{kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(os.path.join(home, "nginx.conf"), "w") as file:
            file.write(f"""
user root; daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log error;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 3600s; tcp_nodelay on; {temporary}
  limit_req_zone $binary_remote_addr zone=z:10m rate=900000r/s;
  upstream up {{ server 127.0.0.1:{upstream_port}; keepalive 1024; keepalive_requests 100000000; keepalive_timeout 3600s; }}
  server {{
    listen 127.0.0.1:{self.port} backlog=8192;
    location /plain {{ {pass_on} }}
    location /ip10 {{ {denied} {pass_on} }}
    location /limit {{ limit_req zone=z burst=1000000 nodelay; {pass_on} }}
  }}
}}
""")
        self.start(["nginx", "-p", home, "-c", os.path.join(home, "nginx.conf")], os.path.join(home, "log"))


def _busy():
    """Ticks in which CORE was busy, and all of them."""
    values = next(list(map(int, line.split()[1:9])) for line in open("/proc/stat") if line.startswith(f"cpu{CORE} "))
    return sum(values[:3]) + sum(values[5:8]), sum(values)


def drive(party, path, token, requests, connections):
    """One run of the load client, and what it cost the proxy."""
    busy, all_ticks = _busy()
    before = party.cpu()
    command = ["taskset", "-c", 1 - CORE, parts.LOAD, "--target", f"127.0.0.1:{party.port}", "--path", path,
               "--connections", connections, "--requests", requests, "--header", f"authorization: Bearer {token}"]
    # It would end as soon as its standard input does.
    load = parts.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    counts = json.loads(load.stdout.readline())
    load.communicate()
    used = party.cpu() - before
    busy_now, all_now = _busy()
    foreign = max(0.0, (busy_now - busy) / 100 - used) / max(0.01, (all_now - all_ticks) / 100)
    return Sample(used * 1e6 / max(1, counts["ok"]), counts["failed"] + abs(requests - counts["sent"]), foreign)
