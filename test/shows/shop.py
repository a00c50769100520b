"""The shop of examples/shop and examples/shop-secure as a user runs it: tokens of a real issuer (npm oidc-provider), limits that
Debian's Redis counts for two data planes, a key that changes; then Redis and the issuer fail.

The shop as its design wrote it comes from PENSTOCK_SHOP or, beside the checkout, ../shared/design/examples/1-shop.yaml; it is no part of
this repository, and left out where there is no such file.
"""
import os
import re
import time

from test.support import fleet as parts
from test.support.shop import Asking, Shop, begin_of_window
from test.support.tokens import Key
from test.support.verdict import Verdict, quantile

CLOCK_SKEW = 30  # that a SecurityPolicy allows by default
TIERS = {"gina": 1000, "sam": 300, "ben": 60}
# Redis may take 20 ms of a request; what this machine does beside that is not ours to promise.
BUDGET_MS, NOISE_MS = 20, 30


def original():
    return os.environ.get("PENSTOCK_SHOP", os.path.join(parts.ROOT, "../shared/design/examples/1-shop.yaml"))


def statuses(shop, path, token=None, **headers):
    return [client.ask(path, token, **headers).status for client in shop.clients()]


def taken(answers):
    """(how many were let in, how many refused, how many else)"""
    let_in, refused = (sum(1 for answer in answers if answer.status == status) for status in (200, 429))
    return let_in, refused, len(answers) - let_in - refused


def forged(issuer, folder):
    """A token that says of itself what the issuer's do, signed with a key of somebody else."""
    key = Key("RS256", "key-1", folder)
    now = int(time.time())
    claims = {"iss": issuer.url, "aud": "shop", "sub": "ada", "tier": "gold", "roles": ["admin"], "iat": now, "exp": now + 600}
    return key.token(claims, typ="at+jwt")


def tampered(token):
    head, claims, signature = token.split(".")
    middle = len(signature) // 2
    return f"{head}.{claims}.{signature[:middle]}{'A' if signature[middle] != 'A' else 'B'}{signature[middle + 1:]}"


def show_tokens(verdict, shop):
    issuer = shop.issuer
    gina, ben, ada = (issuer.token(user) for user in ("gina", "ben", "ada"))
    before = shop.reached()
    answer = shop.client(0).ask("/users/1")
    verdict.equal("no token", (answer.status, answer.headers.get("www-authenticate")), (401, 'Bearer realm="gateway"'))
    refused = {"for another audience": issuer.token("gina", "urn:other"), "of another issuer": shop.other_issuer.token("gina"),
               "signed with a key of somebody else": forged(issuer, shop.dir), "with another signature": tampered(gina),
               "that is none": "gina", "without a signature": gina.rpartition(".")[0] + "."}
    for what, token in refused.items():
        verdict.equal(f"a token {what}, at both data planes", statuses(shop, "/users/1", token), [401, 401])
    verdict.equal("a path that no route has, without a token and with one",
                  [shop.client(0).ask("/nowhere", token).status for token in (None, gina)], [401, 404])
    verdict.equal("of all these, at a backend", shop.reached() - before, 0)
    for user, token, tier in (("gina", gina, "gold"), ("ben", ben, None)):
        answers = [client.ask("/users/1", token, x_user_id="root", X_Tier="platinum") for client in shop.clients()]
        verdict.equal(f"a token of the issuer ({user}), at both data planes", [answer.status for answer in answers], [200, 200])
        seen = [(answer.seen().get("x-user-id"), answer.seen().get("x-tier")) for answer in answers]
        verdict.equal("what the backend got, whatever the client wrote there", seen, [(user, tier)] * 2)
    verdict.equal("products", [shop.client(0).ask(f"/products/{i}", gina).status for i in range(5)], [200] * 5)
    verdict.equal("/admin: none, ben, gina, ada", [shop.client(0).ask("/admin/x", token).status for token in (None, ben, gina, ada)],
                  [401, 403, 403, 200])
    for what, token in (("nobody", None), ("a token that does not hold", refused["of another issuer"])):
        answer = shop.client(1).ask("/public/x", token, x_user_id="root")
        verdict.equal(f"/public for {what}: status and who the backend is told", (answer.status, answer.seen().get("x-user-id")), (200, None))


