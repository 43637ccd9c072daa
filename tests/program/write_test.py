#!/usr/bin/env python3
"""Points in, as Telegraf sends them, and every kind of bad input: an answer, a counter, no end."""
import gzip
import http.client
import json
import random
import socket
import time
import unittest

import server

TOCSIN = None  # one for all of these tests
FORM = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Telegraf/1.30"}
PACKED = {"Content-Encoding": "gzip"}


def setUpModule():
    global TOCSIN
    TOCSIN = server.Tocsin({"server.yaml": "server: {body_bytes: 2000000}\n"})
    TOCSIN.start()


def tearDownModule():
    try:
        assert TOCSIN.alive, "an input ended the process\n" + TOCSIN.log()
        assert TOCSIN.stop() == 0
    finally:
        TOCSIN.close()


class Case(unittest.TestCase):
    def counted(self, name, labels, count=1):
        """The counter goes up by `count` between here and the end of the test."""
        before = TOCSIN.metric(name, labels)
        def check():
            self.assertTrue(TOCSIN.alive)
            self.assertEqual(TOCSIN.metric(name, labels) - before, count, f"{name}{{{labels}}}")
        self.addCleanup(check)

    def kept(self, name, values, begin=None, end=None):
        found = [v for points in TOCSIN.points(name, begin, end).values() for _, v in points]
        self.assertEqual(sorted(found), sorted(values))

    def refused(self, answer, *words, status=400):
        self.assertEqual(answer.status, status, answer)
        message = answer.json().get("error") or answer.json().get("message")
        for word in words:
            self.assertIn(word, message)


