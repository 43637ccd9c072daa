#!/usr/bin/env python3
"""`tocsin detect`: files in, answers and a page out."""
import csv
import gzip
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import tempfile
import time
import unittest

import server

COLUMNS = ["timestamp", "value", "score", "expected", "lower", "upper", "violation"]
MINUTE = 60


def rows_of(count, seed=5, outage=(3000, 3040)):
    """A noisy 100 a minute, three times that in the outage; times as text."""
    chance = random.Random(seed)
    begin = 1_700_000_000 // MINUTE * MINUTE
    for number in range(count):
        value = chance.gauss(100, 2) * (3 if outage[0] <= number < outage[1] else 1)
        at = begin + number * MINUTE
        yield time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at)), round(value, 3)


def text_of(rows):
    return "timestamp,value,label\n" + "".join(f"{at},{value},0\n" for at, value in rows)


class Detect(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-detect-"))
        self.addCleanup(shutil.rmtree, self.home)
        self.orders = self.write("orders.csv", text_of(rows_of(4000)))

    def write(self, name, text):
        path = self.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def detect(self, *words, status=0):
        done = server.run("detect", *words)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_every_row_is_answered_as_it_came(self):
        answers = list(csv.DictReader(self.detect(self.orders).stdout.splitlines()))
        self.assertEqual(list(answers[0]), COLUMNS)
        self.assertEqual([(a["timestamp"], float(a["value"])) for a in answers], list(rows_of(4000)))
        on = [a["violation"] == "1" for a in answers]
        opened = [n for n in range(1, 4000) if on[n] and not on[n - 1]]
        self.assertTrue(any(3000 <= n <= 3002 for n in opened), opened)
        self.assertGreaterEqual(max(float(a["score"]) for a in answers[3000:3003]), 4)
        judged = [a for a in answers if a["expected"]]
        for a in judged:
            self.assertLessEqual(float(a["lower"]), float(a["expected"]))
            self.assertLessEqual(float(a["expected"]), float(a["upper"]))
        self.assertGreater(len(judged), 900)

    def test_cutting_a_file_short_changes_no_earlier_row(self):
        whole = self.detect(self.orders).stdout
        lines = self.orders.read_text().splitlines(keepends=True)
        for cut in (1, 40, 1441, 3001, 3020, 3999):
            part = self.write("part.csv", "".join(lines[:cut + 1]))
            self.assertTrue(whole.startswith(self.detect(part).stdout), f"cut after {cut} rows")

    def test_zipped_and_without_a_header_is_the_same(self):
        plain = self.detect(self.orders).stdout
        packed = self.write("packed.csv.gz", gzip.compress(self.orders.read_bytes()))
        self.assertEqual(self.detect(packed).stdout, plain)
        bare = self.write("bare.csv", self.orders.read_text().split("\n", 1)[1])
        self.assertEqual(self.detect(bare).stdout, plain)

    def test_a_folder_of_answers(self):
        other = self.write("more/visits.csv.gz", gzip.compress(self.orders.read_bytes()))
        out = self.home / "answers" / "new"
        said = self.detect("--out", out, self.orders, other).stdout
        self.assertEqual(sorted(os.listdir(out)), ["orders.csv", "visits.csv"])
        self.assertEqual((out / "orders.csv").read_text(), self.detect(self.orders).stdout)
        self.assertEqual((out / "orders.csv").read_text(), (out / "visits.csv").read_text())
        self.assertIn("orders.csv: 4000 rows, ", said)
        self.detect("--out", out, "--format", "json", self.orders)
        answers = [json.loads(line) for line in (out / "orders.jsonl").read_text().splitlines()]
        self.assertEqual(len(answers), 4000)
        self.assertEqual(sorted(answers[0]), sorted(COLUMNS))
        self.assertEqual(answers[0]["lower"], None)

    def test_several_files_in_one_stream_are_named(self):
        other = self.write("visits.csv", text_of(rows_of(50)))
        answers = list(csv.DictReader(self.detect(self.orders, other).stdout.splitlines()))
        self.assertEqual([a["file"] for a in answers], [str(self.orders)] * 4000 + [str(other)] * 50)

    def test_what_cannot_be_read_is_named_and_the_rest_goes_on(self):
        lines = self.orders.read_text().splitlines()
        lines[10], lines[20] = "then,7,0", lines[20].split(",")[0] + ",seven,0"
        lines[30:30] = ["lonely"]
        bad = self.write("bad.csv", "\n".join(lines) + "\n")
        done = self.detect(bad)
        self.assertEqual([line.split(": ")[0] for line in done.stderr.splitlines()],
                         [f"{bad}:11", f"{bad}:21", f"{bad}:31"])
        self.assertIn('"then" is no time', done.stderr)
        self.assertIn('"seven" is no finite number', done.stderr)
        answers = list(csv.DictReader(done.stdout.splitlines()))
        self.assertEqual(len(answers), 4001)
        self.assertEqual([float(answers[n]["score"]) for n in (9, 19, 29)], [0, 0, 0])
        many = self.write("many.csv", "timestamp,value\n" + "x,1\n" * 40)
        self.assertIn("40 rows cannot be read, the first 10 are shown", self.detect(many).stderr)

    def test_a_file_that_cannot_be_read_does_not_stop_the_others(self):
        cut = self.write("cut.csv.gz", gzip.compress(self.orders.read_bytes())[:-20])
        empty = self.write("empty.csv", "")
        out = self.home / "answers"
        done = self.detect("--out", out, self.home / "absent.csv", cut, empty, self.orders, status=1)
        for words in ("absent.csv", "its gzip is cut short", "it has no rows"):
            self.assertIn(words, done.stderr)
        self.assertEqual((out / "orders.csv").read_text(), self.detect(self.orders).stdout)

    def test_asked_for_wrongly(self):
        twin = self.write("more/orders.csv", "1,2\n")
        for words, message in (
                (["--models", "levle", self.orders], "is level meant?"),
                (["--models", "silence", self.orders], "cannot test a file with the model"),
                (["--zone", "Europe/Madird", self.orders], "Madrid"),
                (["--out", self.home / "a", self.orders, twin], "would both be written to")):
            self.assertIn(message, self.detect(*words, status=2).stderr)
        before = self.orders.read_bytes()
        self.assertIn("it is the file that is read",
                      self.detect("--out", self.home, self.orders, status=1).stderr)
        self.assertEqual(self.orders.read_bytes(), before)
        self.detect(status=2)
        self.detect("--format", "xml", self.orders, status=2)

    def test_noise_is_written_as_in_the_configuration(self):
        plain = self.detect("--noise", "2", self.orders).stdout
        self.assertEqual(self.detect("--noise", "2 per week", self.orders).stdout, plain)
        for text in ("often", "0 per week", "1000"):
            self.assertIn("is no frequency", self.detect("--noise", text, self.orders, status=2).stderr)

    def test_a_smaller_noise_budget_opens_less(self):
        chance = random.Random(3)
        rows = [(at, round(chance.gauss(100, 2) + (chance.random() < 0.002) * chance.expovariate(.03), 3))
                for at, _ in rows_of(40_000)]
        path = self.write("noisy.csv", text_of(rows))

        def opened(noise):
            answers = list(csv.DictReader(self.detect("--noise", noise, path).stdout.splitlines()))
            on = [a["violation"] == "1" for a in answers]
            return sum(now and not before for before, now in zip([False, *on], on))
        few, many = opened("0.3"), opened("30")
        self.assertLess(few, many)

    def test_memory_does_not_grow_with_the_file(self):
        def peak_mb(rows):
            path = self.write("long.csv", text_of(rows_of(rows)))
            self.detect("--out", self.home / "out", "--html", self.home / "page.html", path)
            return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        short = peak_mb(20_000)
        self.assertLess(peak_mb(400_000) - short, 8)


class Page(unittest.TestCase):
    def test_the_page_draws_itself_from_what_it_holds(self):
        home = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-detect-"))
        self.addCleanup(shutil.rmtree, home)
        for name in ("orders", "a <b> & c"):
            (home / f"{name}.csv").write_text(text_of(rows_of(4000)))
        page = home / "page.html"
        done = server.run("detect", "--html", page, "--out", home / "out", *sorted(home.glob("*.csv")))
        self.assertEqual(done.returncode, 0, done.stderr)
        text = page.read_text()
        self.assertIn("default-src 'none'", text)
        for word in ("http://", "https://", "src=", "@import", "url("):
            self.assertNotIn(word, text)
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        drawn = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu",
                                f"--user-data-dir={home / 'profile'}", "--dump-dom", page.as_uri()],
                               capture_output=True, text=True, timeout=60, check=False).stdout
        self.assertIn("2 files, 8,000 rows", drawn)
        self.assertEqual(drawn.count("<canvas"), 2)
        self.assertIn("<h2>a &lt;b&gt; &amp; c</h2>", drawn)
        self.assertRegex(drawn, r"<p>\d+ violations? · ")


if __name__ == "__main__":
    server.main()
