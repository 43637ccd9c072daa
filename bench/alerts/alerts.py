"""Alerts of other systems, beside Debian's Alertmanager: posted, kept, told. bench/run alerts

Both get the same bytes: bodies of 64 alerts made beforehand, over two connections from one process. A silence
keeps the mass of alerts quiet on both sides; the probes of the last part are told by a webhook.
"""
import http.client
import http.server
import json
import os
import pathlib
import shutil
import socket
import statistics
import tempfile
import threading
import time

# BENCH_ACTIVE=N: so many alerts; BENCH_PEER=0: without the peer; BENCH_SILENCE=0: without the silence, so that
# the mass of alerts waits to be told as one group.
BATCH, CONNECTIONS = 64, 2
ACTIVE = int(os.environ.get("BENCH_ACTIVE", 100_000))
REFRESH_SECONDS, PACED, PACED_SECONDS, PROBES_A_SECOND = 8, 20_000, 10, 20

PEER = """
route:
  receiver: hub
  group_by: [alertname]
  routes:
    - {{matchers: [alertname="Probe"], receiver: hub, group_by: ['...'], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: hub, webhook_configs: [{{url: 'http://127.0.0.1:{port}/'}}]}}]
"""
OWN = """
receivers: [{{name: hub, kind: webhook, url: 'http://127.0.0.1:{port}/'}}]
routes:
  - {{match: ['alertname="Probe"'], receivers: [hub]}}
  - {{receivers: [hub], group_by: [alertname]}}
supervisor: {{open_alerts_max: 300000, storm: {{openings: 0}}}}
"""


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))


def alert(name, number, bulk):
    labels = {"alertname": name, "instance": f"host-{number:06}.example.com:9100", "job": "node",
              "severity": "warning", "datacenter": f"dc{number % 5}"}
    if bulk:
        labels["bulk"] = "yes"
    return {"labels": labels, "startsAt": stamp(-60), "endsAt": stamp(3600),
            "annotations": {"summary": f"host-{number:06} is short of disk space",
                            "description": "less than 10 % of /var is free for 10 minutes"},
            "generatorURL": "http://prometheus.example.com:9090/graph?g0.expr=node_free&g0.tab=1"}


def request(alerts):
    body = json.dumps(alerts).encode()
    return (b"POST /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body


class Link:
    """One keep-alive connection: a request out, its answer's status back."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, data):
        self.socket.sendall(data)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(4096)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer[:300].decode())


def send_all(port, requests, seconds=None):
    """All of them once, or round and round for a time; how many requests a second."""
    counts = [0] * CONNECTIONS
    deadline = None if seconds is None else time.monotonic() + seconds

    def work(index):
        link = Link(port)
        own = requests[index::CONNECTIONS]
        while True:
            for data in own:
                link.post(data)
                counts[index] += 1
                if deadline and time.monotonic() > deadline:
                    return
            if deadline is None:
                return
    began = time.monotonic()
    threads = [threading.Thread(target=work, args=(i,)) for i in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    arrivals = {}

    def do_POST(self):
        now = time.monotonic()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for one in body["alerts"]:
            Receiver.arrivals.setdefault(one["labels"]["instance"], now)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def silence(port):
    link = http.client.HTTPConnection("127.0.0.1", port)
    link.request("POST", "/api/v2/silences", json.dumps({
        "matchers": [{"name": "bulk", "value": "yes", "isRegex": False}], "startsAt": stamp(0),
        "endsAt": stamp(7200), "createdBy": "bench", "comment": "quiet"}),
                 {"Content-Type": "application/json"})
    answer = link.getresponse()
    if answer.status != 200:
        raise RuntimeError(answer.read().decode())
    link.close()


def paced(port, requests):
    """Refreshes at a rate, probes among them: milliseconds from a probe's post to its webhook."""
    Receiver.arrivals = {}
    sent, link, probes = {}, Link(port), Link(port)
    began, number = time.monotonic(), 0
    for turn in range(PACED * PACED_SECONDS // BATCH):
        due = began + turn * BATCH / PACED
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        link.post(requests[turn % len(requests)])
        if due - began >= number / PROBES_A_SECOND:
            one = alert("Probe", 900_000 + number, False)
            data = request([one])
            sent[one["labels"]["instance"]] = time.monotonic()
            probes.post(data)
            number += 1
    took = time.monotonic() - began
    time.sleep(2)
    waits = sorted((Receiver.arrivals[name] - at) * 1000 for name, at in sent.items()
                   if name in Receiver.arrivals)
    return PACED * PACED_SECONDS / took, waits, len(sent) - len(waits)


def measure(server, resident_mb, bulk):
    if os.environ.get("BENCH_SILENCE") != "0":
        silence(server.port)
    before = resident_mb(server.pid)
    new = send_all(server.port, bulk) * BATCH
    resident = resident_mb(server.pid) - before
    refreshed = send_all(server.port, bulk, REFRESH_SECONDS) * BATCH
    rate, waits, lost = paced(server.port, bulk)
    at = lambda part: waits[min(len(waits) - 1, int(len(waits) * part))]
    print(f"| {server.name} | {new:,.0f} | {resident * 1e6 / (len(bulk) * BATCH):,.0f} B | {refreshed:,.0f} "
          f"| {rate:,.0f} | {statistics.median(waits):.1f} | {at(.9):.1f} | {at(.99):.1f} | {lost} |",
          flush=True)


def run(root, server_class, start_tocsin, resident_mb):
    print(f"## Alerts of other systems\n\n{ACTIVE:,} alerts in batches of {BATCH} over {CONNECTIONS} "
          f"connections, sender and server on the same cores: new, then told again for {REFRESH_SECONDS} s; then "
          f"{PACED:,}/s of them told again with {PROBES_A_SECOND} new ones a second, each told by a webhook. Tocsin: what "
          "is new is on disk (fsync) before the answer.\n")
    print("| server | new/s | resident per alert | told again/s | paced at | post → webhook p50 ms | p90 | p99 | lost |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    folder = tempfile.mkdtemp(prefix="tocsin-config-", dir=root / "build")
    bulk = [request([alert("DiskSpace", at + i, True) for i in range(BATCH)])
            for at in range(0, ACTIVE, BATCH)]
    try:
        if os.environ.get("BENCH_PEER") == "0":
            pass
        elif shutil.which("prometheus-alertmanager"):
            peer = pathlib.Path(folder, "peer.yml")
            peer.write_text(PEER.format(port=receiver.server_port))
            server = server_class("Alertmanager", [
                "prometheus-alertmanager", f"--config.file={peer}", "--storage.path={data}/am",
                "--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
                "--log.level=error"], "/-/ready")
            try:
                measure(server, resident_mb, bulk)
            finally:
                server.stop()
            peer.unlink()
        else:
            print("| Alertmanager | not installed |")
        pathlib.Path(folder, "own.yaml").write_text(OWN.format(port=receiver.server_port))
        server = start_tocsin("--config", folder)
        try:
            measure(server, resident_mb, bulk)
        finally:
            server.stop()
        print(flush=True)
    finally:
        receiver.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