class GoodTest(Case):
    def test_create_database_as_telegraf(self):
        answer = TOCSIN.call("POST", "/query", "q=CREATE+DATABASE+%22telegraf%22", FORM)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json(), {"results": [{"statement_id": 0}]})
        shown = TOCSIN.get("/query?q=SHOW%20DATABASES").json()["results"][0]["series"][0]
        self.assertEqual(shown["name"], "databases")
        self.assertTrue(shown["values"])

    def test_ping(self):
        for method in ("GET", "HEAD"):
            answer = TOCSIN.call(method, "/ping")
            self.assertEqual((answer.status, answer.body), (204, b""))
            self.assertTrue(answer.headers["X-Influxdb-Version"])

    def test_gzip_as_telegraf_v1(self):
        now = server.now_ms()
        body = gzip.compress(b"cpu,host=a usage_idle=97.5,usage_user=1.25 %d\n" % (now * 1_000_000))
        answer = TOCSIN.call("POST", "/write?consistency=any&db=telegraf", body,
                             {**PACKED, "Content-Type": "text/plain; charset=utf-8"})
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(TOCSIN.points("cpu_usage_idle"),
                         {'cpu_usage_idle{host="a"}': [[now, 97.5]]})
        self.assertEqual(TOCSIN.points("cpu_usage_user"),
                         {'cpu_usage_user{host="a"}': [[now, 1.25]]})

    def test_chunked_gzip_v2(self):
        now = server.now_ms()
        body = gzip.compress(b"v2chunked value=3i %d\n" % (now * 1_000_000))
        link = http.client.HTTPConnection("127.0.0.1", TOCSIN.port, timeout=10)
        self.addCleanup(link.close)
        link.request("POST", "/api/v2/write?org=any&bucket=any", iter([body[:9], body[9:]]),
                     {**PACKED, "Authorization": "Token anything"}, encode_chunked=True)
        self.assertEqual(link.getresponse().status, 204)
        self.kept("v2chunked", [3.0])

    def test_precisions(self):
        at = server.now_ms() // 3_600_000 * 3_600_000  # a whole hour: exact in every unit
        units = {"v1": {"n": 10**6, "ns": 10**6, "u": 10**3, "us": 10**3, "ms": 1},
                 "v2": {"ns": 10**6, "us": 10**3, "ms": 1}}
        larger = {"v1": {"s": 1000, "m": 60_000, "h": 3_600_000}, "v2": {"s": 1000}}
        for version, path in (("v1", "/write"), ("v2", "/api/v2/write")):
            stamps = {unit: at * factor for unit, factor in units[version].items()}
            stamps |= {unit: at // size for unit, size in larger[version].items()}
            for unit, stamp in stamps.items():
                name = f"precision_{version}_{unit}"
                answer = TOCSIN.post(f"{path}?precision={unit}", f"{name} value=1 {stamp}")
                self.assertEqual(answer.status, 204, (path, unit, answer))
                self.assertEqual(TOCSIN.points(name), {name: [[at, 1.0]]}, unit)

    def test_no_trailing_newline_comments_and_crlf(self):
        now = server.now_ms()
        body = f"# a comment\r\n\r\nloose,s=1 value=1 {now}\r\nloose,s=2 value=2 {now}"
        self.assertEqual(TOCSIN.write(body).status, 204)
        self.kept("loose", [1.0, 2.0])

    def test_without_a_timestamp_it_is_now(self):
        before = int(time.time() * 1000)
        self.assertEqual(TOCSIN.write("timeless value=5").status, 204)
        (at, value), = TOCSIN.points("timeless")["timeless"]
        self.assertEqual(value, 5.0)
        self.assertTrue(before <= at <= int(time.time() * 1000))

    def test_empty_body(self):
        self.assertEqual(TOCSIN.write("").status, 204)


class BadLineTest(Case):
    def test_the_good_lines_are_kept(self):
        self.counted("tocsin_lines_rejected_total", 'reason="syntax"', 2)
        now = server.now_ms()
        answer = TOCSIN.write(f"part,s=1 value=1 {now}\npart,s=2\npart,s=3 value= {now}\n"
                              f"part,s=4 value=4 {now}")
        self.refused(answer, "partial write: unable to parse 'part,s=2'", "line 2",
                     "1 more line refused", "2 lines kept", "dropped=2")
        self.assertIn("partial write", answer.headers["X-Influxdb-Error"])
        self.kept("part", [1.0, 4.0])

    def test_v2_names_the_line(self):
        self.counted("tocsin_lines_rejected_total", 'reason="syntax"')
        answer = TOCSIN.post("/api/v2/write?precision=ms", "fine2 value=1\nwrong2")
        self.refused(answer, "partial write: unable to parse 'wrong2'")
        self.assertEqual((answer.json()["code"], answer.json()["line"]), ("invalid", 2))
        self.kept("fine2", [1.0])

    def test_nothing_good_is_no_partial_write(self):
        self.counted("tocsin_lines_rejected_total", 'reason="syntax"')
        answer = TOCSIN.write("only_wrong")
        self.refused(answer, "unable to parse 'only_wrong': missing fields", "line 1")
        self.assertNotIn("partial write", answer.json()["error"])

    def test_nan_and_infinities(self):
        words = ("NaN", "nan", "inf", "-inf", "+Inf", "Infinity")
        self.counted("tocsin_lines_rejected_total", 'reason="not_finite"', len(words))
        for word in words:
            answer = TOCSIN.write(f"finite,word={word} value={word}\nfinite value=1 1000")
            self.refused(answer, "partial write", "line 1")
        self.kept("finite", [1.0], 0, 2000)

    def test_numbers_out_of_range(self):
        self.counted("tocsin_lines_rejected_total", 'reason="number"', 2)
        self.refused(TOCSIN.write("range value=1e400"), "line 1")
        self.refused(TOCSIN.write("range value=99999999999999999999i"), "line 1")
        self.kept("range", [])

    def test_year_9999(self):
        self.counted("tocsin_lines_rejected_total", 'reason="time"', 2)
        last = 253_370_764_799  # 9998-12-31T23:59:59Z
        self.refused(TOCSIN.write(f"era value=1 {last + 1}", "s"), "time", "line 1")
        self.refused(TOCSIN.write("era value=1 -1", "s"), "line 1")
        self.counted("tocsin_points_future_total", "")
        self.assertEqual(TOCSIN.write(f"era value=2 {last}", "s").status, 204)
        self.kept("era", [2.0], last * 1000 - 1, last * 1000 + 1)
        # It does not get in the way of what comes at its time.
        self.assertEqual(TOCSIN.write("era value=3").status, 204)
        self.kept("era", [3.0])

    def test_label_of_1_MB(self):
        self.counted("tocsin_lines_rejected_total", 'reason="limit"', 2)
        for size in (1_000_000, 1_100_000):  # with the line under 1 MiB, and over
            answer = TOCSIN.write(f"long,l={'x' * size} value=1\nlong,l=short value=2")
            self.refused(answer, "partial write", "line 1", "1 line kept")
            self.assertLess(len(answer.body), 2000)
        values = [v for points in TOCSIN.points("long").values() for _, v in points]
        self.assertEqual(set(values), {2.0})

    def test_bytes_that_are_not_utf8(self):
        self.counted("tocsin_lines_rejected_total", 'reason="label"')
        answer = TOCSIN.write(b"bytes,l=\xff\xfe value=1\nbytes,l=good value=2")
        self.refused(answer, "partial write", "line 1")
        self.kept("bytes", [2.0])

    def test_strings_are_counted(self):
        self.counted("tocsin_fields_skipped_total", 'type="string"')
        self.assertEqual(TOCSIN.write('texts state="a b, c=d",value=4').status, 204)
        self.kept("texts", [4.0])

    def test_random_rubbish(self):
        chance = random.Random(7)
        before = TOCSIN.metric("tocsin_lines_rejected_total")
        bodies = [chance.randbytes(100_000)]
        bodies.append(bytes(chance.choice(b"ab,= \\\"\n1.ei#\t\r") for _ in range(100_000)))
        for body in bodies:
            answer = TOCSIN.write(body)
            self.refused(answer, "unable to parse", "line ")
            self.assertLess(len(answer.body), 4000)
        self.assertGreater(TOCSIN.metric("tocsin_lines_rejected_total"), before + 100)
        self.assertTrue(TOCSIN.alive)
        self.assertEqual(TOCSIN.write("after_rubbish value=1").status, 204)


class BadRequestTest(Case):
    def test_unknown_precision(self):
        self.counted("tocsin_http_responses_total", 'class="4xx"')
        self.refused(TOCSIN.write("p value=1", "fortnight"), "precision")

    def test_truncated_gzip(self):
        whole = gzip.compress(b"".join(b"cut,n=%d value=1\n" % i for i in range(2000)))
        cases = {"cut in half": whole[:len(whole) // 2], "no trailer": whole[:-8],
                 "no gzip at all": b"cut value=1", "wrong checksum": whole[:-8] + b"\0" * 8}
        self.counted("tocsin_http_refused_total", 'reason="inflate"', len(cases))
        for name, body in cases.items():
            answer = TOCSIN.write(body, headers=PACKED)
            self.assertEqual(answer.status, 400, (name, answer))
            self.assertIn("gzip", answer.text, name)
        self.kept("cut", [])

    def test_gzip_bomb(self):
        self.counted("tocsin_http_refused_total", 'reason="inflate"')
        answer = TOCSIN.write(gzip.compress(b"#" * 400_000_000, 1), headers=PACKED)
        self.assertEqual(answer.status, 413, answer)

    def test_oversized_body(self):
        self.counted("tocsin_http_refused_total", 'reason="body"')
        link = socket.create_connection(("127.0.0.1", TOCSIN.port), timeout=10)
        self.addCleanup(link.close)
        link.sendall(b"POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000001\r\n\r\n")
        answer = http.client.HTTPResponse(link)
        answer.begin()
        body = json.loads(answer.read())
        self.assertEqual(answer.status, 413)
        self.assertTrue(body["error"])

    def test_largest_body(self):
        line = b"most,n=%d value=1\n"
        body = b"".join(line % (i % 50) for i in range(100_000))
        self.assertLess(len(body), 2_000_000)
        self.assertEqual(TOCSIN.write(body).status, 204)

    def test_select_is_refused(self):
        answer = TOCSIN.call("POST", "/query", "q=SELECT+1", FORM)
        self.assertIn("SELECT", answer.json()["results"][0]["error"])

    def test_no_http_at_all(self):
        before = TOCSIN.metric("tocsin_http_refused_total")
        for rubbish in (b"\0" * 1000, b"GET / HTTP/9.9\r\n\r\n", b"POST /write HTTP/1.1\r\n"
                        b"Content-Length: -5\r\n\r\n", b"X" * 100_000):
            with socket.create_connection(("127.0.0.1", TOCSIN.port), timeout=10) as link:
                try:
                    link.sendall(rubbish)
                    link.shutdown(socket.SHUT_WR)
                    first = link.recv(100)
                except OSError:
                    first = b""  # it hung up on us: fine
            self.assertNotIn(b" 200 ", first)
            self.assertTrue(TOCSIN.alive)
        self.assertEqual(TOCSIN.get("/ping").status, 204)
        self.assertGreater(TOCSIN.metric("tocsin_http_refused_total"), before)


if __name__ == "__main__":
    server.main()
