"""States of streams, their numbers, how many there may be, and windows both ways: RFC 9113 5.1, 5.2, 6.9."""
from test.conformance.http2.case import (
    GET, POST, Case, ConnectionError, Ignored, Served, StreamError, Then, get, seen, wait_for)
from test.support.hpack import block
from test.support.http2_wire import *

answered = wait_for(lambda client: client.done(1), "the answer")
OPEN = headers(1, POST, END_HEADERS)
# The backend answers after a while: the stream stays half closed.
SLOW = get(b"/slow/300")
# Nobody takes the content: the backend's queue of connections is full.
STALLED = headers(1, get(b"/stalled"), END_HEADERS)

STATES = [
    Case("5.1", "idle: DATA", data(1, b"x"), ConnectionError(PROTOCOL_ERROR)),
    Case("5.1", "idle: RST_STREAM", rst_stream(1), ConnectionError(PROTOCOL_ERROR)),
    Case("5.1", "idle: WINDOW_UPDATE", window_update(1, 1), ConnectionError(PROTOCOL_ERROR)),
    Case("5.1", "idle, and of the server's own: DATA", data(2, b"x"), ConnectionError(PROTOCOL_ERROR)),
    Case("5.1", "idle, and of the server's own: RST_STREAM", rst_stream(2), ConnectionError(PROTOCOL_ERROR)),
    Case("5.1", "idle, and of the server's own: WINDOW_UPDATE", window_update(2, 1), ConnectionError(PROTOCOL_ERROR)),
    Case("5.1", "open: WINDOW_UPDATE and PRIORITY", OPEN + window_update(1, 1) + frame(PRIORITY, 0, 1, bytes(5)) + data(1), Served()),
    Case("5.1", "open: RST_STREAM, and nothing is answered", OPEN + rst_stream(1), Ignored()),
    Case("5.1", "half closed: DATA", headers(1, SLOW) + data(1, b"x"), ConnectionError(STREAM_CLOSED)),
    Case("5.1", "half closed: HEADERS", headers(1, SLOW) + headers(1, GET), ConnectionError(STREAM_CLOSED)),
    Case("5.1", "half closed: WINDOW_UPDATE", headers(1, SLOW) + window_update(1, 1), Served()),
    Case("5.1", "half closed: PRIORITY", headers(1, SLOW) + frame(PRIORITY, 0, 1, bytes(5)), Served()),
    Case("5.1", "half closed: RST_STREAM", headers(1, SLOW) + rst_stream(1), Ignored()),
    Case("5.1", "half closed by DATA: DATA", headers(1, get(b"/slow/300"), END_HEADERS) + data(1, b"x") + data(1, b"x"), ConnectionError(STREAM_CLOSED)),
    Case("6.1", "closed: DATA", [headers(1, GET), answered, data(1, b"x")], StreamError(STREAM_CLOSED)),
    Case("5.1", "closed: HEADERS", [headers(1, GET), answered, headers(1, GET)], ConnectionError(STREAM_CLOSED)),
    Case("5.1", "closed: WINDOW_UPDATE", [headers(1, GET), answered, window_update(1, 1)], Ignored()),
    Case("5.1", "closed: RST_STREAM", [headers(1, GET), answered, rst_stream(1)], Ignored()),
    Case("5.1", "closed: PRIORITY", [headers(1, GET), answered, frame(PRIORITY, 0, 1, bytes(5))], Ignored()),
    Case("5.1", "taken back: DATA", OPEN + rst_stream(1) + data(1, b"x"), StreamError(STREAM_CLOSED)),
    Case("5.1", "taken back: HEADERS", OPEN + rst_stream(1) + headers(1, GET), ConnectionError(STREAM_CLOSED)),
    Case("5.1", "reset by the server: what is on its way is ignored",
         [headers(1, block([("x", "no pseudo-fields")]), END_HEADERS), wait_for(lambda client: 1 in client.resets, "the reset"), data(1, b"x")],
         StreamError(PROTOCOL_ERROR)),
]


def last_stream(client):
    client.send(headers(0x7FFFFFFF, GET))
    client.until(lambda: client.done(0x7FFFFFFF))
    return None if client.status(0x7FFFFFFF) == 200 else seen(client)


def too_many(client):
    """Beyond what the server allows and the client knows: refused, and may be sent again."""
    client.until(lambda: client.frames)
    most = client.settings[MAX_CONCURRENT_STREAMS]
    client.send(frame(SETTINGS, ACK) + b"".join(headers(1 + 2 * i, get(b"/slow/1000")) for i in range(most + 1)))
    client.until(lambda: 1 + 2 * most in client.resets or client.closed)
    return None if client.resets == {1 + 2 * most: REFUSED_STREAM} else seen(client)


