"""Starts real processes for tests: a control plane, data planes, upstreams. Everything on loopback and free ports.

    with Fleet(replicas=3) as fleet:
        fleet.apply(manifest_text)
        fleet.get(0, "/users")

Binaries come from the folder in PENSTOCK_BIN (a bazel-bin; default: bazel-bin beside the checkout's WORKSPACE).
"""
import atexit
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("PENSTOCK_BIN", os.path.join(ROOT, "bazel-bin"))
PENSTOCK = os.path.join(BIN, "tools/cli/penstock")
CONTROLPLANE = os.path.join(BIN, "controlplane/server/penstock-controlplane")
DATAPLANE = os.path.join(BIN, "dataplane/server/penstock-dataplane")
UPSTREAM = os.path.join(BIN, "test/support/upstream")
AUTHORIZATION_SERVER = os.path.join(BIN, "test/support/authorization_server")
LOAD = os.path.join(BIN, "test/support/load")

_children = []


def _end_children():
    for child in _children:
        if child.poll() is None:
            child.kill()


atexit.register(_end_children)


def start(command, **kwargs):
    """A child process that does not outlive this one."""
    child = subprocess.Popen([str(word) for word in command], **kwargs)
    _children.append(child)
    return child


_given_ports = set()


def free_port(host="127.0.0.1"):
    """A port that was free on HOST, never given twice by this process."""
    while True:
        with socket.socket() as probe:
            probe.bind((host, 0))
            port = probe.getsockname()[1]
        if port not in _given_ports:
            _given_ports.add(port)
            return port


def wait_until(condition, what, seconds=20.0, every=0.02):
    """Polls CONDITION until it is true; fails the test with WHAT otherwise."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(every)


def http_get(host, port, path="/", headers=None, method="GET", body=None, timeout=10):
    """(status, headers, body) of one request on a fresh connection."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def answers(host, port, path="/ready", status=200):
    try:
        return http_get(host, port, path, timeout=2)[0] == status
    except OSError:
        return False


class Upstream:
    """An echo upstream on COUNT ports of one process."""

    def __init__(self, name, count=1):
        self.name = name
        self.ports = [free_port() for _ in range(count)]
        self.process = start([UPSTREAM, name] + self.ports, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"

    def counts(self):
        return json.loads(http_get("127.0.0.1", self.ports[0], "/_counts")[2])

    def stop(self):
        self.process.kill()
        self.process.wait()


class AuthorizationServer:
    """A service of gRPC that says who may (authorization_server_main.cc)."""

    def __init__(self):
        self.port = free_port()
        self.start()

    def start(self):
        self.process = start([AUTHORIZATION_SERVER, self.port], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"

    def stop(self):
        self.process.kill()
        self.process.wait()


class DataPlane:
    """One replica; binds 127.0.0.(index+1)."""

    def __init__(self, fleet, index):
        self.fleet, self.index, self.id = fleet, index, f"replica-{index + 1}"
        self.host = f"127.0.0.{index + 1}"
        self.dir = os.path.join(fleet.dir, self.id)
        os.makedirs(self.dir, exist_ok=True)
        self.metrics_port = free_port(self.host)
        self.access_log = os.path.join(self.dir, "access.json")
        self.audit_log = os.path.join(self.dir, "audit.json")
        self.process = None
        fleet.issue("--dataplane", self.id)

    def command(self):
        flags = [
            DATAPLANE, f"--control-plane=127.0.0.1:{self.fleet.port}", f"--id={self.id}", f"--bind-address={self.host}",
            f"--state-dir={self.dir}", f"--metrics-address={self.host}:{self.metrics_port}",
            f"--admin-socket={self.dir}/admin.sock", f"--access-log={self.access_log}", f"--audit-log={self.audit_log}",
            f"--workers={self.fleet.workers}",
            f"--drain-grace={self.fleet.drain_grace}",
        ]
        return flags + self.fleet.tls_flags("dataplane", self.id) + self.fleet.dataplane_flags

    def start(self, **kwargs):
        with open(os.path.join(self.dir, "log"), "a") as log:
            self.process = start(self.command(), stdout=log, stderr=log, **kwargs)
        return self

    def wait_ready(self, seconds=20):
        wait_until(lambda: self.process.poll() is not None or answers(self.host, self.metrics_port),
                   lambda: f"{self.id} ready\n{self.log()[-2000:]}", seconds)
        assert self.process.poll() is None, f"{self.id} ended with {self.process.returncode}:\n{self.log()[-2000:]}"
        return self

    def log(self):
        return open(os.path.join(self.dir, "log"), errors="replace").read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self, seconds=70):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def metrics(self):
        """{'name{labels}': value} as scraped."""
        text = http_get(self.host, self.metrics_port, "/metrics")[2].decode()
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in rows}

    def metric(self, name):
        """The sum of a family's series."""
        return sum(v for k, v in self.metrics().items() if k == name or k.startswith(name + "{"))

    def access_lines(self):
        return self._lines(self.access_log)

    def audit_lines(self):
        return self._lines(self.audit_log)

    @staticmethod
    def _lines(path):
        if not os.path.exists(path):
            return []
        return [json.loads(line) for line in open(path)]


