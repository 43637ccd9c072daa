#!/usr/bin/env python3
"""What the live run found, found again: as received, beside the running server, and as history."""
import json
import threading
import time
import unittest

import server

CONFIG = """
server: {shards: 2}
workers:
  - {id: flow, tier: kpi, select: ['flow'], models: [{kind: level}]}
  - {id: limits, tier: kpi, select: ['heat'], opens: 1 of 1, models: [{kind: threshold, above: 100}]}
  - {id: beats, tier: kpi, select: ['beat'], models: [{kind: silence}]}
  - {id: sums, tier: kpi, select: ['load'], opens: 1 of 1, models: [{kind: threshold, above: 100}],
     aggregate: {op: sum, by: [site], every: 1s}, lateness: 2s}
supervisor: {flapping: {changes: 100}}  # the story opens and ends again and again
rules:
  - {id: too-hot, severity: critical, resolve_after: 2s, when: {violation: heat}}
  - {id: flow-broken, severity: high, resolve_after: 1s, when: {violation: flow}}
  - {id: no-beat, severity: high, resolve_after: 1s, when: {violation: beat, direction: silent}}
  - id: hot-alone
    severity: low
    resolve_after: 1s
    when: {all: [{violation: heat}, {not: {violation: flow}}]}
    settle: 1s
  - {id: nobody, severity: high, resolve_after: 1s, when: {violation: tocsin_sender}}
  - {id: overload, severity: high, resolve_after: 1s, when: {violation: 'load:sum'}}
"""
RULES = {"too-hot", "flow-broken", "no-beat", "hot-alone", "overload"}  # of the story


class Beats(threading.Thread):
    """Sends steadily what is usual, as telegraf would; `quiet` names what it leaves out."""

    def __init__(self, tocsin):
        super().__init__(daemon=True)
        self.tocsin, self.end, self.quiet, self.number = tocsin, threading.Event(), set(), 0
        self.surge = False  # a series of load besides, for longer than a slot: a new one is late
                            # where all that are known are done with the slot

    def lines(self):
        self.number += 1
        now = server.now_ms()
        usual = {"flow": 100 + self.number % 3, "beat": 1}
        lines = [f"{name},site=rome value={value} {now}"
                 for name, value in usual.items() if name not in self.quiet]
        lines += [f"load,site=rome value={500 + self.number % 3} {now}"] * self.surge
        return lines + [f"load,site=rome,host=h{i} value={10 + i} {now}" for i in range(3)]

    def run(self):
        while not self.end.wait(0.2):
            try:
                self.tocsin.write(self.lines())
            except OSError:
                pass  # it is down just now


