#!/usr/bin/env python3
"""Grafana's requests against the running program, and the same questions to a real Prometheus.

The requests are those that Grafana's Prometheus data source sends: forms by POST, times as float
seconds, match[] repeated. Where Debian's package `prometheus` is installed, the same points go to
both (line protocol here, remote write there) and the answers have to be equal byte for byte.
"""
import gzip
import http.client
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import server
from server import Tocsin, now_ms, until

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BASE = now_ms() // 60_000 * 60_000 - 3_600_000  # an hour ago, on the minute
SERIES = [
    ("logins", {"site": "madrid", "host": "web-1"}, [(i * 10_000, 100 + i % 7) for i in range(120)]),
    ("logins", {"site": "rome", "host": "web-2"}, [(i * 10_000, 0.1 * i) for i in range(120)]),
    ("requests_total", {"site": "madrid", "code": "200"}, [(i * 15_000, i * 37) for i in range(80)]),
    ("requests_total", {"site": "madrid", "code": "500"}, [(i * 15_000, i // 9) for i in range(80)]),
    ("tiny", {}, [(0, 1e-7), (60_000, 123456789012.5), (120_000, -0.25)]),
    ("odd", {"text": "a<b>&\"c\" é"}, [(0, 5)]),
]


def lines():
    def escaped(text):
        return text.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")
    for name, labels, points in SERIES:
        tags = "".join(f",{key}={escaped(value)}" for key, value in labels.items())
        for offset, value in points:
            yield f"{name}{tags} value={value!r} {BASE + offset}"


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def remote_write():
    """A WriteRequest in a snappy block that holds literals only."""
    request = b""
    for name, labels, points in SERIES:
        one = b""
        for key, value in sorted({"__name__": name, **labels}.items()):
            one += field(1, field(1, key.encode()) + field(2, value.encode()))
        for offset, value in points:
            one += field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(BASE + offset))
        request += field(1, one)
    out = varint(len(request))
    for at in range(0, len(request), 60_000):
        piece = request[at:at + 60_000]
        out += bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece
    return out


def form(**values):
    pairs = []
    for key, value in values.items():
        name = "match[]" if key == "match" else key
        pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
    return urllib.parse.urlencode(pairs)


class Prometheus:
    """The real one, in a folder of its own."""

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-prometheus-"))
        (self.home / "prometheus.yml").write_text("global: {}\n")
        with server.socketserver.TCPServer(("127.0.0.1", 0), None) as probe:
            self.port = probe.server_address[1]
        self.process = subprocess.Popen(
            [shutil.which("prometheus"), f"--config.file={self.home}/prometheus.yml",
             f"--storage.tsdb.path={self.home}/data", f"--web.listen-address=127.0.0.1:{self.port}",
             "--web.enable-remote-write-receiver"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("Prometheus is ready", lambda: self._ready(), 60)

    def _ready(self):
        try:
            return self.call("GET", "/-/ready").status == 200
        except OSError:
            return False

    call = Tocsin.call

    def close(self):
        self.process.kill()
        self.process.wait(20)
        shutil.rmtree(self.home, ignore_errors=True)


class GrafanaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tocsin = Tocsin().start()
        cls.addClassCleanup(cls.tocsin.close)
        answer = cls.tocsin.write(list(lines()))
        assert answer.status == 204, answer

    def ask(self, path, status=200, **values):
        answer = self.tocsin.call("POST", "/api/v1/" + path, form(**values), FORM)
        self.assertEqual(answer.status, status, answer)
        return answer.json()

    def get(self, path, **values):
        answer = self.tocsin.get("/api/v1/" + path + "?" + form(**values))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["data"]

    def test_health_check(self):
        self.assertEqual(self.ask("query", query="1+1", time="4"),
                         {"status": "success",
                          "data": {"resultType": "scalar", "result": [4, "2"]}})

    def test_build_info_names_a_known_version(self):
        info = self.get("status/buildinfo")
        self.assertEqual(info["version"], "2.42.0")
        self.assertNotIn("features", info)

    def test_query_range_of_a_panel(self):
        start, end = BASE / 1000, (BASE + 600_000) / 1000
        data = self.ask("query_range", query='sum by (site) (rate(requests_total[1m]))',
                        start=start, end=end, step=15)["data"]
        self.assertEqual(data["resultType"], "matrix")
        self.assertEqual([one["metric"] for one in data["result"]], [{"site": "madrid"}])
        self.assertTrue(all(isinstance(value, str) for _, value in data["result"][0]["values"]))

    def test_variables_and_browser(self):
        start, end = BASE // 1000, (BASE + 3_600_000) // 1000
        self.assertIn("logins", self.get("label/__name__/values", start=start, end=end))
        self.assertEqual(self.get("label/site/values", match='logins{host=~"web-.*"}',
                                  start=start, end=end), ["madrid", "rome"])
        self.assertEqual(self.ask("labels", match="logins", start=start, end=end)["data"],
                         ["__name__", "host", "site"])
        self.assertEqual(self.ask("series", match=["logins", "tiny"], start=start, end=end)["data"],
                         [{"__name__": "logins", "host": "web-1", "site": "madrid"},
                          {"__name__": "logins", "host": "web-2", "site": "rome"},
                          {"__name__": "tiny"}])
        long_ago = {"start": start - 9_000_000, "end": start - 8_000_000}
        self.assertEqual(self.ask("series", match="logins", **long_ago)["data"], [])

    def test_metadata_exemplars_formatting(self):
        metadata = self.get("metadata")
        self.assertEqual(metadata["requests_total"],
                         [{"type": "counter", "help": "", "unit": ""}])
        self.assertEqual(self.ask("query_exemplars", query="logins", start=1, end=2)["data"], [])
        self.assertEqual(self.get("format_query", query="sum(a)by(b)"), "sum by (b) (a)")

    def test_errors_have_types(self):
        wrong = self.ask("query", 400, query="sum(")
        self.assertEqual((wrong["status"], wrong["errorType"]), ("error", "bad_data"))
        many = self.ask("query", 422, query="requests_total + on (site) requests_total",
                        time=BASE / 1000 + 60)
        self.assertEqual(many["errorType"], "execution")

    def test_gzip_when_taken(self):
        path = "/api/v1/query_range?" + form(query="logins", start=BASE / 1000,
                                             end=BASE / 1000 + 1200, step=10)
        plain, packed = self.tocsin.get(path), self.tocsin.get(path, {"Accept-Encoding": "gzip"})
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)

    def test_a_page_of_this_machine_may_ask(self):
        answer = self.tocsin.call("OPTIONS", "/api/v1/query", None,
                                  {"Origin": "http://localhost:3000"})
        self.assertEqual(answer.status, 204)
        self.assertEqual(answer.headers["Access-Control-Allow-Methods"], "GET, POST, OPTIONS")

    # One connection, so that nothing lies between the answer to a write and the question.
    def test_what_was_acknowledged_is_read_at_once(self):
        link = http.client.HTTPConnection("127.0.0.1", self.tocsin.port, timeout=20)
        for number in range(1, 101):
            at = now_ms()  # may be a little ahead of the clock
            link.request("POST", "/write?precision=ms",
                         f"at_once,part=p{number % 9} value={number} {at}")
            self.assertEqual(link.getresponse().read(), b"")
            link.request("GET", "/api/v1/query?" + form(query="max(at_once)", time=at / 1000))
            answer = link.getresponse().read()
            self.assertIn(f',"{number}"]'.encode(), answer)
            link.request("GET", "/api/series/last?match=at_once&span=1h&reduce=max&by=all")
            self.assertIn(f'"all":{{"value":{number},'.encode(), link.getresponse().read())
        link.close()

    def test_last_points_and_what_they_come_to(self):
        last = self.tocsin.json("/api/series/last?match=logins&points=2")
        self.assertEqual([one["series"]["labels"]["site"] for one in last["series"]],
                         ["madrid", "rome"])
        self.assertEqual([one["points"] for one in last["series"]][0],
                         [[BASE + 1_180_000, 100 + 118 % 7], [BASE + 1_190_000, 100 + 119 % 7]])
        top = self.tocsin.json("/api/series/last?match=logins&points=120&reduce=max")
        self.assertEqual(top["all"], {"value": 106, "count": 240})
        self.assertEqual([one["value"] for one in top["series"]], [106, 0.1 * 119])
        self.assertFalse(top["more"])
        cut = self.tocsin.json("/api/series/last?match=logins&points=1&limit=1")
        self.assertTrue(cut["more"])

    def test_a_chart_says_when_it_leaves_series_out(self):
        many = [f"wide,i=s{i} value=1 {BASE}" for i in range(501)]
        self.assertEqual(self.tocsin.write(many).status, 204)
        query = urllib.parse.urlencode({"match": "wide", "from": BASE - 1, "to": BASE + 1})
        found = self.tocsin.json("/api/series/range?" + query)
        self.assertEqual((len(found["series"]), found["more"]), (500, True))
        query = urllib.parse.urlencode({"match": "logins", "from": BASE - 1, "to": BASE + 1})
        self.assertFalse(self.tocsin.json("/api/series/range?" + query)["more"])


QUERIES = [
    "logins", "tiny", "odd", "nope", "logins{site!=\"rome\"}", "{__name__=~\"log.*|tiny\"}",
    "requests_total[1m]", "sum by (site) (rate(requests_total[2m]))", "1e21", "vector(1e21)",
    "vector(1e-7)", "\"a<b\"", "scalar(tiny)", "logins / on (site) group_left requests_total",
    "max_over_time(logins[5m:30s])", "topk(1, logins)", "logins offset 5m", "logins @ end()",
    "count_values(\"v\", logins)", "histogram_quantile(0.9, logins)", "absent(nope{a=\"b\"})",
    "quantile(0.5, logins)", "sum(", "logins{", "sum(logins, 1)", "rate(logins)", "time()",
    "label_replace(logins, \"x\", \"$1\", \"site\", \"(.*)\")", "-logins", "logins == bool 100",
    "1/0", "-1/0", "0/0",
]


@unittest.skipUnless(shutil.which("prometheus"), "Debian's package prometheus is not installed")
class SameAsPrometheusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tocsin = Tocsin().start()
        cls.addClassCleanup(cls.tocsin.close)
        cls.prometheus = Prometheus()
        cls.addClassCleanup(cls.prometheus.close)
        assert cls.tocsin.write(list(lines())).status == 204
        answer = cls.prometheus.call("POST", "/api/v1/write", remote_write(),
                                     {"Content-Encoding": "snappy",
                                      "Content-Type": "application/x-protobuf",
                                      "X-Prometheus-Remote-Write-Version": "0.1.0"})
        assert answer.status == 204, answer

    def same(self, path, values):
        for method in ("GET", "POST"):
            if method == "GET":
                calls = [one.call("GET", f"/api/v1/{path}?{form(**values)}")
                         for one in (self.tocsin, self.prometheus)]
            elif path.startswith("label/") or path == "metadata":
                continue
            else:
                calls = [one.call("POST", f"/api/v1/{path}", form(**values), FORM)
                         for one in (self.tocsin, self.prometheus)]
            with self.subTest(path=path, method=method, **values):
                self.assertEqual(calls[0].text, calls[1].text)
                self.assertEqual(calls[0].status, calls[1].status)
                self.assertEqual(calls[0].headers["Content-Type"], calls[1].headers["Content-Type"])

    def test_instant_queries(self):
        for query in QUERIES:
            for at in (BASE / 1000 + 130, BASE / 1000 + 300.5):
                self.same("query", {"query": query, "time": at})

    def test_ranges(self):
        for query in QUERIES:
            self.same("query_range", {"query": query, "start": BASE / 1000,
                                      "end": BASE / 1000 + 1200, "step": "37s"})
        self.same("query_range", {"query": "logins", "start": BASE / 1000,
                                  "end": BASE / 1000 + 100, "step": 0.5})

    def test_wrong_parameters(self):
        for values in ({}, {"query": "up"}, {"query": "up", "start": "x", "end": 1, "step": 1},
                       {"query": "up", "start": 1, "end": 0, "step": 1},
                       {"query": "up", "start": 1, "end": 2, "step": 0},
                       {"query": "up", "start": 1, "end": 2, "step": "1m30"},
                       {"query": "up", "start": 0, "end": 99999, "step": 1},
                       {"query": "up", "start": 0, "end": 9, "step": 1, "timeout": "x"}):
            self.same("query_range", values)
        for values in ({}, {"query": "up", "time": "x"}, {"query": "up", "time": "2026-01-01"},
                       {"query": "up", "timeout": "-1s"}):
            self.same("query", values)

    def test_lists(self):
        hour = {"start": BASE / 1000, "end": BASE / 1000 + 3600}
        for values in ({"match": "logins"}, {"match": ["logins", "tiny"]}, {"match": "nope"},
                       {"match": "logins{"}, {"match": "{a=\"\"}"}, {}):
            self.same("series", {**values, **hour})
        for values in ({"match": "logins"}, {"match": "odd"}, {}):
            self.same("label/site/values", {**values, **hour})
            self.same("label/text/values", {**values, **hour})
        self.same("labels", {"match": ["logins", "odd"], **hour})
        for wrong in ("logins{", "{a=\"\"}"):
            self.same("labels", {"match": wrong})
            self.same("label/site/values", {"match": wrong})
        self.same("label/a-b/values", {})
        self.same("label/nope/values", {})
        self.same("query_exemplars", {"query": "logins", "start": 1, "end": 2})
        self.same("format_query", {"query": "sum(rate(logins[5m]))by(site)"})


if __name__ == "__main__":
    server.main()
