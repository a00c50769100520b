"""Header compression: RFC 7541, and what RFC 9113 4.3 asks of it."""
from test.conformance.http2.case import GET, Case, ConnectionError, Malformed, Served, Then, request, seen, wait_for
from test.conformance.http2.messages import echo
from test.support.hpack import EOS, huffman, incremental, indexed, literal, never_indexed, size_update, string
from test.support.http2_wire import *

BAD = ConnectionError(COMPRESSION_ERROR)


def head(*pieces, stream=1, before=b""):
    """GET of a.test with PIECES behind it, and with BEFORE at the beginning of the block."""
    return headers(stream, before + GET + b"".join(pieces))


def head_in_frames(*pieces):
    """The same with CONTINUATION where it is needed."""
    whole = GET + b"".join(pieces)
    parts = [whole[i : i + 16384] for i in range(0, len(whole), 16384)]
    rest = b"".join(frame(CONTINUATION, 0, 1, part) for part in parts[1:-1])
    return headers(1, parts[0], END_STREAM) + rest + frame(CONTINUATION, END_HEADERS, 1, parts[-1])


def reaches(section, name, payload, stream=1, **fields):
    """The backend sees these fields in the request on STREAM ("_" stands for "-")."""
    wanted = {name.replace("_", "-"): value for name, value in fields.items()}

    def check(client):
        echoed = echo(client, stream)
        return None if wanted.items() <= echoed["headers"].items() else f"the backend saw {echoed}"

    return Case("HPACK " + section, name, payload, Then("the same fields", check))


def wrong(section, name, *pieces, before=b""):
    return Case("HPACK " + section, name, head(*pieces, before=before), BAD)