class ReplayCase(unittest.TestCase):
    def setUp(self):
        self.tocsin = server.Tocsin({"all.yaml": CONFIG})
        self.addCleanup(self.tocsin.close)
        self.begin = server.now_ms()
        self.tocsin.start()
        self.seen = {}  # violations that the live run told of, by id, as they were last

    def send(self, name, value):
        answer = self.tocsin.write(f"{name},site=rome value={value} {server.now_ms()}")
        self.assertEqual(answer.status, 204)

    def alert(self, rule, state):
        """Waits for it, by the newest of that rule."""
        def look():
            found = [a for a in self.tocsin.alerts() if a["rule"] == rule]
            return found and max(found, key=lambda a: a["opened_at"])["state"] == state
        server.until(f"{rule} {state}", look)

    def look(self):
        for row in self.tocsin.json("/api/violations?limit=500")["violations"]:
            self.seen[row["id"]] = row

    def replay(self, *options, config=None):
        done = server.run("replay", "--config", config or self.tocsin.config, "--data",
                          self.tocsin.data, "--json", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout), done.stderr

    def state(self):
        rows = self.tocsin.json("/api/violations?limit=500")["violations"]
        return json.dumps([[a["id"], a["state"], a["updated_at"]]
                           for a in self.tocsin.alerts()] + rows)

    def replay_at_rest(self):
        """A replay during which the live run found nothing new."""
        for _ in range(10):
            before = self.state()
            found = self.replay("--as-received", "--from", str(self.begin / 1000))
            self.look()
            if self.state() == before:
                return found
        self.fail("it goes on and on")

    def files(self):
        return {str(p.relative_to(self.tocsin.data)): (p.stat().st_size, p.stat().st_mtime_ns)
                for p in sorted(self.tocsin.data.rglob("*")) if p.is_file()}

    def check_same(self, found):
        """The replay's alerts and violations are those of the live run, to the last bit."""
        live = {a["id"]: a for a in self.tocsin.alerts()}
        again = {a["id"]: a for a in found["alerts"]}
        self.assertEqual(sorted(again), sorted(live))
        for key, alert in again.items():
            expected = live[key]
            self.assertEqual(
                [alert[k] for k in ("rule", "severity", "state", "opened_at", "resolve_reason")],
                [expected[k] for k in ("rule", "severity", "state", "opened_at", "resolve_reason")])
            self.assertEqual(alert["resolved_at"], expected["resolved_at"] or 0)
            detail = self.tocsin.json(f"/api/alerts/{key}")
            self.assertEqual(sorted(alert["violations"]), sorted(judged_ids(detail)))
        violations = {v["id"]: v for v in found["opened"]}
        self.assertEqual(sorted(violations), sorted(self.seen))
        for key, violation in violations.items():
            row = dict(self.seen[key], last_score=self.seen[key]["score"],
                       series=self.seen[key]["series"]["text"])
            for field in ("series", "worker", "direction", "state", "value", "expected", "lower",
                          "upper", "last_score", "distance", "points_outside"):
                self.assertEqual(violation[field], row[field], f"{field} of {violation}")


def judged_ids(detail):
    """The ids of the violations as judged last."""
    return [v["id"] for v in detail["latest"]["violations"]]


