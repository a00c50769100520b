"""Requests in spellings that nobody thought of: what a policy decided about is what the backend got.

Paths meet a rule that denies /admin, or lets only administrators there; header fields meet rules that deny a value, want one, and limit
one. The oracle looks at what the backend got, never at what was sent.
"""
import json
import re
import socket

from test.conformance.policies.manifests import claims
from test.support.hpack import block
from test.support.http2_wire import END_HEADERS, END_STREAM, HEADERS, Client, frame, window_update

# What some servers read otherwise than others, and most of which is refused; and what everybody must read alike.
ODD = {
    "segments": ["admin%00", "admin;x=1", "..;", ".;x", "%2e%2e%2f", "..%2f", "%2f", "..%5c", "%5c", "..\\", "%u002e", "%",
                 "%zz", "%0d%0a", "\t", "a%09", "ü"],
    "joints": ["\\", "%2f", "%2F", ";/", "/;/"],
    "tails": ["#x", ";a", "%00", "/..;/"],
    "forms": ["http://other.test{}", "//{host}{}", "{host}{}", "*{}"],
}
PLAIN = {
    "segments": ["admin", "admin", "admin", "%61dmin", "adm%69n", "ad%6Din", "%61%64%6d%69%6e", "%41dmin", "Admin", "ADMIN", "admin.",
                 "admin%20", "admin%3bx", "%2561dmin", "a", "x", "", "", ".", ".", "..", "..", "%2e", "%2E%2e", ".%2e", "%2e.", "...", "%c0%ae%c0%ae",
                 "%252e%252e", "*", "~", "%E2%80%A5", "%ef%bc%8e", "echo"],
    "joints": ["/", "/", "/", "/", "//", "/./", "/../", "/%2e/", "/x/../", "///"],
    "tails": ["", "", "", "/", "?x=1", "?/../admin", "?", "/.", "/..", "/%2e", "&", "/*", "?a;b"],
    "forms": ["{}", "{}", "{}", "{}", "{}", "{}", "http://{host}{}", "/{}"],
}


def spelling(random, host):
    def one(what):
        return random.choice((ODD if random.random() < 0.04 else PLAIN)[what])

    path = random.choice(["/", "/", "/", "//", "/./", "/x/../"])
    for i in range(random.randint(1, 5)):
        path += (one("joints") if i else "") + one("segments")
    return one("forms").replace("{host}", f"{host}.test").replace("{}", path + one("tails"))


def _decoded(path):
    return re.sub(rb"%([0-9a-fA-F]{2})", lambda found: bytes([int(found.group(1), 16)]), path)


def _resolved(path):
    """As a lenient server reads it: backslashes, empty and dot segments, the end of a C string."""
    kept = []
    for segment in path.replace(b"\\", b"/").split(b"/"):
        segment = segment.partition(b"\0")[0]
        if segment == b"..":
            del kept[-1:]
        elif segment not in (b"", b"."):
            kept.append(segment)
    return kept


def means_admin(target):
    """Would some server take what came for /admin or something below?"""
    path = re.sub(rb"^https?://[^/]*", b"", target).partition(b"?")[0].partition(b"#")[0]
    without = re.sub(rb";[^/]*", b"", path)  # parameters of segments, which servers take away before they decode
    return any(_resolved(reading)[:1] == [b"admin"] for reading in (path, _decoded(path), without, _decoded(without)))


class Http1:
    """One request after the other over connections that are kept while they may."""

    def __init__(self, address):
        self.address, self.stream = address, None

    def ask(self, target, fields, host, method="GET"):
        """(status, head of the response, content)"""
        data = "\r\n".join([f"{method} {target} HTTP/1.1", f"host: {host}.test", *fields, "", ""]).encode("utf-8")
        if self.stream is None:
            self.socket = socket.create_connection(self.address, timeout=10)
            self.stream = self.socket.makefile("rb")
        self.socket.sendall(data)
        status, lines, length = int(self.stream.readline().split()[1]), [], 0
        while (line := self.stream.readline()) not in (b"\r\n", b""):
            lines.append(line.strip().lower())
        for line in lines:
            length = int(line.split(b":")[1]) if line.startswith(b"content-length:") else length
        content = self.stream.read(length)
        if b"connection: close" in lines:
            self.socket.close()
            self.stream = None
        return status, b"\n".join(lines), content


class Http2:
    def __init__(self, address):
        self.address, self.client, self.next = address, None, 1

    def ask(self, target, fields, host, method="GET"):
        if self.client is None or self.client.closed or self.next > 2000:
            self.client, self.next = Client(self.address), 1
            self.client.send(window_update(0, 1 << 30))
        stream, self.next = self.next, self.next + 2
        pseudo = [(":method", method), (":scheme", "http"), (":authority", f"{host}.test"), (":path", target)]
        more = [tuple(field.split(": ", 1)) for field in fields]
        rows = [(name.lower().encode(), value.encode()) for name, value in pseudo + more]
        self.client.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block(rows)))
        self.client.until(lambda: self.client.done(stream) or self.client.closed)
        head = b"\n".join(name + b": " + value for section in self.client.responses.get(stream, []) for name, value in section)
        return self.client.status(stream), head.lower(), self.client.content.get(stream, b"")


