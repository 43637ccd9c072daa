#!/usr/bin/env python3
"""What was learned and what is open survives a stop and a kill; a restart alone is no news."""
import json
import random
import threading
import unittest
import urllib.parse

import server

CONFIG = """
workers:
  - id: flow
    tier: kpi
    select: ['flow']
    models: [{kind: level}]
  - id: limits
    tier: kpi
    select: ['heat']
    opens: 1 of 1
    models: [{kind: threshold, above: 100}]
  - id: beats
    tier: kpi
    select: ['beat']
    models: [{kind: silence}]
rules:
  - id: too-hot
    severity: critical
    resolve_after: 2s
    when: {violation: heat}
  - id: flow-broken
    severity: high
    resolve_after: 1s
    when: {violation: flow, direction: below}
receivers:
  - {name: hub, kind: webhook, url: "%s/hub"}
routes:
  - receivers: [hub]
"""


class RestartCase(unittest.TestCase):
    def setUp(self):
        self.hook = server.Hook()
        self.addCleanup(self.hook.close)
        self.tocsin = server.Tocsin({"all.yaml": CONFIG % self.hook.url})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def again(self, how):
        print(f"{how} and start again", flush=True)
        if how == "SIGTERM":
            self.assertEqual(self.tocsin.stop(), 0)
        else:
            self.tocsin.kill()
        self.tocsin.start()

    def send(self, name, value, time=None):
        answer = self.tocsin.write(f"{name},site=rome value={value} {time or server.now_ms()}")
        self.assertEqual(answer.status, 204)

    def states(self, name):
        found = self.tocsin.json("/api/series?match=" + urllib.parse.quote(name))["series"]
        return {test["worker"]: test["state"] for entry in found for test in entry["tests"]}

    def opened(self):
        rows = self.tocsin.json("/api/violations?limit=200")["violations"]
        return [row for row in rows if row["what"] == "opened"]

    def told(self):
        """As a receiver counts: killed between sending and writing it down, a message comes again
        under the same X-Tocsin-Delivery, and is dropped by it."""
        once = {r["headers"]["x-tocsin-delivery"]: r for r in self.hook.at("/hub")}
        return [(json.loads(r["body"])["alerts"][0]["labels"]["rule"],
                 r["headers"]["x-tocsin-event"]) for r in once.values()]

    def one_alert(self, rule, state):
        def look():
            found = [a for a in self.tocsin.alerts() if a["rule"] == rule]
            self.assertLessEqual(len(found), 1)
            return found[0] if found and found[0]["state"] == state else None
        return server.until(f"{rule}: {state}", look)