class AsReceivedTest(ReplayCase):
    def story(self):
        beats = Beats(self.tocsin)
        beats.start()
        try:
            server.until("all are guarded", lambda: beats.number > 40)
            self.send("heat", 140)
            self.alert("too-hot", "open")
            self.alert("hot-alone", "open")  # by a timer: after it settled
            beats.quiet.add("beat")
            beats.quiet.add("flow")
            beats.surge = True
            for i in range(3):
                self.send("flow", 900 + i)
            self.alert("no-beat", "open")  # by a timer: a silence
            self.alert("flow-broken", "open")
            self.look()
            beats.surge = False
            self.tocsin.kill()  # with alerts open, and a silence that goes on
            self.tocsin.start()
            self.send("heat", 20)
            self.alert("too-hot", "resolved")  # by a timer, after the restart
            beats.quiet.clear()
            self.alert("no-beat", "resolved")
            self.alert("overload", "resolved")
            self.send("heat", 150)
            self.alert("too-hot", "open")
        finally:
            beats.end.set()
            beats.join(20)
        # Now nothing arrives at all, and the clock alone opens and resolves.
        server.until("a silence found by the clock",
                     lambda: [a for a in self.tocsin.alerts("open")
                              if a["rule"] in ("no-beat", "nobody")])

    def settled(self):
        """Waits until nothing changes any more."""
        last, since = None, time.monotonic()
        deadline = since + 80
        while time.monotonic() < deadline:
            now = self.state()
            if now != last:
                last, since = now, time.monotonic()
            if time.monotonic() - since > 3:
                return
            time.sleep(0.1)
        self.fail("it goes on and on")

    def test_it_finds_what_the_live_run_found(self):
        self.story()
        self.settled()
        self.assertLessEqual(RULES, {a["rule"] for a in self.tocsin.alerts()})
        found, said = self.replay_at_rest()
        self.check_same(found)
        self.assertNotIn("missing", said)
        self.assertNotIn("another configuration", said)
        # And once more when the server is gone; nothing is written into its folder.
        self.assertEqual(self.tocsin.stop(), 0)
        untouched = self.files()
        again, _ = self.replay("--as-received", "--from", str(self.begin / 1000))
        self.assertEqual([a["id"] for a in again["alerts"]], [a["id"] for a in found["alerts"]])
        self.replay("--from", str(self.begin / 1000))
        self.assertEqual(self.files(), untouched)
        self.check_from_a_checkpoint(found)

    def check_from_a_checkpoint(self, whole):
        """From the checkpoint of a stop on, with an alert open: what came later is the same."""
        self.tocsin.start()
        begin = server.now_ms()
        self.send("heat", 20)
        self.alert("too-hot", "resolved")
        self.send("heat", 170)
        self.alert("too-hot", "open")
        self.send("heat", 20)
        self.alert("too-hot", "resolved")
        self.settled()
        live = {a["id"]: a for a in self.tocsin.alerts() if a["opened_at"] >= begin}
        self.assertTrue(live)
        found, _ = self.replay("--as-received", "--from", str(begin / 1000))
        self.assertLess(found["points"], whole["points"], "it did not begin at the checkpoint")
        self.assertEqual({a["id"]: (a["opened_at"], a["resolved_at"]) for a in found["alerts"]},
                         {k: (a["opened_at"], a["resolved_at"]) for k, a in live.items()})

    def test_another_configuration(self):
        beats = Beats(self.tocsin)
        beats.start()
        server.until("points", lambda: beats.number > 40)
        self.assertEqual(self.tocsin.stop(), 0)  # a checkpoint
        self.tocsin.start()
        begin = server.now_ms()
        self.send("heat", 90)
        server.until("more points", lambda: beats.number > 60)
        beats.end.set()
        beats.join(20)
        other = self.tocsin.home / "other"
        other.mkdir()
        (other / "all.yaml").write_text(CONFIG.replace("above: 100}]}", "above: 80}]}")
                                        .replace("id: flow,", "id: flows,"))
        found, said = self.replay("--as-received", "--from", str(begin / 1000), config=other)
        self.assertIn("another configuration", said)
        self.assertIn("too-hot", [a["rule"] for a in found["alerts"]])
        same, _ = self.replay("--as-received", "--from", str(begin / 1000))
        self.assertNotIn("too-hot", [a["rule"] for a in same["alerts"]])


class AsHistoryTest(ReplayCase):
    def test_beside_the_server_and_while_points_come(self):
        begin = server.now_ms() - 3_600_000
        lines = [f"heat,site=rome value={150 if 300 <= i < 320 else 50} {begin + i * 1000}"
                 for i in range(3000)]
        self.assertEqual(self.tocsin.write(lines).status, 204)
        beats = Beats(self.tocsin)
        beats.start()
        try:
            server.until("points", lambda: beats.number > 5)
            for _ in range(3):
                sent = beats.number
                found, _ = self.replay("--from", str(begin / 1000))
                self.assertEqual(found["alerts"][0]["rule"], "too-hot")
                self.assertEqual(found["alerts"][0]["opened_at"], begin + 300_000)
                self.assertEqual(found["alerts"][0]["resolved_at"], begin + 322_000)
                # What was answered before it opened is there: 5 series of each round.
                self.assertGreaterEqual(found["points"], 3000 + 5 * (sent - 1))
        finally:
            beats.end.set()
            beats.join(20)

    def test_it_says_from_when_on_it_can(self):
        self.send("heat", 50)
        self.assertEqual(self.tocsin.stop(), 0)  # a checkpoint, and a new segment from here on
        self.tocsin.start()
        self.send("heat", 60)
        self.assertEqual(self.tocsin.stop(), 0)
        # As if the first had been released and had grown too old.
        min((self.tocsin.data / "points/journal").iterdir()).unlink()
        done = server.run("replay", "--config", self.tocsin.config, "--data", self.tocsin.data,
                          "--as-received", "--from", "2020-01-01T00:00:00Z")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the earliest begin is 20", done.stderr)
        found, _ = self.replay("--as-received")
        self.assertEqual(found["alerts"], [])


if __name__ == "__main__":
    server.main()
