"""What a request may hold, and how it may end: RFC 9113 8, and what becomes of it for a backend of HTTP/1.1."""
import json

from test.conformance.http2.case import GET, POST, Case, ConnectionError, Ignored, Malformed, Served, StreamError, Then, get, request, seen
from test.support.hpack import block
from test.support.http2_wire import *


def echo(client, stream=1):
    """What the backend saw."""
    client.until(lambda: client.done(stream))
    try:
        return json.loads(client.content[stream])
    except (KeyError, ValueError):
        return {"line": "", "headers": {}, "bytes": -1, "error": seen(client)}


def reaches(section, name, payload, judge, what):
    """The request is served, and JUDGE is true of what the backend saw."""

    def check(client):
        echoed = echo(client)
        return None if judge(echoed) else f"the backend saw {echoed}"

    return Case(section, name, payload, Then(what, check))


def single(*more, **pseudo):
    return headers(1, request(*more, **pseudo))


def posting(payload, *more):
    """POST with these fields, and then PAYLOAD."""
    return headers(1, request(*more, method="POST"), END_HEADERS) + payload


def length(value):
    return ("content-length", value)


PSEUDO = [
    Case("8.3", "a pseudo-field that nobody knows", headers(1, block([(":foo", "x")]) + GET), Malformed()),
    Case("8.3", "a pseudo-field of responses", headers(1, GET + block([(":status", "200")])), Malformed()),
    Case("8.3", "a pseudo-field behind a field", headers(1, request(("x", "y"), path=None) + block([(":path", "/")])), Malformed()),
    Case("8.3", "a pseudo-field with an upper-case letter", headers(1, request(path=None) + block([(":Path", "/")])), Malformed()),
    Case("8.3.1", "no :method", single(method=None), Malformed()),
    Case("8.3.1", "no :scheme", single(scheme=None), Malformed()),
    Case("8.3.1", "no :path", single(path=None), Malformed()),
    Case("8.3.1", "no pseudo-field at all", headers(1, block([("x", "y")])), Malformed()),
    Case("8.3.1", "a block without a field", headers(1, b""), Malformed()),
    Case("8.3.1", "two :method", headers(1, request() + block([(":method", "GET")])), Malformed()),
    Case("8.3.1", "two :scheme", headers(1, request() + block([(":scheme", "http")])), Malformed()),
    Case("8.3.1", "two :authority", headers(1, request() + block([(":authority", "a.test")])), Malformed()),
    Case("8.3.1", "two :path", headers(1, request() + block([(":path", "/")])), Malformed()),
    Case("8.3.1", "an empty :path", single(path=""), Malformed()),
    Case("8.3.1", "an empty :method", single(method=""), Malformed()),
    Case("8.3.1", "an empty :scheme", single(scheme=""), Malformed()),
    Case("8.3.1", "a :path without a slash", single(path="users"), Malformed()),
    Case("8.3.1", "a :path that is a whole URI", single(path="http://b.test/"), Malformed()),
    Case("8.3.1", "a :path with a space", single(path="/a HTTP/1.1"), Malformed()),
    Case("8.3.1", "a :path with a line end", single(path="/\r\nx: y"), Malformed()),
    Case("8.3.1", "a :path with NUL", single(path="/\0"), Malformed()),
    Case("8.3.1", "the asterisk of a method that has none", single(path="*"), Malformed()),
    Case("8.3.1", "the asterisk of OPTIONS", single(method="OPTIONS", path="*"), Served()),
    Case("8.3.1", "a :method that is no token", single(method="GE T"), Malformed()),
    Case("8.3.1", "a :method with a line end", single(method="GET / HTTP/1.1\r\nx: y"), Malformed()),
    Case("8.3.1", "an :authority with a line end", single(authority="a.test\r\nx: y"), Malformed()),
    Case("8.3.1", "an :authority with user information", single(authority="me@a.test"), Served(400)),
    Case("8.3.1", "neither :authority nor Host", single(authority=None), Malformed()),
    Case("8.3.1", "an empty :authority", single(authority=""), Malformed()),
    Case("8.3.1", "Host instead of :authority", single(("host", "a.test"), authority=None), Served()),
    Case("8.3.1", "Host as :authority", single(("host", "a.test")), Served()),
    Case("8.3.1", "Host other than :authority", single(("host", "b.test")), Malformed()),
    Case("8.3.1", "two Host", single(("host", "a.test"), ("host", "a.test"), authority=None), Malformed()),
    Case("8.5", "CONNECT is not served", single(method="CONNECT", scheme=None, path=None, authority="a.test:443"), Served(501)),
    Case("8.5", "CONNECT with :scheme and :path", single(method="CONNECT", authority="a.test:443"), Malformed()),
]

