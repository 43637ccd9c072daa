"""Limits of series, from outside: what is refused and what goes on, the alert that names what grew,
a reload, a kill, and the page's figures."""
import json
import time
import unittest

import server

LIMITS = """
limits:
  series: %d
  per: [{label: service, series: %d}]
receivers:
  - {name: hook, kind: webhook, url: "%s/hook"}
"""


def lines(service, ids, value=1):
    return "\n".join(f"requests,service={service},request_id=r{i} value={value}" for i in ids)


class Case(unittest.TestCase):
    def setUp(self):
        self.hook = server.Hook()
        self.addCleanup(self.hook.close)
        self.tocsin = server.Tocsin({"all.yaml": self.limits(1000, 20)})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def limits(self, series, per):
        return LIMITS % (series, per, self.hook.url)

    def reload(self, series, per):
        self.tocsin.configure({"all.yaml": self.limits(series, per)})
        answer = self.tocsin.post("/api/config/reload")
        self.assertEqual(answer.status, 200, answer)

    def refused(self, answer, *words):
        self.assertEqual(answer.status, 400, answer)
        for word in words:
            self.assertIn(word, answer.json()["error"])

    def limit(self, label):
        return next(one for one in self.tocsin.json("/api/cardinality")["limits"]
                    if one["label"] == label)

    def alert(self, rule):
        return next((a for a in self.tocsin.alerts("open") if a["rule"] == rule), None)


class LimitTest(Case):
    def test_new_series_are_refused_and_known_ones_go_on(self):
        self.assertEqual(self.tocsin.write(lines("checkout", range(20))).status, 204)
        answer = self.tocsin.write(lines("checkout", range(30), 2) + "\n"
                                   + lines("payments", range(3)))
        self.refused(answer, "partial write: cannot add a series for "
                     "'requests,service=checkout,request_id=r20 value=2'",
                     'the limit of 20 series for service="checkout" is reached',
                     "9 more lines refused", "23 lines kept", "dropped=10")
        self.assertEqual(len(self.tocsin.points("requests")), 23)
        self.assertEqual(self.tocsin.metric("tocsin_series_refused_total"), 10)
        # The field of a known line that is new goes alone.
        answer = self.tocsin.write("requests,service=checkout,request_id=r1 value=3,new=1")
        self.refused(answer, "1 line kept (1 in part) dropped=1")
        values = self.tocsin.points("requests{request_id=\"r1\",service=\"checkout\"}")
        self.assertEqual([v for points in values.values() for _, v in points][-1], 3.0)

    def test_a_reload_changes_the_limits(self):
        self.tocsin.write(lines("checkout", range(25)))
        self.assertEqual(self.limit("service")["most"], 20)
        self.reload(1000, 22)
        self.refused(self.tocsin.write(lines("checkout", range(25))), "limit of 22 series",
                     "22 lines kept dropped=3")
        self.reload(10, 500)
        self.refused(self.tocsin.write(lines("other", range(1))),
                     "the limit of 10 series is reached (limits.series)")
        self.assertEqual(self.tocsin.write(lines("checkout", range(22), 2)).status, 204)
        self.tocsin.configure({"all.yaml": self.limits(0, 5)})
        answer = self.tocsin.post("/api/config/reload")
        self.assertEqual(answer.status, 400)
        self.assertIn("0 is not from 1", answer.text)

    def test_the_count_is_right_after_a_kill(self):
        self.assertEqual(self.tocsin.write(lines("checkout", range(15))).status, 204)
        before = self.tocsin.json("/api/cardinality")
        self.tocsin.kill()
        self.tocsin.start()
        after = self.tocsin.json("/api/cardinality")
        self.assertEqual((after["series"], after["last_day"]), (before["series"], 15))
        self.assertEqual(after["senders"][0]["name"], before["senders"][0]["name"])
        self.refused(self.tocsin.write(lines("checkout", range(25))), "20 lines kept dropped=5")
        self.assertEqual(self.tocsin.stop(), 0)
        self.tocsin.start()
        again = self.tocsin.json("/api/cardinality")
        self.assertEqual(again["last_day"], again["series"])
        label = next(one for one in again["labels"] if one["name"] == "request_id")
        self.assertEqual(label["values"], 20)
        self.assertEqual(label["growth"]["last_day"], 20)

    def test_many_new_series_at_once(self):
        self.reload(150_000, 100_000)
        sent = 0
        begun = time.monotonic()
        for first in range(0, 120_000, 20_000):
            answer = self.tocsin.write(lines(f"s{first % 40_000}", range(first, first + 20_000)))
            self.assertEqual(answer.status, 204, answer)
            sent += 20_000
        print(f"{sent / (time.monotonic() - begun):.0f} new series/s, HTTP and fsync included")
        # Beside them: what Tocsin says of a limit that is nearly reached, never refused itself.
        known = self.tocsin.json("/api/cardinality")["series"]
        self.assertIn(known - sent, (0, 1))
        self.refused(self.tocsin.write(lines("t", range(40_000))),
                     "the limit of 150000 series is reached (limits.series)")
        self.assertIn(self.tocsin.json("/api/cardinality")["series"] - 150_000, (0, 1, 2))


class AlertTest(Case):
    def test_it_names_the_service_and_the_label_that_grew(self):
        self.tocsin.write(lines("payments", range(5)))
        self.tocsin.write(lines("checkout", range(40)))
        alert = server.until("the alert", lambda: self.alert("tocsin-series-refused"))
        self.assertEqual(alert["severity"], "high")
        self.assertEqual(alert["scope"], {"of": "service=checkout", "label": "service",
                                          "value": "checkout", "grew": "request_id"})
        self.assertIn("label request_id of service=checkout", alert["title"])
        server.until("the webhook", lambda: [
            r for r in self.hook.at("/hook")
            if json.loads(r["body"])["alerts"][0]["labels"].get("grew") == "request_id"])
        told = self.tocsin.json("/api/cardinality")["troubles"][0]
        self.assertEqual((told["label"], told["value"], told["grew"], told["refused_series"]),
                         ("service", "checkout", "request_id", 20))
        # The board is the business'.
        self.assertEqual(self.tocsin.json("/api/now")["kpi_names"], [])
        # A start with a higher limit: what was told ends, in its time.
        self.tocsin.configure({"all.yaml": self.limits(1000, 2000)})
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.tocsin.write(lines("checkout", range(40))).status, 204)
        self.assertIsNotNone(self.alert("tocsin-series-refused"), "it outlives a kill")

    def test_it_is_told_before_the_limit_is_reached(self):
        self.tocsin.write(lines("checkout", range(17)))
        alert = server.until("the alert", lambda: self.alert("tocsin-series-near-limit"))
        self.assertEqual((alert["severity"], alert["scope"]["grew"]), ("low", "request_id"))
        self.assertIsNone(self.alert("tocsin-series-refused"))


if __name__ == "__main__":
    server.main()
