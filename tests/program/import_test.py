#!/usr/bin/env python3
"""History from CSV files, and what a configuration would have told over it."""
import json
import math
import random
import time
import unittest

import server

MINUTE, DAY = 60_000, server.DAY_MS
SITES = ("madrid", "rome", "lagos")
CONFIG = """
workers:
  - id: shop
    tier: kpi
    select: ['orders']
    models: [{kind: level}]
rules:
  - id: orders-missing
    severity: high
    when: {violation: orders, direction: below, longer_than: 5m}
receivers:
  - {name: shout, kind: webhook, url: "http://127.0.0.1:9/"}
routes:
  - receivers: [shout]
"""


def iso(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms / 1000))


class History:
    """Three days, a point a minute and site; rome has an outage of half an hour on the third."""

    def __init__(self):
        chance = random.Random(11)
        self.end = (server.now_ms() - DAY) // MINUTE * MINUTE
        self.begin = self.end - 3 * DAY
        self.outage = self.begin + int(2.5 * DAY) // MINUTE * MINUTE
        self.expected, self.rows = {site: {} for site in SITES}, []
        self.wrong, self.gaps = {}, 0
        for number, at in enumerate(range(self.begin, self.end, MINUTE)):
            for site in SITES:
                value = 200 + 3 * math.sin(number / 200) + chance.gauss(0, 4)
                if site == "rome" and self.outage <= at < self.outage + 30 * MINUTE:
                    value = 20 + chance.gauss(0, 2)
                self.add(number, at, site, round(value, 2))

    def add(self, number, at, site, value):
        line = len(self.rows) + 2  # the header is line 1
        if site == "lagos" and number % 500 == 7:
            self.rows.append(f"{iso(at)},{site},{('', 'NaN', 'null', 'NA')[number % 4]}")
            self.gaps += 1
        elif site == "madrid" and number in (100, 2000):
            self.rows.append(f"{iso(at)},{site},many")
            self.wrong[line] = "many"
        elif site == "madrid" and number == 3000:
            self.rows.append(f"yesterday,{site},{value}")
            self.wrong[line] = "yesterday"
        else:
            zone = ("", "Z", "+00:00")[number % 3]
            self.rows.append(f"{iso(at)}{zone},{site},{value}")
            self.expected[site][at] = value

    @property
    def count(self):
        return sum(map(len, self.expected.values()))


