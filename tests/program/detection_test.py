#!/usr/bin/env python3
"""Models on a running server: count, ratio, forecast, change, and days of a class."""
import datetime
import math
import random
import unittest

import server

MINUTE_MS, DAY_MS = 60_000, 86_400_000

COUNTS = """
workers:
  - {id: orders, tier: kpi, select: orders, models: [{kind: count}]}
  - {id: fails, tier: kpi, select: fails, missing: zero,
     models: [{kind: ratio, of: tries, every: 1m, min_attempts: 20}]}
rules:
  - {id: no-orders, severity: high, when: {violation: orders, direction: below}}
  - {id: failing, severity: high, when: {violation: 'fails:ratio', direction: above}}
"""
FINDINGS = """
workers:
  - {id: disks, tier: kpi, select: disk, models: [{kind: forecast, limit: 95, within: 24h}]}
  - {id: moved, tier: kpi, select: load, models: [{kind: change, season: day}]}
"""
HOLIDAYS = """
calendars:
  - name: home
    days: [{date: %s, class: feast, name: Today}, {date: %s, class: feast}, {date: %s, class: feast}]
    files: [{file: bank.ics, class: bank}]
sites: {calendars: {rome: home}}
workers:
  - {id: pay, tier: kpi, select: pay, models: [{kind: profile, season: day, calendar: site}]}
"""
BANK = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Bank day\r\n"
        "DTSTART;VALUE=DATE:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def poisson(source, mean):
    """How many events of a Poisson process of that mean, by its exponential gaps."""
    at, count = source.expovariate(1), 0
    while at < mean:
        at, count = at + source.expovariate(1), count + 1
    return count


class Detection(unittest.TestCase):
    def begin(self, files):
        self.tocsin = server.Tocsin(files)
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()
        self.now = server.now_ms()

    def write(self, lines):
        self.assertEqual(self.tocsin.write(lines).status, 204)

    def violations(self):
        return self.tocsin.json("/api/violations")["violations"]

    def violation(self, name):
        return server.until(f"a violation of {name}", lambda: next(
            (row for row in self.violations() if row["series"]["name"] == name), None))


class CountTest(Detection):
    """Two days of a point a minute, the last half hour of which is another."""

    def setUp(self):
        self.begin({"all.yaml": COUNTS})

    def minutes(self, back, until):
        return range(self.now - back * MINUTE_MS, self.now - until * MINUTE_MS, MINUTE_MS)

    def test_orders_that_stop_are_an_alert(self):
        source = random.Random(1)
        self.write([f"orders,site=rome value={poisson(source, 6)} {t}"
                    for t in self.minutes(2 * 1440, 30)])
        self.assertEqual(self.violations(), [], "healthy so far")
        self.write([f"orders,site=rome value=0 {t}" for t in self.minutes(30, 20)])
        row = self.violation("orders")
        self.assertEqual((row["direction"], row["worker"]), ("below", "orders"))
        self.assertGreaterEqual(row["score"], 4)
        alert = server.until("the alert", lambda: self.tocsin.alerts("open"))[0]
        self.assertEqual(alert["rule"], "no-orders")

    def test_a_ratio_is_judged_by_how_many_attempts_it_is_of(self):
        source = random.Random(2)
        lines = []
        for t in self.minutes(1440, 30):
            # Of the small customer a failure is a third of a minute's attempts; of the large one 2 %.
            lines += [f"tries,customer=large value=500 {t}",
                      f"fails,customer=large value={poisson(source, 10)} {t}",
                      f"tries,customer=small value=3 {t}"]
            if source.random() < 0.06:
                lines.append(f"fails,customer=small value=1 {t}")
        self.write(lines)
        worse = []
        for t in self.minutes(30, 15):
            worse += [f"tries,customer=large value=500 {t}", f"fails,customer=large value=40 {t}",
                      f"tries,customer=small value=3 {t}"]
        self.write(worse)
        row = self.violation("fails:ratio")
        self.assertEqual(row["series"]["labels"]["customer"], "large")
        self.assertEqual(row["direction"], "above")
        self.assertAlmostEqual(row["expected"], 0.02, delta=0.004)
        self.assertEqual([r for r in self.violations()
                          if r["series"]["labels"].get("customer") == "small"], [])
        rules = {alert["rule"] for alert in server.until("the alert",
                                                         lambda: self.tocsin.alerts("open"))}
        self.assertEqual(rules, {"failing"})


