"""The fuzz targets, as the shows run them: each for a while, a finding fails."""
import re
import subprocess

# What reads the bytes of a protocol before anybody is known to be who he says. Every other target is in others().
PROTOCOLS = {
    "//dataplane/http/h2:server_fuzz": "HTTP/2 frames with HPACK, from clients",
    "//dataplane/http/h2:client_fuzz": "HTTP/2 frames with HPACK, from servers",
    "//dataplane/io/proxy_protocol:proxy_protocol_fuzz": "PROXY protocol, versions 1 and 2",
    "//dataplane/http:upgrade_fuzz": "WebSocket handshake",
    "//dataplane/http/websocket:frame_tracker_fuzz": "WebSocket frame heads",
    "//dataplane/tls:client_hello_fuzz": "TLS ClientHello peeking",
    "//dataplane/http/grpc:web_fuzz": "gRPC-Web framing",
}

CLEAN = re.compile(r"^clean +(\S+) +(\d+) runs, (\d+) edges, (\d+) features, (\d+) inputs$")


def others():
    """Every fuzz target of the repository that is not among PROTOCOLS."""
    query = ["bazel", "query", "--noshow_progress", r'attr(tags, "\bfuzz\b", //...)']
    found = subprocess.run(query, check=True, capture_output=True, text=True).stdout.split()
    missing = set(PROTOCOLS) - set(found)
    assert found and not missing, f"no fuzz targets any more: {missing}"
    return {target: "" for target in found if target not in PROTOCOLS}


def fuzz(verdict, targets, seconds):
    """Runs TARGETS (name -> what it is) for SECONDS each, as many at once as there are CPUs."""
    run = subprocess.Popen(["tools/fuzz", "--seconds", str(seconds), *targets], stdout=subprocess.PIPE, text=True)
    clean = set()
    for line in run.stdout:
        match = CLEAN.match(line.strip())
        if not match:
            print(f"      {line.strip()}", flush=True)
            continue
        target, runs, edges, features, inputs = match.groups()
        clean.add(target)
        what = f"{target} ({targets[target]})" if targets.get(target) else target
        figure = f"none in {int(runs):,} runs; {edges} edges and {features} features reached, {inputs} inputs kept"
        verdict.check(f"findings of {what}", figure, int(runs) > 0, "none")
    run.wait()
    for target in sorted(set(targets) - clean):
        verdict.check(f"findings of {target}", "see above and fuzz-findings/", False, "none")
    verdict.equal(f"exit of tools/fuzz, {len(targets)} targets, {seconds} s each", run.returncode, 0)
