#!/usr/bin/env python3
"""The scorers of bench/detection on cases worked out by hand."""
import math
import pathlib
import random
import sys
import unittest
from datetime import datetime, timedelta

import server

sys.path.insert(0, str(pathlib.Path(server.ROOT) / "bench" / "detection"))
import data  # noqa: E402
import detectors  # noqa: E402
import kpi  # noqa: E402
import nab  # noqa: E402

BEGIN = datetime(2024, 1, 1)
DAY = 86_400


def nab_file(rows=100, windows=((40, 49),)):
    times = [BEGIN + timedelta(minutes=5 * row) for row in range(rows)]
    return nab.File("a.csv", times, [(times[first], times[last]) for first, last in windows])


def scores_with(alarms, rows=100):
    scores = [0.0] * rows
    for row, score in alarms.items():
        scores[row] = score
    return scores


class Nab(unittest.TestCase):
    def test_what_a_detection_is_worth(self):
        # One window of ten rows, 40 to 49; probation ends before row 15.
        file = nab_file()
        self.assertEqual(file.probation, 15)
        for row, worth in ((15, -1.0), (39, -1.0),
                           (40, 1.0),           # the first row of the window
                           (45, 0.859793),      # (2/(1+e^-2.5)-1) / (2/(1+e^-5)-1)
                           (49, 0.248242),      # (2/(1+e^-0.5)-1) / (2/(1+e^-5)-1)
                           (50, -0.270847),     # 2/(1+e^(5/9))-1
                           (58, -0.986614),     # 2/(1+e^5)-1
                           (77, -1.0)):         # more than three widths behind
            self.assertAlmostEqual(file.worth[row], worth, 6, f"row {row}")

    def test_scores_by_profile(self):
        cases = (
            ("nothing", {}, (0, 0, 0)),
            ("the first row of the window", {40: 9}, (100, 100, 100)),
            ("its last row", {49: 9}, (62.4121, 62.4121, 74.9414)),
            ("in probation", {14: 9}, (0, 0, 0)),
            ("both: the earliest counts", {40: 9, 49: 9}, (100, 100, 100)),
            ("before the window", {20: 9}, (-5.5, -11, -3.66667)),
            ("just behind it", {50: 9}, (-1.48966, -2.97932, -0.993106)),
            ("found, and a false alarm far behind", {40: 9, 90: 9}, (94.5, 89, 96.3333)),
        )
        for name, alarms, wanted in cases:
            got = nab.Corpus([nab_file()], [scores_with(alarms)]).at(9)
            for profile, figure in zip(nab.PROFILES, wanted):
                self.assertAlmostEqual(got[profile], figure, 4, f"{name}, {profile}")

    def test_the_best_threshold(self):
        # 8 takes a false alarm along, 7 the window as well.
        corpus = nab.Corpus([nab_file()], [scores_with({20: 8, 41: 7, 60: 6})])
        self.assertEqual(corpus.optimum("standard")[1], 7)
        self.assertEqual(corpus.hits(7), (1, 1))
        silent = nab.Corpus([nab_file()], [scores_with({20: 8})])
        self.assertEqual(silent.optimum("standard"), (-1.0, math.inf))

    def test_sweeping_is_the_same_as_asking(self):
        chance = random.Random(4)
        files = [nab_file(200, ((60, 79), (120, 125))), nab_file(100, ())]
        scores = [[float(chance.randrange(12)) for _ in range(file.rows)] for file in files]
        corpus = nab.Corpus(files, scores)
        for profile, (tp, fp, fn) in nab.PROFILES.items():
            for threshold in range(13):
                plain = 0.0
                for file, of_file in zip(files, scores):
                    alarms = [r for r in range(file.probation, file.rows) if of_file[r] >= threshold]
                    plain += sum(fp * file.worth[r] for r in alarms if file.window[r] is None)
                    for number in range(len(file.windows)):
                        inside = [tp * file.worth[r] for r in alarms if file.window[r] == number]
                        plain += max(inside, default=-fn)
                self.assertAlmostEqual(corpus.raw(profile, threshold), plain, 9)

    def test_folds_take_the_threshold_from_the_other_half(self):
        # Two equal files: what is best on one is best on the other.
        corpus = nab.Corpus([nab_file(), nab_file()], [scores_with({40: 9, 20: 3})] * 2)
        self.assertEqual(corpus.folds(3)["standard"], 100)


