"""HPACK (RFC 7541) by hand: pieces of header blocks, right or wrong, and a strict decoder."""

STATIC = [(name.encode(), value.encode()) for name, _, value in (line.partition("=") for line in """:authority
:method=GET
:method=POST
:path=/
:path=/index.html
:scheme=http
:scheme=https
:status=200
:status=204
:status=206
:status=304
:status=400
:status=404
:status=500
accept-charset
accept-encoding=gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate""".split("\n"))]

# Appendix B: how many bits each symbol has. The code is canonical: shorter first, then by symbol.
_LENGTHS = bytes.fromhex("".join([
    "0d17", "1c" * 7, "181e1c1c1e", "1c" * 8, "1e", "1c" * 9, "060a0a0c0d06080b0a0a080b08060606", "05" * 3, "06" * 7,
    "0708", "0f060c0a0d06", "07" * 22, "080708", "0d130d0e060f", "0506050605060606050707060606050607060505060707070707",
    "0f0b0e0d1c", "1416141416161617161717171717181718181617181717171715161716171718",
    "1615141616171715171616181516171715151615171617171416161617161617",
    "1a1a141316171619" "1a1a1a1b1b1a18191315" "1a1b1b1a1b181515" "1a1a1c1b1b1b",
    "1418141516151517" "16161919181" "81a171a1b1a1a1b1b1b1b1b1c1b1b1b1b1b1a", "1e"]))
EOS = 256


def _codes():
    codes, code, last = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(_LENGTHS)):
        code <<= length - last
        codes[symbol] = (code, length)
        code, last = code + 1, length
    return codes


CODES = _codes()
_SYMBOLS = {(length, code): symbol for symbol, (code, length) in CODES.items()}


def huffman(text, padding=None, symbols=()):
    """TEXT and SYMBOLS coded; PADDING: the bits at the end instead of ones, as a string of 0 and 1."""
    bits = "".join(format(CODES[s][0], f"0{CODES[s][1]}b") for s in [*text, *symbols])
    bits += "1" * (-len(bits) % 8) if padding is None else padding
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def integer(value, bits, first=0):
    """5.1: VALUE with a prefix of BITS bits; FIRST: the bits before it."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def string(text, coded=False):
    """5.2"""
    return integer(len(huffman(text)), 7, 0x80) + huffman(text) if coded else integer(len(text), 7) + text


def indexed(index):
    """6.1"""
    return integer(index, 7, 0x80)


def _literal(bits, first, name, value, coded):
    if isinstance(name, int):
        return integer(name, bits, first) + string(value, coded)
    return bytes([first]) + string(name, coded) + string(value, coded)


def incremental(name, value, coded=False):
    """6.2.1: a literal that goes into the table. NAME: bytes or an index."""
    return _literal(6, 0x40, name, value, coded)


def literal(name, value, coded=False):
    """6.2.2: a literal that does not."""
    return _literal(4, 0x00, name, value, coded)


def never_indexed(name, value, coded=False):
    """6.2.3"""
    return _literal(4, 0x10, name, value, coded)


def size_update(size):
    """6.3"""
    return integer(size, 5, 0x20)


def block(fields):
    """FIELDS (pairs of bytes or str) as literals."""
    as_bytes = lambda text: text.encode("latin-1") if isinstance(text, str) else text
    return b"".join(literal(as_bytes(name), as_bytes(value)) for name, value in fields)


class Decoder:
    """Decodes the blocks of one direction of a connection; raises ValueError for what is wrong."""

    def __init__(self, size=4096):
        self.most = self.size = size
        self.table = []

    def decode(self, payload):
        fields, at, begun = [], 0, False
        while at < len(payload):
            first = payload[at]
            if first & 0xE0 == 0x20:
                size, at = self._integer(payload, at, 5)
                if begun or size > self.most:
                    raise ValueError("size update")
                self.size = size
                self._evict()
                continue
            begun = True
            if first & 0x80:
                index, at = self._integer(payload, at, 7)
                fields.append(self._entry(index))
                continue
            name_index, at = self._integer(payload, at, 6 if first & 0x40 else 4)
            name, at = (self._entry(name_index)[0], at) if name_index else self._string(payload, at)
            value, at = self._string(payload, at)
            fields.append((name, value))
            if first & 0x40:
                self.table.insert(0, (name, value))
                self._evict()
        return fields

    def _evict(self):
        while sum(len(name) + len(value) + 32 for name, value in self.table) > self.size:
            self.table.pop()

    def _entry(self, index):
        if not 0 < index <= len(STATIC) + len(self.table):
            raise ValueError(f"index {index}")
        return STATIC[index - 1] if index <= len(STATIC) else self.table[index - len(STATIC) - 1]

    @staticmethod
    def _integer(payload, at, bits):
        most = (1 << bits) - 1
        value, at, shift = payload[at] & most, at + 1, 0
        if value < most:
            return value, at
        while True:
            value += (payload[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if not payload[at - 1] & 0x80:
                return value, at

    def _string(self, payload, at):
        coded = payload[at] & 0x80
        size, at = self._integer(payload, at, 7)
        text = payload[at : at + size]
        if len(text) < size:
            raise ValueError("short string")
        return (_decode_huffman(text) if coded else text), at + size


def _decode_huffman(text):
    out, code, length = [], 0, 0
    for byte in text:
        for bit in range(7, -1, -1):
            code, length = code << 1 | byte >> bit & 1, length + 1
            symbol = _SYMBOLS.get((length, code))
            if symbol is None:
                continue
            if symbol == EOS:
                raise ValueError("EOS")
            out.append(symbol)
            code = length = 0
    if length > 7 or code != (1 << length) - 1:
        raise ValueError("padding")
    return bytes(out)
