"""Preface, frame format and sizes, padding, and every type of frame by itself: RFC 9113 3.4, 4, 5.4, 5.5, 6."""
from test.conformance.http2.case import (
    GET, POST, Case, Closed, ConnectionError, Ignored, Served, StreamError, Then, request, wait_for)
from test.support.http2_wire import *

BIG = bytes(16385)
HALF = len(GET) // 2


def in_pieces(client):
    for byte in PREFACE + settings() + headers(1, GET):
        client.send(bytes([byte]))


def first_frame_is_settings(client):
    client.until(lambda: client.frames)
    kind, flags, stream, _ = client.frames[0] if client.frames else (None, 0, 0, b"")
    return None if (kind, flags & ACK, stream) == (SETTINGS, 0, 0) else f"the first frame is of type {kind}"


def announces_its_limits(client):
    client.until(lambda: client.frames)
    told = {name: client.settings.get(name) for name in (MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE)}
    return None if all(told.values()) else f"the settings are {client.settings}"


def offers_no_push(client):
    client.until(lambda: client.frames)
    return f"the settings are {client.settings}" if client.settings.get(ENABLE_PUSH, 0) else None


PREFACES = [
    Case("3.4", "the preface and SETTINGS are answered by SETTINGS first", b"", Then("SETTINGS", first_frame_is_settings)),
    Case("3.4", "the preface may come byte by byte", in_pieces, Served(), opening=b""),
    Case("3.4", "SETTINGS of the preface may have parameters", headers(1, GET), Served(),
         opening=PREFACE + settings((HEADER_TABLE_SIZE, 4096), (ENABLE_PUSH, 0), (INITIAL_WINDOW_SIZE, 65535))),
    Case("3.4", "requests may come before the server's SETTINGS", b"", Served(), opening=PREFACE + settings() + headers(1, GET)),
    Case("3.4", "another preface is not served", b"", Closed(), opening=b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + settings()),
    Case("3.4", "PING instead of the preface's SETTINGS", frame(PING, payload=bytes(8)), ConnectionError(PROTOCOL_ERROR), opening=PREFACE),
    Case("3.4", "HEADERS instead of the preface's SETTINGS", headers(1, GET), ConnectionError(PROTOCOL_ERROR), opening=PREFACE),
    Case("3.4", "an answer to SETTINGS instead of the preface's SETTINGS", frame(SETTINGS, ACK), ConnectionError(PROTOCOL_ERROR), opening=PREFACE),
    Case("3.4", "an unknown frame instead of the preface's SETTINGS", frame(0xF0), ConnectionError(PROTOCOL_ERROR), opening=PREFACE),
    Case("6.5.2", "the server says what its limits are", b"", Then("limits", announces_its_limits)),
    Case("6.5.2", "the server offers no push", b"", Then("no push", offers_no_push)),
]

FORMAT = [
    Case("4.1", "an unknown type on the connection", frame(0xF0, 0xFF, 0, b"whatever"), Ignored()),
    Case("4.1", "an unknown type on a stream that is idle", frame(0xF0, 0, 1, b"whatever"), Ignored()),
    Case("4.1", "an unknown type on a stream that is open", headers(1, POST, END_HEADERS) + frame(0xF0, 0, 1, b"x") + data(1), Served()),
    Case("4.1", "an unknown type on an even stream", frame(0xF0, 0, 2, b"whatever"), Ignored()),
    Case("4.1", "flags of PING that are not defined", frame(PING, 0xFE, 0, b"12345678"), Ignored()),
    Case("4.1", "flags of HEADERS that are not defined", headers(1, GET, WHOLE | 0xC2), Served()),
    Case("4.1", "flags of SETTINGS that are not defined", frame(SETTINGS, 0xFE, 0), Ignored()),
    Case("4.1", "flags of DATA that are not defined", headers(1, POST, END_HEADERS) + frame(DATA, 0xF7, 1), Served()),
    Case("4.1", "the reserved bit of PING's stream", frame(PING, 0, 0x80000000, b"12345678"), Ignored()),
    Case("4.1", "the reserved bit of HEADERS' stream", frame(HEADERS, WHOLE, 0x80000001, GET), Served()),
    Case("4.1", "the reserved bit of an increment", window_update(0, 0x80000001), Ignored()),
]

