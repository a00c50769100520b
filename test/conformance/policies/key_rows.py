"""Attack rows about API keys, as those of token_rows."""
import random
import socket
import statistics
import time

from test.conformance.policies.manifests import API_KEYS
from test.conformance.policies.place import last_success, status_of
from test.support.attack_runner import failed_keys

GUESSES = 5000  # of each kind


def several_keys(place, row):
    one, two = API_KEYS["key-one"], API_KEYS["key-two"]
    rows = {"query: good, bad": ([], f"api_key={one}&api_key=BAD"), "query: bad, good": ([], f"api_key=BAD&api_key={one}"),
            "query: the same twice": ([], f"api_key={one}&api_key={one}"), "header and query": ([f"x-api-key: {one}"], f"api_key={two}"),
            "header and bad query": ([f"x-api-key: {one}"], "api_key=BAD"), "header and empty query": ([f"x-api-key: {one}"], "api_key="),
            "two header fields": ([f"x-api-key: {one}", f"x-api-key: {two}"], ""), "on one line": ([f"x-api-key: {one}, {two}"], ""),
            "header and cookie": ([f"x-api-key: {one}", f"cookie: key={two}"], ""), "bad": (["x-api-key: BAD"], ""), "none": ([], ""),
            "with more": ([f"x-api-key: {one}x"], ""), "with less": ([f"x-api-key: {one[:-1]}"], ""),
            "upper case": ([f"x-api-key: {one.upper()}"], "")}
    wrong = []
    for what, (fields, query) in rows.items():
        observation = place.ask("keyed", *fields, path=f"/echo?{query}")
        wrong += [f"{what}: {key} (status {status_of(observation)})" for key in failed_keys(observation, row["assert"])]
    good = {"header": place.ask("keyed", f"x-api-key: {one}"), "query": place.ask("keyed", path=f"/echo?api_key={two}")}
    return wrong + [f"a good key in the {what}: {status_of(o)}" for what, o in good.items() if status_of(o) != 200]


def timing(place, _):
    """Guesses that begin as a key does take as long as others."""
    key = API_KEYS["key-one"]
    seconds = {0: [], len(key) - 1: []}
    # All made before, so that nothing but the key differs between two of them.
    guesses = [(shared, key[:shared] + "".join(random.choices("ghijklmnop", k=len(key) - shared)))
               for shared in random.choices(list(seconds), k=2 * GUESSES)]
    with socket.create_connection(place.address(), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for shared, guess in guesses:
            request = f"GET / HTTP/1.1\r\nhost: keyed.test\r\nx-api-key: {guess}\r\n\r\n".encode()
            began = time.perf_counter()
            connection.sendall(request)
            if not connection.recv(65536).startswith(b"HTTP/1.1 401 "):
                return [f"{guess} is not refused"]
            seconds[shared].append(time.perf_counter() - began)
    # What the machine did to a few of them is no property of keys.
    kept = [sorted(values)[: int(0.9 * len(values))] for values in seconds.values()]
    means, errors = [statistics.fmean(v) for v in kept], [statistics.variance(v) / len(v) for v in kept]
    t = (means[0] - means[1]) / sum(errors) ** 0.5
    print(f"      AUT-016: {2 * GUESSES} guesses, means {means[0] * 1e6:.1f} and {means[1] * 1e6:.1f} us, Welch t {t:+.2f}", flush=True)
    return [] if abs(t) < 4.5 else [f"t = {t:.1f}"]


def key_that_is_taken_back(place, _):
    field = f"x-api-key: {API_KEYS['key-lost']}"
    late = last_success(lambda: status_of(place.ask("keyed", field)) == 200, lambda: place.fleet.cli("key", "revoke", "key-lost"))
    print(f"      AUT-018: the key's last good answer came {late:+.3f} s after the command ended", flush=True)
    wrong = [] if late < 1 else [f"good until {late:.2f} s after it was taken back"]
    return wrong + ([] if status_of(place.ask("keyed", field)) == 401 else ["it is good still"])


PROCEDURES = {"AUT-015": several_keys, "AUT-016": timing, "AUT-018": key_that_is_taken_back}