def kpi_series(slots, labels, alarms, step=60, learning_days=0):
    rows = [(step * slot, int(slot in labels), alarms.get(slot, 0.0)) for slot in range(slots)]
    return kpi.Series(rows, learning_days)


class Kpi(unittest.TestCase):
    def test_events_alerts_and_delays(self):
        # Runs 10-12 and 14-15 are one event (one slot between), 30-31 and 33 too, 50-51 another.
        labels = {10, 11, 12, 14, 15, 30, 31, 33, 50, 51}
        alarms = {12: 5, 40: 5, 45: 5, 51: 5, 70: 5, 81: 5}
        series = kpi_series(100, labels, alarms)
        self.assertEqual(series.events, [(10, 16), (30, 34), (50, 52)])
        self.assertEqual(series.found(5), [2, 1])
        # 40, 45 and 51 are one alert, true by its last slot; 70 and 81 are eleven apart: two.
        self.assertEqual(kpi.at_fixed([series], 5)["per_week"] * series.weeks, 2)

    def test_the_grid_fills_gaps_and_learning_is_left_out(self):
        rows = [(0, 1, 9.0), (60, 0, 9.0), (8 * DAY, 1, 9.0), (8 * DAY + 60, 0, 9.0)]
        series = kpi.Series(rows, 7)
        self.assertEqual((series.step, series.first), (60, 7 * DAY // 60))
        self.assertEqual(len(series.events), 1)
        cut = kpi.Series([(60 * n, int(7 * 1440 - 5 <= n < 7 * 1440 + 5), 0.0)
                          for n in range(8 * 1440)], 7)
        self.assertEqual(cut.events, [], "it began while learning")

    def test_the_budget(self):
        # Twenty false alarms of scores 1 to 20 and an event at score 4, over two weeks.
        alarms = {100 * n: float(n) for n in range(1, 21)}
        series = kpi_series(20160, {5000}, {**alarms, 5000: 4.0})
        got = kpi.at_budgets([series], (0.5, 1, 5, 8.5))
        self.assertEqual([got[b]["threshold"] for b in (0.5, 1, 5, 8.5)], [20, 19, 11, 4])
        self.assertEqual([got[b]["found"] for b in (0.5, 1, 5, 8.5)], [0, 0, 0, 1])
        self.assertAlmostEqual(got[5]["per_week"], 5)

    def test_adding_slots_in_any_order_counts_the_same_alerts(self):
        chance = random.Random(9)
        for _ in range(200):
            labels = {chance.randrange(300) for _ in range(chance.randrange(20))}
            slots = [chance.randrange(300) for _ in range(chance.randrange(60))]
            series = kpi_series(300, labels, {})
            alerts = kpi.Alerts(series)
            for slot in dict.fromkeys(slots):
                alerts.add(slot)
            groups = []
            for slot in sorted(set(slots)):
                if groups and slot - groups[-1][-1] <= kpi.ALERT_GAP:
                    groups[-1].append(slot)
                else:
                    groups.append([slot])
            false = sum(not any(series.in_event[slot] for slot in group) for group in groups)
            self.assertEqual(alerts.false, false)


class Data(unittest.TestCase):
    def test_averages(self):
        rows = [(0, 1.0, 0), (60, 3.0, 1), (240, 5.0, 0), (300, 7.0, 0), (900, 1.0, 1)]
        self.assertEqual(data.averaged(rows, 300, 0.3), [(0, 3.0, 1), (300, 7.0, 0), (900, 1.0, 1)])
        self.assertEqual(data.averaged(rows, 300, 0.4)[0], (0, 3.0, 0))

    def test_openings(self):
        self.assertEqual(detectors.Run([], [[0, 1, 1, 0, 1], [1, 0, 0, 0, 0]]).openings(),
                         [[0, 1, 0, 0, 1], [1, 0, 0, 0, 0]])


if __name__ == "__main__":
    server.main()
