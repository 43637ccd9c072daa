#!/usr/bin/env python3
"""The Worker Manager from outside: what a change would do is shown, is what publishing does."""
import math
import random
import unittest
import urllib.parse

import server

WORKERS = """\
workers:
  # Payments follow the day.
  - id: pay
    tier: kpi
    select: ['pay']
    models:
      - {kind: level}        # coarse
      - {kind: profile, season: day, weights: [2, 1]}
"""
MINUTE = 60_000
DAYS = 9
SERIES = 'pay{site="rome"}'


class ManagerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tocsin = server.Tocsin(config={"workers.yaml": WORKERS})
        cls.addClassCleanup(cls.tocsin.close)
        cls.tocsin.start()
        noise = random.Random(4)
        cls.now = server.now_ms() // (5 * MINUTE) * 5 * MINUTE
        count = DAYS * 288
        lines = []
        for i in range(count):
            time = cls.now - (count - 1 - i) * 5 * MINUTE
            day = (time % server.DAY_MS) / server.DAY_MS
            value = 100 + 40 * math.sin(2 * math.pi * day) + noise.gauss(0, 1)
            lines.append(f"pay,site=rome value={value:.3f} {time}")
        for at in range(0, count, 1000):
            answer = cls.tocsin.write(lines[at:at + 1000])
            assert answer.status == 204, answer

    def preview(self, **changes):
        return self.tocsin.post("/api/v1/workers/pay/preview", {
            "series": [SERIES], "from": self.now - server.DAY_MS, "to": self.now, "weeks": 1,
            "width": 400, **changes})

    def width_of(self, band):
        rows = [row for row in band["band"] if row[1] is not None]
        self.assertGreater(len(rows), 100)
        return sum(row[3] - row[2] for row in rows) / len(rows)

    def test_the_definition_is_what_the_file_says(self):
        worker = self.tocsin.json("/api/v1/workers/pay")
        self.assertEqual(worker["place"], "workers.yaml:3")
        self.assertIsNone(worker["why_not"])
        self.assertEqual([(m["kind"], m["weight"], m["periods"], m["curves"])
                          for m in worker["models"]],
                         [("level", 1, [], ["level"]),
                          ("profile", 1, [2, 1], ["profile -1", "profile -2"])])
        built_in = self.tocsin.json("/api/v1/workers/tocsin-series-refused")
        self.assertIn("built in", built_in["why_not"])
        self.assertEqual(self.tocsin.get("/api/v1/workers/none").status, 404)

    def test_a_preview_changes_nothing_and_keeps_the_comments(self):
        answer = self.preview(weights={"0": 0, "1.2": 3}, score=6)
        self.assertEqual(answer.status, 200, answer)
        found = answer.json()
        self.assertEqual(found["file"], "workers.yaml")
        self.assertEqual(found["text"], WORKERS
                         .replace("- id: pay\n", "- id: pay\n    score: 6\n")
                         .replace("{kind: level}  ", "{kind: level, weight: 0}  ")
                         .replace("[2, 1]", "[2, 3]"))
        self.assertIn("+    score: 6\n", found["diff"])
        self.assertEqual((self.tocsin.config / "workers.yaml").read_text(), WORKERS)
        self.assertEqual([m["weight"] for m in self.tocsin.json("/api/v1/workers/pay")["models"]],
                         [1, 1])
        self.assertEqual(len(found["weeks"]), 1)
        self.assertEqual(found["series"][0]["before"], found["weeks"][0]["before"])

    def test_a_preview_draws_what_it_would_be(self):
        # Without the level, which knows no season, the band is narrower; a higher score widens it.
        alone = self.preview(weights={"0": 0}).json()
        self.assertLess(self.width_of(alone["after"]), self.width_of(alone["before"]))
        wider = self.preview(weights={"0": 0}, score=8).json()
        self.assertGreater(self.width_of(wider["after"]), 1.5 * self.width_of(alone["after"]))
        self.assertEqual(wider["before"], alone["before"])

    def test_the_band_of_a_preview_without_a_change_is_that_of_the_chart(self):
        found = self.preview().json()
        self.assertIsNone(found["file"])
        self.assertEqual(found["before"], found["after"])
        chart = self.tocsin.json("/api/series/band?" + urllib.parse.urlencode({
            "series": SERIES, "worker": "pay", "from": self.now - server.DAY_MS, "to": self.now,
            "width": 400}))
        self.assertEqual(chart["points"], found["before"]["points"])
        self.assertEqual(len(chart["models"]), len(found["before"]["models"]))

    def test_what_cannot_be_is_refused_with_the_reason(self):
        for changes, words in (({"strategy": "loudest"}, "loudest"), ({"score": 13}, "score"),
                               ({"weights": {"7": 1}}, 'has no "7"'),
                               ({"models": ["{kind: mood}"]}, "mood")):
            answer = self.preview(**changes)
            self.assertEqual(answer.status, 400, (changes, answer))
            self.assertIn(words, answer.json()["error"])
        self.assertEqual(self.tocsin.post("/api/v1/workers/none/preview", {
            "series": [SERIES], "from": 1, "to": 2}).status, 404)

    def test_quality_tells_a_season_from_noise(self):
        found = self.tocsin.json("/api/v1/workers/pay/quality?" + urllib.parse.urlencode({
            "series": SERIES, "from": self.now - 4 * server.DAY_MS, "to": self.now}))
        self.assertEqual(found["cadence_s"], 300)
        parts = {part["name"]: part for part in found["parts"]}
        self.assertEqual(list(parts), ["band", "level", "profile -1", "profile -2"])
        self.assertFalse(parts["level"]["white"], parts["level"]["words"])
        self.assertGreater(parts["level"]["autocorrelation"][0], 0.5)
        self.assertLess(abs(parts["profile -1"]["autocorrelation"][0]), 0.5)
        for part in parts.values():
            self.assertEqual(sum(bar[2] for bar in part["histogram"]), part["points"])
            self.assertAlmostEqual(sum(bar[3] for bar in part["histogram"]), 1, places=6)

    def test_proposals_are_ranked_with_the_reason(self):
        found = self.tocsin.json("/api/v1/workers/pay/proposals?" + urllib.parse.urlencode(
            {"series": SERIES}))
        learned = [one for one in found["proposals"] if one["learned"]]
        self.assertIn("profile of the day", learned[0]["name"], found)
        self.assertEqual([one["rank"] for one in learned],
                         sorted((one["rank"] for one in learned), reverse=True))
        self.assertEqual(sum(one["current"] for one in found["proposals"]), 1)
        week = next(o for o in found["proposals"] if o["name"] == "profile of the week")
        self.assertFalse(week["learned"])
        self.assertIn("learning", week["why"])
        # What is proposed can be tried, and written into the file.
        tried = self.preview(models=learned[0]["models"] or ["{kind: level}"])
        self.assertEqual(tried.status, 200, tried)
        self.assertIn("season: day", tried.json()["text"])
        self.assertIn("# Payments follow the day.", tried.json()["text"])