def at_backend(content):
    """(the target, [(name, value)] in their order) of what the backend got."""
    pairs = json.loads(content.decode("latin-1"), object_pairs_hook=list)
    seen = dict(pairs)
    return seen["line"].encode("latin-1").split(b" ")[1], seen["headers"]


class Tally:
    def __init__(self):
        self.sent, self.statuses, self.wrong = 0, {}, []

    def add(self, status):
        self.sent += 1
        self.statuses[status] = self.statuses.get(status, 0) + 1


def paths(place, random, make, count):
    """Without the role nothing that is /admin to anybody reaches a backend; with it, what is asked for there does."""
    client, tally, admin = make(place.address()), Tally(), place.keys.ed.token(claims(roles=["admin"]))
    for _ in range(count):
        host = random.choice(["deny-path", "role"])
        target = spelling(random, host)
        status, _, content = client.ask(target, [], host)
        tally.add(status)
        if status == 200 and means_admin(at_backend(content)[0]):
            tally.wrong.append(f"{host}: {target!r} reached the backend as {at_backend(content)[0]!r}")
        if status == 401 and host == "role":
            status, _, content = client.ask(target, [f"authorization: Bearer {admin}"], host)
            if status != 200 or not means_admin(at_backend(content)[0]):
                tally.wrong.append(f"role: {target!r} is for administrators, who get {status} {content[:80]!r}")
    return tally


def _left(head):
    return int(re.search(rb"\nratelimit: [^\n]*;r=(\d+)", b"\n" + head).group(1))


def buckets(place, random, make, count):
    """The path that was counted is the path that the backend got: asking for that one takes from the same counter."""
    client, tally = make(place.address()), Tally()
    for _ in range(count):
        target = spelling(random, "buckets")
        status, head, content = client.ask(target, [], "buckets")
        tally.add(status)
        if status != 200:
            continue
        got = at_backend(content)[0]
        status, again, content = client.ask(got.decode("utf-8"), [], "buckets")
        if status != 200 or at_backend(content)[0] != got:
            tally.wrong.append(f"{target!r} arrived as {got!r}, which itself gets {status} and arrives as {content[:60]!r}")
        elif _left(again) != _left(head) - 1:
            tally.wrong.append(f"{target!r} and {got!r}, as which it arrived, have two counters")
    return tally


VALUES = {"x-role": ["admin", "user"], "x-team": ["a", "b"], "x-bulk": ["yes", "no"]}
BLANKS = ["", "", "", " ", "\t", "  ", " \t "]
TWISTS = ["", "", "\"{}\"", "{};q=1", "={}", "{}\u00a0", "{}%00", "{}{}", "x{}", "", "{},"]


def member(random, name):
    value = random.choice(VALUES[name])
    value = random.choice(TWISTS).replace("{}", value) if random.random() < 0.3 else value
    value = value.upper() if random.random() < 0.1 else value
    return random.choice(BLANKS) + value + random.choice(BLANKS)


def tricky_fields(random, name, http1):
    fields = []
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        spelled = "".join(c.upper() if random.random() < 0.3 else c for c in name) if http1 else name
        spelled = random.choice([spelled] * 12 + [name.replace("-", "_")])
        value = ",".join(member(random, name) for _ in range(random.choice([1, 1, 2, 3])))
        fields.append(spelled + random.choice([":", ": ", ":\t"]) + value if http1 else f"{spelled}: {value.strip()}")
        if random.random() < 0.3:
            fields.append(f"accept: {random.choice(['*/*', 'a,b'])}")
        if random.random() < 0.05:
            fields.append(f"connection: {name}" if http1 else "te: trailers")
    return fields


def members(headers, name):
    return [item.strip(" \t") for key, value in headers if key.lower() == name for item in value.split(",")]


def header_rules(place, random, make, count):
    """What the backend got is what the rule was about: no denied value among it, nothing but the wanted one, and all of it counted."""
    client, tally, counted = make(place.address()), Tally(), 0
    for _ in range(count):
        host, name = random.choice([("deny-header", "x-role"), ("allow-header", "x-team"), ("members", "x-bulk")])
        fields = tricky_fields(random, name, make is Http1)
        status, _, content = client.ask("/echo", fields, host)
        tally.add(status)
        got = members(at_backend(content)[1], name) if status == 200 else []
        if host == "deny-header" and "admin" in got:
            tally.wrong.append(f"{fields} reached the backend with {got}")
        if host == "allow-header" and status == 200 and set(got) != {"a"}:
            tally.wrong.append(f"{fields} reached the backend with {got}")
        counted += host == "members" and "yes" in got
    return tally, counted