SIZES = [
    Case("4.2", "DATA of the largest size", headers(1, POST, END_HEADERS) + data(1, bytes(16384)), Served()),
    Case("4.2", "DATA beyond the largest size", headers(1, POST, END_HEADERS) + data(1, BIG), ConnectionError(FRAME_SIZE_ERROR)),
    Case("4.2", "HEADERS beyond the largest size", frame(HEADERS, WHOLE, 1, BIG), ConnectionError(FRAME_SIZE_ERROR)),
    Case("4.2", "CONTINUATION beyond the largest size", headers(1, GET[:HALF], END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, BIG),
         ConnectionError(FRAME_SIZE_ERROR)),
    Case("4.2", "SETTINGS beyond the largest size", frame(SETTINGS, payload=bytes(16386)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("4.2", "an unknown type beyond the largest size", frame(0xF0, payload=BIG), ConnectionError(FRAME_SIZE_ERROR)),
    Case("4.2", "the largest length that can be said", frame(DATA, 0, 1, b"", 0xFFFFFF), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.3", "PRIORITY that is too short", frame(PRIORITY, 0, 1, bytes(4)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.3", "PRIORITY that is too long", frame(PRIORITY, 0, 1, bytes(6)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.4", "RST_STREAM that is too short", headers(1, POST, END_HEADERS) + frame(RST_STREAM, 0, 1, bytes(3)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.4", "RST_STREAM that is too long", headers(1, POST, END_HEADERS) + frame(RST_STREAM, 0, 1, bytes(5)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.5", "SETTINGS that is no multiple of six", frame(SETTINGS, payload=bytes(5)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.5", "an answer to SETTINGS that is not empty", frame(SETTINGS, ACK, 0, bytes(6)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.7", "PING that is too short", frame(PING, payload=bytes(7)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.7", "PING that is too long", frame(PING, payload=bytes(9)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.7", "PING that is empty", frame(PING), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.8", "GOAWAY that is too short", frame(GOAWAY, payload=bytes(7)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.9", "WINDOW_UPDATE that is too short", frame(WINDOW_UPDATE, payload=bytes(3)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.9", "WINDOW_UPDATE that is too long", frame(WINDOW_UPDATE, payload=bytes(5)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.2", "HEADERS too short for its priority", frame(HEADERS, WHOLE | PRIORITY_FLAG, 1, bytes(4)), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.2", "HEADERS too short for its padding's length", frame(HEADERS, WHOLE | PADDED, 1), ConnectionError(FRAME_SIZE_ERROR)),
    Case("6.1", "DATA too short for its padding's length", headers(1, POST, END_HEADERS) + frame(DATA, PADDED, 1), ConnectionError(FRAME_SIZE_ERROR)),
]


def padding_is_not_content(client):
    client.send(headers(1, POST, END_HEADERS) + frame(DATA, PADDED | END_STREAM, 1, padded(b"hello", 200)))
    client.until(lambda: client.done(1))
    return None if b'"bytes":5}' in client.content.get(1, b"") else f"the backend saw {client.content}"


PADDING = [
    Case("6.1", "padding of DATA does not reach the backend", padding_is_not_content, Served()),
    Case("6.1", "DATA that is nothing but padding", headers(1, POST, END_HEADERS) + frame(DATA, PADDED | END_STREAM, 1, padded(b"", 255)), Served()),
    Case("6.1", "DATA with padding of no length", headers(1, POST, END_HEADERS) + frame(DATA, PADDED | END_STREAM, 1, padded(b"x", 0)), Served()),
    Case("6.1", "padding of DATA as long as the frame", headers(1, POST, END_HEADERS) + frame(DATA, PADDED | END_STREAM, 1, b"\x06hello"),
         ConnectionError(PROTOCOL_ERROR)),
    Case("6.1", "padding of DATA longer than the frame", headers(1, POST, END_HEADERS) + frame(DATA, PADDED | END_STREAM, 1, b"\xFFhello"),
         ConnectionError(PROTOCOL_ERROR)),
    Case("6.2", "HEADERS with padding", headers(1, padded(GET, 200), WHOLE | PADDED), Served()),
    Case("6.2", "HEADERS with padding and priority", headers(1, bytes([9]) + bytes(4) + b"\x0f" + GET + bytes(9), WHOLE | PADDED | PRIORITY_FLAG), Served()),
    Case("6.2", "padding of HEADERS as long as the frame", headers(1, bytes([len(GET) + 1]) + GET, WHOLE | PADDED), ConnectionError(PROTOCOL_ERROR)),
    Case("6.2", "padding of HEADERS longer than the frame", headers(1, b"\xFF" + GET, WHOLE | PADDED), ConnectionError(PROTOCOL_ERROR)),
    Case("6.2", "padding that leaves no room for the priority", headers(1, bytes([5]) + bytes(9), WHOLE | PADDED | PRIORITY_FLAG), ConnectionError(PROTOCOL_ERROR)),
]

BETWEEN = frame(PING, payload=bytes(8))
OPEN_BLOCK = headers(1, GET[:HALF], END_STREAM)
REST = frame(CONTINUATION, END_HEADERS, 1, GET[HALF:])
CONTINUATIONS = [
    Case("6.10", "a block in two frames", OPEN_BLOCK + REST, Served()),
    Case("6.10", "a block that begins with nothing", headers(1, b"", END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, GET), Served()),
    Case("6.10", "a block that ends with nothing", headers(1, GET, END_STREAM) + frame(CONTINUATION, END_HEADERS, 1), Served()),
    Case("6.10", "a block in nine frames", headers(1, GET[:1], END_STREAM) + b"".join(frame(CONTINUATION, 0, 1, GET[i : i + 1]) for i in range(1, 8))
         + frame(CONTINUATION, END_HEADERS, 1, GET[8:]), Served()),
    Case("10.5", "a block in more frames than anybody needs", headers(1, GET, END_STREAM) + 20 * frame(CONTINUATION, 0, 1), ConnectionError(ENHANCE_YOUR_CALM)),
    Case("6.10", "a field that is split between frames", headers(1, GET[:-3], END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, GET[-3:]), Served()),
    Case("6.10", "padding in the first frame of two", headers(1, padded(GET[:HALF], 9), END_STREAM | PADDED) + REST, Served()),
    Case("6.10", "PING inside a block", OPEN_BLOCK + BETWEEN + REST, ConnectionError(PROTOCOL_ERROR)),
    Case("6.10", "SETTINGS inside a block", OPEN_BLOCK + settings() + REST, ConnectionError(PROTOCOL_ERROR)),
    Case("6.10", "DATA inside a block", OPEN_BLOCK + data(1, b"x") + REST, ConnectionError(PROTOCOL_ERROR)),
    Case("6.10", "RST_STREAM inside a block", OPEN_BLOCK + rst_stream(1) + REST, ConnectionError(PROTOCOL_ERROR)),
    Case("6.10", "HEADERS of another stream inside a block", OPEN_BLOCK + headers(3, GET) + REST, ConnectionError(PROTOCOL_ERROR)),
    Case("6.10", "HEADERS of the same stream inside a block", OPEN_BLOCK + headers(1, GET), ConnectionError(PROTOCOL_ERROR)),
    Case("6.10", "CONTINUATION of another stream", OPEN_BLOCK + frame(CONTINUATION, END_HEADERS, 3, GET[HALF:]), ConnectionError(PROTOCOL_ERROR)),
    Case("5.5", "an unknown type inside a block", OPEN_BLOCK + frame(0xF0, 0, 1) + REST, ConnectionError(PROTOCOL_ERROR)),
    Case("6.10", "CONTINUATION before any HEADERS", frame(CONTINUATION, END_HEADERS, 1, GET), ConnectionError(PROTOCOL_ERROR)),
    Case("6.10", "CONTINUATION behind the end of a block", headers(1, POST, END_HEADERS) + frame(CONTINUATION, END_HEADERS, 1, b""), ConnectionError(PROTOCOL_ERROR)),
    Case("6.10", "CONTINUATION of no stream", OPEN_BLOCK + frame(CONTINUATION, END_HEADERS, 0, GET[HALF:]), ConnectionError(PROTOCOL_ERROR)),
]


def ping_is_answered(client):
    client.send(frame(PING, payload=b"penstock"))
    client.until(lambda: client.count(PING, ACK))
    answers = [p for k, f, _, p in client.frames if k == PING and f & ACK]
    return None if answers == [b"penstock"] else f"the answers are {answers}"


def settings_are_answered(client):
    client.send(settings((ENABLE_PUSH, 0)) + settings())
    client.until(lambda: client.count(SETTINGS, ACK) == 3)
    return None if client.count(SETTINGS, ACK) == 3 else f"{client.count(SETTINGS, ACK)} answers to 3 SETTINGS"


def pinged_and_goaway(client):
    """A client that says GOAWAY still gets its answers, then the end."""
    client.send(headers(1, GET) + frame(GOAWAY, payload=bytes(8)))
    client.until(lambda: client.closed)
    return None if client.status(1) == 200 and client.closed else "the request was not answered, or the connection did not end"


def last_stream_is_told(client):
    client.send(headers(1, GET))
    client.until(lambda: client.done(1))
    client.send(frame(PING, 0, 1, bytes(8)))
    client.until(lambda: client.closed)
    return None if client.goaways and client.goaways[-1][0] == 1 else f"GOAWAY says {client.goaways}"


def nothing_behind_an_error(client):
    """What follows an error of the connection is not served."""
    client.send(frame(PING, 0, 1, bytes(8)) + headers(1, GET))
    client.until(lambda: client.closed)
    return None if client.goaways and 1 not in client.responses else f"answered {client.responses}"


TYPES = [
    Case("6.1", "DATA of no stream", data(0, b"x"), ConnectionError(PROTOCOL_ERROR)),
    Case("6.2", "HEADERS of no stream", headers(0, GET), ConnectionError(PROTOCOL_ERROR)),
    Case("6.2", "HEADERS with a priority", headers(1, bytes(4) + b"\xff" + GET, WHOLE | PRIORITY_FLAG), Served()),
    Case("6.3", "PRIORITY of no stream", frame(PRIORITY, 0, 0, bytes(5)), ConnectionError(PROTOCOL_ERROR)),
    Case("5.3.2", "PRIORITY of an idle stream", frame(PRIORITY, 0, 1, bytes(4) + b"\x10"), Ignored()),
    Case("5.3.2", "PRIORITY of a closed stream", [headers(1, GET), wait_for(lambda c: c.done(1), "the answer"), frame(PRIORITY, 0, 1, bytes(5))], Ignored()),
    Case("5.3.2", "PRIORITY that depends on a stream far ahead", frame(PRIORITY, 0, 1, number(0x7FFFFFFF) + b"\x10"), Ignored()),
    Case("5.3.2", "PRIORITY between HEADERS and DATA", headers(1, POST, END_HEADERS) + frame(PRIORITY, 0, 1, bytes(5)) + data(1), Served()),
    Case("6.4", "RST_STREAM of no stream", rst_stream(0), ConnectionError(PROTOCOL_ERROR)),
    Case("6.4", "RST_STREAM with a code that nobody knows", headers(1, POST, END_HEADERS) + rst_stream(1, 0xABCDEF01), Ignored()),
    Case("6.6", "PUSH_PROMISE from a client", headers(1, POST, END_HEADERS) + frame(PUSH_PROMISE, END_HEADERS, 1, number(2) + GET), ConnectionError(PROTOCOL_ERROR)),
    Case("6.7", "PING is answered with what it holds", ping_is_answered, Ignored()),
    Case("6.7", "an answer to no PING", frame(PING, ACK, 0, bytes(8)), Ignored()),
    Case("6.7", "PING of a stream", frame(PING, 0, 1, bytes(8)), ConnectionError(PROTOCOL_ERROR)),
    Case("6.8", "GOAWAY of a stream", frame(GOAWAY, 0, 1, bytes(8)), ConnectionError(PROTOCOL_ERROR)),
    Case("6.8", "what runs is answered behind the client's GOAWAY", b"", Then("answered, then closed", pinged_and_goaway)),
    Case("6.8", "GOAWAY says which stream was the last", b"", Then("the last stream", last_stream_is_told)),
    Case("5.4.1", "nothing is served behind an error of the connection", b"", Then("not served", nothing_behind_an_error)),
    Case("RFC 9218 7.1", "PRIORITY_UPDATE", frame(PRIORITY_UPDATE, 0, 0, number(1) + b"u=1") + headers(1, GET), Served()),
]

LARGE = 0x7FFFFFFF
SETTINGS_CASES = [
    Case("6.5", "every SETTINGS is answered", settings_are_answered, Ignored()),
    Case("6.5", "SETTINGS of a stream", frame(SETTINGS, 0, 1), ConnectionError(PROTOCOL_ERROR)),
    Case("6.5.2", "a parameter that nobody knows", settings((0x4242, 7), (0xFFFF, 0xFFFFFFFF)), Ignored()),
    Case("6.5.2", "ENABLE_PUSH of 0", settings((ENABLE_PUSH, 0)), Ignored()),
    Case("6.5.2", "ENABLE_PUSH of 1", settings((ENABLE_PUSH, 1)), Ignored()),
    Case("6.5.2", "ENABLE_PUSH of 2", settings((ENABLE_PUSH, 2)), ConnectionError(PROTOCOL_ERROR)),
    Case("6.5.2", "INITIAL_WINDOW_SIZE of the largest window", settings((INITIAL_WINDOW_SIZE, LARGE)), Ignored()),
    Case("6.5.2", "INITIAL_WINDOW_SIZE beyond the largest window", settings((INITIAL_WINDOW_SIZE, LARGE + 1)), ConnectionError(FLOW_CONTROL_ERROR)),
    Case("6.5.2", "MAX_FRAME_SIZE of the least", settings((MAX_FRAME_SIZE, 16384)), Ignored()),
    Case("6.5.2", "MAX_FRAME_SIZE of the most", settings((MAX_FRAME_SIZE, 0xFFFFFF)), Ignored()),
    Case("6.5.2", "MAX_FRAME_SIZE below the least", settings((MAX_FRAME_SIZE, 16383)), ConnectionError(PROTOCOL_ERROR)),
    Case("6.5.2", "MAX_FRAME_SIZE beyond the most", settings((MAX_FRAME_SIZE, 0x1000000)), ConnectionError(PROTOCOL_ERROR)),
    Case("6.5.2", "MAX_CONCURRENT_STREAMS of 0", settings((MAX_CONCURRENT_STREAMS, 0)), Ignored()),
    Case("6.5.2", "MAX_HEADER_LIST_SIZE of the most", settings((MAX_HEADER_LIST_SIZE, 0xFFFFFFFF)), Ignored()),
    Case("6.5.2", "HEADER_TABLE_SIZE of the most", settings((HEADER_TABLE_SIZE, 0xFFFFFFFF)), Ignored()),
    Case("6.5.3", "of two values the last one counts", settings((ENABLE_PUSH, 1), (ENABLE_PUSH, 0)), Ignored()),
    Case("6.5.3", "the values are seen in order", settings((INITIAL_WINDOW_SIZE, LARGE + 1), (INITIAL_WINDOW_SIZE, 1)), ConnectionError(FLOW_CONTROL_ERROR)),
    Case("RFC 8441 3", "ENABLE_CONNECT_PROTOCOL of a client", settings((ENABLE_CONNECT_PROTOCOL, 1)), Ignored()),
    Case("RFC 9218 2.1", "NO_RFC7540_PRIORITIES of 1", b"", Ignored(), opening=PREFACE + settings((NO_RFC7540_PRIORITIES, 1))),
    Case("RFC 9218 2.1.1", "NO_RFC7540_PRIORITIES of 2", b"", ConnectionError(PROTOCOL_ERROR), opening=PREFACE + settings((NO_RFC7540_PRIORITIES, 2))),
]

CASES = PREFACES + FORMAT + SIZES + PADDING + CONTINUATIONS + TYPES + SETTINGS_CASES