VISIBLE = bytes(range(33, 127))
INTEGERS = [
    Case("HPACK 7.4", "a string of 62,000 bytes", head_in_frames(literal(b"x-a", 62000 * b"y")), Served(431)),
    Case("HPACK 7.4", "a string beyond what is decoded", head_in_frames(literal(b"x-a", 65537 * b"y")), BAD),
    reaches("5.1", "a length of several bytes", head(literal(b"x-a", 1337 * b"y")), x_a=1337 * "y"),
    wrong("5.1", "a number beyond 32 bits", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x0f"),
    wrong("5.1", "a number that does not end", b"\xff\x80\x80"),
    wrong("5.1", "a length that does not end", b"\x00\x03x-a\x7f\x80"),
    wrong("5.1", "a name's index that does not end", b"\x7f\x80"),
]

STRINGS = [
    reaches("5.2", "a coded value", head(literal(b"x-a", b"hello", coded=True)), x_a="hello"),
    reaches("5.2", "every visible character, coded", head(literal(b"x-a", VISIBLE, coded=True)), x_a=VISIBLE.decode()),
    reaches("5.2", "an empty value, coded", head(b"\x00" + string(b"x-a") + b"\x80", literal(b"x-b", b"1")), x_b="1"),
    reaches("5.2", "a code that needs no padding", head(literal(b"x-a", b"aaaaaaaa", coded=True)), x_a="aaaaaaaa"),
    wrong("5.2", "padding of eight bits", b"\x00" + string(b"x-a") + b"\x82" + huffman(b"&", "11111111")),
    wrong("5.2", "padding that is not the beginning of EOS", b"\x00" + string(b"x-a") + b"\x81" + huffman(b"a", "000")),
    wrong("5.2", "EOS inside a value", b"\x00" + string(b"x-a") + b"\x84" + huffman(b"", None, [EOS])),
    wrong("5.2", "a value longer than the block", b"\x00" + string(b"x-a") + b"\x7e" + b"short"),
    wrong("5.2", "a name longer than the block", b"\x00\x7eshort"),
    wrong("5.2", "a coded value longer than the block", b"\x00" + string(b"x-a") + b"\xfe" + huffman(b"short")),
    wrong("6.2", "a name without a value", b"\x00" + string(b"x-a")),
]

# Requests may have these fields; the others of the static table are pseudo-fields, or frame the message.
HARMLESS = [15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 26, 27, 29, 30, 31, 33, 34, 36, 37, 39, 40, 41, 42, 43, 44, 45, 46, 51, 52, 53, 54, 58, 59]
INDEXED = [
    reaches("6.1", "a field of the static table", head(indexed(16)), accept_encoding="gzip, deflate"),
    Case("HPACK 6.1", "the names of the static table", head(*[literal(index, b"1") for index in HARMLESS]), Served()),
    wrong("6.1", "index 0", indexed(0)),
    wrong("2.3.3", "an index behind an empty table", indexed(62)),
    wrong("2.3.3", "an index behind the last entry", incremental(b"x-a", b"1"), indexed(63)),
    wrong("2.3.3", "an index far away", indexed(10000)),
    wrong("6.2.1", "a name's index behind the last entry", incremental(62, b"1")),
    wrong("6.2.2", "a name's index behind the last entry, not indexed", literal(70, b"1")),
    wrong("6.2.3", "a name's index behind the last entry, never indexed", never_indexed(70, b"1")),
]

TABLE = [
    reaches("6.2.1", "an entry can be used in its own block", head(incremental(b"x-a", b"1"), literal(b"x-b", b"2"), indexed(62)), x_a="1, 1"),
    reaches("2.2", "and by another stream", head(incremental(b"x-a", b"1")) + head(indexed(62), stream=3), 3, x_a="1"),
    reaches("2.3.2", "the newest entry comes first", head(incremental(b"x-a", b"1"), incremental(b"x-b", b"2")) + head(indexed(63), stream=3), 3, x_a="1"),
    reaches("6.2.1", "a name of the table with another value", head(incremental(b"x-a", b"1")) + head(literal(62, b"2"), stream=3), 3, x_a="2"),
    reaches("6.2.1", "an entry whose name is that of an entry", head(incremental(b"x-a", b"1"), incremental(62, b"2")) + head(indexed(62), stream=3), 3, x_a="2"),
    wrong("6.2.2", "a literal without indexing is no entry", literal(b"x-a", b"1"), indexed(62)),
    wrong("6.2.3", "a literal that is never indexed is no entry", never_indexed(b"x-a", b"1"), indexed(62)),
    reaches("6.2.3", "a literal that is never indexed", head(never_indexed(b"x-a", b"secret", coded=True)), x_a="secret"),
    reaches("4.4", "an entry of the size of the table", head(incremental(b"x", 4063 * b"y")) + head(indexed(62), stream=3), 3, x=4063 * "y"),
    wrong("4.4", "an entry larger than the table", incremental(b"x", 4064 * b"y"), indexed(62)),
    wrong("4.4", "and it empties the table", incremental(b"x-a", b"1"), incremental(b"x", 4064 * b"y"), indexed(62)),
    reaches("4.4", "a name of an entry that is evicted by its own use",
            head(incremental(b"x-a", b"1")) + head(incremental(62, 4050 * b"y"), stream=3) + head(indexed(62), stream=5), 5, x_a=4050 * "y"),
    wrong("4.3", "what was evicted is gone", *[incremental(b"x%d" % i, 1000 * b"y") for i in range(5)], indexed(65)),
]

SIZES = [
    Case("HPACK 6.3", "a size update to the most", head(before=size_update(4096)), Served()),
    Case("HPACK 6.3", "a size update to nothing", head(before=size_update(0)), Served()),
    Case("HPACK 4.2", "two size updates", head(before=size_update(0) + size_update(4096)), Served()),
    wrong("6.3", "a size update beyond the most", before=size_update(4097)),
    wrong("6.3", "a size update far beyond the most", before=size_update(1 << 30)),
    wrong("4.2", "a size update in the middle of a block", size_update(100), literal(b"x-a", b"1")),
    wrong("4.2", "a size update at the end of a block", size_update(100)),
    Case("HPACK 4.3", "a smaller table evicts", head(incremental(b"x-a", b"1"), incremental(b"x-b", b"2")) + head(indexed(63), stream=3, before=size_update(40)), BAD),
    reaches("4.3", "and keeps the newest", head(incremental(b"x-a", b"1"), incremental(b"x-b", b"2")) + head(indexed(62), stream=3, before=size_update(40)), 3, x_b="2"),
    Case("HPACK 4.3", "nothing is left after a size of nothing", head(incremental(b"x-a", b"1")) + head(indexed(62), stream=3, before=size_update(0) + size_update(4096)), BAD),
    Case("HPACK 6.3", "a block of nothing but a size update", headers(1, size_update(100)), Malformed()),
]

ENTRY = incremental(b"x-a", b"1")
STATE = [
    reaches("RFC 9113 4.3", "the table is kept behind a malformed request", headers(1, request(("x_y", "z")) + ENTRY) + head(indexed(62), stream=3), 3, x_a="1"),
    reaches("RFC 9113 4.3", "and behind one that was taken back", head(ENTRY) + rst_stream(1) + head(indexed(62), stream=3), 3, x_a="1"),
    reaches("RFC 9113 4.3", "and behind a head of too many fields", head(*[literal(b"x", b"y")] * 150, ENTRY) + head(indexed(62), stream=3), 3, x_a="1"),
    reaches("RFC 9113 4.3", "and behind trailers", headers(1, request(method="POST"), END_HEADERS) + headers(1, ENTRY) + head(indexed(62), stream=3), 3, x_a="1"),
    Case("4.3", "an error in trailers", headers(1, request(method="POST"), END_HEADERS) + headers(1, indexed(62)), BAD),
    Case("4.3", "an error in the head of a malformed request", headers(1, request(("x_y", "z")) + indexed(62)), BAD),
]


def examples(section, *blocks):
    """Appendix C: three requests, which share a table."""
    payload = b"".join(headers(1 + 2 * i, bytes.fromhex(text)) for i, text in enumerate(blocks))
    return [
        reaches(section, "the first request of the example", payload, 1, host="www.example.com"),
        reaches(section, "the second request of the example", payload, 3, host="www.example.com", cache_control="no-cache"),
        reaches(section, "the third request of the example", payload, 5, host="www.example.com", custom_key="custom-value"),
    ]


PLAIN = examples("C.3", "828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
                 "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565")
CODED = examples("C.4", "828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")


def responses_with_a_table_of(size):
    """Many responses, read by a strict decoder that has a table of SIZE."""

    def check(client):
        client.decoder.most = size
        client.decoder.size = min(client.decoder.size, size)
        client.send(b"".join(headers(stream, GET) for stream in range(1, 41, 2)))
        client.until(lambda: len(client.ended) == 20)
        return None if all(client.status(stream) == 200 for stream in range(1, 41, 2)) else seen(client)

    return Case("HPACK 4.2", f"responses use a table of {size} at most", b"", Then("20 responses", check), opening=PREFACE + settings((HEADER_TABLE_SIZE, size)))


RESPONSES = [responses_with_a_table_of(size) for size in (0, 64, 4096, 65536)]

CASES = INTEGERS + STRINGS + INDEXED + TABLE + SIZES + STATE + PLAIN + CODED + RESPONSES
