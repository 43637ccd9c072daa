#!/usr/bin/env python3
"""What was answered with 204 survives kill -9 at any moment, and is there exactly once."""
import contextlib
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
        with contextlib.closing(
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as link:
            self.send(link)

    def send(self, link):
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


class Flood(threading.Thread):
    """Big requests: old series go on, and new ones with long labels fill the journal."""
    SERIES, TIMES, NEW = 8, 20, 12

    def __init__(self, number, port, first, requests_max):
        super().__init__(daemon=True)
        self.number, self.port, self.next, self.left = number, port, first, requests_max
        self.acknowledged, self.other = [], []

    def body(self, request):
        lines = [f"flood,writer=w{self.number},n={n} value={v} {BASE + v}"
                 for v in range(request * self.TIMES, (request + 1) * self.TIMES)
                 for n in range(self.SERIES)]
        pad = "p" * 4000
        lines += [f"wide,request=w{self.number}r{request},n={n},pad={pad} value={n} {BASE}"
                  for n in range(self.NEW)]
        return "\n".join(lines)

    def run(self):
        with contextlib.closing(
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as link:
            self.send(link)

    def send(self, link):
        while self.left > 0:
            request, self.next, self.left = self.next, self.next + 1, self.left - 1
            try:
                link.request("POST", "/write?precision=ms", self.body(request))
                answer = link.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 204:
                self.acknowledged.append(request)
            else:
                self.other.append(answer.status)


class SealTest(unittest.TestCase):
    """The same while chunks are sealed, checkpoints made and segments of the journal freed."""
    WRITERS, ROUNDS, REQUESTS = 2, 5, 700

    def check(self, tocsin, acknowledged, sent, series=(0, 5)):
        for writer in range(self.WRITERS):
            must = {v for request in acknowledged[writer]
                    for v in range(request * Flood.TIMES, (request + 1) * Flood.TIMES)}
            for n in series if must else ():
                name = f'flood{{n="{n}",writer="w{writer}"}}'
                points = tocsin.points(name, BASE - 1, BASE + 10_000_000)[name]
                values = [int(value) for _, value in points]
                there = set(values)
                self.assertEqual(len(there), len(values), "a point is there twice")
                self.assertEqual([BASE + v for v in values], [t for t, _ in points])
                self.assertEqual(sorted(must - there)[:10], [], "acknowledged points are lost")
                self.assertLessEqual(there, set(range(sent[writer] * Flood.TIMES)))
            for request in acknowledged[writer][::40]:
                wide = f'wide{{request="w{writer}r{request}"}}'
                found = tocsin.points(wide, BASE - 1, BASE + 1)
                self.assertEqual(sorted(v for points in found.values() for _, v in points),
                                 list(range(Flood.NEW)))

    def test_acknowledged_points_survive(self):
        seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        print(f"SEED={seed}", flush=True)
        chance = random.Random(seed)
        tocsin = server.Tocsin({"server.yaml": "server: {journal_bytes: 67108864}\n"})
        self.addCleanup(tocsin.close)
        acknowledged, sent, written = [[] for _ in range(self.WRITERS)], [0] * self.WRITERS, 0
        for number in range(self.ROUNDS):
            tocsin.start()
            self.check(tocsin, acknowledged, sent)
            writers = [Flood(i, tocsin.port, sent[i], self.REQUESTS) for i in range(self.WRITERS)]
            for writer in writers:
                writer.start()
            soft = number == 1  # once it is asked to stop under load instead
            after = chance.uniform(0.6, 2.0)
            time.sleep(after)
            written += tocsin.metric("tocsin_journal_bytes_total")
            if soft:
                self.assertEqual(tocsin.stop(), 0)
            else:
                tocsin.kill()
            for i, writer in enumerate(writers):
                writer.join(30)
                self.assertFalse(writer.is_alive())
                self.assertLessEqual(set(writer.other), {503}, "refused")
                self.assertTrue(writer.acknowledged, "nothing at all was kept in this round")
                acknowledged[i] += writer.acknowledged
                sent[i] = writer.next
            print(f"round {number + 1}: {'SIGTERM' if soft else 'SIGKILL'} after {after:.2f} s, "
                  f"{sum(len(w.acknowledged) for w in writers)} requests acknowledged, "
                  f"{sum(len(w.other) for w in writers)} refused", flush=True)
        tocsin.start()
        self.check(tocsin, acknowledged, sent)
        self.assertEqual(tocsin.stop(), 0)
        tocsin.start()
        self.check(tocsin, acknowledged, sent, range(Flood.SERIES))
        print(f"{written / 1e6:.0f} MB went through a journal of 67 MB")


class StopTest(unittest.TestCase):
    def test_a_stop_under_load_is_clean(self):
        """SIGTERM while senders are at it: status 0, all answered or cut off, nothing lost."""
        tocsin = server.Tocsin()
        self.addCleanup(tocsin.close)
        first = [0, 0]
        for number in range(3):
            tocsin.start()
            floods = [Flood(i, tocsin.port, first[i], 200) for i in range(2)]
            for flood in floods:
                flood.start()
            floods[0].join(0.2 + 0.1 * number)
            status = tocsin.stop()
            for i, flood in enumerate(floods):
                flood.join(30)
                first[i] = flood.next
            self.assertEqual(status, 0, tocsin.log(3))
            tocsin.start()
            for i, flood in enumerate(floods):
                self.assertLessEqual(set(flood.other), {503})
                for request in flood.acknowledged[::10] + flood.acknowledged[-3:]:
                    wide = f'wide{{request="w{i}r{request}"}}'
                    found = tocsin.points(wide, BASE - 1, BASE + 1)
                    self.assertEqual(sorted(v for points in found.values() for _, v in points),
                                     list(range(Flood.NEW)))
            self.assertEqual(tocsin.stop(), 0)


class FullJournalTest(unittest.TestCase):
    """Killed again and again before a checkpoint was made, the journal may be full of what only it
    knows. That has to be put in order by the next start, not refused for ever."""

    def test_a_start_makes_room(self):
        tocsin = server.Tocsin({"server.yaml": "server: {journal_bytes: 67108864}\n"})
        self.addCleanup(tocsin.close)
        acknowledged, first = [], 0
        for number in range(6):
            tocsin.start()
            flood = Flood(0, tocsin.port, first, 1000)
            flood.start()
            flood.join(0.8)
            tocsin.kill()
            flood.join(30)
            first, acknowledged = flood.next, acknowledged + flood.acknowledged
            print(f"round {number + 1}: {len(flood.acknowledged)} requests acknowledged, "
                  f"{len(flood.other)} refused", flush=True)
            if flood.other:
                break
        tocsin.start()
        body = Flood(0, tocsin.port, 0, 0).body(first)
        server.until("a write is kept", lambda: tocsin.write(body).status == 204, 20, pause=0.5)
        for request in acknowledged[::20]:
            found = tocsin.points(f'wide{{request="w0r{request}"}}', BASE - 1, BASE + 1)
            self.assertEqual(sorted(v for points in found.values() for _, v in points),
                             list(range(Flood.NEW)))

    def test_short_runs_do_not_fill_it(self):
        """Each run begins a segment of its own: a few short ones filled the journal with little in
        it, no checkpoint found room for its marker, and every write was refused for ever."""
        tocsin = server.Tocsin({"server.yaml": "server: {journal_bytes: 67108864}\n"})
        self.addCleanup(tocsin.close)
        kept = lambda: tocsin.write("m v=1 1700000000000").status == 204
        first = 0
        for _ in range(8):
            tocsin.start()
            server.until("a write is kept", kept, 20, pause=0.1)  # 503 while room is made
            flood = Flood(0, tocsin.port, first, 20)
            flood.start()
            flood.join(20)
            tocsin.kill()
            first = flood.next


if __name__ == "__main__":
    server.main()
