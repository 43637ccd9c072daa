#!/usr/bin/env python3
"""`promtool query` and what Grafana's data source sends beside its queries: headers, limits, durations."""
import shutil
import subprocess
import time
import unittest

import server
from prometheus_api_test import BASE, FORM, Prometheus, form, lines, remote_write

# Headers that Grafana 10 puts on every request of a panel.
GRAFANA = {"User-Agent": "Grafana/10.4.2", "X-Dashboard-Uid": "b2f1", "X-Panel-Id": "4",
           "X-Datasource-Uid": "p1", "X-Grafana-Org-Id": "1", "X-Query-Group-Id": "u-1",
           "Accept": "application/json, text/plain, */*", "Accept-Encoding": "identity"}


def promtool(port, *words):
    """`promtool query` at the server there: status, output and complaint. Options come first, then
    the server's address, then the expression or label; `series` has none."""
    kind, *rest = words
    address = f"http://127.0.0.1:{port}"
    rest = rest + [address] if kind == "series" else rest[:-1] + [address, rest[-1]]
    done = subprocess.run(["promtool", "query", kind, *rest], capture_output=True, text=True,
                          timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr.replace(str(port), "PORT")


@unittest.skipUnless(shutil.which("prometheus"), "Debian's package prometheus is not installed")
class Promtool(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tocsin = server.Tocsin().start()
        cls.addClassCleanup(cls.tocsin.close)
        cls.prometheus = Prometheus()
        cls.addClassCleanup(cls.prometheus.close)
        assert cls.tocsin.write(list(lines())).status == 204
        answer = cls.prometheus.call("POST", "/api/v1/write", remote_write(),
                                     {"Content-Encoding": "snappy",
                                      "Content-Type": "application/x-protobuf",
                                      "X-Prometheus-Remote-Write-Version": "0.1.0"})
        assert answer.status == 204, answer

    def test_queries_print_the_same(self):
        begin, at = str(BASE / 1000), f"--time={BASE / 1000 + 300}"
        span = (f"--start={begin}", f"--end={BASE / 1000 + 600}")
        matches = ("--match=logins", "--match=tiny")
        for words in (("instant", at, "logins"), ("instant", at, "-o", "json", "logins"),
                      ("instant", at, "sum by (site) (rate(requests_total[2m]))"),
                      ("instant", at, "requests_total[1m]"), ("instant", at, "1 + 1"),
                      ("instant", at, "'text'"), ("instant", at, "nope"),
                      ("instant", at, "sum("), ("instant", at, "rate(logins)"),
                      ("range", *span, "--step=37s", "logins"),
                      ("range", *span, "--step=1m", "sum(rate(requests_total[2m])) by (code)"),
                      ("range", *span, "--step=0s", "logins"), ("range", *span, "sum("),
                      ("series", *span, *matches), ("series", *span, "--match=nope"),
                      ("series", *span, "--match=logins{"),
                      ("labels", *span, "site"), ("labels", *span, "host"),
                      ("labels", *span, "__name__"), ("labels", *span, "a-b")):
            with self.subTest(words=words):
                ours, theirs = (promtool(port, *words)
                                for port in (self.tocsin.port, self.prometheus.port))
                if words[-1] == "__name__":  # what Tocsin makes itself is there, too
                    made = [line for line in ours[1].splitlines()
                            if line.startswith("tocsin_") or ":" in line]
                    ours = (ours[0], "".join(line + "\n" for line in ours[1].splitlines()
                                             if line not in made), ours[2])
                self.assertEqual(ours, theirs)

    def both(self, method, path, values):
        answers = []
        for one in (self.tocsin, self.prometheus):
            if method == "POST":
                answers.append(one.call("POST", "/api/v1/" + path, form(**values), GRAFANA | FORM))
            else:
                answers.append(one.call("GET", f"/api/v1/{path}?{form(**values)}", None, GRAFANA))
        return answers

    def test_grafana_asks_and_gets_what_prometheus_gives(self):
        start, end = BASE / 1000, BASE / 1000 + 1200
        span = {"start": f"{start}", "end": f"{end}"}
        for method, path, values in (
                ("POST", "query_range", {"query": "logins", "step": "15", "timeout": "30s", **span}),
                ("POST", "query_range", {"query": "logins", "step": "1m30s", **span}),
                ("POST", "query_range", {"query": "rate(requests_total[1m15s])", "step": "15.000",
                                         **span}),
                ("POST", "query", {"query": "logins", "time": f"{end}", "timeout": "1m"}),
                ("POST", "query", {"query": "1+1", "time": "4"}),
                ("GET", "label/__name__/values", {"match": 'logins{site="rome"}', **span}),
                ("GET", "label/__name__/values", {"match": '{__name__=~".*log.*"}', **span}),
                ("GET", "label/site/values", {"match": ["logins", "requests_total"], **span}),
                ("GET", "label/site/values", {"limit": "40000", **span}),
                ("POST", "labels", {"match": "logins", **span}),
                ("GET", "labels", {"match": 'requests_total{code!=""}', **span}),
                ("POST", "series", {"match": ["logins", "tiny"], "limit": "40000", **span}),
                ("POST", "series", {"match": 'logins{host=~"web-(1|2)"}', **span}),
                ("GET", "query_exemplars", {"query": "logins", **span}),
                ("POST", "query_exemplars", {"query": "rate(requests_total[1m])", **span}),
                ("GET", "query_exemplars", {"query": "sum(", **span}),
                ("GET", "metadata", {"metric": "nope"}),
                ("GET", "metadata", {"limit": "few"}),
                ("GET", "rules", {}), ("GET", "rules", {"type": "alert"}), ("GET", "alerts", {}),
                ("GET", "rules", {"type": "none"})):
            with self.subTest(method=method, path=path, **values):
                ours, theirs = self.both(method, path, values)
                self.assertEqual(ours.status, theirs.status, ours)
                self.assertEqual(ours.text, theirs.text)

    def test_limits_cut_the_lists_and_say_so(self):
        """Prometheus 2.42 has no limit; the words are those of its later versions."""
        for path, values in (("series", {"match": '{__name__!=""}'}), ("labels", {}),
                             ("label/__name__/values", {})):
            answer = self.tocsin.call("GET", f"/api/v1/{path}?{form(limit=1, **values)}", None,
                                      GRAFANA).json()
            self.assertEqual(len(answer["data"]), 1, path)
            self.assertEqual(answer["warnings"], ["results truncated due to limit"])

    def test_the_version_that_grafana_decides_by(self):
        ours, theirs = self.both("GET", "status/buildinfo", {})
        self.assertEqual(set(ours.json()["data"]), set(theirs.json()["data"]))
        version = theirs.json()["data"]["version"].split("+")[0]
        self.assertEqual(ours.json()["data"]["version"].split(".")[:2], version.split(".")[:2])

    def test_metadata_of_one_metric(self):
        found = self.tocsin.json("/api/v1/metadata?metric=requests_total&limit_per_metric=1")
        self.assertEqual(found["data"],
                         {"requests_total": [{"type": "counter", "help": "", "unit": ""}]})

    def test_a_query_that_takes_too_long_says_so(self):
        # 5,760 steps, each of which sorts a day second by second: seconds of work on any machine.
        now = time.time()
        answer = self.tocsin.call("POST", "/api/v1/query_range", form(
            query="quantile_over_time(0.5, vector(time())[1d:1s])", start=now - 86_400, end=now,
            step=15, timeout="1ms"), FORM)
        self.assertEqual((answer.status, answer.json()["errorType"]), (503, "timeout"))


if __name__ == "__main__":
    server.main()
