#!/usr/bin/env python3
"""Step by step until somebody acknowledges: fail-over, restart in the middle, what happens next."""
import json
import unittest

import server

WORKERS = """
workers:
  - id: limits
    tier: kpi
    select: ['heat']
    opens: 1 of 1
    models: [{kind: threshold, above: 100}]
"""
RULES = """
rules:
  - id: too-hot
    severity: critical
    resolve_after: 1s
    when: {violation: heat, direction: above}
"""


def escalation(hook):
    names = "\n".join(f'  - {{name: {name}, kind: webhook, url: "{hook.url}/{name}"}}'
                      for name in ("first", "second", "third", "last"))
    return f"""
receivers:
{names}
policies:
  - name: p
    steps:
      - tell: receiver first
      - {{after: 1h, tell: receiver second}}
      - {{after: 2s, tell: receiver third}}
    repeat: 0
    repeat_after: 1h
    else: receiver last
routes:
  - receivers: inbox
    policy: p
"""


class Escalates(unittest.TestCase):
    def setUp(self):
        self.hook = server.Hook()
        self.addCleanup(self.hook.close)
        # The first is refused for good: its step has an hour, the next one is told at once.
        self.hook.answer = lambda request: (400 if request["path"] == "/first" else 200, b"")
        self.tocsin = server.Tocsin({"workers.yaml": WORKERS, "rules.yaml": RULES,
                                     "people.yaml": escalation(self.hook)})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def paths(self):
        with self.hook.lock:
            return [(one["path"], json.loads(one["body"])["status"]) for one in self.hook.requests]

    def open_alert(self):
        self.assertEqual(204, self.tocsin.write(f"heat,site=here value=200 {server.now_ms()}").status)
        return server.until("an alert", lambda: self.tocsin.alerts("open"))[0]["id"]

    def view(self, alert):
        return self.tocsin.json(f"/api/alerts/{alert}/escalation")

    def test_fails_over_survives_a_kill_and_stops_when_acknowledged(self):
        alert = self.open_alert()
        server.until("the second", lambda: ("/second", "firing") in self.paths())
        history = self.tocsin.json(f"/api/alerts/{alert}")["history"]
        said = [entry["text"] for entry in history if entry["what"] == "not sent"]
        self.assertEqual(1, len(said))
        self.assertIn("could not be sent to first: ", said[0])
        self.assertIn("; second is told instead", said[0])
        self.assertEqual("third", self.view(alert)["next"][0]["receiver"])
        self.tocsin.kill()
        self.tocsin.start()
        server.until("the third", lambda: ("/third", "firing") in self.paths())
        view = self.view(alert)
        self.assertEqual(("p", "running", 3), (view["policy"], view["state"], view["steps_done"]))
        self.assertEqual(["last"], [one["receiver"] for one in view["next"]])
        self.assertEqual(300_000, view["ack_target_ms"], "a critical alert's five minutes")
        self.assertIn("last is told", self.tocsin.alerts("open")[0]["next"]["what"])
        done = self.tocsin.post(f"/api/alerts/{alert}/acknowledge", {"by": "ada"})
        self.assertEqual(200, done.status)
        view = self.view(alert)
        self.assertEqual(("answered", []), (view["state"], view["next"]))
        self.assertEqual(["/first", "/second", "/third"], [path for path, _ in self.paths()])
        self.assertEqual(1, self.tocsin.metric("tocsin_acknowledgements_total", 'in_time="yes"'))
        trends = self.tocsin.json("/api/trends")
        self.assertEqual((1, 1), (trends["alerts"], trends["acknowledged"]))
        self.assertEqual("ada", trends["people"][0]["name"])

    def test_what_people_ask_for_and_what_is_refused(self):
        alert = self.open_alert()
        server.until("the second", lambda: ("/second", "firing") in self.paths())
        self.tocsin.post(f"/api/alerts/{alert}/acknowledge", {"by": "ada"})
        called = self.tocsin.post(f"/api/alerts/{alert}/call", {"by": "ada", "who": "receiver last"})
        self.assertEqual(200, called.status, called)
        server.until("the last", lambda: ("/last", "firing") in self.paths())
        for path, body, status in (
                ("call", {"by": "ada", "who": "everybody"}, 400),
                ("call", {"by": "ada", "who": "team db"}, 409),
                ("assign", {"by": "ada", "person": "zoe"}, 409),
                ("assign", {"by": "ada"}, 400)):
            answer = self.tocsin.post(f"/api/alerts/{alert}/{path}", body)
            self.assertEqual(status, answer.status, (path, body, answer))
        self.assertEqual(404, self.tocsin.post(f"/api/alerts/{'0' * 32}/escalate",
                                               {"by": "ada"}).status)
        taken = self.tocsin.post(f"/api/alerts/{alert}/assign", {"by": "eve", "person": "eve"})
        self.assertEqual("eve", taken.json()["assigned_to"])
        self.assertEqual("eve", self.tocsin.alerts("open")[0]["acknowledged_by"])

    def test_a_preview_says_who_would_be_told(self):
        answer = self.tocsin.post("/api/escalation/preview",
                                  {"labels": {"rule": "too-hot"}, "severity": "critical"}).json()
        self.assertEqual(("p", ["inbox"]), (answer["policy"], answer["receivers"]))
        self.assertEqual(["first", "second", "third", "last"],
                         [one["receiver"] for one in answer["next"]])
        self.assertEqual(400, self.tocsin.post("/api/escalation/preview",
                                               {"severity": "urgent"}).status)
        self.assertEqual(400, self.tocsin.get("/api/trends?by=colour").status)


if __name__ == "__main__":
    server.main()