class PublishTest(unittest.TestCase):
    def test_a_preview_is_published_as_it_is(self):
        tocsin = server.Tocsin(config={"workers.yaml": WORKERS})
        self.addCleanup(tocsin.close)
        tocsin.start()
        now = server.now_ms()
        self.assertEqual(tocsin.write([f"pay,site=rome value=1 {now}"]).status, 204)
        found = tocsin.post("/api/v1/workers/pay/preview", {
            "series": [SERIES], "from": now - server.DAY_MS, "to": now, "opens": "3 of 5"}).json()
        done = tocsin.post("/api/v1/config/publish", {
            "files": {found["file"]: found["text"]}, "author": "ana", "reason": "calmer",
            "base_hash": found["base_hash"]})
        self.assertEqual(done.status, 200, done)
        server.until("the new setting",
                     lambda: tocsin.json("/api/v1/workers/pay")["opens"] == "3 of 5")
        newest = tocsin.json("/api/v1/config/history")["versions"][0]
        self.assertEqual((newest["author"], newest["changes"][0]["lines_added"]), ("ana", 1))
        # A second publication of the same preview is too late.
        again = tocsin.post("/api/v1/config/publish", {
            "files": {found["file"]: found["text"] + "\n"}, "author": "bo", "reason": "late",
            "base_hash": found["base_hash"]})
        self.assertEqual(again.status, 409)
        self.assertEqual(again.json()["files"], ["workers.yaml"])

    def test_the_built_in_worker_gets_a_file(self):
        tocsin = server.Tocsin(config={})
        self.addCleanup(tocsin.close)
        tocsin.start()
        now = server.now_ms()
        self.assertEqual(tocsin.write([f"x value=1 {now}"]).status, 204)
        found = tocsin.post("/api/v1/workers/default/preview", {
            "series": ["x"], "from": now - 1000, "to": now, "score": 5}).json()
        self.assertEqual(found["file"], "workers-default.yaml")
        self.assertIn("score: 5", found["text"])


if __name__ == "__main__":
    server.main()