def burst(shop, path, token, count):
    clients = shop.clients()
    return [clients[i % 2].ask(path, token) for i in range(count)]


def show_limits(verdict, shop):
    tokens = {user: shop.issuer.token(user) for user in TIERS}
    begin_of_window(25)
    shop.redis.ask("FLUSHALL")
    began = time.time()
    for user, limit in TIERS.items():
        answers = burst(shop, "/users/1", tokens[user], limit + 20)
        verdict.equal(f"{user}: of {limit + 20} to two data planes in turn, let in, refused, else", taken(answers), (limit, 20, 0))
        verdict.equal("left after the first and the last", (answers[0].left(), answers[-1].left()), (limit - 1, 0))
        wait = int(answers[-1].headers.get("retry-after", 0))
        # Until the minute is over, and then until so much of the next one is that an estimate of both has room for one.
        verdict.check("Retry-After of the last", wait, 1 <= wait <= 60 + 60 // limit + 1, f"1 to {60 + 60 // limit + 1}")
    answers = burst(shop, "/products/search?q=1", tokens["gina"], 14)
    verdict.equal("gina: of 14 searches, let in, refused, else", taken(answers), (10, 4, 0))
    verdict.check("all of that in one minute", f"{time.time() - began:.1f} s", began // 60 == time.time() // 60, "one window")
    counters = shop.redis.keys()
    verdict.equal(f"counters in Redis {counters[:1]}", len(counters), 4)


def show_rotation(verdict, shop):
    old, before = shop.issuer.token("ada"), shop.generations()
    assert statuses(shop, "/admin/x", old) == [200, 200]
    kid = shop.issuer.rotate()
    token = shop.issuer.token("ada")
    for i, client in enumerate(shop.clients()):
        began, came = time.monotonic(), []
        while not came or came[-1] != 200 and time.monotonic() < began + 40:
            came.append(client.ask("/admin/x", token).status)
            if came[-1] != 200:
                time.sleep(0.05)
        verdict.at_most(f"data plane {i + 1}: a token of the new key {kid} is good after (first {came[:3]})", time.monotonic() - began, 5, " s")
        verdict.equal("of its requests, not 200", len(came) - 1, 0)
    verdict.equal("a token of the key before, at both", statuses(shop, "/admin/x", old), [200, 200])
    verdict.equal("generations since", [now - then for now, then in zip(shop.generations(), before)], [0, 0])


# What happens to Redis, how that ends, and a user who has not asked for anything yet.
REDIS_FAULTS = {
    "killed": (lambda redis: redis.kill(), lambda redis: redis.start(), "ben"),
    "stopped": (lambda redis: redis.stop(), lambda redis: redis.go_on(), "bea"),
    "out of memory": (lambda redis: redis.ask("CONFIG", "SET", "maxmemory", "1"), lambda redis: redis.ask("CONFIG", "SET", "maxmemory", "0"), "bud"),
}


def show_redis_away(verdict, shop, how):
    """By policy: /users counts at each data plane, /products/search is refused, /public goes on."""
    fail, mend, user = REDIS_FAULTS[how]
    fresh, ada = shop.issuer.token(user), shop.issuer.token("ada")
    quiet = [Asking(client, "/public/x") for client in shop.clients()]
    time.sleep(1)
    usual = quantile([s for asking in quiet for s in asking.stop().seconds], 0.99) * 1000
    public = [Asking(client, "/public/x") for client in shop.clients()]
    tiers = [Asking(client, "/users/1", ada, pause=0.05) for client in shop.clients()]
    time.sleep(0.3)
    begin_of_window(12)
    fail(shop.redis)
    for i, client in enumerate(shop.clients()):
        answers = [client.ask("/users/1", fresh) for _ in range(80)]
        verdict.equal(f"Redis {how}, onFailure Local, data plane {i + 1}: of 80 of {user}'s, let in, refused, else", taken(answers), (60, 20, 0))
    searches = [client.ask("/products/search", ada).status for client in shop.clients()]
    verdict.equal(f"Redis {how}, onFailure Closed: searches", searches, [503, 503])
    verdict.equal("what /public says is left while nobody counts", shop.client(0).ask("/public/x").left(), None)
    time.sleep(1)
    for name, askings in {"Open (/public)": public, "Local (/users)": tiers}.items():
        seconds = [s for asking in askings for s in asking.stop().seconds]
        failures = [f for asking in askings for f in asking.failures]
        verdict.equal(f"Redis {how}, onFailure {name}: failed of {len(seconds)} {failures[:3] or ''}", len(failures), 0)
        bound = round(usual + BUDGET_MS + NOISE_MS, 1)
        verdict.at_most(f"Redis {how}, onFailure {name}: 99 % within (before: {usual:.1f} ms)", quantile(seconds, 0.99) * 1000, bound, " ms")
    mend(shop.redis)
    show_redis_back(verdict, shop, how, ada)


def show_redis_back(verdict, shop, how, token):
    began = time.monotonic()

    def all_ask_it():
        """Each worker of each data plane, as far as so many connections find them all."""
        return all(status != 503 for _ in range(8) for status in statuses(shop, "/products/search", token))

    parts.wait_until(all_ask_it, "Redis is asked again", 30, every=0.1)
    verdict.at_most(f"Redis no longer {how}: both data planes count there again after", time.monotonic() - began, 15, " s")
    begin_of_window(10)
    shop.redis.ask("FLUSHALL")
    verdict.equal("then, of 14 searches, let in, refused, else", taken(burst(shop, "/products/search", token, 14)), (10, 4, 0))


def failed_fetches(shop):
    return [int(replica.metrics()['penstock_fetches_total{result="failed"}']) for replica in shop.fleet.replicas]


def show_issuer_away(verdict, shop):
    text = shop.placed(open(os.path.join(parts.ROOT, "examples/shop-secure/access.yaml")).read())
    shop.fleet.apply(text.replace("cacheDuration: 5m", "cacheDuration: 2s"))
    gina = shop.issuer.token("gina")
    assert statuses(shop, "/users/1", gina) == [200, 200]
    failed = failed_fetches(shop)
    shop.issuer.kill()
    public = parts.Load(shop.fleet, path="/public/x", connections=4, rate=200)
    tokens = [Asking(client, "/users/1", gina, pause=0.03) for client in shop.clients()]
    time.sleep(8)
    for i, asking in enumerate(tokens):
        asking.stop()
        verdict.equal(f"issuer down for 8 s, keys kept for 2 s, data plane {i + 1}: tokens refused of {len(asking.seconds)}",
                      len(asking.failures), 0)
        verdict.at_least("fetches of keys that failed meanwhile", failed_fetches(shop)[i] - failed[i], 2)
    verdict.equal("a token of nobody's, at both", statuses(shop, "/users/1", forged(shop.issuer, shop.dir)), [401, 401])
    late = shop.fleet.replicas[1]
    verdict.equal("exit of data plane 2 after SIGTERM", late.terminate(), 0)
    late.start().wait_ready()
    client = shop.client(1)
    verdict.equal("data plane 2, started without the issuer: a token, none, /public",
                  [client.ask("/users/1", gina).status, client.ask("/users/1").status, client.ask("/public/x").status], [503, 401, 200])
    lines = [line for line in late.access_lines() if line.get("status") == 503]
    verdict.equal("reason of the 503 in the access log", {line.get("reason") for line in lines}, {"policy_unavailable"})
    print(f"      detail: {lines[-1].get('detail') if lines else None}", flush=True)
    verdict.equal("data plane 1 still: a token", shop.client(0).ask("/users/1", gina).status, 200)
    shop.issuer.start()
    began = time.monotonic()
    parts.wait_until(lambda: client.ask("/users/1", gina).status == 200, "tokens are good again", 70, every=0.1)
    verdict.at_most("issuer back: tokens are good at data plane 2 after", time.monotonic() - began, 30, " s")
    done = public.finish()
    verdict.equal(f"/public meanwhile: failed of {done['sent']} {done['failures']}", done["failed"], 0)


def adapted(text, shop):
    """The design's manifest on this machine: its hosts and ports are others, and there is no CachePolicy yet."""
    documents = [part for part in re.split(r"^---.*$", text, flags=re.M) if "kind: CachePolicy" not in part]
    text = "---\n".join(documents)
    jwks = f"uri: {shop.issuer.url}/jwks, allowPrivateAddresses: true"
    text = text.replace("uri: https://auth.shop.example/.well-known/jwks.json", jwks).replace("https://auth.shop.example", shop.issuer.url)
    text = re.sub(r"protocol: HTTP, port: \d+", "protocol: HTTP, port: {port}", text)
    for name, backend in shop.backends.items():
        endpoint = f"endpoints: [{{address: 127.0.0.1, port: {backend.ports[0]}}}]"
        text = re.sub(rf"(metadata: {{name: {name}}}\nspec: ){{.*}}$", rf"\1{{{endpoint}}}", text, flags=re.M)
        text = re.sub(rf"(- {{name: {name}, port: )\d+", rf"\g<1>{backend.ports[0]}", text)
    return text


def show_original(verdict, shop):
    path = original()
    if not os.path.exists(path):
        print(f"SKIP  the design's manifest: not at {path}; set PENSTOCK_SHOP", flush=True)
        return
    applied = shop.fleet.apply(adapted(open(path).read(), shop), "--prune-all", check=False)
    if not verdict.equal(f"the design's manifest: exit of apply {applied.stderr[-300:]}", applied.returncode, 0):
        return
    gina, bo = shop.issuer.token("gina"), shop.issuer.token("bo")
    verdict.equal("the design's manifest: no token", statuses(shop, "/users/1"), [401, 401])
    answer = shop.client(0).ask("/products/1", gina, x_user_id="root")
    verdict.equal("a token: status and what the backend got", (answer.status, answer.seen().get("x-user-id"), answer.seen().get("x-tier")),
                  (200, "gina", "gold"))
    begin_of_window(10)
    client = shop.client(0)
    verdict.equal("of 80 of bo's at one data plane, let in, refused, else", taken([client.ask("/users/1", bo) for _ in range(80)]), (60, 20, 0))


def main(_):
    verdict = Verdict("shop")
    with Shop() as shop:
        brief, got = shop.issuer.token("gina", "urn:shop:brief"), time.time()
        verdict.equal("a token that is good for 2 s, at once", statuses(shop, "/users/1", brief), [200, 200])
        show_tokens(verdict, shop)
        show_limits(verdict, shop)
        show_rotation(verdict, shop)
        for how in REDIS_FAULTS:
            show_redis_away(verdict, shop, how)
        show_issuer_away(verdict, shop)
        time.sleep(max(0.0, got + 2 + CLOCK_SKEW + 2 - time.time()))
        verdict.equal(f"the token that was good for 2 s, {time.time() - got:.0f} s later", statuses(shop, "/users/1", brief), [401, 401])
        show_original(verdict, shop)
        for replica in shop.fleet.replicas:
            verdict.equal(f"exit of {replica.id} after SIGTERM", replica.terminate(), 0)
    return verdict.end()
