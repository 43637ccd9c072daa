"""Points that are hard on a query engine, and how they come into Prometheus and the engine's tool."""
import http.client
import random
import struct

START = 1_600_000_020_000  # ms
LENGTH = 9_000_000  # 2.5 h: within one head block of Prometheus
STALE = 0x7FF0000000000002
NAN = 0x7FF8000000000001


def bits(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def double(value):
    return struct.unpack("<d", struct.pack("<Q", value))[0]


def is_finite(value):
    return abs(double(value)) < float("inf")


class Data:
    """series: label pairs -> [(ms, bits)], ascending. Every series begins with a point long before
    the others (a stale marker, unless all are to be finite), so that Prometheus creates them in the
    order of their labels, which is the order in which it adds their values up."""

    def __init__(self, seed, start=START, finite=False):
        self.random = random.Random(seed)
        self.start, self.end = start, start + LENGTH
        self.series = {}
        self.gauges()
        self.counters()
        self.histograms()
        self.odd()
        self.ranks()
        for pairs, points in self.series.items():
            if finite:
                points = self.series[pairs] = [point for point in points if is_finite(point[1])]
            points.insert(0, (start - 600_000, bits(0.0) if finite else STALE))

    def add(self, name, points, **labels):
        pairs = tuple(sorted({"__name__": name, **labels}.items()))
        self.series[pairs] = [(t, v if isinstance(v, int) else bits(v)) for t, v in points]

    def times(self, step, jitter=0, gaps=0.0, begin=0, end=LENGTH):
        missing = 0
        for t in range(self.start + begin, self.start + end, step):
            if missing:
                missing -= 1
                continue
            if self.random.random() < gaps:
                missing = self.random.randrange(1, 60)
                yield t, True
                continue
            yield t + self.random.randrange(jitter + 1), False

    def gauges(self):
        for site in ("madrid", "oslo", "rome"):
            for host in range(4):
                value = self.random.uniform(0, 100)
                points = []
                stale = self.random.random() < 0.5
                for t, gap in self.times(15_000, 900, 0.004):
                    value += self.random.gauss(0, 3)
                    if gap and stale:
                        points.append((t, STALE))
                    elif not gap:
                        points.append((t, round(value, 3) if host else float(round(value))))
                labels = {"host": f"h{host}"} if host else {}
                self.add("load", points, site=site, job="node", **labels)
        for i, site in enumerate(("madrid", "oslo")):
            self.add("temperature", [(t, 20 + i + t % 7 / 8) for t, _ in self.times(60_000)],
                     site=site, zone="a")
            self.add("limit", [(t, 50.0 + i) for t, _ in self.times(30_000)], site=site)

    def counters(self):
        for site in ("madrid", "oslo", "rome"):
            for code in ("200", "404", "500"):
                value, points = 0.0, []
                for t, gap in self.times(10_000, 300, 0.003):
                    if gap:
                        continue
                    value += self.random.choice([0, 0, 1, 3, 2.5, self.random.uniform(0, 40)])
                    if self.random.random() < 0.004:
                        value = self.random.choice([0.0, 1.0, 0.25])
                    points.append((t, value))
                self.add("requests_total", points, site=site, code=code, job="api")
        self.add("errors_total", [(t, float(t // 60_000 % 50)) for t, _ in self.times(20_000)],
                 job="api")

    def histograms(self):
        for site in ("madrid", "oslo"):
            counts, series = [0.0] * 6, [[] for _ in range(6)]
            for t, _ in self.times(15_000):
                for i in range(6):
                    counts[i] += self.random.randrange(5)
                total = 0.0
                for i in range(6):
                    total += counts[i]
                    series[i].append((t, total))
            for bound, points in zip(("0.1", "0.25", "1", "2.5", "10", "+Inf"), series):
                self.add("latency_bucket", points, site=site, le=bound)
            self.add("latency_count", series[5], site=site)
        broken = [("0.5", 10), ("1", 7), ("1.0", 2), ("x", 5), ("+Inf", 12), ("-1", 3)]
        for bound, count in broken:
            self.add("broken_bucket", [(t, float(count)) for t, _ in self.times(30_000)], le=bound)
        self.add("open_bucket", [(t, 4.0) for t, _ in self.times(30_000)], le="1")
        self.add("open_bucket", [(t, 5.0) for t, _ in self.times(30_000)], le="2")

    def odd(self):
        specials = [float("nan"), float("inf"), float("-inf"), -0.0, 0.0, 5e-324, 1.7976931348623157e308,
                    1.0, -1.0, 1e-7, 1e21, 123456789.125, STALE, NAN, 2.0, 2.0]
        for i in range(3):
            self.add("odd", [(t, self.random.choice(specials)) for t, _ in self.times(20_000)],
                     i=str(i))
        self.add("calm", [(t, self.random.choice([-0.0, 0.0, 1.0, 3.0])) for t, _ in self.times(15_000)],
                 i="0")
        self.add("infinite", [(t, float("inf")) for t, _ in self.times(15_000)], i="0")
        self.add("unix", [(t, t / 1000 * self.random.choice([1, 1, 1.5, -1, 0.1, 1e12]))
                          for t, _ in self.times(60_000)], i="0")
        self.add("rare", [(t, t / 1000) for t, _ in self.times(290_000)], i="0")
        self.add("tick", [(t, 1.0) for t in range(self.start, self.end, 60_000)], i="0")
        self.add("brief", [(t, 7.0) for t, _ in self.times(15_000, begin=3_000_000, end=3_300_000)], pod="p1")
        self.add("brief", [(t, 8.0) for t, _ in self.times(15_000, begin=3_200_000, end=4_000_000)], pod="p2")

    def ranks(self):
        """Many series with few values, in another pattern each minute: what a sort does with ties."""
        patterns = [lambda i: i % 7, lambda i: -i // 3, lambda i: i // 9, lambda i: 5, lambda i: i * i % 11,
                    lambda i: float("nan") if i % 13 == 0 else i * 7 % 31, lambda i: min(i, 120 - i),
                    lambda i: -0.0 if i % 3 else 0.0, lambda i: self.random.randrange(20),
                    lambda i: self.random.choice([0.0, -0.0, 1.0, -1.0]), lambda i: i if i % 40 else -i,
                    lambda i: self.random.randrange(3), lambda i: 120 - i, lambda i: i % 2]
        times = list(range(self.start, self.end, 60_000))
        columns = [[float(patterns[k % len(patterns)](i)) for i in range(120)] for k in range(len(times))]
        for i in range(120):
            self.add("rank", [(t, columns[k][i]) for k, t in enumerate(times)], i=f"{i:03}",
                     group=str(i % 3))

    def lines(self):
        """For tests/promql/promql_eval.cc."""
        for pairs, points in sorted(self.series.items()):
            yield "series " + "\t".join(part for pair in pairs for part in pair)
            for t, value in points:
                yield f"point {t} {value:x}"

    def influx(self):
        """Line protocol, in order of time; of finite points only."""
        escape = lambda text: text.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")
        rows = []
        for pairs, points in sorted(self.series.items()):
            labels = dict(pairs)
            key = ",".join([labels.pop("__name__"), *(f"{k}={escape(v)}" for k, v in labels.items())])
            for t, value in points:
                rows.append((t, f"{key} value={double(value)!r} {t}"))
        return [line for _, line in sorted(rows, key=lambda row: row[0])]

    def send(self, port):
        """By remote write, in order of time: Prometheus takes nothing much older than its newest."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        order = sorted(self.series.items())
        edges = [self.start - 600_000, self.start - 300_000,
                 *range(self.start + 600_000, self.end + 600_001, 600_000)]
        for begin, end in zip(edges, edges[1:]):
            body = b"".join(field(1, series_message(pairs, [p for p in points if begin <= p[0] < end]))
                            for pairs, points in order)
            connection.request("POST", "/api/v1/write", snappy(body), {
                "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
                "X-Prometheus-Remote-Write-Version": "0.1.0"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status // 100 != 2:
                raise RuntimeError(f"remote write: {answer.status} {text[:300]}")
        connection.close()


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def series_message(pairs, points):
    labels = b"".join(field(1, field(1, name.encode()) + field(2, value.encode()))
                      for name, value in pairs)
    samples = b"".join(field(2, b"\x09" + struct.pack("<Q", value) + b"\x10" + varint(t))
                       for t, value in points)
    return labels + samples


def snappy(data):
    """The format without compression: the length, then literals of at most 64 KiB."""
    out = bytearray(varint(len(data)))
    for at in range(0, len(data), 65_536):
        chunk = data[at:at + 65_536]
        out += b"\xf4" + struct.pack("<H", len(chunk) - 1) + chunk
    return bytes(out)
