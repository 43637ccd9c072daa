#!/usr/bin/env python3
"""What was answered with 204 survives kill -9 at any moment, and is there exactly once."""
import http.client
import os
import random
import threading
import time
import unittest

import server

ROUNDS, WRITERS, PER_WRITE = 6, 4, 5


class Writer(threading.Thread):
    """Sends its own series, a higher value each time; knows what was acknowledged."""

    def __init__(self, number, port, begin):
        super().__init__(daemon=True)
        self.series, self.port, self.next = f"kill,writer=w{number}", port, begin
        self.acknowledged, self.end, self.other = [], threading.Event(), []

    def run(self):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.end.is_set():
            values = range(self.next, self.next + PER_WRITE)
            self.next += PER_WRITE
            # The time is the value, so that a point that came twice or changed is seen.
            body = "\n".join(f"{self.series} value={v} {BASE + v}" for v in values)
            try:
                link.request("POST", "/write?precision=ms", body)
                answer = link.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 204:
                self.acknowledged += values
                self.end.wait(0.002)
            else:
                self.other.append(answer.status)


BASE = server.now_ms() - 600_000


class KillTest(unittest.TestCase):
    def check_round(self, tocsin, acknowledged, sent):
        found = tocsin.points("kill", BASE - 1, BASE + 10_000_000)
        for number in range(WRITERS):
            points = found.get(f'kill{{writer="w{number}"}}', [])
            values = [int(value) for _, value in points]
            self.assertEqual(sorted(set(values)), sorted(values), "a point is there twice")
            self.assertEqual([BASE + v for v in values], [t for t, _ in points])
            missing = sorted(set(acknowledged[number]) - set(values))
            self.assertEqual(missing[:10], [], f"w{number}: {len(missing)} acknowledged are lost")
            self.assertLessEqual(set(values), set(range(sent[number])), "points nobody sent")

    def test_acknowledged_points_survive(self):
        seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        print(f"SEED={seed}", flush=True)
        chance = random.Random(seed)
        tocsin = server.Tocsin()
        self.addCleanup(tocsin.close)
        acknowledged, sent = [[] for _ in range(WRITERS)], [0] * WRITERS
        for number in range(ROUNDS):
            tocsin.start()
            self.check_round(tocsin, acknowledged, sent)
            writers = [Writer(i, tocsin.port, sent[i]) for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            after = chance.uniform(0.05, 1.2)
            time.sleep(after)
            tocsin.kill()
            for i, writer in enumerate(writers):
                writer.end.set()
                writer.join(15)
                self.assertFalse(writer.is_alive())
                self.assertEqual(writer.other, [], "refused although there was room")
                acknowledged[i] += writer.acknowledged
                sent[i] = writer.next
            count = sum(len(w.acknowledged) for w in writers)
            print(f"round {number + 1}: killed after {after:.2f} s, {count} points acknowledged",
                  flush=True)
        tocsin.start()
        self.check_round(tocsin, acknowledged, sent)
        self.assertGreater(min(len(a) for a in acknowledged), 0, "nothing was sent")
        self.assertEqual(tocsin.stop(), 0)
        tocsin.start()
        self.check_round(tocsin, acknowledged, sent)
        print(f"{sum(map(len, acknowledged))} acknowledged points, each there once")


if __name__ == "__main__":
    server.main()
