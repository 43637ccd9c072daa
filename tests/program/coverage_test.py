#!/usr/bin/env python3
"""Coverage from outside: what nobody watches is listed, and the YAML that is offered mends it."""
import unittest

import server

CONFIG = {"workers.yaml": """\
workers:
  - id: heat
    tier: kpi
    select: ['heat']
    models: [{kind: threshold, above: 10}]
  - id: nothing
    select: ['no_such_thing']
    models: [{kind: level}]
  - id: slow
    tier: kpi
    select: ['wind']
    models: [{kind: profile}]
""", "rules.yaml": """\
rules:
  - id: hot
    severity: high
    when: {violation: heat}
  - id: typo
    severity: low
    when: {any: [{violation: heat, worker: slow}, {violation: heet}]}
"""}


class CoverageTest(unittest.TestCase):
    def setUp(self):
        self.tocsin = server.Tocsin(config=CONFIG)
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()
        now = server.now_ms()
        lines = [f"{name},site=rome value={i} {now - 5000 + i * 1000}"
                 for i in range(4) for name in ("heat", "wind", "rain")]
        lines += [f"rain,site=madrid value=1 {now}"]
        self.assertEqual(self.tocsin.write(lines).status, 204)

    def coverage(self):
        return self.tocsin.json("/api/v1/coverage")

    def learned(self):
        """The workers' figures are gathered in slices: until they know of the series."""
        found = self.coverage()
        return found if {w["id"]: w["series"] for w in found["workers"]} == {
            "nothing": 0, "slow": 1} else None

    def publish(self, files):
        answer = self.tocsin.post("/api/v1/config/publish", {
            "files": files, "author": "ana", "reason": "coverage",
            "base_hash": self.tocsin.json("/api/v1/config")["hash"]})
        self.assertEqual(answer.status, 200, answer)

    def test_everything_that_nobody_watches(self):
        found = server.until("the workers' figures", self.learned)
        self.assertEqual([(s["name"], s["series"], s["tested_by"]) for s in found["series"]],
                         [("rain", 2, "default")])
        self.assertEqual(found["series_looked"], 4)
        leaves = {one["leaf"]: one for one in found["leaves"]}
        self.assertEqual({one["rule"] for one in leaves.values()}, {"typo"})
        self.assertEqual(len(leaves), 2)
        typo = next(one for one in leaves.values() if one["yaml"] == 'violation: "heat"\n')
        self.assertIn("no series heet", typo["why"])
        other = next(one for one in leaves.values() if one is not typo)
        self.assertIn('worker "slow" does not test these series; heat (tier kpi) does',
                      other["why"])
        nothing, slow = found["workers"]
        self.assertIn("no series that it selects", nothing["why"])
        self.assertIn("learning", slow["why"])
        self.assertIn("kind: level", slow["yaml"])
        self.assertEqual([(a["rule"], a["told"]) for a in found["alerts"]],
                         [("hot", ["inbox"])])  # "typo" is low: recorded, nobody is told

    def test_what_is_offered_mends_it(self):
        found = server.until("the workers' figures", self.learned)
        self.publish({"mend-series.yaml": found["series"][0]["yaml"],
                      "mend-alerts.yaml": found["alerts"][0]["yaml"]})
        # The new worker learns from history before it begins.
        server.until("the new worker", lambda: self.coverage()["series"] == [])
        self.assertEqual(self.coverage()["alerts"], [])

    def test_a_route_for_what_reaches_only_the_inbox(self):
        self.publish({"told.yaml": """\
receivers:
  - {name: pager, kind: webhook, url: "http://127.0.0.1:1/"}
  - {name: inbox, kind: inbox}
routes:
  - {match: [rule=typo], receivers: [pager]}
  - {receivers: [inbox]}
"""})
        alerts = self.coverage()["alerts"]
        self.assertEqual([(a["rule"], a["told"]) for a in alerts], [("hot", ["inbox"])])
        self.assertEqual(alerts[0]["yaml"],
                         'routes:\n  - match: ["rule=hot"]\n    receivers: ["pager"]\n')


if __name__ == "__main__":
    server.main()
