"""The scoring rules of the Numenta Anomaly Benchmark, from their description (Lavin and Ahmad,
"Evaluating real-time anomaly detection algorithms", 2015; Ahmad et al., Neurocomputing 2017).

A detection is a row whose score reaches the threshold, one threshold for all files. What a
detection is worth depends on where its row lies:

    |  probation  |        normal        | window |      normal           |
       nothing        -1 each            +1 .. ~0   ~0 .. -1 each, by distance from the window

In a window only the earliest detection counts; a window without one costs. The weights of these three
are the profile. The sum over all files is scaled so that a detector that says nothing has 0
and one that says the first row of every window, and nothing else, has 100.
"""
import json
import math
import random
from datetime import datetime

# What a window found early, a false alarm, and a window missed weigh.
PROFILES = {
    "standard": (1.0, 0.11, 1.0),
    "reward_low_FP_rate": (1.0, 0.22, 1.0),
    "reward_low_FN_rate": (1.0, 0.11, 2.0),
}
PROBATION_SHARE, PROBATION_ROWS = 0.15, 5000
FAR = 3.0  # windows' widths behind a window, from where on a detection is as wrong as any


def scaled_sigmoid(position):
    """1 well before the edge of a window at 0, -1 well behind it."""
    return 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def time_of(text):
    return datetime.fromisoformat(text.strip())


class File:
    """One file: what a detection on each of its rows is worth, windows and probation."""

    def __init__(self, name, times, windows):
        self.name, self.rows = name, len(times)
        self.probation = math.floor(PROBATION_SHARE * min(self.rows, PROBATION_ROWS))
        self.windows = sorted(self.rows_of(times, *window) for window in windows)
        self.window = [None] * self.rows  # its number, None outside
        self.worth = [-1.0] * self.rows
        for number, (first, last) in enumerate(self.windows):
            width = last - first + 1
            for row in range(first, last + 1):
                self.window[row] = number
                ahead = (last - row + 1) / width
                self.worth[row] = scaled_sigmoid(-ahead) / scaled_sigmoid(-1.0)
            until = self.windows[number + 1][0] if number + 1 < len(self.windows) else self.rows
            for row in range(last + 1, until):
                behind = (row - last) / (width - 1) if width > 1 else math.inf
                self.worth[row] = -1.0 if behind > FAR else scaled_sigmoid(behind)

    def rows_of(self, times, begin, end):
        inside = [row for row, time in enumerate(times) if begin <= time <= end]
        if not inside:
            raise ValueError(f"{self.name}: the window {begin} to {end} holds no row")
        return inside[0], inside[-1]

    def steps(self, scores, profile):
        """(threshold, change): what lowering the threshold to each score adds to the raw score of
        this file, which is -fn for each of its windows above all scores."""
        tp, fp, fn = PROFILES[profile]
        best = {}
        order = sorted(range(self.probation, self.rows), key=lambda row: -scores[row])
        for row in order:
            number = self.window[row]
            if number is None:
                yield scores[row], fp * self.worth[row]
                continue
            value = tp * self.worth[row]
            before = best.get(number, -fn)
            if number not in best or value > before:
                best[number] = value
                yield scores[row], value - before

    def hits(self, scores, threshold):
        """(windows found, rows of false alarms)"""
        alarms = [r for r in range(self.probation, self.rows) if scores[r] >= threshold]
        found = {self.window[row] for row in alarms} - {None}
        return len(found), sum(self.window[row] is None for row in alarms)


class Corpus:
    """All files with one detector's scores."""

    def __init__(self, files, scores):
        self.files, self.scores = files, scores  # scores: by file, a number per row
        self.steps = {}
        for profile in PROFILES:
            steps = [(threshold, number, change) for number, file in enumerate(files)
                     for threshold, change in file.steps(scores[number], profile)]
            steps.sort(key=lambda step: -step[0])
            self.steps[profile] = steps

    def null(self, profile, among=None):
        _, _, fn = PROFILES[profile]
        return -fn * sum(len(file.windows) for number, file in enumerate(self.files)
                         if among is None or number in among)

    def scaled(self, profile, raw, among=None):
        null = self.null(profile, among)
        windows = sum(len(file.windows) for number, file in enumerate(self.files)
                      if among is None or number in among)
        return 100.0 * (raw - null) / (PROFILES[profile][0] * windows - null)

    def raw(self, profile, threshold, among=None):
        total = self.null(profile, among)
        for at, number, change in self.steps[profile]:
            if at < threshold:
                break
            if among is None or number in among:
                total += change
        return total

    def optimum(self, profile, among=None):
        """(raw score, threshold): the best threshold of all, infinity if saying nothing is."""
        total = self.null(profile, among)
        best, last = (total, math.inf), math.inf
        for at, number, change in self.steps[profile]:
            if among is not None and number not in among:
                continue
            if at != last and total > best[0]:
                best = (total, last)
            last = at
            total += change
        return (total, last) if total > best[0] else best

    def at(self, threshold):
        """By profile: the score at this threshold."""
        return {p: self.scaled(p, self.raw(p, threshold)) for p in PROFILES}

    def optimised(self):
        return {p: self.scaled(p, self.optimum(p)[0]) for p in PROFILES}

    def folds(self, count=20):
        """By profile: the mean over random halvings of the files, each half scored at the threshold
        that is best on the other."""
        sums = dict.fromkeys(PROFILES, 0.0)
        for seed in range(count):
            numbers = list(range(len(self.files)))
            random.Random(seed).shuffle(numbers)
            halves = [set(numbers[0::2]), set(numbers[1::2])]
            for profile in PROFILES:
                raw = sum(self.raw(profile, self.optimum(profile, other)[1], half)
                          for half, other in (halves, halves[::-1]))
                sums[profile] += self.scaled(profile, raw)
        return {profile: total / count for profile, total in sums.items()}

    def hits(self, threshold):
        pairs = [file.hits(scores, threshold) for file, scores in zip(self.files, self.scores)]
        return sum(p[0] for p in pairs), sum(p[1] for p in pairs)


def windows_of(path):
    """By file name: its windows as pairs of times, both ends inside."""
    with open(path, encoding="utf-8") as file:
        return {name: [(time_of(begin), time_of(end)) for begin, end in windows]
                for name, windows in json.load(file).items()}
