"""Figures with their bounds, as the shows print them."""
import os
import platform


class Verdict:
    def __init__(self, name):
        self.name, self.failed = name, []
        load = " ".join(f"{x:.2f}" for x in os.getloadavg())
        print(f"{name}: {os.cpu_count()} CPUs, {_cpu_model()}, kernel {platform.release()}, load {load}", flush=True)

    def check(self, what, figure, good, bound):
        """Prints one figure beside its bound."""
        print(f"{'PASS' if good else 'FAIL'}  {what}: {figure}   (bound: {bound})", flush=True)
        if not good:
            self.failed.append(what)
        return good

    def equal(self, what, figure, wanted):
        return self.check(what, figure, figure == wanted, wanted)

    def none(self, what, found):
        """None of FOUND; shows the first ones."""
        good = self.equal(what, len(found), 0)
        for one in found[:3]:
            print(f"      {one}", flush=True)
        return good

    def at_most(self, what, figure, bound, unit=""):
        shown = f"{figure:.2f}" if isinstance(figure, float) else figure
        return self.check(what, f"{shown}{unit}", figure <= bound, f"<= {bound}{unit}")

    def at_least(self, what, figure, bound, unit=""):
        return self.check(what, f"{figure}{unit}", figure >= bound, f">= {bound}{unit}")

    def end(self):
        print(f"{self.name}: {'FAIL: ' + '; '.join(self.failed) if self.failed else 'PASS'}", flush=True)
        return 1 if self.failed else 0


def _cpu_model():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0
