"""Attack rows about who may do what, as those of token_rows."""
from test.conformance.policies.manifests import security
from test.conformance.policies.place import status_of
from test.support.attack_runner import send_raw


def echoed(place, host, *fields, path="/echo", port=None):
    """(status, whether it reached the backend) of a request to a host whose backend is the echo."""
    before = place.echo.counts()["requests"]
    observation = place.ask(host, *fields, path=path, port=port)
    return status_of(observation), place.echo.counts()["requests"] > before


def expect(place, host, wanted, named, **request):
    """NAMED: {what: header fields}; each must get the status WANTED, and reach the backend only with 200."""
    wrong = []
    for what, fields in named.items():
        status, reached = echoed(place, host, *fields, **request)
        if status != wanted or reached != (wanted == 200):
            wrong.append(f"{what}: status {status} instead of {wanted}, {'reached' if reached else 'did not reach'} the backend")
    return wrong


def denied_value_among_lines(place, _):
    named = {"user, admin": ["x-role: user", "x-role: admin"], "admin, user": ["x-role: admin", "x-role: user"],
             "three": ["x-role: a", "X-Role: b", "x-ROLE:admin"], "with blanks": ["x-role: \t admin \t"],
             "with others between": ["x-role: user", "accept: */*", "x-role: admin"]}
    good = {"user": ["x-role: user"], "none": [], "administrator": ["x-role: administrator, not-admin"]}
    return expect(place, "deny-header", 403, named) + expect(place, "deny-header", 200, good)


def denied_value_in_a_list(place, _):
    named = {"user,admin": ["x-role: user,admin"], "admin , user": ["x-role: admin , user"], ",,admin,": ["x-role: ,,admin,"],
             "lists on two lines": ["x-role: a,b", "x-role: c,\tadmin"]}
    return expect(place, "deny-header", 403, named)


def allowed_value_beside_another(place, _):
    named = {"a, b, a on lines": ["x-team: a", "x-team: b", "x-team: a"], "a,b": ["x-team: a,b"], "a, a;x": ["x-team: a, a;x"],
             "A": ["x-team: A"], "a and an empty one": ["x-team: a,"], "nothing": [], "an empty line": ["x-team: a", "x-team:"]}
    good = {"a": ["x-team: a"], "a, a": ["x-team: a", "x-team: a, a"]}
    return expect(place, "allow-header", 403, named) + expect(place, "allow-header", 200, good)


def rule_before_rewrite(place, _):
    """What rules see is the request before its route rewrites it (api/manifests/v1/condition.proto says so)."""
    wrong = []
    backwards = place.ask("rewritten", path="/admin/x")
    if status_of(backwards) != 403 or backwards.strict:
        wrong.append(f"/admin, which becomes /pub: {status_of(backwards)}")
    forwards = place.ask("rewritten", path="/pub/x")
    if status_of(forwards) != 200 or [request.path for request in forwards.strict] != ["/admin/x"]:
        wrong.append(f"/pub, which becomes /admin: {status_of(forwards)} {[request.line for request in forwards.strict]}")
    for path in ("/pub/../admin/x", "/pub/%2e%2e/admin/x", "//admin/x", "/pub/..%2fadmin/x"):
        observation = place.ask("rewritten", path=path)
        if status_of(observation) == 200 or observation.strict:
            wrong.append(f"{path}: {status_of(observation)} {[request.line for request in observation.strict]}")
    return wrong


def redirect_is_the_clients(place, _):
    """A backend's redirect is never followed."""
    before = len(place.redirecting.asked)
    data = b"GET /echo HTTP/1.1\r\nhost: redirected.test\r\nconnection: close\r\n\r\n"
    received, _, _ = send_raw(*place.address(), data)
    asked = len(place.redirecting.asked) - before
    good = received.startswith(b"HTTP/1.1 302 ") and b"\r\nlocation: /admin/x\r\n" in received.lower() and asked == 1
    return [] if good else [f"{received[:40]!r}, backend asked {asked} times"]


# As a trusted proxy may write the client's address; the block 10.9.7.0/24 is denied, 10.9.0.0/16 and fe80::/10 are allowed.
INSIDE = ("10.9.1.1", "::ffff:10.9.1.1", "::FFFF:0a09:0101", "fe80::1", "10.9.1.1:80", "[::ffff:10.9.1.1]:80")
OUTSIDE = ("::ffff:127.0.0.1", "127.0.0.1", "::ffff:10.9.7.1", "10.9.7.1", "10.9.7.1:80", "[::ffff:10.9.7.1]:80", "10.8.1.1", "::10.9.1.1",
           "64:ff9b::10.9.1.1", "fec0::1", "2001:db8::1")
# Whoever cannot be read is nobody that is allowed.
UNREADABLE = ("fe80::1%eth0", "fe80::1%25eth0", "::ffff:10.9.1.1%lo", "::ffff:010.9.1.1", "10.9.1", "0x0a.9.1.1", "010.9.1.1", "%", "")


def addresses_in_other_spellings(place, _):
    def named(addresses):
        return {address or "nothing": [f"x-forwarded-for: {address}"] for address in addresses}

    port = place.proxied_port
    wrong = expect(place, "addresses", 200, named(INSIDE), port=port) + expect(place, "addresses", 403, named(OUTSIDE), port=port)
    return wrong + expect(place, "addresses", 403, named(UNREADABLE), port=port) + refused_blocks(place)


def refused_blocks(place):
    """What an allow list may not say is told before it is served."""
    blocks = ("fe80::1%eth0", "::ffff:127.0.0.1/33x", "10.9.1.1/33", "localhost")
    return [f"the block {block} is accepted" for block in blocks
            if place.fleet.apply(security("addresses", f"  ipFilter: {{allow: [\"{block}\"]}}"), check=False).returncode == 0]


PROCEDURES = {
    "RBC-001": denied_value_among_lines, "RBC-002": denied_value_in_a_list, "RBC-003": allowed_value_beside_another,
    "RBC-010": rule_before_rewrite, "RBC-011": redirect_is_the_clients, "RBC-013": addresses_in_other_spellings,
}
