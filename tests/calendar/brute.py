"""A second opinion on cron expressions of the whole dialect, L, W, # and H included: read by its own rules
and tried day by day, so slow and simple that it is easy to believe. Shares nothing with node/core/trigger."""
import calendar
import datetime
import hashlib
import re

EPOCH = datetime.date(1970, 1, 1).toordinal()
DAY = 86400
LOWS = (0, 0, 0, 1, 1, 0)
HIGHS = (59, 59, 23, 31, 12, 6)
NAMES = ({}, {}, {}, {}, {name: i + 1 for i, name in enumerate(
    "jan feb mar apr may jun jul aug sep oct nov dec".split())},
    {name: i for i, name in enumerate("sun mon tue wed thu fri sat".split())})

VALUE = r"(\d+|[a-z]{3})"
STARRED = re.compile(r"[*?](?:/(\d+))?")
SPREAD = re.compile(r"h(?:\(%s-%s\))?(?:/(\d+))?" % (VALUE, VALUE))
SPAN = re.compile(r"%s(?:-%s)?(?:/(\d+))?" % (VALUE, VALUE))
FROM_END = re.compile(r"l(?:-(\d+))?(w)?")
WORKDAY = re.compile(r"(\d+)w")
LAST = re.compile(r"%sl" % VALUE)
NTH = re.compile(r"%s#([1-5])" % VALUE)


def spread(job, field, choices):
    """Which of so many values H is: BLAKE2b of tag, name and field, the first eight bytes as a number."""
    name = job.encode()
    text = b"katydid-spread-1\0" + len(name).to_bytes(8, "little") + name + field.to_bytes(8, "little")
    return int.from_bytes(hashlib.blake2b(text, digest_size=32).digest()[:8], "little") % choices


def around(field, first, last):
    """first ... last, over the end of the field and on from its beginning if need be."""
    values, value = [first], first
    while value != last and len(values) <= HIGHS[field] - LOWS[field]:
        value = LOWS[field] if value == HIGHS[field] else value + 1
        values.append(value)
    return values


class Brute:
    def __init__(self, text, job):
        parts = text.lower().split()
        self.parts = parts if len(parts) == 6 else ["0"] + parts
        self.job = job
        self.values = [set() for _ in range(6)]
        self.day_rules = []  # (year, month) -> day, or None
        self.weekday_rules = []  # days of the month that are this weekday -> some of them
        self.stepped_spread = False
        for field, part in enumerate(self.parts):
            for item in part.split(","):
                self.read(field, item)
        self.free = [bool(re.search(r"[*?]", part)) for part in self.parts]
        self.follows_clock = self.free[2] or self.stepped_spread or len(self.values[2]) == 24

    def number(self, field, text):
        value = NAMES[field].get(text)
        return int(text) if value is None else value

    def read(self, field, item):
        everything = list(range(LOWS[field], HIGHS[field] + 1))
        starred, spread_, span = STARRED.fullmatch(item), SPREAD.fullmatch(item), SPAN.fullmatch(item)
        if starred:
            self.values[field].update(everything[:: int(starred[1] or 1)])
        elif spread_:
            self.read_spread(field, spread_, everything)
        elif field == 3 and FROM_END.fullmatch(item):
            found = FROM_END.fullmatch(item)
            self.day_rules.append(("end", int(found[1] or 0), bool(found[2])))
        elif field == 3 and WORKDAY.fullmatch(item):
            self.day_rules.append(("day", int(WORKDAY.fullmatch(item)[1]), True))
        elif field == 5 and LAST.fullmatch(item) and not span:
            self.weekday_rules.append((self.number(field, LAST.fullmatch(item)[1]) % 7, -1))
        elif field == 5 and NTH.fullmatch(item):
            found = NTH.fullmatch(item)
            self.weekday_rules.append((self.number(field, found[1]) % 7, int(found[2]) - 1))
        else:
            self.read_span(field, span, everything)

    def read_spread(self, field, found, everything):
        step = int(found[3] or 0)
        values = everything
        if found[1]:
            first, last = self.number(field, found[1]), self.number(field, found[2])
            values = self.span(field, first, last)
        elif step and field == 2:
            self.stepped_spread = True
        choices = step or len(values)
        if field == 3 and not found[1]:
            choices = min(choices, 28)
        begin = spread(self.job, field, choices)
        self.values[field].update(values[begin::step] if step else [values[begin]])

    def span(self, field, first, last):
        if field == 5 and last == 7 and first != 7:
            return [value % 7 for value in range(first, 8)][:7]
        if field == 5:
            first, last = first % 7, last % 7
        return around(field, first, last)

    def read_span(self, field, found, everything):
        first, step = self.number(field, found[1]), int(found[3] or 1)
        if found[2]:
            values = self.span(field, first, self.number(field, found[2]))
        elif found[3] and field == 5:
            values = [value % 7 for value in range(first % 7, 8)]  # 7 is one more name of Sunday
        else:
            values = [value for value in everything if value >= first] if found[3] else [first % 7 if field == 5
                                                                                         else first]
        self.values[field].update(values[::step])

    def days_of(self, year, month):
        """The days of this month that fit, the month itself left aside."""
        length = calendar.monthrange(year, month)[1]
        month_days = [datetime.date(year, month, day) for day in range(1, length + 1)]
        left = {day for day in self.values[3] if day <= length}
        for kind, number, is_work in self.day_rules:
            day = length - number if kind == "end" else number
            if 1 <= day <= length:
                left.add(self.nearest_workday(month_days, day) if is_work else day)
        right = {date.day for date in month_days if date.isoweekday() % 7 in self.values[5]}
        for weekday, place in self.weekday_rules:
            same = [date.day for date in month_days if date.isoweekday() % 7 == weekday]
            right.update(same[place:][:1])
        return left & right if self.free[3] or self.free[5] else left | right

    @staticmethod
    def nearest_workday(month_days, wanted):
        return min((date.day for date in month_days if date.isoweekday() <= 5), key=lambda day: abs(day - wanted))

    def never_fires(self):
        """28 years have every kind of year there is."""
        return not any(self.days_of(year, month) for year in range(2000, 2028) for month in self.values[4])

    def walk(self, start_s):
        """Fitting local times after start_s, for ever unless there are none."""
        seconds = sorted(hour * 3600 + minute * 60 + second for hour in self.values[2]
                         for minute in self.values[1] for second in self.values[0])
        date = datetime.date.fromordinal(EPOCH + start_s // DAY)
        year, month = date.year, date.month
        while year < 2500:
            if month in self.values[4]:
                for day in sorted(self.days_of(year, month)):
                    begin_s = (datetime.date(year, month, day).toordinal() - EPOCH) * DAY
                    if begin_s + DAY > start_s:
                        yield from (begin_s + second for second in seconds if begin_s + second > start_s)
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