FIELDS = [
    Case("8.2.1", "an upper-case letter in a name", single(("X-A", "b")), Malformed()),
    Case("8.2.1", "a space in a name", single(("x a", "b")), Malformed()),
    Case("8.2.1", "a colon in a name", single(("x:a", "b")), Malformed()),
    Case("8.2.1", "a line end in a name", single(("x\r\na", "b")), Malformed()),
    Case("8.2.1", "NUL in a name", single(("x\0a", "b")), Malformed()),
    Case("8.2.1", "a control character in a name", single(("x\x7fa", "b")), Malformed()),
    Case("8.2.1", "a byte beyond ASCII in a name", single(("x\xe4", "b")), Malformed()),
    Case("8.2", "an empty name", single(("", "b")), Malformed()),
    Case("8.2", "a separator in a name", single(("x(a)", "b")), Malformed()),
    Case("8.2", "an underscore in a name", single(("x_a", "b")), Malformed()),
    Case("8.2.1", "a line feed in a value", single(("x", "a\nb: c")), Malformed()),
    Case("8.2.1", "a carriage return in a value", single(("x", "a\rb: c")), Malformed()),
    Case("8.2.1", "a line end in a value", single(("x", "a\r\ntransfer-encoding: chunked")), Malformed()),
    Case("8.2.1", "NUL in a value", single(("x", "a\0b")), Malformed()),
    Case("8.2.1", "a space before a value", single(("x", " a")), Malformed()),
    Case("8.2.1", "a space behind a value", single(("x", "a ")), Malformed()),
    Case("8.2.1", "a tab before a value", single(("x", "\ta")), Malformed()),
    Case("8.2.1", "an empty value", single(("x", "")), Served()),
    Case("8.2.2", "Connection", single(("connection", "close")), Malformed()),
    Case("8.2.2", "Keep-Alive", single(("keep-alive", "timeout=5")), Malformed()),
    Case("8.2.2", "Proxy-Connection", single(("proxy-connection", "keep-alive")), Malformed()),
    Case("8.2.2", "Transfer-Encoding", single(("transfer-encoding", "chunked")), Malformed()),
    Case("8.2.2", "Upgrade", single(("upgrade", "h2c")), Malformed()),
    Case("8.2.2", "TE other than trailers", single(("te", "trailers, deflate")), Malformed()),
    Case("8.2.2", "TE of trailers", single(("te", "trailers")), Served()),
    reaches("8.2.3", "crumbs of Cookie become one field", single(("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")),
            lambda seen: seen["headers"].get("cookie") == "a=1; b=2", "one field"),
    reaches("8.3.1", ":authority becomes Host", single(), lambda seen: seen["headers"].get("host") == "a.test", "Host"),
    reaches("8.3.1", "the query stays", single(path="/users?a=b&c"), lambda seen: seen["line"] == "GET /users?a=b&c HTTP/1.1", "the same"),
    reaches("8.2.2", "TE does not reach the backend", single(("te", "trailers")), lambda seen: "te" not in seen["headers"], "without TE"),
]