class ModelsTest(RestartCase):
    def learn(self, points):
        chance, now = random.Random(5), server.now_ms()
        lines = [f"flow,site=rome value={100 + chance.gauss(0, 1):.3f} {now - (points - i) * 1000}"
                 for i in range(points)]
        self.assertEqual(self.tocsin.write(lines).status, 204)

    def test_a_learned_level_survives(self):
        self.learn(300)
        self.assertEqual(self.states("flow"), {"flow": "guarded"})
        for how in ("SIGTERM", "SIGKILL", "SIGKILL", "SIGTERM"):
            self.again(how)
            self.assertEqual(self.opened(), [], "a violation by the restart itself")
            self.send("flow", 100.2)
            self.assertEqual(self.states("flow"), {"flow": "guarded"})
        self.assertEqual(self.tocsin.alerts(), [])
        # It knows what is normal without having been told anew.
        for _ in range(3):
            self.send("flow", 40)
        alert = self.one_alert("flow-broken", "open")
        violation = self.tocsin.json(f"/api/alerts/{alert['id']}")["opened"]["violations"][0]
        self.assertAlmostEqual(violation["expected"], 100, delta=3)

    def test_another_number_of_shards(self):
        self.learn(300)
        self.send("heat", 140)
        alert = self.one_alert("too-hot", "open")
        for shards, how in (("1", "SIGTERM"), ("3", "SIGKILL"), ("2", "SIGTERM")):
            self.tocsin.options = ["--shards", shards]
            self.again(how)
            self.send("flow", 100.2)
            self.assertEqual(self.states("flow"), {"flow": "guarded"}, f"{shards} shards")
            self.assertEqual(self.one_alert("too-hot", "open")["id"], alert["id"])
            self.assertEqual(len(self.tocsin.points("flow")['flow{site="rome"}']),
                             300 + self.tocsin.starts - 1)
        self.send("heat", 20)
        self.one_alert("too-hot", "resolved")
        server.until("told twice in all", lambda: len(self.told()) == 2)

    def test_learning_goes_on_where_it_was(self):
        self.learn(25)
        self.assertEqual(self.states("flow"), {"flow": "learning"})
        self.again("SIGKILL")
        self.assertEqual(self.states("flow"), {"flow": "learning"})
        now = server.now_ms()
        for i in range(6):  # 30 points are enough
            self.send("flow", 100, now + i)
        self.assertEqual(self.states("flow"), {"flow": "guarded"})

    def test_a_pause_of_our_own_is_no_silence(self):
        stop = threading.Event()

        def beat():
            while not stop.wait(0.25):
                try:
                    self.tocsin.write(f"beat,site=rome value=1 {server.now_ms()}")
                except OSError:
                    pass
        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            server.until("the cadence is learned",
                         lambda: self.states("beat").get("beats") == "guarded")
            for how in ("SIGTERM", "SIGKILL"):
                if how == "SIGTERM":
                    self.assertEqual(self.tocsin.stop(), 0)
                else:
                    self.tocsin.kill()
                stop.wait(3)  # longer than the silence that counts
                self.tocsin.start()
                stop.wait(1.5)
                self.assertEqual(self.opened(), [], f"a violation by the restart after {how}")
        finally:
            stop.set()
            thread.join(20)
        # And it still watches: a series that stops now is silent.
        server.until("the silence", lambda: [r for r in self.opened()
                                             if r["direction"] == "silent"])


class AlertsTest(RestartCase):
    def test_an_open_alert_survives(self):
        self.send("heat", 140)
        alert = self.one_alert("too-hot", "open")
        server.until("the webhook", lambda: self.told() == [("too-hot", "opened")])
        for how in ("SIGTERM", "SIGKILL", "SIGTERM", "SIGKILL"):
            self.again(how)
            self.assertEqual(self.one_alert("too-hot", "open")["id"], alert["id"])
            self.send("heat", 150)
        self.assertEqual(self.one_alert("too-hot", "open")["id"], alert["id"])
        self.assertEqual(self.told(), [("too-hot", "opened")])
        self.send("heat", 20)
        self.one_alert("too-hot", "resolved")
        server.until("the end", lambda: len(self.told()) == 2)
        self.assertEqual(self.told()[1], ("too-hot", "resolved"))
        self.again("SIGKILL")
        self.one_alert("too-hot", "resolved")
        self.assertEqual(len(self.told()), 2)

    def test_acknowledged_stays_acknowledged(self):
        self.send("heat", 140)
        alert = self.one_alert("too-hot", "open")
        done = self.tocsin.post(f"/api/alerts/{alert['id']}/acknowledge", {"by": "ada"})
        self.assertEqual(done.status, 200)
        self.again("SIGKILL")
        self.assertEqual(self.one_alert("too-hot", "open")["acknowledged_by"], "ada")

    def test_it_resolves_though_killed_while_it_waited(self):
        for how in ("SIGKILL", "SIGTERM"):
            self.send("heat", 140)
            server.until("open", lambda: self.tocsin.alerts("open"))
            self.send("heat", 20)
            self.again(how)
            server.until(f"resolved after {how}, without another point",
                         lambda: not self.tocsin.alerts("open"))
        server.until("told", lambda: len(self.told()) == 4)
        self.assertEqual(self.told(), [("too-hot", "opened"), ("too-hot", "resolved")] * 2)


if __name__ == "__main__":
    server.main()
