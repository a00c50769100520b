"""Attack rows about tokens: each a function of the place and the row, which returns what is wrong, as a list of words."""
import base64
import random
import threading
import time

from test.conformance.policies.manifests import FAR, ISSUER, SHARED, claims, secret
from test.conformance.policies.place import bearer, last_success, resident, status_of
from test.support.attack_runner import failed_keys
from test.support.tokens import Secret, encoded, key_set, part

STORM_SECONDS, STORM_RATE = 33, 600


def refused(place, row, named, host="jwt"):
    """NAMED: {what: header fields or a token}; each must get what ROW wants."""
    wrong = []
    for what, given in named.items():
        fields = [bearer(given)] if isinstance(given, str) else given
        observation = place.ask(host, *fields)
        wrong += [f"{what}: {key} (status {status_of(observation)})" for key in failed_keys(observation, row["assert"])]
    return wrong


def let_in(place, named, host="jwt"):
    """The other way round, so that the rows refuse for the right reason."""
    answers = {what: status_of(place.ask(host, bearer(token))) for what, token in named.items()}
    return [f"{what}: a good token gets {status}" for what, status in answers.items() if status != 200]


def good_tokens(place):
    keys = place.keys
    return {"RS256": keys.rsa.token(claims()), "ES256": keys.ec.token(claims()), "EdDSA": keys.ed.token(claims()),
            "fetched": keys.far.token(claims(FAR)), "HS256": keys.shared.token(claims(SHARED))}


def unsigned(algorithm, place):
    head = {"alg": algorithm, "typ": "JWT", "kid": place.keys.rsa.kid}
    return f"{part(head)}.{part(claims())}."


def none(place, row):
    signed = place.keys.rsa.token(claims())
    named = {"no signature": unsigned("none", place), "a signature": unsigned("none", place) + signed.rpartition(".")[2],
             "no last dot": unsigned("none", place).rstrip(".")}
    return refused(place, row, named) + refused(place, row, named, "only-rs")


def spellings_of_none(place, row):
    return refused(place, row, {f"alg {word!r}": unsigned(word, place) for word in ("None", "nOnE", "NONE", " none", "none ", "", "null")})


def public_key_as_secret(place, row):
    rsa = place.keys.rsa
    jwk = rsa.jwk()
    bodies = {"PEM": rsa.public_pem(), "PEM without its last line feed": rsa.public_pem().strip(), "modulus": jwk["n"].encode(),
              "modulus as bytes": base64.urlsafe_b64decode(jwk["n"] + "=="), "key set": key_set([rsa]).encode()}
    named = {what: Secret(rsa.kid, body).token(claims()) for what, body in bodies.items()}
    return refused(place, row, named) + refused(place, row, named, "only-rs")


def strange_kids(place, row):
    kids = {"a path": "../../../dev/null", "SQL": "x' UNION SELECT 'k'--", "64 KiB": "k" * 65536, "300 bytes": "k" * 300, "a NUL": "rsa\0"}
    named = {what: place.keys.attacker.token(claims(), kid=kid) for what, kid in kids.items()}
    named["a path, signed with nothing"] = Secret("../../../dev/null", b"").token(claims())
    return refused(place, row, named)


def keys_of_strangers_by_address(place, row):
    url = f"{place.evil.url}/jwks"
    named = {what: place.keys.attacker.token(claims(), **header) for what, header in
             {"jku": {"jku": url}, "x5u": {"x5u": url}, "both, another kid": {"jku": url, "x5u": url, "kid": "evil"}}.items()}
    wrong = refused(place, row, named)
    return wrong + ([f"{len(place.evil.asked)} connections to the attacker"] if place.evil.asked else [])


def key_of_a_stranger_inside(place, row):
    attacker = place.keys.attacker
    named = {"jwk": attacker.token(claims(), jwk=attacker.jwk()), "jwk, no kid": attacker.token(claims(), jwk=attacker.jwk(), kid=None),
             "x5c": attacker.token(claims(), x5c=[base64.b64encode(attacker.public_pem()).decode()])}
    return refused(place, row, named)


def zeros_as_signature(place, row):
    text = place.keys.ec.token(claims()).rpartition(".")[0]
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    pairs = {"r = s = 0": (0, 0), "r = 0": (0, 1), "s = 0": (1, 0), "r = s = n": (order, order), "r = s = 1": (1, 1)}
    named = {what: f"{text}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}" for what, (r, s) in pairs.items()}
    named["nothing"] = text + "."
    named["DER zeros"] = f"{text}.{encoded(bytes.fromhex('3006020100020100'))}"
    return refused(place, row, named)


def two_credentials(place, row):
    good, other, bad = place.keys.rsa.token(claims()), place.keys.ec.token(claims(sub="bob")), unsigned("none", place)
    headers = {"bad, good": [bearer(bad), bearer(good)], "good, bad": [bearer(good), bearer(bad)], "good, good": [bearer(good), bearer(good)],
               "on one line": [f"{bearer(good)}, Bearer {other}"], "good, Basic": [bearer(good), "authorization: Basic YTpi"]}
    wrong = refused(place, row, headers) + refused(place, row, headers, "places")
    cookies = {"header and cookie": [bearer(good), f"cookie: session={other}"], "two cookies": [f"cookie: session={good}; session={other}"],
               "two cookie fields": [f"cookie: session={good}", f"cookie: session={other}"]}
    wrong += refused(place, row, cookies, "places")
    queries = {"header and query": ([bearer(good)], f"access_token={other}"), "an empty one beside": ([bearer(good)], "access_token="),
               "query twice": ([], f"access_token={good}&access_token={other}"),
               "query and cookie": ([f"cookie: session={other}"], f"x=1&access_token={good}")}
    for what, (fields, query) in queries.items():
        observation = place.ask("places", *fields, path=f"/echo?{query}")
        wrong += [f"{what}: {key} (status {status_of(observation)})" for key in failed_keys(observation, row["assert"])]
    alone = {"cookie": place.ask("places", f"cookie: a=b; session={good}"), "query": place.ask("places", path=f"/echo?access_token={good}")}
    return wrong + [f"{what} alone gets {status_of(o)}" for what, o in alone.items() if status_of(o) != 200]


