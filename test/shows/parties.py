"""Real parties on both ends of a live fleet, then beside single data planes in the tests of protocols."""
import importlib
import subprocess
import unittest

from test.support.verdict import Verdict

# Over a fleet: npm ws, @grpc/grpc-js and grpc-web, socat, openssl, curl.
MODULES = ("test.e2e.websocket_test", "test.e2e.grpc_test", "test.e2e.layer4_test", "test.e2e.unix_socket_test")
# In the tests' own data planes: nghttp, h2load, curl, openssl s_client and s_server, libgrpc++, NGINX, socat.
TARGETS = ("//test/integration/grpc/...", "//test/integration/grpc_route/...", "//test/integration/http2/...", "//test/integration/layer4/...",
           "//test/integration/tls/...", "//test/integration/upgrade/...")


class Rows(unittest.TestResult):
    """A row for each test, as it ends."""

    def __init__(self, verdict):
        super().__init__()
        self.verdict = verdict

    def addSuccess(self, test):
        self.verdict.equal(self.name(test), "ok", "ok")

    def addError(self, test, err):
        super().addError(test, err)
        print(self.errors[-1][1], flush=True)
        self.verdict.equal(self.name(test), "error", "ok")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print(self.failures[-1][1], flush=True)
        self.verdict.equal(self.name(test), "failed", "ok")

    @staticmethod
    def name(test):
        return test.id().split(".e2e.")[-1].replace("_test.", ": ").replace("_", " ")


def main(_):
    verdict = Verdict("parties")
    rows = Rows(verdict)
    for module in MODULES:
        unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(module)).run(rows)
    verdict.at_least("tests over a fleet", rows.testsRun, 20)
    done = subprocess.run(["bazel", "test", "--test_summary=terse", *TARGETS], stderr=subprocess.DEVNULL)
    verdict.equal(f"exit of bazel test {' '.join(TARGETS)}", done.returncode, 0)
    return verdict.end()