class Fleet:
    """A control plane and its data planes, each with its own certificate of one throw-away CA."""

    def __init__(self, replicas=3, workers=1, drain_grace="300ms", dataplane_flags=(), keep=False):
        self.dir = tempfile.mkdtemp(prefix="penstock-test-")
        self.keep, self.workers, self.drain_grace = keep, workers, drain_grace
        self.dataplane_flags, self.control_plane_flags = list(dataplane_flags), []
        self.port, self.metrics_port, self.gateway_port = free_port(), free_port(), free_port()
        self.pki = os.path.join(self.dir, "pki")
        self._run([PENSTOCK, "cert", "init", self.pki])
        self.issue("--controlplane", "--host", "127.0.0.1")
        self.issue("--operator", "tester")
        self.control_plane = None
        self.replicas = [DataPlane(self, i) for i in range(replicas)]

    @staticmethod
    def _run(command):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def issue(self, *flags):
        self._run([PENSTOCK, "cert", "issue", self.pki, *flags])

    def tls_flags(self, role, name=""):
        stem = os.path.join(self.pki, f"{role}-{name}" if name else role)
        return [f"--tls-cert={stem}.crt", f"--tls-key={stem}.key", f"--tls-ca={self.pki}/ca.crt"]

    def __enter__(self):
        self.start_control_plane()
        for replica in self.replicas:
            replica.start()
        return self

    def __exit__(self, kind, *_):
        for process in [self.control_plane] + [r.process for r in self.replicas]:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        if kind is not None or self.keep:
            print(f"state kept in {self.dir}", file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def control_plane_command(self):
        command = [CONTROLPLANE, f"--listen=127.0.0.1:{self.port}", f"--state-dir={self.dir}/store",
                   f"--metrics-address=127.0.0.1:{self.metrics_port}"]
        return command + self.tls_flags("controlplane") + self.control_plane_flags

    def start_control_plane(self):
        with open(os.path.join(self.dir, "controlplane.log"), "a") as log:
            self.control_plane = start(self.control_plane_command(), stdout=log, stderr=log)
        wait_until(lambda: self.control_plane.poll() is not None or answers("127.0.0.1", self.metrics_port),
                   lambda: "control plane ready\n" + self.control_plane_log()[-2000:])
        assert self.control_plane.poll() is None, self.control_plane_log()[-2000:]

    def control_plane_log(self):
        return open(os.path.join(self.dir, "controlplane.log"), errors="replace").read()

    def kill_control_plane(self):
        self.control_plane.kill()
        self.control_plane.wait()

    def environment(self):
        stem = os.path.join(self.pki, "operator-tester")
        return dict(os.environ, PENSTOCK_SERVER=f"127.0.0.1:{self.port}", PENSTOCK_CERT=stem + ".crt",
                    PENSTOCK_KEY=stem + ".key", PENSTOCK_CA=self.pki + "/ca.crt", HOME=self.dir)

    def cli(self, *words, check=True, stdin=None):
        """Runs `penstock WORDS` as operator; the finished process with its text."""
        done = subprocess.run([PENSTOCK, *[str(w) for w in words]], env=self.environment(), input=stdin,
                              capture_output=True, text=True, timeout=120)
        if check:
            assert done.returncode == 0, f"penstock {' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def apply(self, manifest, *flags, check=True):
        """Applies manifest text ({port} is the gateway's port) and waits until it is served."""
        return self.cli("apply", "-f", "-", *flags, check=check, stdin=manifest.replace("{port}", str(self.gateway_port)))

    def wait_connected(self, count=None):
        """Until COUNT replicas (default all) have a stream to the control plane."""
        count = len(self.replicas) if count is None else count

        def connected():
            done = self.cli("status", "-o", "json", check=False)
            with contextlib.suppress(ValueError):
                return sum(1 for r in json.loads(done.stdout).get("replicas", []) if r.get("connected")) >= count
            return False

        wait_until(connected, lambda: f"{count} replicas connected\n" + self.cli("status", check=False).stdout, every=0.1)

    def get(self, replica, path="/", headers=None, **kwargs):
        return http_get(self.replicas[replica].host, self.gateway_port, path, headers, **kwargs)


class Load:
    """The load client in the background."""

    def __init__(self, fleet, path="/", host="localhost", connections=8, rate=0, record=None, replicas=None):
        command = [LOAD, "--path", path, "--host", host, "--connections", connections, "--rate", rate]
        for replica in replicas or fleet.replicas:
            command += ["--target", f"{replica.host}:{fleet.gateway_port}@{replica.host}:{replica.metrics_port}"]
        if record:
            command += ["--record", record]
        self.process = start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def finish(self):
        """Stops the load; its counts."""
        output, _ = self.process.communicate(timeout=60)
        return json.loads(output)


def gateway(name="gw", extra=""):
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}}}
spec:
  gatewayClassName: default
  listeners:
  - {{name: http, protocol: HTTP, port: {{port}}}}
{extra}"""


def backend(name, ports, host="127.0.0.1"):
    endpoints = ", ".join(f"{{address: {host}, port: {port}}}" for port in ports)
    return f"""
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {{name: {name}}}
spec: {{endpoints: [{endpoints}]}}
"""


def http_route(name, rules, parent="gw", hostnames=None):
    """RULES is YAML, two blanks deep; PARENT is the name of a gateway, with more members of the parentRef if need be."""
    hosts = f"\n  hostnames: {json.dumps(hostnames)}" if hostnames else ""
    return f"""
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}}}
spec:
  parentRefs: [{{name: {parent}}}]{hosts}
  rules:
{rules}
"""


def route(name, backend_name, prefix="/", extra_rule="", parent="gw", hostnames=None):
    return http_route(name, f"""  - matches: [{{path: {{type: PathPrefix, value: {prefix}}}}}]
    backendRefs: [{{name: {backend_name}}}]{extra_rule}""", parent, hostnames)


def named_rules(name, backend_name, **paths):
    """A route of one rule for each of PATHS, by name: what policies point at with sectionName."""
    return http_route(name, "\n".join(
        f"  - {{name: {rule}, matches: [{{path: {{value: {path}}}}}], backendRefs: [{{name: {backend_name}}}]}}" for rule, path in paths.items()))
