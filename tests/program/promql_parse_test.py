#!/usr/bin/env python3
"""PromQL's parser beside a real Prometheus: what is accepted, how it is formatted, what is said of
mistakes and where. SEED= repeats a run, EXPRESSIONS= sets how many."""
import collections
import json
import os
import random
import re
import subprocess
import unittest

import prometheus
import server

COUNT = int(os.environ.get("EXPRESSIONS", "6000"))
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)
TOOL = os.environ.get("PROMQL_PARSE", os.path.join(os.path.dirname(server.PROGRAM), "promql_parse"))

NAMES = ["up", "http_requests_total", "job:rate5m", "sum", "by", "or", "start", "offset", "a"]
LABELS = ["job", "site", "le", "on", "bool", "end", "__name__", "and", "count"]
TEXTS = ['""', '"x"', "'a.b'", "`c\\d`", '"é\\n"', '"a|b.*"', "'it\\'s'", '"\\u00e9\\x41\\101"']
NUMBERS = ["0", "1", "42", "1.5", ".5", "5.", "1e3", "1E-7", "0x1f", "017", "018", "Inf", "nan",
           "1e21", "123456789", "0.0001", "9223372036854775807", "1e-400"]
DURATIONS = ["5m", "1h30m", "1s", "90s", "1d", "1w", "1y", "100ms", "1y2w3d4h5m6s7ms", "36h"]
OPERATORS = ["+", "-", "*", "/", "%", "^", "atan2", "==", "!=", ">", "<", ">=", "<=", "and", "or",
             "unless"]
