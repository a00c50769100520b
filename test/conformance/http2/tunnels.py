"""WebSockets over HTTP/2: extended CONNECT, RFC 8441, and what RFC 9113 8.5 says of every CONNECT."""
from test.conformance.http2.case import Case, Ignored, Malformed, Served, StreamError, Then, goes_on, request, seen, wait_for
from test.support.hpack import block
from test.support.http2_wire import *


def connect(*more, protocol="websocket", path="/ws", method="CONNECT", **pseudo):
    """The block of an extended CONNECT; None leaves a pseudo-field out."""
    first = block([(":protocol", protocol)]) if protocol is not None else b""
    return first + request(("sec-websocket-version", "13"), *more, method=method, path=path, **pseudo)


OPEN = headers(1, connect(), END_HEADERS)
opened = wait_for(lambda client: client.status(1) == 200, "200")


def offered(client):
    client.until(lambda: client.frames)
    return None if client.settings.get(ENABLE_CONNECT_PROTOCOL) == 1 else f"the settings are {client.settings}"


def echoes(client, stream=1):
    """Bytes go both ways, piece by piece, and then both sides end."""
    said = b""
    for i in range(20):
        piece = b"message %d " % i
        said += piece
        client.send(data(stream, piece, False))
        if not client.until(lambda: client.content.get(stream, b"") == said):
            return f"{client.content} after {said}: " + seen(client)
    client.send(data(stream))
    client.until(lambda: client.done(stream) or client.closed)
    return goes_on(client) if stream in client.ended else "the tunnel does not end: " + seen(client)


def fields_of_http1(client):
    wrong = {name for name, _ in client.responses[1][-1]} & {b"upgrade", b"connection", b"sec-websocket-accept", b"content-length"}
    return f"the response has {wrong}" if wrong else None


def many(client):
    """Tunnels beside each other on one connection."""
    streams = range(1, 21, 2)
    client.send(b"".join(headers(stream, connect(), END_HEADERS) + data(stream, b"to %d" % stream, False) for stream in streams))
    client.until(lambda: all(client.content.get(stream) == b"to %d" % stream for stream in streams))
    wrong = {stream: client.content.get(stream) for stream in streams if client.content.get(stream) != b"to %d" % stream}
    client.send(b"".join(data(stream) for stream in streams))
    client.until(lambda: client.ended >= set(streams))
    return f"got {wrong}: " + seen(client) if wrong else goes_on(client)


def window_holds(client):
    """The client's window holds the tunnel back as it does any response."""
    client.send(data(1, 100 * b"x", False) + frame(PING, payload=bytes(8)))
    client.until(lambda: len(client.content.get(1, b"")) >= 10)
    pongs = client.count(PING, ACK)
    client.send(frame(PING, payload=bytes(8)))
    client.until(lambda: client.count(PING, ACK) > pongs)
    return None if len(client.content[1]) == 10 else f"{len(client.content[1])} bytes came through a window of 10"


def refused(name, status, section="RFC 8441 4", **more):
    # The stream ends with the request, so that nothing is left to be reset.
    return Case(section, name, headers(1, connect(**more)), Served(status))


CASES = [
    Case("RFC 8441 3", "extended CONNECT is offered where a rule lets requests switch", b"", Then("SETTINGS", offered)),
    Case("RFC 8441 5", "it is granted by 200, and bytes go both ways", [OPEN, opened], Then("the same bytes", echoes)),
    Case("RFC 8441 5", "bytes may come before it is granted", headers(1, connect(), END_HEADERS) + data(1, b"early", False),
         Then("the same bytes", lambda client: None if client.until(lambda: client.content.get(1) == b"early") else seen(client))),
    Case("RFC 8441 5.1", "the handshake of HTTP/1.1 stays where it is", [OPEN, opened], Then("none of its fields", fields_of_http1)),
    Case("RFC 8441 5", "many on one connection", b"", Then("the same bytes", many)),
    Case("RFC 8441 5", "a client that has ended before it begins", headers(1, connect()), Served()),
    Case("RFC 8441 5", "RST_STREAM ends it and nothing else", [OPEN, opened, rst_stream(1)], Ignored()),
    Case("5.2", "the client's window holds", [OPEN, opened], Then("10 bytes", window_holds), opening=PREFACE + settings((INITIAL_WINDOW_SIZE, 10))),
    Case("8.5", "HEADERS inside it", [OPEN, opened, headers(1, block([("x", "y")]))], StreamError(PROTOCOL_ERROR)),
    Case("RFC 8441 4", "no :scheme", headers(1, connect(scheme=None)), Malformed()),
    Case("RFC 8441 4", "no :path", headers(1, connect(path=None)), Malformed()),
    Case("RFC 8441 4", "no :authority", headers(1, connect(authority=None)), Malformed()),
    Case("RFC 8441 4", ":protocol of another method", headers(1, connect(method="GET")), Malformed()),
    Case("RFC 8441 4", ":protocol that is no token", headers(1, connect(protocol="web socket")), Malformed()),
    Case("RFC 8441 4", ":protocol of nothing", headers(1, connect(protocol="")), Malformed()),
    Case("8.3", "two :protocol", headers(1, block([(":protocol", "websocket")]) + connect()), Malformed()),
    Case("8.3", ":protocol behind a field", headers(1, connect(protocol=None) + block([(":protocol", "websocket")])), Malformed()),
    Case("8.2.2", "Upgrade beside it", headers(1, connect(("upgrade", "websocket"))), Malformed()),
    Case("8.2.2", "Connection beside it", headers(1, connect(("connection", "upgrade"))), Malformed()),
    Case("8.5", "CONNECT with :scheme and :path, and no :protocol", headers(1, connect(protocol=None)), Malformed()),
    refused("another protocol than the rule allows", 501, protocol="connect-udp"),
    refused("a rule that allows none", 501, path="/"),
    refused("a backend that answers without switching", 501, path="/no-socket"),
    refused("no route", 404, authority="nobody.test"),
]
