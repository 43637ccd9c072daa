#!/usr/bin/env python3
"""Ten thousand alerts, half of them told at once and half waiting in groups, through kills: none lost, none told twice."""
import http.client
import json
import os
import random
import threading
import time
import unittest

import server

ALERTS, BATCH, KILLS = 10_000, 250, 3
CONFIG = """
routes:
  - {match: [alertname=Waits], receivers: hub, group_by: [instance], group_wait: 2s}
  - {receivers: hub}
receivers:
  - {name: hub, kind: webhook, url: "%s/hub", parallel: 8}
supervisor: {resolve_timeout: 10m, storm: {openings: 0}}
"""


def at(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def batch(begin, ends):
    return [{"labels": {"alertname": "Waits" if n % 2 else "Now", "instance": f"i{n}"},
             "annotations": {"summary": f"i{n} is down"}, "startsAt": at(-60), "endsAt": at(ends)}
            for n in range(begin, begin + BATCH)]


class AlertKillTest(unittest.TestCase):
    def setUp(self):
        self.hook = server.Hook()
        self.addCleanup(self.hook.close)
        self.tocsin = server.Tocsin({"a.yaml": CONFIG % self.hook.url})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def told(self, status):
        """By instance: the keys of the deliveries that told of it."""
        out = {}
        for request in self.hook.at("/hub"):
            body = json.loads(request["body"])
            key = request["headers"]["x-tocsin-delivery"]
            for one in body["alerts"]:
                if one["status"] == status and body["status"] == status:
                    out.setdefault(one["labels"]["instance"], set()).add(key)
        return out

    def send(self, ends, kill_at):
        """All of them, each batch again until it is answered 200, as a sender does; killed on the way."""
        for begin in range(0, ALERTS, BATCH):
            killer = None
            if begin in kill_at:
                killer = threading.Timer(kill_at[begin], self.tocsin.kill)
                killer.start()
            while True:
                try:
                    answer = self.tocsin.post("/api/v2/alerts", batch(begin, ends))
                except (OSError, http.client.HTTPException):
                    killer.join()
                    self.tocsin.start()
                    killer = None
                    continue
                self.assertEqual(answer.status, 200, answer)
                break
            if killer:
                killer.join()
                self.tocsin.start()

    def kills(self, chance):
        return {begin: chance.uniform(0.0, 0.2)
                for begin in chance.sample(range(0, ALERTS, BATCH), KILLS)}

    def check(self, status):
        def done():
            return len(self.told(status)) == ALERTS
        server.until(f"every alert told as {status}", done, 120, 0.5)
        # What was on its way at a kill comes again under the same key: a receiver knows it by that.
        twice = {name: keys for name, keys in self.told(status).items() if len(keys) > 1}
        self.assertEqual(list(twice.items())[:3], [], f"{len(twice)} were told twice")

    def test_ten_thousand_alerts(self):
        seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        print(f"SEED={seed}", flush=True)
        chance = random.Random(seed)
        self.send(3600, self.kills(chance))
        self.tocsin.kill()  # most of them wait, to be told or in their group
        self.tocsin.start()
        self.check("firing")
        self.assertEqual(len(self.tocsin.json("/api/v2/alerts")), ALERTS)
        self.send(-1, self.kills(chance))
        self.tocsin.kill()
        self.tocsin.start()
        self.check("resolved")
        self.assertEqual(self.tocsin.json("/api/v2/alerts"), [])
        again = sum(1 for _ in self.hook.at("/hub")) - len(
            {r["headers"]["x-tocsin-delivery"] for r in self.hook.at("/hub")})
        print(f"{self.tocsin.starts - 1} kills; {again} deliveries came again under their key")
        # Those in flight at a kill, and those whose answers were about to be committed.
        self.assertLessEqual(again, 100 * self.tocsin.starts)


if __name__ == "__main__":
    server.main()