CONTENT = [
    reaches("8.1", "content without a length", posting(data(1, b"hel", False) + data(1, b"lo")), lambda seen: seen["bytes"] == 5, "5 bytes"),
    reaches("8.1", "content with a length", posting(data(1, b"hello"), length("5")), lambda seen: seen["bytes"] == 5, "5 bytes"),
    reaches("8.1", "content that ends with an empty frame", posting(data(1, b"hello", False) + data(1), length("5")), lambda seen: seen["bytes"] == 5, "5 bytes"),
    reaches("8.1", "content that ends with trailers", posting(data(1, b"hello", False) + headers(1, block([("x-sum", "1")]))), lambda seen: seen["bytes"] == 5, "5 bytes"),
    Case("8.1.1", "less content than its length", posting(data(1, b"hell"), length("5")), Malformed()),
    Case("8.1.1", "more content than its length", posting(data(1, b"hello!"), length("5")), Malformed()),
    Case("8.1.1", "more content than its length, in two frames", posting(data(1, b"hello", False) + data(1, b"!"), length("5")), Malformed()),
    Case("8.1.1", "a length, and no content", single(length("5"), method="POST"), Malformed()),
    Case("8.1.1", "less content than its length, and trailers", posting(data(1, b"hell", False) + headers(1, block([("x-sum", "1")])), length("5")), Malformed()),
    Case("8.1.1", "a length of nothing, and no content", single(length("0"), method="POST"), Served()),
    Case("8.1.1", "a length that is no number", single(length("five"), method="POST"), Malformed()),
    Case("8.1.1", "a length with a sign", posting(data(1, b"hello"), length("+5")), Malformed()),
    Case("8.1.1", "a length beyond 64 bits", posting(data(1, b"hello"), length("18446744073709551621")), Malformed()),
    Case("8.1.1", "two lengths", posting(data(1, b"hello"), length("5"), length("6")), Malformed()),
    Case("8.1.1", "the same length twice", posting(data(1, b"hello"), length("5"), length("5")), Malformed()),
    Case("8.1.1", "a list of lengths", posting(data(1, b"hello"), length("5, 5")), Malformed()),
    Case("8.1", "trailers that do not end the request", posting(data(1, b"hello", False) + headers(1, block([("x-sum", "1")]), END_HEADERS)), Malformed()),
    Case("8.1", "trailers with a pseudo-field", posting(data(1, b"hello", False) + headers(1, block([(":path", "/x")]))), Malformed()),
    Case("8.1", "trailers with an upper-case letter", posting(data(1, b"hello", False) + headers(1, block([("X-Sum", "1")]))), Malformed()),
    Case("8.2.2", "trailers with Transfer-Encoding", posting(data(1, b"hello", False) + headers(1, block([("transfer-encoding", "chunked")]))), Malformed()),
    Case("8.1", "empty trailers", posting(data(1, b"hello", False) + headers(1, b"")), Served()),
    Case("8.1", "DATA behind trailers", headers(1, request(method="POST", path="/slow/300"), END_HEADERS) + headers(1, block([("x-sum", "1")])) + data(1, b"x"),
         ConnectionError(STREAM_CLOSED)),
]


def head_of(client):
    client.send(single(method="HEAD", path="/bytes/1000"))
    client.until(lambda: client.done(1))
    fields = dict(client.responses.get(1, [{}])[-1])
    good = client.status(1) == 200 and fields.get(b"content-length") == b"1000" and not client.content.get(1)
    return None if good else seen(client)


def expects(client):
    client.send(headers(1, request(("expect", "100-continue"), method="POST"), END_HEADERS))
    client.until(lambda: client.responses.get(1))
    if dict(client.responses[1][0]).get(b":status") != b"100" or 1 in client.ended:
        return seen(client)
    client.send(data(1, b"hello"))
    return None


def answers_early(client):
    """RFC 9113 8.1: a response may be complete before its request; then the rest is not wanted."""
    client.send(headers(1, request(method="POST", path="/nowhere", authority="nobody.test"), END_HEADERS))
    client.until(lambda: 1 in client.resets)
    good = client.status(1) == 404 and 1 in client.ended and client.resets == {1: NO_ERROR}
    return None if good else seen(client)


def one_reset_leaves_the_others(client):
    client.send(headers(1, get(b"/slow/200")) + headers(3, block([("x", "y")])) + headers(5, get(b"/slow/200")) + rst_stream(5) + headers(7, GET))
    client.until(lambda: {1, 7} <= client.ended)
    return None if {1, 7} <= client.ended and client.resets == {3: PROTOCOL_ERROR} else seen(client)


def forbidden_in_responses(client):
    client.send(headers(1, GET))
    client.until(lambda: client.done(1))
    names = {name for name, _ in client.responses[1][-1]}
    bad = [n for n in names if n != n.lower() or n in (b"connection", b"keep-alive", b"transfer-encoding", b"upgrade")]
    return None if not bad else f"the response has {bad}"


EXCHANGES = [
    Case("8.1", "HEAD is answered without content", b"", Then("200", head_of)),
    Case("8.1", "content that waits to be invited", expects, Served()),
    Case("8.1", "a response that is complete before its request", b"", Then("404, then NO_ERROR", answers_early)),
    Case("5.4.2", "an error of one stream leaves the others", b"", Then("both answered", one_reset_leaves_the_others)),
    Case("8.2.2", "no field of a connection in responses", b"", Then("none", forbidden_in_responses)),
    Case("10.5.1", "a head of many fields", single(*[("x", "y")] * 101), Served(431)),
    Case("6.5.2", "a head beyond MAX_HEADER_LIST_SIZE", headers(1, request(*[(f"x{i}", 800 * "y") for i in range(17)]), END_STREAM)
         + b"".join(frame(CONTINUATION, END_HEADERS if i == 3 else 0, 1, block([(f"y{i}-{j}", 800 * "z") for j in range(16)])) for i in range(4)), Served(431)),
    Case("6.5.2", "a long target", single(path="/" + 9000 * "a"), Served(414)),
]

CASES = PSEUDO + FIELDS + CONTENT + EXCHANGES
