#!/usr/bin/env python3
"""Likely causes and told changes, from outside: an alert opens, what moved before it ranks first."""
import unittest
import urllib.parse

import server

WORKERS = """
workers:
  - id: sales
    tier: kpi
    select: ['orders']
    opens: 1 of 1
    models: [{kind: threshold, below: 50}]
"""
RULES = """
rules:
  - id: orders-fall
    severity: critical
    when: {violation: orders, direction: below}
"""
MINUTE = 60_000
POINTS, MOVED = 40, 5  # a point a minute; the last ones are out
SERVICES = 30


class CausesCase(unittest.TestCase):
    def setUp(self):
        self.tocsin = server.Tocsin({"workers.yaml": WORKERS, "rules.yaml": RULES})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()
        self.now = server.now_ms()

    def write(self, lines):
        answer = self.tocsin.write("\n".join(lines))
        self.assertEqual(answer.status, 204, answer)

    def fleet(self, stops=False):
        """Latency and CPU of 30 services; the cart's go up in the last five minutes, or end."""
        lines = []
        for k in range(POINTS):
            time = self.now - (POINTS - k) * MINUTE
            for i in range(SERVICES):
                out = i == 7 and k >= POINTS - MOVED
                if out and stops:
                    continue
                name = "cart" if i == 7 else f"s{i}"
                wave = (k * 7 + i) % 11 / 10
                lines.append(f"request_latency,service={name},site=madrid value="
                             f"{8 + wave if out else 0.2 + wave / 100} {time}")
                lines.append(f"cpu_usage,service={name},site=madrid value="
                             f"{95 if out else 10 + wave} {time}")
        self.write(lines)

    def post(self, change):
        return self.tocsin.post("/api/v1/changes", change)

    def get(self, path, **query):
        text = urllib.parse.urlencode(query)
        return self.tocsin.get(path + ("?" + text if text else ""))

    def open_alert(self):
        self.write([f"orders,site=madrid value=100 {server.now_ms()}"])
        self.write([f"orders,site=madrid value=10 {server.now_ms()}"])
        return server.until("the alert", lambda: self.get("/api/alerts").json()["alerts"])[0]

    def kept(self, alert):
        return self.get(f"/api/alerts/{alert['id']}/causes").json()["causes"]

    def test_an_alert_keeps_what_moved_through_a_kill(self):
        self.fleet()
        told = self.post({"kind": "deploy", "title": "cart 1.4", "at": self.now - 4 * MINUTE,
                          "labels": {"service": "cart"}, "by": "ci"})
        self.assertEqual(told.status, 200, told)
        alert = self.open_alert()
        causes = server.until("its causes", lambda: self.kept(alert))
        self.assertEqual(causes["groups"][0]["value"], "cart")
        series = [c for c in causes["causes"] if c["type"] == "series"]
        self.assertEqual({c["series"]["labels"]["service"] for c in series[:2]}, {"cart"})
        self.assertIn("site madrid", series[0]["why"])
        self.assertGreater(len(series[0]["points"]), 20)
        self.assertNotIn("orders", [c["series"]["name"] for c in series], "it is what suffers")
        changes = [c for c in causes["causes"] if c["type"] == "change"]
        self.assertEqual([c["change"]["title"] for c in changes], ["cart 1.4"])
        self.assertIn("service cart moved", changes[0]["why"])
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.kept(alert), causes)

    def test_a_span_is_ranked_and_the_same_each_time(self):
        self.fleet()
        span = {"from": self.now - MOVED * MINUTE, "to": self.now}
        answers = []
        for _ in range(2):
            answer = self.get("/api/causes", **span)
            self.assertEqual(answer.status, 200, answer)
            said = answer.json()
            self.assertFalse(said["partial"])
            self.assertEqual(said["groups"][0]["value"], "cart")
            self.assertEqual(said["causes"][0]["kind"] in ("latency", "resource"), True)
            answers.append([(c["series"]["text"], c["score"]) for c in said["causes"]])
        self.assertEqual(answers[0], answers[1])
        quiet = self.get("/api/causes", **{"from": self.now - 20 * MINUTE,
                                           "to": self.now - 10 * MINUTE}).json()
        self.assertEqual(quiet["moved"], 0)
        about = self.get("/api/causes", series='cpu_usage{service="cart",site="madrid"}', **span)
        self.assertNotIn('cpu_usage{service="cart",site="madrid"}',
                         [c["series"]["text"] for c in about.json()["causes"]])

    def test_a_service_that_stopped_is_a_cause(self):
        self.fleet(stops=True)
        alert = self.open_alert()
        causes = server.until("its causes", lambda: self.kept(alert))
        self.assertEqual(causes["groups"][0]["value"], "cart")
        first = causes["causes"][0]
        self.assertTrue(first["stopped"])
        self.assertEqual(first["series"]["labels"]["service"], "cart")
        self.assertIn("no points any more", first["why"])
        self.assertAlmostEqual(first["lead_ms"], MOVED * MINUTE, delta=2 * MINUTE)

    def test_wrong_questions(self):
        self.assertEqual(self.get("/api/causes", **{"from": 5, "to": 4}).status, 400)
        self.assertEqual(self.get("/api/causes", **{"from": 0, "to": self.now}).status, 400)
        self.assertEqual(self.get("/api/alerts/0/causes").status, 404)
        self.assertEqual(self.get("/api/alerts/" + "0" * 32 + "/causes").status, 404)
        span = {"from": self.now - MINUTE, "to": self.now}
        self.assertEqual(self.get("/api/alerts/" + "0" * 32 + "/causes", **span).status, 404)
        self.assertEqual(self.get("/api/causes", **span).json()["causes"], [])

    def test_changes_are_told_once_listed_replaced_and_removed(self):
        change = {"kind": "fixture", "title": "Cup final", "at": self.now, "id": "cup",
                  "until": self.now + 90 * MINUTE, "labels": {"site": "madrid"}}
        for _ in range(2):
            answer = self.post(change)
            self.assertEqual(answer.status, 200, answer)
        self.assertEqual(len(self.get("/api/v1/changes").json()["changes"]), 1)
        self.post({**change, "title": "Cup final, postponed", "labels": {}})
        listed = self.get("/api/v1/changes", **{"from": self.now + 80 * MINUTE}).json()["changes"]
        self.assertEqual([c["title"] for c in listed], ["Cup final, postponed"])
        self.assertEqual(listed[0]["labels"], {})
        self.assertEqual(listed[0]["link"], None)
        self.post({"kind": "deploy", "title": "Oslo", "labels": {"site": "oslo"}})
        matched = self.get("/api/v1/changes", match='{site="madrid"}').json()["changes"]
        self.assertEqual([c["id"] for c in matched], ["cup"])
        self.assertEqual(self.post({"kind": "rollout", "title": "x"}).status, 400)
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(len(self.get("/api/v1/changes").json()["changes"]), 2)
        remove = self.tocsin.call("DELETE", "/api/v1/changes/cup")
        self.assertEqual(remove.status, 204, remove)
        self.assertEqual(self.tocsin.call("DELETE", "/api/v1/changes/cup").status, 404)


if __name__ == "__main__":
    server.main()
