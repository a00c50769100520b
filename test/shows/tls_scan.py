"""testssl.sh against a live HTTPS listener: protocols, server defaults, forward secrecy and known vulnerabilities."""
import json
import os
import shutil
import subprocess
import tempfile

from test.support import fleet as parts
from test.support import parties
from test.support.verdict import Verdict

MANIFESTS = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: scanned}
spec:
  gatewayClassName: default
  listeners:
  - {name: https, protocol: HTTPS, port: HTTPS_PORT, tls: {certificateRefs: [{name: scanned}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: scanned}
spec: {parentRefs: [{name: scanned}], rules: [{backendRefs: [{name: scanned}]}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: scanned}
spec: {endpoints: [{address: 127.0.0.1, port: UPSTREAM_PORT}]}
---
apiVersion: v1
kind: Secret
metadata: {name: scanned}
type: kubernetes.io/tls
dataFromFiles: {tls.crt: FOLDER/localhost.crt, tls.key: FOLDER/localhost.key}
"""
# Of the throw-away certificate, which nobody has issued: they say nothing about the listener.
OF_THE_CERTIFICATE = ("cert_chain_of_trust", "cert_revocation", "cert_trust", "cert_extlifeSpan", "OCSP_stapling", "cert_notAfter",
                      "cert_expirationStatus", "DNS_CAArecord", "certificate_transparency")
# What the scanner's own OpenSSL lacks.
OF_THE_SCANNER = ("engine_problem",)
HARMLESS = ("OK", "INFO", "LOW", "DEBUG")


def main(_):
    subprocess.run([os.path.join(parts.ROOT, "tools/install"), "scan"], check=True)
    verdict = Verdict("tls-scan")
    folder = tempfile.mkdtemp(prefix="penstock-scan-")
    upstream = parts.Upstream("scanned")
    try:
        parties.certificate(folder, "localhost")
        port = parts.free_port()
        text = MANIFESTS.replace("FOLDER", folder).replace("HTTPS_PORT", str(port)).replace("UPSTREAM_PORT", str(upstream.ports[0]))
        with parts.Fleet(replicas=1) as fleet:
            fleet.wait_connected()
            fleet.apply(text)
            out = os.path.join(folder, "scan.json")
            subprocess.run(["testssl", "-p", "-s", "-f", "-P", "-U", "--quiet", "--color", "0", "--warnings", "batch", "--ip",
                            fleet.replicas[0].host, "--jsonfile", out, f"localhost:{port}"], stdout=subprocess.DEVNULL, timeout=1500)
            findings = json.load(open(out))
        verdict.at_least("findings of testssl.sh", len(findings), 40)
        bad = [f"{finding['id']}: {finding['severity']} {finding['finding']}" for finding in findings
               if finding["severity"] not in HARMLESS and finding["id"].split(" ")[0] not in OF_THE_CERTIFICATE + OF_THE_SCANNER]
        verdict.equal(f"findings worse than LOW {bad}", len(bad), 0)
    finally:
        upstream.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return verdict.end()