def all_at_once(client):
    """As many as the server allows."""
    client.until(lambda: client.frames)
    most = client.settings[MAX_CONCURRENT_STREAMS]
    client.send(frame(SETTINGS, ACK) + b"".join(headers(1 + 2 * i, get(b"/slow/100")) for i in range(most)))
    client.until(lambda: len(client.ended) == most)
    return None if len(client.ended) == most and not client.resets else seen(client)


NUMBERS = [
    Case("5.1.1", "an even number", headers(2, GET), ConnectionError(PROTOCOL_ERROR)),
    Case("5.1.1", "a number that was skipped", headers(5, GET) + headers(3, GET), ConnectionError(PROTOCOL_ERROR)),
    Case("5.1.1", "a number that was skipped, long after", [headers(1, GET), answered, headers(7, GET), wait_for(lambda c: c.done(7), "the answer"), headers(5, GET)],
         ConnectionError(PROTOCOL_ERROR)),
    Case("5.1.1", "numbers may be skipped", headers(1, GET) + headers(4001, GET), Served(stream=4001)),
    Case("5.1.1", "the last number there is", b"", Then("200", last_stream)),
    Case("5.1.2", "as many streams as are allowed", b"", Then("all served", all_at_once)),
    Case("5.1.2", "more streams than are allowed", b"", Then("stream error REFUSED_STREAM", too_many)),
]


def holds_back(client, expected, stream=1):
    """Nothing but EXPECTED bytes came, and PING shows that nothing else is on its way."""
    pongs = client.count(PING, ACK)
    client.until(lambda: len(client.content.get(stream, b"")) >= expected)
    client.send(frame(PING, payload=bytes(8)))
    client.until(lambda: client.count(PING, ACK) > pongs)
    got = len(client.content.get(stream, b""))
    return None if got == expected else f"{got} bytes came instead of {expected}"


def windows(client, path, steps):
    """STEPS: what the client sends, and how many bytes of the response have come then."""
    client.send(headers(1, get(path)))
    for payload, expected in steps:
        client.send(payload)
        wrong = holds_back(client, expected)
        if wrong:
            return wrong
    return None


def window_case(section, name, path, steps, *opening):
    return Case(section, name, lambda client: windows(client, path, steps), Then("no byte too many", lambda client: None),
                opening=PREFACE + settings(*opening))


def largest_frame(client):
    client.send(window_update(0, 1 << 20) + settings((INITIAL_WINDOW_SIZE, 1 << 20)) + headers(1, get(b"/bytes/200000")))
    client.until(lambda: client.done(1))
    most = max((len(payload) for kind, _, _, payload in client.frames if kind == DATA), default=0)
    return None if 0 < most <= 16384 and len(client.content[1]) == 200000 else f"frames of {most} bytes"


def ends_in_a_closed_window(client):
    client.send(headers(1, get(b"/bytes/0")))
    client.until(lambda: client.done(1))
    return None if client.status(1) == 200 and 1 in client.ended else seen(client)


def takes_turns(client):
    """A small response is not stuck behind a large one."""
    client.send(window_update(0, 1 << 30) + headers(1, get(b"/bytes/30000000")) + headers(3, get(b"/bytes/1000")))
    client.until(lambda: client.done(3))
    return None if 3 in client.ended and 1 not in client.ended else seen(client)


OURS = [
    window_case("5.2.1", "nothing is sent into a closed window", b"/bytes/10", [(b"", 0), (window_update(1, 3), 3), (window_update(1, 7), 10)],
                (INITIAL_WINDOW_SIZE, 0)),
    window_case("6.9.2", "SETTINGS open the windows of streams that run", b"/bytes/10",
                [(b"", 5), (settings((INITIAL_WINDOW_SIZE, 8)), 8), (settings((INITIAL_WINDOW_SIZE, 10)), 10)], (INITIAL_WINDOW_SIZE, 5)),
    window_case("6.9.2", "a window may become less than nothing", b"/bytes/1000",
                [(b"", 100), (settings((INITIAL_WINDOW_SIZE, 40)), 100), (window_update(1, 60), 100), (window_update(1, 5), 105)], (INITIAL_WINDOW_SIZE, 100)),
    window_case("5.2.1", "the window of the connection holds, too", b"/bytes/100000", [(b"", 65535), (window_update(0, 1), 65536), (window_update(1, 9), 65536)],
                (INITIAL_WINDOW_SIZE, 1 << 20)),
    window_case("6.9", "one byte at a time", b"/bytes/4", [(window_update(1, 1), 1), (window_update(1, 1), 2), (window_update(1, 1), 3), (window_update(1, 1), 4)],
                (INITIAL_WINDOW_SIZE, 0)),
    Case("4.2", "no frame is larger than the client allows", b"", Then("frames of at most 16384", largest_frame)),
    Case("6.9.1", "a response without content needs no window", b"", Then("200", ends_in_a_closed_window), opening=PREFACE + settings((INITIAL_WINDOW_SIZE, 0))),
    Case("5.2", "streams take turns", b"", Then("both", takes_turns), opening=PREFACE + settings((INITIAL_WINDOW_SIZE, 1 << 30))),
]


