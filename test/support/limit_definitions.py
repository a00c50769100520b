"""What dataplane/limits/limit.h promises, held against what clients saw: slowly, and only where it is certain.

A request was decided at some instant between `sent` and `received`, by a clock that clients can read; nobody outside
knows when exactly. So the number of admitted requests in a stretch of time is at least that of those that lie in it from
end to end, and at most that of those that touch it. Above the definition is what is above it however the instants fell;
withheld is what is refused although it is within the definition however they fell.
"""
import bisect
import collections
import math

# per: seconds; burst: of the token bucket; delay: of the leaky bucket, seconds.
Limit = collections.namedtuple("Limit", "algorithm requests per burst delay", defaults=(0, 0.0))

REFUSALS = 300  # of each case, looked at


class Seen:
    """The requests of one key, with their times moved by OFFSET to the clock that counts. SLACK: how much earlier than it
    was sent a request may have been stamped, and how far apart the two readings of one clock may be."""

    def __init__(self, rows, offset=0.0, slack=0.002):
        spans = [(row.sent + offset - slack, row.received + offset, row.status) for row in rows]
        self.admitted = sorted(span[:2] for span in spans if span[2] == 200)
        self.refused = sorted(span[:2] for span in spans if span[2] == 429)
        self.begin = min((span[0] for span in spans), default=0.0)
        self.end = max((span[1] for span in spans), default=0.0)


def most(limit, seen):
    """How many the definition admits from the first request to the last answer, at most."""
    if limit.algorithm in ("FixedWindow", "SlidingWindow"):
        return limit.requests * (_window(limit, seen.end) - _window(limit, seen.begin) + 1)
    return _flow(limit, seen.end - seen.begin)


def above(limit, seen):
    """Moments at which more was admitted than the definition allows."""
    if limit.algorithm in ("FixedWindow", "SlidingWindow"):
        return _above_windows(limit, seen)
    return _above_buckets(limit, seen)


def withheld(limit, seen):
    """Refusals for which there is no reason in the definition."""
    step = max(1, len(seen.refused) // REFUSALS)
    refused = seen.refused[::step]
    if limit.algorithm in ("FixedWindow", "SlidingWindow"):
        return [span for span in refused if not _may_refuse_window(limit, seen, *span)]
    return [span for span in refused if not _may_refuse_bucket(limit, seen, *span)]


def _window(limit, instant):
    return math.floor(instant / limit.per)


def _flow(limit, length):
    """What a bucket lets through in a stretch of that length."""
    first = limit.burst if limit.algorithm == "TokenBucket" else 1
    return math.floor(first + limit.requests * length / limit.per)


def _inside(limit, spans):
    """{window: those that lie in it from end to end}."""
    windows = collections.defaultdict(list)
    for span in spans:
        if _window(limit, span[0]) == _window(limit, span[1]):
            windows[_window(limit, span[0])].append(span)
    return windows


def _touching(limit, spans, window, until):
    """How many may have been decided in WINDOW, no later than UNTIL."""
    return sum(1 for begin, end in spans if begin <= until and _window(limit, begin) <= window <= _window(limit, end))


def _weight(limit, before, elapsed):
    """What of the window before counts still, as requests."""
    if limit.algorithm == "FixedWindow":
        return 0.0
    return before * max(0.0, limit.per - elapsed) / limit.per


def _above_windows(limit, seen):
    windows, found = _inside(limit, seen.admitted), []
    for window, spans in windows.items():
        ends = sorted(end for _, end in spans)
        before = len(windows.get(window - 1, ()))
        for begin, end in spans:
            used = bisect.bisect_right(ends, begin) + 1
            if _weight(limit, before, end - window * limit.per) + used > limit.requests + 1e-6:
                found.append((begin, end))
        if len(spans) > limit.requests:
            found.append((window * limit.per, (window + 1) * limit.per))
    return found


def _above_buckets(limit, seen):
    found = []
    for i, (begin, _) in enumerate(seen.admitted):
        ends = sorted(end for _, end in seen.admitted[i:])
        for count, end in enumerate(ends, 1):
            if count > _flow(limit, end - begin):
                found.append((begin, end))
                break
    return found


def _may_refuse_window(limit, seen, begin, end):
    window = _window(limit, begin)
    if _window(limit, end) != window:
        return True  # nobody knows which one it met
    used = _touching(limit, seen.admitted, window, end)
    before = _touching(limit, seen.admitted, window - 1, end)
    return _weight(limit, before, begin - window * limit.per) + used + 1 > limit.requests


def _may_refuse_bucket(limit, seen, begin, end):
    """The backlog is the largest one of those that began with some request; in requests."""
    before = [span for span in seen.admitted if span[0] <= end]
    ends = sorted(span[1] for span in before)
    backlog = 0.0
    for first_begin, first_end in before:
        count = len(ends) - bisect.bisect_left(ends, first_begin)
        backlog = max(backlog, count - limit.requests * max(0.0, begin - first_end) / limit.per)
    if limit.algorithm == "TokenBucket":
        return backlog + 1 > limit.burst
    return backlog > limit.requests * limit.delay / limit.per
