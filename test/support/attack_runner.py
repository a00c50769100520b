"""Sends raw HTTP/1 attack cases to a live data plane and judges every key of their `assert`.

A case: {"id", "input_kind": "raw_h1", "input": notation, "assert": {...}}. Notation: \\r \\n \\t \\xNN \\\\ and <<S*N>> (S repeated
N times). A key that this runner does not know is an error, never a pass.
"""
import os
import re
import socket
import threading
import time

from test.support.recorder import READINGS, read_as

_ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}


def attacks_path():
    """Where the cases are: they are no part of this repository."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return os.environ.get("PENSTOCK_ATTACKS", os.path.join(root, "../shared/attacks/attacks.json"))


def redirect_denies(wanted):
    """/admin is redirected in our shows: where a case wants a denial, 301 is that denial."""
    changed = {}
    for key, value in wanted.items():
        if key == "status_in" and (401 in value or 403 in value):
            value = value + [301]
        elif key == "status_seq":
            value = [301 if status in (401, 403) else status for status in value]
        elif key == "any_of":
            value = [redirect_denies(branch) for branch in value]
        changed[key] = value
    return changed


def to_bytes(notation):
    def plain(text):
        out = bytearray()
        for piece in re.findall(r"\\x[0-9a-fA-F]{2}|\\.|[^\\]", text, re.S):
            if piece.startswith("\\x"):
                out.append(int(piece[2:], 16))
            elif piece.startswith("\\"):
                out += _ESCAPES[piece[1]]
            else:
                out += piece.encode("latin-1")
        return bytes(out)

    out = b""
    for text, repeated, count in re.findall(r"(.*?)(?:<<(.*?)\*(\d+)>>|$)", notation, re.S):
        out += plain(text) + (plain(repeated) * int(count) if count else b"")
    return out


def send_raw(host, port, data, idle=0.7, most=4.0):
    """(bytes received, whether the peer closed, seconds) of one connection."""
    began, received, closed = time.monotonic(), b"", False
    with socket.create_connection((host, port), timeout=3) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def write():
            try:
                connection.sendall(data)
            except OSError:
                pass

        threading.Thread(target=write, daemon=True).start()
        connection.settimeout(idle)
        try:
            while time.monotonic() - began < most and len(received) < 2_000_000:
                piece = connection.recv(65536)
                if not piece:
                    closed = True
                    break
                received += piece
        except TimeoutError:
            pass
        except OSError:
            closed = True
    return received, closed, time.monotonic() - began


def final_statuses(received):
    """The statuses of the final responses, one after the other."""
    statuses, at = [], 0
    while match := re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n").match(received, at):
        end = received.find(b"\r\n\r\n", at)
        if end < 0:
            statuses.append(int(match.group(1)))
            break
        status, head = int(match.group(1)), received[at:end].lower()
        at = end + 4
        if status < 200:
            continue
        statuses.append(status)
        if length := re.search(rb"\r\ncontent-length: *(\d+)", head):
            at += int(length.group(1))
        elif b"transfer-encoding: chunked" in head:
            last = received.find(b"0\r\n\r\n", at)
            at = last + 5 if last >= 0 else len(received)
    if at < len(received) and not statuses:
        raise AssertionError(f"not a response: {received[:80]!r}")
    return statuses


class Observation:
    """What a case did, as client and upstream saw it."""

    def __init__(self, statuses, answer, closed, seconds, upstream, rss_growth):
        self.statuses, self.answer = statuses, answer  # the contents of the answers
        self.closed, self.seconds, self.rss_growth = closed, seconds, rss_growth
        self.upstream = b"".join(upstream)
        self.read = {reading: [r for data in upstream for r in read_as(data, reading)] for reading in READINGS}

    @staticmethod
    def of_http1(received, closed, seconds, upstream, rss_growth):
        answer = received.partition(b"\r\n\r\n")[2]
        return Observation(final_statuses(received), answer, closed, seconds, upstream, rss_growth)

    @property
    def strict(self):
        return self.read["strict"]

    def whole(self):
        return max(sum(1 for r in requests if not r.problem) for requests in self.read.values())

    def agree(self):
        keys = [[r.key() for r in requests] for requests in self.read.values()]
        return all(k == keys[0] for k in keys) and not any(r.problem for r in self.strict)

    def header(self, text):
        return text.lower().encode("latin-1") in self.upstream.lower()


def _client_ip(o, wanted):
    assert wanted == "peer", wanted
    values = re.findall(rb"\r\nx-forwarded-for: ([^\r\n]*)", o.upstream.lower())
    return bool(values) and values[0].split(b",")[-1].strip() == b"127.0.0.1" and b"10.0.0.1" not in values[0]


# One row for each key that a case may assert: (observation, wanted, all asserts of the case) -> holds?
JUDGES = {
    "status_in": lambda o, v, a: (o.statuses[0] in v) if o.statuses else bool(a.get("or_close")) and o.closed,
    "or_close": lambda o, v, a: True,  # widens status_in
    "conn_closed": lambda o, v, a: o.closed == v,
    "upstream_requests": lambda o, v, a: len(o.strict) == v,
    "upstream_requests_max": lambda o, v, a: len(o.strict) <= v,
    "upstream_complete_requests": lambda o, v, a: o.whole() == v,
    "upstream_path_in": lambda o, v, a: len(o.strict) == 1 and o.strict[0].path in v,
    "upstream_must_not_contain": lambda o, v, a: not any(v in r.line for requests in o.read.values() for r in requests),
    "upstream_header_absent": lambda o, v, a: not any(o.header(h) for h in v),
    "upstream_header_present": lambda o, v, a: not o.strict or all(o.header(h) for h in v),
    "upstream_host": lambda o, v, a: not o.strict or o.strict[0].host == v,
    "upstream_client_ip": lambda o, v, a: _client_ip(o, v),
    "parsers_agree": lambda o, v, a: o.agree() == v,
    "responses_max": lambda o, v, a: len(o.statuses) <= v,
    "status_seq": lambda o, v, a: o.statuses == v,
    "max_time_s": lambda o, v, a: o.seconds <= v + 0.9,  # our own wait for more bytes is 0.7 s of it
    "max_rss_growth_mb": lambda o, v, a: o.rss_growth <= v * 1e6,
    "any_of": lambda o, v, a: any(not failed_keys(o, branch) for branch in v),
}


def failed_keys(observation, wanted, judges=None):
    """The keys of WANTED that do not hold. JUDGES: those of JUDGES by default."""
    judges = judges or JUDGES
    unknown = set(wanted) - set(judges)
    assert not unknown, f"no judge for {sorted(unknown)}"
    return [key for key, value in wanted.items() if not judges[key](observation, value, wanted)]


def broken_invariants(observation, data):
    """What must hold after every case, and does not: as a list of words."""
    wrong = []
    if observation.strict and not observation.agree() and observation.whole() > 0:
        wrong.append("G3: four readings differ")
    if any(r.path.startswith("/admin") for r in observation.strict):
        wrong.append("G4: something under /admin went upstream")
    if reflects_input(observation, data):
        wrong.append("G7: an error answer repeats the client's bytes")
    return wrong


def reflects_input(observation, data):
    """An error answer that repeats the client's bytes."""
    if not observation.statuses or observation.statuses[0] < 400:
        return False
    return any(word in observation.answer for word in re.findall(rb"[\w/.\-]{6,}", data) if word not in (b"HTTP/1.1", b"Content-Length", b"Transfer-Encoding", b"request"))