def what_is_not_understood(place, row):
    rsa = place.keys.rsa
    text = f"{part({'alg': 'RS256', 'kid': 'rsa', 'cty': 'JWT'})}.{encoded(rsa.token(claims()).encode())}"
    encrypted = ".".join([part({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "rsa"})] + [encoded(bytes(n)) for n in (256, 12, 64, 16)])
    direct = ".".join([part({"alg": "dir", "enc": "A128GCM", "cty": "JWT"}), ""] + [encoded(bytes(n)) for n in (12, 64, 16)])
    named = {"encrypted": encrypted, "encrypted, cty": direct, "nested": f"{text}.{encoded(rsa.signature(text.encode()))}"}
    crits = {"an unknown name": {"crit": ["x-new"], "x-new": 1}, "exp": {"crit": ["exp"], "exp": 1}, "nothing": {"crit": []}, "text": {"crit": "x"},
             "b64": {"crit": ["b64"], "b64": False}}
    return refused(place, row, named | {f"crit of {what}": rsa.token(claims(), **header) for what, header in crits.items()})


def secret_that_changes(place, row):
    """Old and new key together, then the new one alone: the old one's tokens, which were good and are kept, fail at once."""
    old, new = place.keys.shared, Secret("shared-2")
    tokens = {"old": old.token(claims(SHARED)), "new": new.token(claims(SHARED))}
    wrong = [f"before: {word}" for word in let_in(place, {"old": tokens["old"]})]
    place.fleet.apply(secret("shared", key_set([old, new])))
    wrong += [f"overlap: {word}" for word in let_in(place, tokens)]
    late = last_success(lambda: status_of(place.ask("jwt", bearer(tokens["old"]))) == 200,
                        lambda: place.fleet.apply(secret("shared", key_set([new]))))
    print(f"      AUT-019: the old key's last good answer came {late:+.3f} s after the push", flush=True)
    wrong += [] if late < 1 else [f"old tokens are good until {late:.2f} s after the push"]
    place.keys.shared = new
    wrong += let_in(place, {"new": tokens["new"]})
    return wrong + refused(place, {"assert": {"status_in": [401], "upstream_requests": 0}}, {"old": tokens["old"]})


class Storm:
    """AUT-012: tokens of the issuer whose keys are fetched, each with another key's name, for longer than the issuer may not be asked."""

    def __init__(self, place):
        self.place, self.statuses = place, {}
        self.memory = resident(place.replica.process.pid)
        self._thread = threading.Thread(target=self._run)
        self.began = time.monotonic()
        self._thread.start()

    @staticmethod
    def _unknown(_):
        head = {"alg": "EdDSA", "kid": f"{random.getrandbits(64):x}"}
        return bearer(f"{part(head)}.{part(claims(FAR))}.{encoded(bytes(64))}")

    def _burst(self, count):
        for status, some in self.place.pipelined("jwt", self._unknown, count).items():
            self.statuses[status] = self.statuses.get(status, 0) + some

    def _run(self):
        self._burst(10000)
        while time.monotonic() < self.began + STORM_SECONDS:
            self._burst(STORM_RATE // 4)
            time.sleep(0.25)

    def finish(self):
        self._thread.join()
        return self


def unknown_keys(storm):
    """What is wrong after the storm."""
    asked = [at for at in storm.place.far.asked if at >= storm.began]
    gaps = [after - before for before, after in zip(asked, asked[1:])]
    growth, sent = resident(storm.place.replica.process.pid) - storm.memory, sum(storm.statuses.values())
    print(f"      AUT-012: {sent} tokens with unknown keys, statuses {storm.statuses}; the issuer was asked {len(asked)} times, "
          f"{[round(at - storm.began, 2) for at in asked]} s after the beginning; memory +{growth / 1e6:.1f} MB", flush=True)
    wrong = [f"two refreshes {gap:.1f} s apart" for gap in gaps if gap < 29.9]
    if not asked or len(asked) > 2:
        wrong.append(f"{len(asked)} refreshes in {STORM_SECONDS} s")
    if sent < 10000:
        wrong.append(f"only {sent} requests")
    if set(storm.statuses) - {401, 403, 503}:
        wrong.append(f"statuses {storm.statuses}")
    return wrong + (["memory"] if growth > 24e6 else [])


PROCEDURES = {
    "AUT-001": none, "AUT-002": spellings_of_none, "AUT-003": public_key_as_secret, "AUT-004": strange_kids,
    "AUT-005": keys_of_strangers_by_address, "AUT-006": key_of_a_stranger_inside, "AUT-007": zeros_as_signature,
    "AUT-010": two_credentials, "AUT-014": what_is_not_understood, "AUT-019": secret_that_changes,
}