class ImportTest(unittest.TestCase):
    def setUp(self):
        self.history = History()
        self.tocsin = server.Tocsin({"all.yaml": CONFIG})
        self.addCleanup(self.tocsin.close)
        self.file = self.tocsin.home / "orders.csv"
        self.file.write_text("time,site,orders\n" + "\n".join(self.history.rows) + "\n")

    def imported(self):
        return server.run("import", self.file, "--url", f"http://127.0.0.1:{self.tocsin.port}",
                          "--label-column", "site", "--time", "time", "--value", "orders")

    def check_points(self):
        found = self.tocsin.points("orders", self.history.begin, self.history.end)
        self.assertEqual(set(found), {f'orders{{site="{site}"}}' for site in SITES})
        for site in SITES:
            points = found[f'orders{{site="{site}"}}']
            self.assertEqual(len(points), len({t for t, _ in points}), "a point is there twice")
            self.assertEqual(dict(points), self.history.expected[site])

    def replay(self, *more, config=None):
        return server.run("replay", "--config", config or self.tocsin.config, "--data",
                          self.tocsin.data, "--from", iso(self.history.begin + DAY) + "Z",
                          "--to", iso(self.history.end) + "Z", *more)

    def test_import_repeat_replay(self):
        self.tocsin.start()
        done = self.imported()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{self.history.count} points kept, {len(self.history.wrong)} rows left out",
                      done.stdout)
        for line, word in self.history.wrong.items():
            named = [said for said in done.stderr.splitlines() if f"line {line}:" in said]
            self.assertEqual(len(named), 1, done.stderr)
            self.assertIn(word, named[0])
        self.check_points()
        again = self.imported()
        self.assertEqual(again.returncode, 0, again.stderr)
        self.check_points()
        self.assertGreaterEqual(self.tocsin.metric("tocsin_points_imported_total"),
                                2 * self.history.count)
        self.assertEqual(self.tocsin.alerts(), [], "history opens nothing live")
        self.check_replay()  # beside the running server
        self.assertEqual(self.tocsin.stop(), 0)
        self.check_replay()
        self.tocsin.start()
        self.check_points()
        self.assertEqual(self.tocsin.alerts(), [], "a replay changes nothing")

    def check_replay(self):
        done = self.replay("--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        (alert,) = report["alerts"]
        self.assertEqual((alert["rule"], alert["severity"], alert["receivers"]),
                         ("orders-missing", "high", ["shout"]))
        self.assertIn("rome", alert["scope"])
        self.assertEqual(report["told"], 1)
        self.assertTrue(self.history.outage + 5 * MINUTE <= alert["opened_at"]
                        <= self.history.outage + 8 * MINUTE, alert)
        over = self.history.outage + 30 * MINUTE
        self.assertTrue(over <= alert["resolved_at"] <= over + 10 * MINUTE, alert)
        self.assertEqual(json.loads(self.replay("--json").stdout), report, "the same every time")
        self.assertEqual(json.loads(self.replay("--json", "--site", "madrid").stdout)["alerts"], [])
        text = self.replay()
        self.assertIn("would have told you 1 time", text.stdout)
        self.assertIn("orders-missing", text.stdout)
        print("replay:", text.stdout.splitlines()[0])

    def test_what_came_late_is_told_by_a_replay_in_event_time(self):
        """A drop that came too late to matter: not told live, but by a replay."""
        self.tocsin.start()
        begin = (server.now_ms() - 3_600_000) // 1000 * 1000
        def line(i, value):
            return f"orders,site=rome value={value} {begin + i * 10_000}"
        late = range(200, 260)  # ten minutes, sent after what follows them
        self.assertEqual(self.tocsin.write(
            [line(i, 200 + i % 5) for i in range(360) if i not in late]).status, 204)
        self.assertEqual(self.tocsin.write([line(i, 20) for i in late]).status, 204)
        self.assertEqual(self.tocsin.alerts(), [])
        self.assertEqual(self.tocsin.stop(), 0)
        span = ("--from", iso(begin) + "Z", "--to", iso(begin + 3_700_000) + "Z", "--json")
        done = server.run("replay", "--config", self.tocsin.config, "--data",
                          self.tocsin.data, *span)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([a["rule"] for a in json.loads(done.stdout)["alerts"]],
                         ["orders-missing"])

    def test_mistakes(self):
        self.tocsin.start()
        url = f"http://127.0.0.1:{self.tocsin.port}"
        missing = server.run("import", "/no/such.csv", "--url", url)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("/no/such.csv", missing.stderr)
        column = server.run("import", self.file, "--url", url, "--time", "tiem")
        self.assertEqual(column.returncode, 1)
        self.assertIn("tiem", column.stderr)
        nobody = server.run("import", self.file, "--url", "http://127.0.0.1:9",
                            "--label-column", "site")
        self.assertEqual(nobody.returncode, 1)
        self.assertIn("127.0.0.1:9", nobody.stderr)

    def test_a_server_without_room_is_waited_for(self):
        """The server says 503 for a second; the import does not give up at once."""
        hook = server.Hook()
        self.addCleanup(hook.close)
        first = []

        def answer(request):
            first.append(request["at"])
            return (503 if request["at"] - first[0] < 1 else 204), b""
        hook.answer = answer
        done = server.run("import", self.file, "--url", hook.url, "--label-column", "site")
        self.assertEqual(done.returncode, 0, f"after {len(hook.requests)} attempts: {done.stderr}")


if __name__ == "__main__":
    server.main()