AGGREGATES = ["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "SUM"]
WITH_PARAMETER = ["topk", "bottomk", "quantile"]
OF_VECTOR = ["abs", "ceil", "sort", "scalar", "absent", "timestamp", "hour", "label_join", "round",
             "histogram_quantile", "clamp", "vector", "label_replace"]
OF_RANGE = ["rate", "increase", "avg_over_time", "absent_over_time", "delta", "holt_winters",
            "predict_linear", "quantile_over_time"]
STRAY = ["(", ")", "{", "}", "[", "]", ",", "=", "=~", "!", "!=", "by", "on", "offset", "@", "bool",
         "ignoring", "group_left", "group_right", "without", "start", "end()", "#c\n", "\n", "\t",
         '"', "`", "5m", "5mm", "1_0", "0x", "1e", ":", "é", "\\", "$", "foo", "sum", "-", "5m5m",
         "1h1y", "x5", "''", '"\\q"', '"\\400"', '"\\ud800"', "0s", "999999y", ";", "a:b", "!~"]


class Maker:
    """Random expressions; most are right, and some of those are then damaged."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, words):
        return self.random.choice(words)

    def chance(self, share):
        return self.random.random() < share

    def space(self):
        return self.pick(["", " ", " ", "\n", "  "])

    def matcher(self):
        text = self.pick(TEXTS)
        return self.pick(LABELS) + self.space() + self.pick(["=", "!=", "=~", "!~"]) + text

    def selector(self):
        name = self.pick(NAMES) if self.chance(0.85) else ""
        if name and self.chance(0.5):
            return name
        inner = ",".join(self.matcher() for _ in range(self.random.randrange(0, 4)))
        return name + self.space() + "{" + inner + (self.pick(["", ",", " "])) + "}"

    def shift(self):
        out = ""
        if self.chance(0.2):
            out += " offset " + self.pick(["", "", "-"]) + self.pick(DURATIONS)
        if self.chance(0.15):
            out += " @ " + self.pick(["start()", "end( )", "1609746000", "-5.5", "+3", "1e20"])
        return out

    def range(self, depth):
        if depth <= 0 or self.chance(0.7):
            return self.selector() + "[" + self.pick(DURATIONS) + "]" + self.shift()
        step = self.pick(["", self.pick(DURATIONS)])
        inner = self.vector(depth - 1)
        if self.chance(0.7):
            inner = "(" + inner + ")"
        return inner + "[" + self.pick(DURATIONS) + ":" + step + "]" + self.shift()

    def labels(self):
        count = self.random.randrange(0, 4)
        return "(" + ", ".join(self.pick(LABELS) for _ in range(count)) + self.pick(["", "", ","]) + ")"

    def matching(self):
        out = ""
        if self.chance(0.2):
            out += " bool"
        if self.chance(0.4):
            out += " " + self.pick(["on", "ignoring", "ON"]) + self.space() + self.labels()
            if self.chance(0.5):
                out += " " + self.pick(["group_left", "group_right"])
                out += self.pick(["", " " + self.labels()])
        return out

    def aggregate(self, depth):
        clause = self.pick(["by", "without", "By"]) + self.space() + self.labels()
        inner = self.vector(depth - 1)
        name = self.pick(AGGREGATES)
        if self.chance(0.25):
            name = self.pick(WITH_PARAMETER)
            inner = self.scalar(depth - 1) + ", " + inner
        elif self.chance(0.1):
            name, inner = "count_values", self.pick(TEXTS) + "," + inner
        where = self.pick(["none", "before", "after"])
        if where == "before":
            return name + " " + clause + self.space() + "(" + inner + ")"
        return name + self.space() + "(" + inner + ")" + (" " + clause if where == "after" else "")

    def call(self, depth):
        if self.chance(0.5):
            name = self.pick(OF_RANGE)
            args = [self.range(depth - 1)]
            if name in ("holt_winters", "predict_linear"):
                args += [self.scalar(0) for _ in range(2 if name == "holt_winters" else 1)]
            if name == "quantile_over_time":
                args.insert(0, self.scalar(0))
        else:
            name = self.pick(OF_VECTOR)
            args = [self.vector(depth - 1)]
            args += {"clamp": ["1", "2"], "round": self.pick([[], ["5"]]),
                     "label_replace": ['"a"', '"$1"', '"b"', '"(.*)"'],
                     "label_join": ['"a"', '"-"', '"b"', '"c"'][:self.random.randrange(2, 5)],
                     }.get(name, [])
            if name == "histogram_quantile":
                args.insert(0, "0.9")
            if name == "vector":
                args = [self.scalar(depth - 1)]
            if name == "hour" and self.chance(0.5):
                args = []
        return name + "(" + ", ".join(args) + ")"

    def scalar(self, depth):
        kind = self.random.randrange(6)
        if depth <= 0 or kind < 3:
            return self.pick(["", "", "-", "+"]) + self.pick(NUMBERS)
        if kind == 3:
            return self.pick(["time()", "pi()"])
        if kind == 4:
            return "(" + self.scalar(depth - 1) + ")"
        return self.scalar(depth - 1) + " " + self.pick(OPERATORS[:7]) + " " + self.scalar(depth - 1)

    def vector(self, depth):
        kind = self.random.randrange(10)
        if depth <= 0 or kind < 2:
            return self.selector() + self.shift()
        if kind < 4:
            return self.aggregate(depth)
        if kind < 6:
            return self.call(depth)
        if kind == 6:
            return "(" + self.vector(depth - 1) + ")"
        if kind == 7:
            return self.pick("+-") + self.vector(depth - 1)
        left, right = self.vector(depth - 1), self.vector(depth - 1)
        if self.chance(0.3):
            left, right = self.random.sample([self.scalar(depth - 1), self.vector(depth - 1)], 2)
        return left + self.space() + " " + self.pick(OPERATORS) + self.matching() + " " + right

    def damaged(self, text):
        at = self.random.randrange(len(text) + 1)
        kind = self.random.randrange(4)
        if kind == 0:
            return text[:at] + self.pick(STRAY) + text[at:]
        if kind == 1:
            return text[:at] + text[at + self.random.randrange(1, 4):]
        if kind == 2:
            return text[:at]
        other = self.random.randrange(len(text) + 1)
        return text[:at] + text[min(at, other):other] + text[at:]

    def make(self):
        depth = self.random.randrange(0, 5)
        kind = self.random.randrange(8)
        text = (self.scalar(depth) if kind == 0 else self.range(depth) if kind == 1
                else self.pick(TEXTS) if kind == 2 and self.chance(0.2) else self.vector(depth))
        for _ in range(self.pick([0, 0, 0, 1, 1, 2])):
            text = self.damaged(text)
        return text


class Tool:
    """The parser of the house, by its test program."""

    def __init__(self):
        self.process = subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, text, word="expr"):
        body = text.encode()
        self.process.stdin.write(f"{word} {len(body)}\n".encode() + body)
        self.process.stdin.flush()
        outcome, size = self.process.stdout.readline().split()
        return outcome.decode(), self.process.stdout.read(int(size)).decode("utf-8", "replace")

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


# What differs on purpose or by nature, and is told in docs/promql.md.
def excused(text, theirs, ours):
    # Prometheus loses `ignoring() group_left` when it prints.
    if theirs[0] == "ok" and "ignoring () group_" in ours[1]:
        return True
    # Reasons why a regular expression is refused are RE2's; Go has others in a few places.
    if theirs[0] == ours[0] == "error" and "error parsing regexp" in theirs[1]:
        return "error parsing regexp" in ours[1]
    # It names its own number for the token `@`.
    if re.sub('"<Item \\d+>" ', "", theirs[1]) == ours[1]:
        return True
    # It loses `__name__=""`, and writes "+Inf ^ a", which reads as +(Inf ^ a).
    if theirs[0] == ours[0] == "ok" and ('__name__=""' in ours[1] or "Inf ^" in ours[1]):
        return True
    # A timestamp beyond what can be kept is clamped here.
    if " @ -9223372036854776.000" in theirs[1]:
        return True
    # A panic of theirs.
    return theirs[1].endswith("unexpected error")


class Parse(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tool = Tool()
        cls.addClassCleanup(cls.tool.close)
        cls.peer = prometheus.Prometheus()
        cls.addClassCleanup(cls.peer.__exit__)
        cls.peer.__enter__()

    def theirs(self, text):
        status, body = self.peer.get("/api/v1/format_query", query=text)
        answer = json.loads(body)
        if answer["status"] == "success":
            return "ok", answer["data"]
        self.assertEqual(status, 400, text)
        return "error", answer["error"].removeprefix('invalid parameter "query": ')

    def compare(self, text):
        theirs, ours = self.theirs(text), self.tool.ask(text)
        if theirs != ours and not excused(text, theirs, ours):
            return f"{text!r}\n  Prometheus: {theirs}\n  here:       {ours}"
        return None

    def test_random(self):
        maker, wrong, kinds = Maker(SEED), [], collections.Counter()
        for _ in range(COUNT):
            text = maker.make()
            found = self.compare(text)
            kinds[self.tool.ask(text)[0]] += 1
            if found:
                wrong.append(found)
        print(f"seed {SEED}: {dict(kinds)}", flush=True)
        self.assertEqual(wrong, [], f"SEED={SEED}; {len(wrong)} differ:\n" + "\n".join(wrong[:20]))
        self.assertGreater(kinds["ok"], COUNT // 10)
        self.assertGreater(kinds["error"], COUNT // 10)

    def test_selectors(self):
        """match[] takes selectors only."""
        wrong = []
        maker = Maker(SEED + 1)
        for _ in range(COUNT // 10):
            text = maker.selector() if maker.chance(0.5) else maker.make()
            status, body = self.peer.get("/api/v1/series", **{"match[]": text})
            error = json.loads(body).get("error", "")
            ours = self.tool.ask(text, "selector")
            empty = "match[] must contain at least one non-empty matcher" in error
            theirs = error.removeprefix('invalid parameter "match[]": ')
            if excused(text, ("error" if error else "ok", theirs), ours):
                continue
            if (ours[0] == "ok") != (status == 200 or empty):
                wrong.append(f"{text!r}\n  Prometheus: {theirs}\n  here: {ours}")
            elif ours[0] == "error" and ours[1] != theirs:
                wrong.append(f"{text!r}\n  Prometheus: {theirs}\n  here: {ours}")
        self.assertEqual(wrong, [], f"SEED={SEED}; {len(wrong)} differ:\n" + "\n".join(wrong[:20]))


if __name__ == "__main__":
    server.main()
