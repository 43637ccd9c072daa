#!/usr/bin/env python3
"""PromQL's answers beside a real Prometheus over the same points: values to the last bit, labels,
times, order where there is one, and the words of errors. SEED= sets the seed of the random queries
and points (0: a new one each time), QUERIES= how many queries there are."""
import collections
import json
import os
import random
import re
import struct
import subprocess
import unittest
import urllib.parse

import promql_data
import promql_queries
import prometheus
import server

COUNT = int(os.environ.get("QUERIES", "2000"))
SEED = int(os.environ.get("SEED", "7")) or random.SystemRandom().randrange(1, 1 << 30)
TOOL = os.environ.get("PROMQL_EVAL", os.path.join(os.path.dirname(server.PROGRAM), "promql_eval"))


class Tool:
    """tests/promql/promql_eval.cc as a process."""

    def __init__(self, data):
        self.process = subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(("\n".join(data.lines()) + "\n").encode())

    def ask(self, line):
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def same_value(a, b):
    left, right = float(a), float(b)
    if left != left or right != right:
        return left != left and right != right
    return struct.pack("<d", left) == struct.pack("<d", right)


def near_value(a, b):
    left, right = float(a), float(b)
    if same_value(a, b):
        return True
    return abs(left - right) <= 1e-9 * max(abs(left), abs(right), 1)


def key(metric):
    return tuple(sorted(metric.items()))


def of_prometheus(status, answer):
    """Prometheus' answer in the tool's form."""
    if answer["status"] != "success":
        return {"error": 0 if answer["errorType"] == "bad_data" else 1, "message": answer["error"]}
    data = answer["data"]
    ms = lambda sample: [round(sample[0] * 1000), sample[1]]
    if data["resultType"] == "scalar":
        result = [{"metric": {}, "values": [ms(data["result"])]}]
    elif data["resultType"] == "string":
        result = [data["result"][1]]
    else:
        result = [{"metric": series["metric"],
                   "values": [ms(v) for v in series.get("values") or [series["value"]]]}
                  for series in data["result"]]
    return {"type": data["resultType"], "result": result}


def difference(ours, theirs, same=same_value):
    """What differs, in words; None if nothing does."""
    if ours.get("message", "").startswith("invalid expression type"):
        ours = {**ours, "error": 0}  # the HTTP API asks before it evaluates: bad data there
    if "error" in ours or "error" in theirs:
        if "error" not in ours or "error" not in theirs:
            return f"ours {json.dumps(ours)[:300]}\n  theirs {json.dumps(theirs)[:300]}"
        if (ours["error"] == 0) != (theirs["error"] == 0):
            return f"kinds of error: ours {ours}, theirs {theirs}"
        if ours["error"] and ours["message"] != theirs["message"]:
            return f"words: ours {ours['message']}\n  theirs {theirs['message']}"
        return None
    if ours["type"] != theirs["type"]:
        return f"types: ours {ours['type']}, theirs {theirs['type']}"
    if ours["type"] == "string":
        return None if ours == theirs else f"ours {ours}, theirs {theirs}"
    left = {key(s["metric"]): s["values"] for s in ours["result"]}
    right = {key(s["metric"]): s["values"] for s in theirs["result"]}
    if len(left) != len(ours["result"]):
        return "a label set comes twice"
    for labels in left.keys() | right.keys():
        a, b = left.get(labels), right.get(labels)
        if a is None or b is None:
            return f"{dict(labels)}: ours {str(a)[:200]}, theirs {str(b)[:200]}"
        if [t for t, _ in a] != [t for t, _ in b]:
            only = [(t, v) for t, v in a if t not in dict(b)][:3], [(t, v) for t, v in b if t not in dict(a)][:3]
            return f"{dict(labels)}: times differ: only ours {only[0]}, only theirs {only[1]}"
        for (t, x), (_, y) in zip(a, b):
            if not same(x, y):
                return f"{dict(labels)} at {t}: ours {x}, theirs {y}"
    return None


def order_of(answer):
    return [(key(series["metric"]), series["values"][0][1]) for series in answer["result"]]


def same_order(ours, theirs):
    return all(a == b and same_value(x, y)
               for (a, x), (b, y) in zip(order_of(ours), order_of(theirs)))


def is_duplicate(answer):
    return answer.get("message", "").startswith("found duplicate series for the match group")


