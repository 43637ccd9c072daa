#!/usr/bin/env python3
"""`tocsin store stats|verify` on a running server and on a folder; durability: process."""
import json
import os
import pathlib
import unittest

import server

DAY = 86_400_000


class StoreTest(unittest.TestCase):
    def start(self, config="server: {keep: 30d, keep_minutes: 100d}\n"):
        tocsin = server.Tocsin({"server.yaml": config})
        self.addCleanup(tocsin.close)
        tocsin.start()
        return tocsin

    def fill(self, tocsin, days=3, series=3):
        """A point a minute, until three days ago, as history."""
        begin = server.now_ms() // DAY * DAY - (days + 3) * DAY
        for s in range(series):
            lines = [f"deep,n={s} value={(i * 7 + s) % 100 / 4} {begin + i * 60_000}"
                     for i in range(days * 1440)]
            for at in range(0, len(lines), 1000):
                self.assertEqual(tocsin.write(lines[at:at + 1000]).status, 204)
        return begin, days * 1440

    def stats(self, tocsin):
        return tocsin.json("/api/store/stats")

    def test_old_days_are_joined_and_read_as_before(self):
        tocsin = self.start()
        begin, count = self.fill(tocsin)
        before = tocsin.points("deep", begin - 1, begin + count * 60_000)
        self.assertEqual([len(p) for p in before.values()], [count] * 3)
        self.assertEqual(tocsin.stop(), 0)
        tocsin.start()  # the first pass over ended days follows the start
        folder = json.loads(server.run("store", "stats", "--json", "--data",
                                       tocsin.data).stdout)
        self.assertIn("chunks", folder)
        live = self.stats(tocsin)
        self.assertEqual({r["resolution"] for r in live["resolutions"]}, {"raw", "minute", "hour"})
        self.assertGreater(live["journal_bytes"], 0)
        after = tocsin.points("deep", begin - 1, begin + count * 60_000)
        self.assertEqual(before, after)

    def test_the_command_says_the_same_as_the_api(self):
        tocsin = self.start()
        self.fill(tocsin, days=1)
        url = f"http://127.0.0.1:{tocsin.port}"
        done = server.run("store", "stats", "--url", url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("journal", done.stdout)
        done = server.run("store", "verify", "--url", url, "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual((report["state"], report["damaged"]), ("done", 0))
        self.assertEqual(tocsin.json("/api/store/verify")["state"], "done")

    def test_compact_packs_what_was_just_written(self):
        tocsin = self.start("{}\n")
        now = server.now_ms()
        lines = [f"fresh,n={i % 40} value={i} {now - 100_000 + i // 40 * 1000}" for i in range(4000)]
        self.assertEqual(tocsin.write(lines).status, 204)
        before = tocsin.points("fresh", now - 200_000, now)
        done = server.run("store", "compact", "--json", "--url", f"http://127.0.0.1:{tocsin.port}")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        raw = json.loads(done.stdout)["resolutions"][0]
        self.assertGreaterEqual(raw["points"], 4000)
        self.assertEqual(tocsin.points("fresh", now - 200_000, now), before)
        self.assertEqual(tocsin.write(["fresh,n=1 value=7 %d" % (now - 500)]).status, 204)
        after = tocsin.points("fresh", now - 200_000, now)
        self.assertEqual(sum(map(len, after.values())), sum(map(len, before.values())) + 1)
        tocsin.kill()
        tocsin.start()
        self.assertEqual(tocsin.points("fresh", now - 200_000, now), after)

    def test_a_flipped_bit_is_named_by_verify_and_the_rest_is_served(self):
        # A small journal, so that chunks are sealed and flushed.
        tocsin = self.start("server: {journal_bytes: 67108864, shards: 1}\n")
        begin, count = self.fill(tocsin, days=2, series=2)
        pad = "p" * 4000
        for number in range(200):  # fills the journal past its half: chunks are sealed
            self.assertIn(tocsin.write([f"wide,n={number},i={i},pad={pad} value=1"
                                        for i in range(60)]).status, (204, 503))
        server.until("chunks are flushed",
                     lambda: tocsin.metric("tocsin_chunks_flushes_total") > 0, 30)
        self.assertEqual(tocsin.stop(), 0)
        clean = self.verify(tocsin, 0)
        tables = self.live_tables(tocsin, clean)
        self.assertEqual(clean["files"], len(tables))
        # A stray file is told of, but it is no damage.
        stray = tables[-1].with_name("999999.sst")
        stray.write_bytes(b"part of nothing")
        self.assertEqual(self.verify(tocsin, 0)["unused_files"], clean["unused_files"] + [stray.name])
        for table in tables:
            held = table.read_bytes()
            size = len(held)
            # The first and the last byte, data, and near the end the index, properties and footer.
            places = [0, size // 6, size // 2, size * 5 // 6, size - 400, size - 60, size - 1]
            for at in places if table == tables[-1] else [size // 3]:
                with self.subTest(table=table.name, at=at, of=size):
                    self.flip(table, max(at, 0))
                    report = self.verify(tocsin, 1)
                    self.assertGreaterEqual(report["damaged"], 1)
                    self.assertIn(table.name, [one["file"] for one in report["damaged_files"]])
                    table.write_bytes(held)
        table, held = tables[-1], tables[-1].read_bytes()
        for at in (len(held) // 3, len(held) - 60):
            with self.subTest(served_with_damage_at=at, of=len(held)):
                self.flip(table, at)
                tocsin.start()
                points = tocsin.points("deep", begin - 1, begin + count * 60_000)
                # What a file with a damaged end held is missing; other files' points are not.
                self.assertGreater(sum(map(len, points.values())), count if at < len(held) // 2 else -1)
                self.assertEqual(tocsin.write(["deep,n=0 value=1"]).status, 204)
                self.assertIn(1, [float(v) for rows in tocsin.points("deep").values() for _, v in rows])
                done = server.run("store", "verify", "--url", f"http://127.0.0.1:{tocsin.port}")
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertIn(f"file {table.name} is damaged", done.stdout)
                self.assertEqual(tocsin.stop(), 0)
                table.write_bytes(held)

    def verify(self, tocsin, status):
        done = server.run("store", "verify", "--data", tocsin.data, "--json")
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def live_tables(self, tocsin, report):
        """Files that hold points, the largest last; not those which an end left half written."""
        folder = pathlib.Path(tocsin.data, "points", "chunks")
        tables = [table for table in folder.glob("*.sst") if table.name not in report["unused_files"]]
        self.assertTrue(tables)
        return sorted(tables, key=lambda table: table.stat().st_size)

    def flip(self, table, at):
        with open(table, "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 4]))

    def test_process_durability_survives_kill_9(self):
        tocsin = self.start("server: {durability: process}\n")
        base = server.now_ms() - 100_000
        for i in range(50):
            self.assertEqual(tocsin.write([f"soft value={i} {base + i}"]).status, 204)
        tocsin.kill()
        tocsin.start()
        points = tocsin.points("soft", base - 1, base + 1000)["soft"]
        self.assertEqual([int(v) for _, v in points], list(range(50)))
        # and by option
        tocsin.stop()
        done = server.run("serve", "--durability", "never", timeout=10)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("power_cut", done.stderr + done.stdout)

    def test_a_folder_without_points_is_said_to_be_one(self):
        done = server.run("store", "stats", "--data", os.devnull)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--data", done.stderr)


if __name__ == "__main__":
    server.main()
