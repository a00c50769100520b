"""Reads Google Benchmark's JSON with repetitions from standard input; prints median, spread, and the ratio to the first line."""
import json
import statistics
import sys


def rows(document):
    """{name: [nanoseconds of CPU per iteration, one a repetition]}"""
    nanoseconds = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    found = {}
    for run in document["benchmarks"]:
        if run.get("run_type") != "aggregate" and not run.get("error_occurred"):
            found.setdefault(run["run_name"], []).append(run["cpu_time"] * nanoseconds[run["time_unit"]])
    return found


def human(nanoseconds):
    for limit, unit in ((1e3, "ns"), (1e6, "us"), (1e9, "ms")):
        if nanoseconds < limit:
            return f"{nanoseconds * 1e3 / limit:.4g} {unit}"
    return f"{nanoseconds / 1e9:.4g} s"


def main():
    text = sys.stdin.read()
    found = rows(json.loads(text)) if text.strip() else {}
    if not found:
        print("  nothing ran")
        return
    width = max(len(name) for name in found)
    first = None
    for name, times in found.items():
        median = statistics.median(times)
        first = first or median
        spread = f"-{(median - min(times)) / median:.0%} +{(max(times) - median) / median:.0%}"
        print(f"  {name:{width}}  {human(median):>9}  {spread:>11}  x{median / first:.2f}")


if __name__ == "__main__":
    main()