class FindingTest(Detection):
    """What models that vote on their own found out is part of a violation."""

    def test_a_ramp_has_an_outlook_and_no_shift(self):
        self.begin({"all.yaml": FINDINGS})
        self.write([f"disk value={70 + i * 0.04:.4f} {self.now - (540 - i) * MINUTE_MS}"
                    for i in range(540)])
        row = self.violation("disk")
        self.assertIsNone(row["shift"])
        outlook = row["outlook"]
        self.assertEqual(outlook["limit"], 95)
        left_ms = (95 - row["value"]) / 0.04 * MINUTE_MS
        self.assertAlmostEqual(outlook["expected_ms"] / left_ms, 1, delta=0.2)
        self.assertLessEqual(outlook["earliest_ms"], outlook["expected_ms"])

    def test_a_level_that_moved_says_since_when(self):
        self.begin({"all.yaml": FINDINGS})
        source = random.Random(3)
        begin = self.now - 5 * DAY_MS
        moved = self.now - 3 * 3600_000
        self.write([f"load value={100 + source.gauss(0, 2) + (20 if t > moved else 0):.3f} {t}"
                    for t in range(begin, self.now, 2 * MINUTE_MS)])
        row = self.violation("load")
        self.assertIsNone(row["outlook"])
        self.assertAlmostEqual(row["shift"]["before"], 100, delta=2)
        self.assertAlmostEqual(row["shift"]["after"], 120, delta=4)
        self.assertLess(abs(row["shift"]["since"] - moved), 3600_000)


class HolidayTest(Detection):
    """Three weeks of history and today, which is a feast: at a third of ordinary days."""

    def setUp(self):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        days = [today - datetime.timedelta(days=back) for back in (0, 9, 16)]
        self.today = today
        self.feasts = {day.toordinal() for day in days}
        bank = today + datetime.timedelta(days=40)
        self.begin({"all.yaml": HOLIDAYS % tuple(days), "bank.ics": BANK % bank.strftime("%Y%m%d")})
        self.bank = bank

    def value(self, t, source):
        day = datetime.datetime.fromtimestamp(t / 1000, datetime.timezone.utc)
        height = 0.3 if day.date().toordinal() in self.feasts else 1
        wave = 1 + 0.3 * math.sin(2 * math.pi * (day.hour * 60 + day.minute) / 1440)
        return 100 * height * wave * (1 + 0.03 * source.gauss(0, 1))

    def worker(self):
        return self.tocsin.json("/api/workers/pay")

    def test_a_feast_is_judged_by_feasts(self):
        source = random.Random(4)
        times = range(self.now - 22 * DAY_MS, self.now + 1, 5 * MINUTE_MS)
        self.write([f"pay,site=rome value={self.value(t, source):.3f} {t}" for t in times])
        worker = server.until("it is guarded", lambda: self.worker()
                              if self.worker()["guarded"] == 1 else None)
        self.assertEqual(self.violations(), [], "an ordinary band would call the feast a fall")
        calendar = worker["calendars"][0]
        self.assertEqual((calendar["name"], calendar["today_class"], calendar["sites"]),
                         ("home", "feast", ["rome"]))
        self.assertEqual(calendar["classes"], ["business", "weekend", "bank", "feast"])
        told = {day["date"]: day for day in calendar["days"]}
        self.assertEqual(told[str(self.today)]["name"], "Today")
        self.assertEqual(told[str(self.bank)]["class"], "bank")
        self.assertEqual(told[str(self.bank)]["source"], "bank.ics")
        # The chart is drawn by the same days.
        band = self.tocsin.json("/api/series/band?series=pay%7Bsite%3D%22rome%22%7D&worker=pay"
                                f"&from={self.now - 3600_000}&to={self.now}&width=100")
        known = [point for point in band["band"] if point[1] is not None]
        self.assertLess(known[-1][1], 60)

    def test_a_file_that_is_none_is_told_with_its_place(self):
        self.tocsin.configure({"all.yaml": HOLIDAYS % (self.today, "2026-01-01", "2026-01-02"),
                               "bank.ics": "no calendar"})
        answer = self.tocsin.post("/api/config/reload")
        self.assertEqual(answer.status, 400)
        problem = answer.json()["problems"][0]
        self.assertTrue(problem["place"].startswith("all.yaml:5"), problem)
        self.assertIn("cannot use bank.ics", problem["message"])


if __name__ == "__main__":
    server.main()