def open_again(client):
    """More than the first window, as WINDOW_UPDATE allows."""
    left, sent = {0: 65535, 1: 65535}, 0
    client.send(headers(1, POST, END_HEADERS))
    seen_frames = 0
    while sent < 1000000:
        for kind, _, stream, payload in client.frames[seen_frames:]:
            if kind == WINDOW_UPDATE:
                left[stream] = left.get(stream, 0) + int.from_bytes(payload, "big")
        seen_frames = len(client.frames)
        size = min(16384, left[0], left[1], 1000000 - sent)
        if size == 0:
            if not client.until(lambda: len(client.frames) > seen_frames):
                return f"no WINDOW_UPDATE after {sent} bytes"
            continue
        client.send(data(1, bytes(size), sent + size == 1000000))
        sent, left[0], left[1] = sent + size, left[0] - size, left[1] - size
    client.until(lambda: client.done(1))
    return None if b'"bytes":1000000}' in client.content.get(1, b"") else seen(client)


def beyond_the_connection(client):
    client.until(lambda: client.frames and client.count(WINDOW_UPDATE))
    client.send(frame(SETTINGS, ACK))
    room = 65535 + sum(int.from_bytes(p, "big") for k, _, s, p in client.frames if k == WINDOW_UPDATE and s == 0)
    stream = 1
    while room >= 0:
        client.send(headers(stream, get(b"/stalled"), END_HEADERS) + b"".join(data(stream, bytes(16384), False) for _ in range(4)))
        room, stream = room - 65536, stream + 2


# Behind an answer to the server's SETTINGS, the window of a stream is 64 KiB.
KNOWN = frame(SETTINGS, ACK)
FULL = b"".join(data(1, bytes(16384), False) for _ in range(4))
MOST = 0x7FFFFFFF
THEIRS = [
    Case("6.9", "windows are opened again as content is taken", b"", Then("all of it", open_again)),
    Case("6.9.1", "DATA beyond the window of its stream", KNOWN + STALLED + FULL + data(1, b"x", False), ConnectionError(FLOW_CONTROL_ERROR)),
    Case("6.9.1", "padding counts", KNOWN + STALLED + FULL[: 3 * (9 + 16384)] + frame(DATA, PADDED, 1, padded(bytes(16384 - 256), 255)) + frame(DATA, PADDED, 1, padded(b"", 9)),
         ConnectionError(FLOW_CONTROL_ERROR)),
    Case("6.9.1", "DATA beyond the window of the connection", beyond_the_connection, ConnectionError(FLOW_CONTROL_ERROR)),
    Case("6.9", "an increment of nothing on the connection", window_update(0, 0), ConnectionError(PROTOCOL_ERROR)),
    Case("6.9", "an increment of nothing on a stream", OPEN + window_update(1, 0), ConnectionError(PROTOCOL_ERROR)),
    Case("6.9.1", "the window of the connection beyond the most", window_update(0, MOST), ConnectionError(FLOW_CONTROL_ERROR)),
    Case("6.9.1", "the window of the connection beyond the most, bit by bit", 8 * window_update(0, MOST // 8) + window_update(0, MOST // 8),
         ConnectionError(FLOW_CONTROL_ERROR)),
    Case("6.9.1", "the window of a stream beyond the most", OPEN + window_update(1, MOST), StreamError(FLOW_CONTROL_ERROR)),
    Case("6.9.2", "SETTINGS that open a stream's window beyond the most", OPEN + window_update(1, MOST - 65535) + settings((INITIAL_WINDOW_SIZE, 65536)),
         ConnectionError(FLOW_CONTROL_ERROR)),
    Case("6.9", "the window of the connection to the most", window_update(0, MOST - 65535), Ignored()),
]

CASES = STATES + NUMBERS + OURS + THEIRS
