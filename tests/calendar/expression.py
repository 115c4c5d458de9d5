"""Random cron expressions, and what croniter says of them.

croniter differs from us on purpose or by mistake in what DIFFERENCES lists. Each has a way round: croniter is
asked a question, or several, whose answers together are ours. What it does not know at all, W, L-3 and H, is
judged by brute.py alone.
"""
import heapq
import random

from croniter import croniter, CroniterBadDateError

from brute import Brute

# name: why, the expression for us, the same for croniter, after which instant, due when ("": refused)
DIFFERENCES = {
    "starred step": ("*/2 in a day field keeps Vixie's rule of both days (crontab(5)); croniter takes either",
                     "0 0 */2 * FRI", "0 0 */2 * FRI", "2026-01-01", "2026-01-09"),
    "all days": ("1-31 beside a weekday is a restriction like any other; croniter takes it for *",
                 "0 0 1-31 * FRI", "0 0 1-31 * FRI", "2026-01-02", "2026-01-03"),
    "empty day": ("a day that never comes beside a weekday leaves the weekday; croniter finds nothing",
                  "0 0 30 2 MON", "0 0 30 2 MON", "2026-02-02", "2026-02-09"),
    "after February": ("1,31 is due on 1 March; croniter counts to 31 February and lands behind it",
                       "0 0 1,31 * *", "0 0 1,31 * *", "2026-02-02", "2026-03-01"),
    "seventh day": ("7 is Sunday in six fields as in five; croniter forgets it there",
                    "0 0 0 * * 7", "0 0 * * 7 0", "2026-01-01", "2026-01-04"),
    "wrap": ("FRI-MON and 22-2 run around the end; croniter refuses them",
             "0 0 * * FRI-MON", "0 0 * * FRI-MON", "2026-01-05", "2026-01-09"),
    "question mark": ("? is * in the day fields; croniter does not know it",
                      "0 0 ? * *", "0 0 ? * *", "2026-01-01", "2026-01-02"),
    "long step": ("a step longer than its field is refused; croniter takes it for the first value",
                  "*/61 * * * *", "*/61 * * * *", "2026-01-01", ""),
    "last weekday": ("the last Friday is written 5L or FRIL, as in Quartz; croniter writes L5",
                     "0 0 * * 5L", "0 0 * * 5L", "2026-01-01", "2026-01-30"),
    "counted or day": ("13 beside MON#2 is either, as 13 beside MON is; croniter takes MON#2 alone",
                       "0 0 13 * MON#2", "0 0 13 * MON#2", "2026-01-12", "2026-01-13"),
    "counted and plain": ("MON#2,FRI is a list like any other; croniter refuses to mix them",
                          "0 0 * * MON#2,FRI", "0 0 * * MON#2,FRI", "2026-01-09", "2026-01-12"),
}

JOB = "main/oracle"

# name, low, high, highest that may be written, names
FIELDS = [
    ("second", 0, 59, 59, []),
    ("minute", 0, 59, 59, []),
    ("hour", 0, 23, 23, []),
    ("day", 1, 31, 31, []),
    ("month", 1, 12, 12, "jan feb mar apr may jun jul aug sep oct nov dec".split()),
    ("weekday", 0, 6, 7, "sun mon tue wed thu fri sat".split()),
]

PLAIN = {"star": 20, "question": 3, "value": 45, "range": 22, "wrap": 5, "open": 5}
EXTENDED = {"day": {"last": 12}, "weekday": {"last_of": 10, "nth": 12}}
WHOLE = {"day": {"last": 8, "before_last": 8, "workday": 12, "last_workday": 8}, "weekday": {"last_of": 8, "nth": 12}}


