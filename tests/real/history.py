# history.py - reading what `runs --json` says, and judging it: every due time once, none missing.
import datetime


def ms_of(text):
    """Unix milliseconds of an RFC 3339 time."""
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def text_of(ms):
    time = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z"


def due_times(rows):
    """(due in ms, row) of every due time, oldest first; a stretch of them is told apart."""
    found = []
    for row in rows:
        first = ms_of(row["due"])
        step = row.get("step_ms", 0)
        found += [(first + i * step, row) for i in range(row.get("count", 1))]
    return sorted(found, key=lambda due: due[0])


def outcomes(rows):
    """How many due times ended how."""
    counted = {}
    for _, row in due_times(rows):
        counted[row["outcome"] or "open"] = counted.get(row["outcome"] or "open", 0) + 1
    return counted


def check_every_due_time_once(rows, period_ms):
    """From the first due time to the last, each has exactly one row. Returns how many there are."""
    told = [(due, row) for due, row in due_times(rows) if not row["by_order"]]
    assert told, "no due time at all"
    dues = [due for due, _ in told]
    doubled = {due for due, following in zip(dues, dues[1:]) if due == following}
    assert not doubled, f"more than one outcome: {[row for due, row in told if due in doubled][:4]}"
    holes = [(text_of(due), text_of(following)) for due, following in zip(dues, dues[1:])
             if following - due != period_ms]
    assert not holes, f"no outcome between {holes[:5]}"
    return len(dues)


def check_never_early(rows):
    early = [row for row in rows if row["started"] and not row["by_order"] and ms_of(row["started"]) < ms_of(row["due"])]
    assert not early, f"started before it was due: {early[:3]}"


def rank(outcome):
    """Outcomes only rise: a later answer never tells a lower one than an earlier answer did."""
    order = (None, "denied", "blocked", "missed", "skipped", "lost", "cancelled", "timeout", "failed", "ok")
    return order.index(outcome)
