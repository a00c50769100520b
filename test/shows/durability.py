"""Nothing acknowledged is lost, nothing is half stored; a damaged last-known-good file never serves part of a configuration."""
import json
import os
import random
import re
import shutil
import subprocess
import time

from test.support import fleet as parts
from test.support.fleet import Fleet, PENSTOCK, Upstream, start
from test.support.verdict import Verdict

KILLS = 1000


def pair(n):
    """Two objects that change together: a store that holds one of them without the other is half stored."""
    return "".join(parts.route(f"pair-{side}", "echo", prefix=f"/pair-{n}-{side}") for side in ("a", "b"))


def apply_in_background(fleet, n):
    command = [PENSTOCK, "apply", "-f", "-", "--wait=none", "-o", "json", "--message", f"n={n}"]
    child = start(command, env=fleet.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    child.stdin.write(pair(n))
    child.stdin.close()
    return child


def seconds_of_an_apply(fleet, n):
    """How long one takes now, whatever else the machine does: the median of three that nobody disturbs."""
    times = []
    for _ in range(3):
        began = time.monotonic()
        child = apply_in_background(fleet, n)
        child.stdout.read()
        child.wait()
        times.append(time.monotonic() - began)
    return sorted(times)[1]


def stored_numbers(fleet):
    """The n of each half of the pair, as the store has it."""
    found = {}
    for side in ("a", "b"):
        text = fleet.cli("get", "HTTPRoute", f"pair-{side}", "-o", "json").stdout
        found[side] = int(re.search(r"/pair-(\d+)-" + side, text).group(1))
    return found


def kill_control_plane_during_applies(verdict, fleet, kills, seed):
    chance = random.Random(seed)
    acknowledged, n, before_kill, lost, halves, backwards, newest = 0, 0, 0, 0, 0, 0, 0
    fleet.apply(parts.gateway() + parts.backend("echo", [9]) + pair(0), "--wait=none")
    for _ in range(kills):
        if n % 50 == 0:
            usual = seconds_of_an_apply(fleet, n)
        n += 1
        child = apply_in_background(fleet, n)
        # At any moment of the apply, now and then after it.
        time.sleep(chance.uniform(0.0, 1.3 * usual))
        answered = child.poll() == 0  # before the kill; else the command tries again with the same request id
        fleet.kill_control_plane()
        fleet.start_control_plane()
        if answered:
            acknowledged = n
            before_kill += 1
        early = stored_numbers(fleet)
        halves += early["a"] != early["b"]
        lost += early["a"] < acknowledged
        child.stdout.read()
        if child.wait() == 0:
            acknowledged = n
        stored = stored_numbers(fleet)
        halves += stored["a"] != stored["b"]
        lost += stored["a"] < acknowledged
        generation = json.loads(fleet.cli("status", "-o", "json", check=False).stdout)["generation"]
        backwards += int(generation) < newest
        newest = int(generation)
        if n % 100 == 0:
            print(f"      {n} kills, generation {newest}, last acknowledged n={acknowledged}", flush=True)
    verdict.at_least(f"kills, {n - before_kill} of them before the command had its answer", n, kills)
    # Kills that only ever hit a command before it began would prove nothing.
    verdict.at_least("generations stored meanwhile", newest, kills // 4)
    verdict.equal("acknowledged generations lost", lost, 0)
    verdict.equal("generations half stored", halves, 0)
    verdict.equal("times the generation went back", backwards, 0)


def last_known_good(replica):
    """The file that holds the last generation, the largest regular file of its state folder."""
    files = [os.path.join(replica.dir, f) for f in os.listdir(replica.dir) if f not in ("log", "access.json", "admin.sock")]
    return max((f for f in files if os.path.isfile(f)), key=os.path.getsize)


def damage_the_file(verdict, fleet, replica):
    """Every 4 KiB block flipped, the file cut at every block: a start serves everything of a stored generation, or nothing."""
    replica.terminate()
    kept = os.path.join(fleet.dir, "kept")
    shutil.copytree(replica.dir, kept)
    path = last_known_good(replica)
    size = os.path.getsize(path)
    offsets = list(range(0, size, 4096))
    damages = [("flip", o) for o in offsets] + [("cut", o) for o in offsets] + [("cut", size - 1), ("flip", size - 1)]
    partial = whole = nothing = 0
    for kind, offset in damages:
        shutil.rmtree(replica.dir)
        shutil.copytree(kept, replica.dir)
        with open(path, "r+b") as file:
            if kind == "cut":
                file.truncate(offset)
            else:
                middle = min(size - 1, offset + 2048) if offset != size - 1 else offset
                file.seek(middle)
                byte = file.read(1)
                file.seek(middle)
                file.write(bytes([byte[0] ^ 0x5A]))
        replica.start()
        served = routes_served(fleet, replica)
        partial += served == "part"
        whole += served == "all"
        nothing += served == "none"
        replica.kill()
    print(f"      {len(damages)} damages of {size} bytes: {whole} starts served a whole generation, {nothing} nothing")
    verdict.equal("starts that served part of a configuration", partial, 0)
    verdict.at_least("damages tried", len(damages), 10)


def routes_served(fleet, replica):
    """Of the 300 routes: all, none or part of them (the control plane is down)."""
    end = time.monotonic() + 1.5
    while time.monotonic() < end and not parts.answers(replica.host, replica.metrics_port):
        time.sleep(0.02)
    if not parts.answers(replica.host, replica.metrics_port):
        return "none"
    statuses = {fleet.get(replica.index, f"/service-{n}")[0] for n in range(0, 300, 1)}
    return "all" if statuses == {200} else "none" if 200 not in statuses else "part"


def main(words):
    kills = int(words[0]) if words else KILLS
    seed = int(words[1]) if len(words) > 1 else 1
    verdict = Verdict("durability")
    with Fleet(replicas=0) as fleet:
        kill_control_plane_during_applies(verdict, fleet, kills, seed)
    upstream = Upstream("echo")
    with Fleet(replicas=1) as fleet:
        fleet.wait_connected()
        many = "".join(parts.route(f"service-{n}", "echo", prefix=f"/service-{n}") for n in range(300))
        fleet.apply(parts.gateway() + parts.backend("echo", upstream.ports) + many)
        for n in range(3):
            fleet.apply(parts.route("extra", "echo", prefix=f"/extra-{n}"))
        fleet.kill_control_plane()
        damage_the_file(verdict, fleet, fleet.replicas[0])
    return verdict.end()
