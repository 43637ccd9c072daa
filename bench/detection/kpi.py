"""Labelled KPIs: the share of labelled events that a detector finds at a budget of false alarms.

Each series is laid on its grid of slots (the smallest step between its times). An event is a run of labelled
slots, runs less than 2 slots apart joined; an alert is a run of slots whose score reaches
the threshold, slots at most 10 apart joined, as one notification. An event is found when an alarm
lies in it; an alert is false when none of its slots lies in an event. The first days are for
learning and not scored. One threshold for all series: the one to which false alarms per
series-week stay within the budget, going down from the highest score.
"""
import math

WEEK_S = 604_800
EVENT_GAP, ALERT_GAP, LEARNING_DAYS = 2, 10, 7
SILENT = -math.inf


class Series:
    """Labels and scores by slot; `first` is the first slot that is scored."""

    def __init__(self, rows, learning_days=LEARNING_DAYS):
        """rows: (unix seconds, label, score)"""
        rows = sorted(rows, key=lambda row: row[0])
        begin = rows[0][0]
        self.step = min((b[0] - a[0] for a, b in zip(rows, rows[1:]) if b[0] > a[0]), default=1)
        self.size = (rows[-1][0] - begin) // self.step + 1
        label = bytearray(self.size)
        self.score = [SILENT] * self.size
        for time, labelled, score in rows:
            slot = (time - begin) // self.step
            label[slot] |= labelled
            self.score[slot] = max(self.score[slot], score)
        self.first = min(self.size, -(-int(learning_days * 86_400) // self.step))
        self.leave_out_cut_event(label)
        self.weeks = (self.size - self.first) * self.step / WEEK_S
        self.events = self.runs(label)
        self.in_event = bytearray(self.size)
        for begin, end in self.events:
            self.in_event[begin:end] = b"\1" * (end - begin)

    def leave_out_cut_event(self, label):
        """An event that began while learning is not scored: its beginning was not."""
        if 0 < self.first < self.size and label[self.first] and label[self.first - 1]:
            while self.first < self.size and label[self.first]:
                self.first += 1

    def runs(self, label):
        events, slot = [], self.first
        while (begin := label.find(1, slot)) >= 0:
            slot = label.find(0, begin)
            slot = self.size if slot < 0 else slot
            if events and begin - events[-1][1] < EVENT_GAP:
                events[-1] = (events[-1][0], slot)
            else:
                events.append((begin, slot))
        return events

    def found(self, threshold):
        """Of each event found: how many slots after its first one the alarm came."""
        delays = []
        for begin, end in self.events:
            at = next((i for i in range(begin, end) if self.score[i] >= threshold), None)
            if at is not None:
                delays.append(at - begin)
        return delays


class Alerts:
    """The alerts of one series while the threshold falls; slots are added in any order."""

    def __init__(self, series):
        self.series = series
        self.parent = {}  # of a slot: another one of its alert
        self.true = {}    # by an alert's root
        self.false = 0

    def root(self, slot):
        while self.parent[slot] != slot:
            self.parent[slot] = slot = self.parent[self.parent[slot]]
        return slot

    def add(self, slot):
        self.parent[slot] = slot
        self.true[slot] = bool(self.series.in_event[slot])
        self.false += not self.true[slot]
        for way in (-1, 1):
            near = next((slot + way * i for i in range(1, ALERT_GAP + 1)
                         if slot + way * i in self.parent), None)
            if near is not None:
                self.join(slot, near)

    def join(self, a, b):
        a, b = self.root(a), self.root(b)
        if a == b:
            return
        self.false -= (not self.true[a]) + (not self.true[b])
        self.parent[b] = a
        self.true[a] |= self.true.pop(b)
        self.false += not self.true[a]


class FalseAlarms:
    """How many false alarms there are at each threshold, worked out from above as far as asked."""

    def __init__(self, series):
        self.slots = [(s.score[i], number, i) for number, s in enumerate(series)
                      for i in range(s.first, s.size) if s.score[i] > SILENT]
        self.slots.sort(key=lambda slot: -slot[0])
        self.alerts = [Alerts(s) for s in series]
        self.at, self.total = 0, 0
        self.thresholds, self.counts = [], []

    def knows(self, rank):
        """Whether there are so many different scores."""
        while len(self.thresholds) <= rank and self.at < len(self.slots):
            threshold = self.slots[self.at][0]
            while self.at < len(self.slots) and self.slots[self.at][0] == threshold:
                _, number, slot = self.slots[self.at]
                alerts = self.alerts[number]
                before = alerts.false
                alerts.add(slot)
                self.total += alerts.false - before
                self.at += 1
            self.thresholds.append(threshold)
            self.counts.append(self.total)
        return rank < len(self.thresholds)

    def threshold(self, allowed):
        """The lowest threshold before the false alarms pass what is allowed. They may fall again below
        it (a detector that always alarms has one alert), so the crossing is looked for from above in
        strides that grow by half, then between the last two: a short excess is passed over."""
        good, stride = -1, 1
        while self.knows(good + stride) and self.counts[good + stride] <= allowed:
            good += stride
            stride += stride // 2 + 1
        bad = min(good + stride, len(self.thresholds))
        while bad - good > 1:
            middle = (good + bad) // 2
            if self.counts[middle] <= allowed:
                good = middle
            else:
                bad = middle
        return self.thresholds[good] if good >= 0 else math.inf


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else math.nan


def at_threshold(series, threshold, false_alarms):
    found = [(delay, s.step) for s in series for delay in s.found(threshold)]
    events = sum(len(s.events) for s in series)
    minutes = [delay * step / 60 for delay, step in found]
    slots = sum(s.size - s.first for s in series)
    alarms = sum(score >= threshold for s in series for score in s.score[s.first:])
    return {"threshold": threshold, "alarmed": alarms / slots, "events": events, "found": len(found),
            "share": len(found) / events if events else math.nan,
            "per_week": false_alarms / sum(s.weeks for s in series),
            "delay_median": quantile(minutes, 0.5), "delay_p90": quantile(minutes, 0.9)}


def at_budgets(series, budgets):
    """By budget of false alarms per series-week: threshold, share found, delays in minutes."""
    false_alarms = FalseAlarms(series)
    weeks = sum(s.weeks for s in series)
    out = {}
    for budget in budgets:
        threshold = false_alarms.threshold(budget * weeks)
        known = false_alarms.thresholds
        count = false_alarms.counts[known.index(threshold)] if threshold in known else 0
        out[budget] = at_threshold(series, threshold, count)
    return out


def at_fixed(series, threshold):
    """The same for a threshold that was not chosen on these series."""
    alarms = [Alerts(s) for s in series]
    for s, alerts in zip(series, alarms):
        for slot in range(s.first, s.size):
            if s.score[slot] >= threshold:
                alerts.add(slot)
    return at_threshold(series, threshold, sum(alerts.false for alerts in alarms))
