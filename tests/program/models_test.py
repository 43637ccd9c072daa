#!/usr/bin/env python3
"""Models and people: "accept the new normal?" answered; changed models learn before they begin."""
import math
import unittest

import server

LIMIT = """
workers:
  - id: limits
    tier: kpi
    select: ['heat']
    opens: 1 of 1
    models: [{kind: threshold, above: 100}]
rules:
  - id: too-hot
    severity: high
    resolve_after: 1s
    when: {violation: heat, direction: above}
"""
LEVEL = """
workers:
  - id: load
    tier: kpi
    select: ['load']
    models: [{kind: level}]
    score: %d
"""


class AnswerTest(unittest.TestCase):
    def setUp(self):
        self.tocsin = server.Tocsin({"all.yaml": LIMIT})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def rows(self):
        return {row["series"]["text"]: row
                for row in self.tocsin.json("/api/violations")["violations"]}

    def heat(self, *hosts):
        for host in hosts:
            answer = self.tocsin.write(f"heat,host={host} value=300 {server.now_ms()}")
            self.assertEqual(answer.status, 204)
        server.until("the violations", lambda: len(self.rows()) >= len(hosts))

    def answer(self, row, how):
        return self.tocsin.post(f"/api/violations/{row['id']}/{how}", {"by": "ada"})

    def test_accepted_and_kept_also_after_kill_9(self):
        self.heat("a", "b", "c")
        rows = self.rows()
        first, second, third = (rows[f'heat{{host="{host}"}}'] for host in "abc")
        self.assertEqual((first["asks"], first["answer"]), (False, None))
        self.assertEqual(self.answer(first, "accept").status, 204)
        self.assertEqual(self.answer(second, "keep").status, 204)
        self.tocsin.kill()
        self.tocsin.start()
        after = self.rows()
        self.assertNotIn(first["series"]["text"],
                         [s for s, row in after.items() if row["state"] != "ended"])
        self.assertEqual(after[second["series"]["text"]]["answer"], "kept")
        self.assertEqual(after[second["series"]["text"]]["id"], second["id"])
        self.assertEqual(after[third["series"]["text"]]["answer"], None)
        self.assertEqual(self.answer(first, "accept").status, 404, "it is over")

    def test_an_accepted_violation_ends_its_alert(self):
        self.heat("a")
        server.until("the alert", lambda: self.tocsin.alerts("open"))
        row = next(iter(self.rows().values()))
        self.assertEqual(self.answer(row, "accept").status, 204)
        server.until("it ends", lambda: self.rows()[row["series"]["text"]]["answer"] == "accepted")
        server.until("the alert is over", lambda: not self.tocsin.alerts("open"))

    def test_what_cannot_be_answered(self):
        self.heat("a")
        row = next(iter(self.rows().values()))
        path = f"/api/violations/{row['id']}/"
        for how, body, status in (("accept", "{}", 400), ("accept", "[]", 400),
                                  ("keep", "", 400), ("forget", '{"by":"ada"}', 404)):
            headers = {"Content-Type": "application/json"}
            self.assertEqual(self.tocsin.post(path + how, body, headers).status, status, how)
        for name in ("x", "0" * 32):
            self.assertEqual(self.answer({"id": name}, "accept").status, 404)
        self.assertEqual(self.rows()[row["series"]["text"]]["state"], "open")


class RebuildTest(unittest.TestCase):
    """A worker that changes is guarded from the frame on that brings its new definition."""

    def setUp(self):
        self.tocsin = server.Tocsin({"all.yaml": LEVEL % 4})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()
        now = server.now_ms()
        lines = [f"load,host=h{host} value={100 + 5 * math.sin(i * 1.7 + host)} "
                 f"{now - (600 - i) * 10_000}" for i in range(600) for host in range(3)]
        self.assertEqual(self.tocsin.write(lines).status, 204)
        server.until("it is guarded", lambda: self.worker()["guarded"] == 3)

    def worker(self):
        return self.tocsin.json("/api/workers/load")

    def config(self):
        return self.tocsin.json("/api/status")["config"]

    def reload(self, score):
        self.tocsin.configure({"all.yaml": LEVEL % score})
        answer = self.tocsin.post("/api/config/reload")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def wait_for_another(self, version):
        server.until("the new configuration", lambda: self.config()["rebuilding"] is None
                     and self.config()["version"] != version)

    def test_changed_models_know_their_history(self):
        version = self.config()["version"]
        self.assertEqual(self.reload(5)["rebuilding"], ["load"])
        self.wait_for_another(version)
        worker = server.until("the worker", lambda: self.worker() if self.worker()["guarded"]
                              else None)
        self.assertEqual((worker["guarded"], worker["learning"]), (3, 0), "with no new point")
        # What they know is used: a jump is seen at once.
        for _ in range(2):
            self.tocsin.write(f"load,host=h1 value=900 {server.now_ms()}")
        row = server.until("the violation", lambda: [
            row for row in self.tocsin.json("/api/violations")["violations"]])[0]
        self.assertAlmostEqual(row["expected"], 100, delta=5)

    def test_also_after_kill_9(self):
        version = self.config()["version"]
        self.reload(6)
        self.wait_for_another(version)
        self.tocsin.kill()
        self.tocsin.start()
        server.until("what was learned is there", lambda: self.worker()["guarded"] == 3)
        self.assertEqual(self.worker()["learning"], 0)

    def test_nothing_is_rebuilt_when_no_model_changes(self):
        version = self.config()["version"]
        (self.tocsin.config / "more.yaml").write_text(
            "rules:\n  - {id: r, severity: low, when: {violation: load}}\n")
        answer = self.reload(4)
        self.assertEqual(answer["rebuilding"], [])
        self.assertNotEqual(answer["version"], version)
        server.until("it knows what it knew", lambda: self.worker()["guarded"] == 3)
        self.assertEqual(self.worker()["learning"], 0)

    def test_a_newer_reload_takes_the_place_of_one_that_waits(self):
        version = self.config()["version"]
        self.reload(5)
        self.reload(7)
        self.wait_for_another(version)
        last = self.reload(7)["version"]
        server.until("the last one", lambda: self.config()["version"] == last)
        self.assertIsNone(self.config()["rebuilding"])


if __name__ == "__main__":
    server.main()