class Item:
    """One item of a field: as we are asked, and as croniter is, if it can be."""

    def __init__(self, rng, field, whole):
        self.field = field
        self.low, self.high, self.last_value = field[1], field[2], field[3]
        self.free = self.counted = False
        weights = dict(PLAIN, **(WHOLE if whole else EXTENDED).get(field[0], {}))
        if whole:
            weights["spread"] = 15
        kind = rng.choices(list(weights), list(weights.values()))[0]
        if kind == "question" and field[0] not in ("day", "weekday"):
            kind = "star"
        step = rng.randint(1, self.high - self.low + 1) if rng.random() < 0.3 else 0
        getattr(self, kind)(rng, step)

    def star(self, rng, step):
        self.free = True
        self.ours = self.theirs = "*/%d" % step if step else "*"

    def question(self, rng, step):
        self.free = True
        self.ours, self.theirs = "?", "*"

    def value(self, rng, step):
        self.ours = self.theirs = self.write(rng, rng.randint(self.low, self.last_value))

    def open(self, rng, step):
        value = self.write(rng, rng.randint(self.low, self.high))
        self.ours = self.theirs = "%s/%d" % (value, step or 1)

    def range(self, rng, step):
        first, last = sorted((rng.randint(self.low, self.last_value), rng.randint(self.low, self.last_value)))
        text = "%s-%s" % (self.write(rng, first), self.write(rng, last))
        if first == 7:
            self.ours, self.theirs = "7-7", "7"
        else:
            self.ours = self.theirs = text + ("/%d" % step if step else "")

    def wrap(self, rng, step):
        first = rng.randint(self.low + 1, self.high)
        last = rng.randint(self.low, first - 1)
        self.ours = "%s-%s" % (self.write(rng, first), self.write(rng, last)) + ("/%d" % step if step else "")
        around = list(range(first, self.high + 1)) + list(range(self.low, last + 1))
        self.theirs = ",".join(str(value) for value in around[:: step or 1])

    def last(self, rng, step):
        self.ours, self.theirs = rng.choice("lL"), "l"

    def before_last(self, rng, step):
        self.ours = "L-%d" % rng.randint(1, 30)

    def workday(self, rng, step):
        self.ours = "%d%s" % (rng.randint(1, 31), rng.choice("wW"))

    def last_workday(self, rng, step):
        self.ours = rng.choice(["LW", "lw", "L-%dW" % rng.randint(1, 30)])

    def last_of(self, rng, step):
        value = rng.randint(0, 7)
        self.counted = True
        self.ours = self.write(rng, value) + rng.choice("lL")
        self.theirs = "l%d" % (value % 7)

    def nth(self, rng, step):
        value, count = rng.randint(0, 7), rng.randint(1, 5)
        self.counted = True
        self.ours = "%s#%d" % (self.write(rng, value), count)
        self.theirs = "%d#%d" % (value % 7, count)

    def spread(self, rng, step):
        count = self.high - self.low + 1
        brackets = ""
        if rng.random() < 0.5:
            first, last = rng.randint(self.low, self.last_value), rng.randint(self.low, self.last_value)
            brackets = "(%s-%s)" % (self.write(rng, first), self.write(rng, last))
            count = last - first + 1 if first <= last else 1
        self.ours = rng.choice("hH") + brackets + ("/%d" % min(step, max(count, 1), 7) if step else "")

    def write(self, rng, value):
        names = self.field[4]
        if names and rng.random() < 0.4:
            name = names[value % 7 if self.field[0] == "weekday" else value - 1]
            return rng.choice([name, name.upper(), name.capitalize()]) if value != 7 else "7"
        return str(value)


class Expression:
    def __init__(self, rng, seconds, whole=False):
        self.items = []
        for index, field in enumerate(FIELDS):
            if index == 0 and not seconds:
                self.items.append(None)
            elif rng.random() < 0.35 and index > 2:
                self.items.append([Item(random.Random(0), (field[0], field[1], field[2], field[3], []), False)])
                self.items[-1][0].star(rng, 0)
            else:
                self.items.append([Item(rng, field, whole) for _ in range(rng.choices([1, 2, 3], [75, 18, 7])[0])])
        self.ours = " ".join(",".join(item.ours for item in items) for items in self.items if items)
        self.brute = Brute(self.ours, JOB)
        self.either = not self.brute.free[3] and not self.brute.free[5]
        self.follows_clock = self.brute.follows_clock
        self.whole = whole

    def never_fires(self):
        return self.brute.never_fires()

    def reference(self, start_s):
        """The due times after an instant, by whoever can tell."""
        return self.brute.walk(start_s) if self.whole else self.by_croniter(start_s)

    def by_croniter(self, start_s):
        days, weekdays = self.day_parts(), self.weekday_parts()
        if self.either:
            parts = [(day, "*") for day in days] + [("*", weekday) for weekday in weekdays]
        else:
            parts = [(day, weekday) for day in days for weekday in weekdays]
        return merge(*(self.walk(day, weekday, start_s) for day, weekday in parts))

    def day_parts(self):
        """Days up to the 28th apart from later ones, those that never come left out."""
        if any(item.theirs == "*" for item in self.items[3]):
            return ["*"]
        days = sorted(self.brute.values[3])
        if len(days) == 31:
            return ["*"]
        longest = max({2: 29, 4: 30, 6: 30, 9: 30, 11: 30}.get(month, 31) for month in self.brute.values[4])
        early, late = [day for day in days if day <= 28], [day for day in days if 28 < day <= longest]
        ends = [["l"]] if any(item.theirs == "l" for item in self.items[3]) else []
        parts = [part for part in [early, late] + ends if part]
        if max(days, default=0) <= 28 and early:
            parts = [early + ["l"]] if ends else [early]
        return [",".join(map(str, part)) for part in parts]

    def weekday_parts(self):
        if any(item.theirs == "*" for item in self.items[5]):
            return ["*"]
        plain = [item.theirs for item in self.items[5] if not item.counted]
        counted = [item.theirs for item in self.items[5] if item.counted]
        if plain and self.items[0]:
            plain = [str(value) for value in sorted(self.brute.values[5])]
        return [",".join(part) for part in (plain, counted) if part]

    def walk(self, day, weekday, start_s):
        fields = [self.side(index) for index in (1, 2)] + [day, self.side(4), weekday]
        if self.items[0]:
            fields.append(self.side(0))
        iterator = croniter(" ".join(fields), float(start_s), day_or=False)
        try:
            while True:
                yield int(iterator.get_next(float))
        except (CroniterBadDateError, ValueError):
            return  # there is none in its reach, or it looked beyond the year 9999

    def side(self, index):
        return ",".join(item.theirs for item in self.items[index])


def merge(*series):
    """Each value once, in order."""
    last = None
    for value in heapq.merge(*series):
        if value != last:
            yield value
        last = value