class Compare:
    """Asks both sides and compares. `start`: of the points."""
    start, oracle, values = promql_data.START, None, 0

    @classmethod
    def start_oracle(cls, data):
        cls.oracle = prometheus.Prometheus("--web.enable-remote-write-receiver",
                                           "--query.lookback-delta=5m").__enter__()
        try:
            data.send(cls.oracle.port)
        except BaseException:
            cls.oracle.__exit__()
            raise
        print(f"SEED={SEED} QUERIES={COUNT}", flush=True)

    def instant(self, query, time):
        def ask():
            return of_prometheus(*self.oracle.post("/api/v1/query", query=query, time=f"{time / 1000:.3f}"))
        ordered = query.startswith(("sort", "topk", "bottomk")) and ":" not in query
        return self.judge(query, self.ours_at(query, time), ask, ordered)

    def range(self, query, start, end, step):
        def ask():
            return of_prometheus(*self.oracle.post("/api/v1/query_range", query=query, step=step / 1000,
                                                   start=f"{start / 1000:.3f}", end=f"{end / 1000:.3f}"))
        return self.judge(query, self.ours_over(query, start, end, step), ask, None)

    def judge(self, query, ours, ask, ordered):
        """ordered: does the order count; None of a range, which has none."""
        theirs = ask()
        self.values += sum(len(series["values"]) for series in theirs.get("result", [])
                           if isinstance(series, dict))
        found = difference(ours, theirs)
        if not found and ordered and "error" not in ours \
                and not same_order(ours, theirs):
            found = f"order: ours {order_of(ours)}, theirs {order_of(theirs)}"
        if not found:
            return None
        # Within a range or a subquery, and out of histogram_quantile, series come to the outer node in
        # the order of a hash map, another one each time: it decides about sums' last bits, about
        # ties in topk, and which pair an error names.
        if not any(word in query for word in (":", "histogram_quantile")) and ordered is not None:
            return found
        if is_duplicate(ours) and is_duplicate(theirs):
            return None
        if re.search(r"\b(sum|avg|stddev|stdvar)\b", query) and not difference(ours, theirs, near_value):
            return None
        for _ in range(40):
            again = ask()
            if not difference(ours, again):
                return None
            if difference(again, theirs):  # its own answers differ
                chance = ("topk", "bottomk", "count_values")
                return None if any(word in query for word in chance) else found
        return found

    def check(self, queries, seed):
        chance = random.Random(seed)
        failures, kinds = [], collections.Counter()
        for query in queries:
            time = self.start + chance.choice([0, 3_000_000, 3_210_500, 7_980_000, 8_999_999])
            start = self.start + chance.choice([-300_000, 0, 2_900_000, 3_003_333])
            step = chance.choice([15_000, 60_000, 60_000, 7_000, 333_000])
            end = start + step * chance.randrange(0, 30)
            for mode, found in (("instant", lambda: self.instant(query, time)),
                                ("range", lambda: self.range(query, start, end, step))):
                said = found()
                kinds[mode] += 1
                if said:
                    where = time if mode == "instant" else (start, end, step)
                    failures.append(f"{mode} {where} {query}\n  {said}")
        print(f"{sum(kinds.values())} answers compared, {len(failures)} differ", flush=True)
        if failures:
            self.fail(f"SEED={SEED}\n" + "\n".join(failures[:int(os.environ.get("SHOW", "25"))]))


class Promql(Compare, unittest.TestCase):
    """The engine alone, on points of every kind."""

    @classmethod
    def setUpClass(cls):
        data = promql_data.Data(SEED)
        cls.start_oracle(data)
        cls.tool = Tool(data)

    @classmethod
    def tearDownClass(cls):
        cls.tool.end()
        cls.oracle.__exit__()

    def ours_at(self, query, time):
        return self.tool.ask(f"instant {time} {query}")

    def ours_over(self, query, start, end, step):
        return self.tool.ask(f"range {start} {end} {step} {query}")

    def test_table(self):
        self.check(promql_queries.TABLE * 2, 1)

    def test_elementary(self):
        """Functions of numbers at 600 arguments each, to the last bit."""
        failures, self.values = [], 0
        for query in promql_queries.ELEMENTARY:
            said = self.range(query, self.start, self.start + promql_data.LENGTH, 15_000)
            if said:
                failures.append(f"{query}\n  {said}")
        print(f"{self.values} values compared", flush=True)
        self.assertGreater(self.values, 200_000)
        if failures:
            self.fail(f"{len(failures)} of {len(promql_queries.ELEMENTARY)} differ\n" + "\n".join(failures[:25]))

    def test_orders(self):
        """Ties, NaN and zeros of both signs: what is kept, and in which order it comes."""
        failures = []
        for minute in range(0, 42):
            time = self.start + minute * 60_000
            for query in promql_queries.ORDERS:
                said = self.instant(query, time)
                if said:
                    failures.append(f"{time} {query}\n  {said[:600]}")
        if failures:
            self.fail(f"{len(failures)} differ\n" + "\n".join(failures[:12]))

    def test_random(self):
        maker = promql_queries.Maker(SEED)
        self.check([maker.query() for _ in range(COUNT)], SEED)


class OverHttp(Compare, unittest.TestCase):
    """The whole program: points come by line protocol, through journal and store, answers over HTTP."""

    @classmethod
    def setUpClass(cls):
        cls.start = (server.now_ms() - promql_data.LENGTH - 900_000) // 60_000 * 60_000
        data = promql_data.Data(SEED, cls.start, finite=True)
        cls.start_oracle(data)
        cls.tocsin = server.Tocsin().start()
        lines = data.influx()
        for i in range(0, len(lines), 5000):
            answer = cls.tocsin.write(lines[i:i + 5000], extra="&import=true")
            assert answer.status == 204, answer

    @classmethod
    def tearDownClass(cls):
        cls.tocsin.close()
        cls.oracle.__exit__()

    def ask(self, path, **parameters):
        body = urllib.parse.urlencode(parameters)
        answer = self.tocsin.post(path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        return of_prometheus(answer.status, answer.json())

    def ours_at(self, query, time):
        return self.ask("/api/v1/query", query=query, time=f"{time / 1000:.3f}")

    def ours_over(self, query, start, end, step):
        return self.ask("/api/v1/query_range", query=query, start=f"{start / 1000:.3f}",
                        end=f"{end / 1000:.3f}", step=step / 1000)

    def moved(self, queries):
        """Times in queries as far from these points as they are from the usual ones; the rates that
        Tocsin makes of counters left out."""
        by = (self.start - promql_data.START) // 1000
        queries = [re.sub(r"\b16000\d{5}\b", lambda found: str(int(found[0]) + by), query)
                   for query in queries]
        return [re.sub(r"(?<!\w)\{(?=site=)", '{__name__!~".*:rate",', query) for query in queries]

    def test_table(self):
        self.check(self.moved(promql_queries.TABLE), 2)

    def test_random(self):
        maker = promql_queries.Maker(SEED + 1)
        self.check(self.moved([maker.query() for _ in range(COUNT // 4)]), SEED)


if __name__ == "__main__":
    server.main()
