"""What the whole-program tests share: the program as a process, and the world around it.

`Tocsin` starts build/release/bin/tocsin (or $TOCSIN) on a free port with a folder of its own, waits
until it is ready, and shows the end of its log when something goes wrong. `Hook` is an HTTP server
that receives webhooks and plays Slack; `Mailbox` is a tiny SMTP server. Every wait has a deadline.
"""
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("TOCSIN", str(ROOT / "build/release/bin/tocsin"))
DAY_MS = 86_400_000


last_now_ms = 0


def now_ms():
    """Strictly increasing: a point as old as its series' newest is a retransmission, not tested."""
    global last_now_ms
    last_now_ms = max(last_now_ms + 1, int(time.time() * 1000))
    return last_now_ms


def until(what, look, seconds=40.0, pause=0.02):
    """The first true answer of look(); if there is none in time, an AssertionError that says so."""
    deadline = time.monotonic() + seconds
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what} (last seen: {answer!r})")
        time.sleep(pause)


def run(*arguments, timeout=60, env=None):
    """A command of the program; its status and what it printed."""
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, env={**os.environ, **(env or {})}, check=False)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.text[:300]}>"


class Tocsin:
    """One data folder and the program over it, as often as it is started."""

    def __init__(self, config=None, data=None, options=(), env=None):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-test-"))
        self.data = pathlib.Path(data) if data else self.home / "data"
        self.config = None
        self.options, self.env = list(options), dict(env or {})
        self.process, self.port, self.starts = None, 0, 0
        if config is not None:
            self.config = self.home / "config"
            self.config.mkdir()
            self.configure(config)

    def configure(self, files):
        for name, text in files.items():
            (self.config / name).write_text(text, encoding="utf-8")

    @property
    def log_path(self):
        return self.home / "log"

    def log(self, lines=40):
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text("utf-8", "replace").splitlines()[-lines:])

    def start(self, seconds=30):
        port_file = self.home / "port"
        port_file.unlink(missing_ok=True)
        command = [PROGRAM, "serve", "--data", str(self.data), "--port-file", str(port_file)]
        if "--listen" not in self.options:
            command += ["--listen", "127.0.0.1:0"]
        if self.config:
            command += ["--config", str(self.config)]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command + self.options, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL,
                                            env={**os.environ, **self.env})
        self.starts += 1
        try:
            until("the port", lambda: self._alive() and port_file.exists()
                  and port_file.read_text().strip(), seconds)
            self.port = int(port_file.read_text())
            until("/-/ready", lambda: self._alive() and self._ready(), seconds)
        except BaseException:
            print(self.log(), file=sys.stderr)
            self.kill()
            raise
        return self

    def _alive(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the program ended with {self.process.returncode}")
        return True

    def _ready(self):
        try:
            return self.get("/-/ready").status in (200, 401)
        except OSError:
            return False

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds=20):
        """SIGTERM, and the status the program ended with."""
        if not self.process:
            return None
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            print(self.log(), file=sys.stderr)
            self.kill()
            raise AssertionError(f"SIGTERM: still there after {seconds} s") from None

    def kill(self):
        if self.process and self.alive:
            self.process.kill()
        if self.process:
            self.process.wait(20)

    def close(self):
        """For addCleanup: no process and no folder stays."""
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def call(self, method, path, body=None, headers=None, timeout=20):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            link.request(method, path, body=body, headers=headers or {})
            answer = link.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            link.close()

    def get(self, path, headers=None):
        return self.call("GET", path, headers=headers)

    def post(self, path, body=None, headers=None):
        if not isinstance(body, (bytes, str, type(None))):
            body = json.dumps(body)
            headers = {"Content-Type": "application/json", **(headers or {})}
        return self.call("POST", path, body, headers)

    def write(self, lines, precision="ms", headers=None, extra=""):
        if not isinstance(lines, (bytes, str)):
            lines = "\n".join(lines)
        if isinstance(lines, str):
            lines = lines.encode()
        return self.call("POST", f"/write?precision={precision}{extra}", lines, headers)

    def json(self, path):
        answer = self.get(path)
        assert answer.status == 200, f"GET {path}: {answer}"
        return answer.json()

    def points(self, match, begin=None, end=None):
        """{series: [[time, value], ...]} of what is stored, both ends included, never reduced."""
        begin = now_ms() - DAY_MS if begin is None else begin
        end = now_ms() + DAY_MS if end is None else end
        query = urllib.parse.urlencode({"match": match, "from": begin, "to": end, "width": 10000})
        found = self.json("/api/series/range?" + query)
        if found["reduced"]:  # too many for one chart: ask for each half
            middle = (begin + end) // 2
            out = self.points(match, begin, middle)
            for series, points in self.points(match, middle + 1, end).items():
                out.setdefault(series, []).extend(points)
            return out
        return {entry["series"]["text"]: entry["points"] for entry in found["series"]}

    def alerts(self, state="all"):
        return self.json(f"/api/alerts?state={state}&limit=1000")["alerts"]

    def metric(self, name, labels=""):
        """The sum of a counter over its label sets that hold `labels`."""
        total, found = 0.0, False
        for line in self.get("/metrics").text.splitlines():
            match = re.match(r"([a-z_0-9]+)(\{.*\})? (\S+)$", line)
            if match and match[1] == name and labels in (match[2] or ""):
                total, found = total + float(match[3]), True
        return total if found else 0.0


class Quiet(socketserver.ThreadingMixIn):
    """One thread per connection; a connection that the other side cut off is no news."""
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Hook:
    """An HTTP server that keeps what it is sent. `answer(request)` decides: (status, body)."""

    def __init__(self):
        self.requests, self.lock = [], threading.Lock()
        self.answer = lambda request: (200, b"")
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = {"at": time.monotonic(), "method": self.command, "path": self.path,
                           "body": body,
                           "headers": {k.lower(): v for k, v in self.headers.items()}}
                with owner.lock:
                    request["status"], out = owner.answer(request)
                    owner.requests.append(request)
                self.send_response(request["status"])
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            do_GET = do_PUT = do_POST

            def log_message(self, *_):
                pass

        class Server(Quiet, http.server.HTTPServer):
            pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def at(self, path, status=200):
        with self.lock:
            return [r for r in self.requests if r["path"] == path and r["status"] == status]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Mailbox:
    """An SMTP server without security that keeps every mail: (from, [to], bytes)."""

    def __init__(self):
        self.mails, self.lock = [], threading.Lock()
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 20

            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                sender, to = "", []
                self.say("220 test ready")
                for raw in self.rfile:
                    line = raw.decode("utf-8", "replace").strip()
                    word = line.upper()
                    if word.startswith("EHLO"):
                        self.wfile.write(b"250-test\r\n250 8BITMIME\r\n")
                    elif word.startswith("MAIL FROM:"):
                        sender = line[10:]
                        self.say("250 ok")
                    elif word.startswith("RCPT TO:"):
                        to.append(line[8:])
                        self.say("250 ok")
                    elif word == "DATA":
                        self.say("354 go on")
                        self.take(sender, to)
                        to = []
                        self.say("250 kept")
                    elif word == "QUIT":
                        return self.say("221 bye")
                    else:
                        self.say("250 ok")

            def take(self, sender, to):
                lines = []
                for line in self.rfile:
                    if line in (b".\r\n", b".\n"):
                        break
                    lines.append(line[1:] if line.startswith(b"..") else line)
                with owner.lock:
                    owner.mails.append((sender, list(to), b"".join(lines)))

        class Server(Quiet, socketserver.TCPServer):
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def main():
    """Runs the tests of the calling file; the closing line counts them."""
    if not os.access(PROGRAM, os.X_OK):
        print(f"{PROGRAM} is not there: ./dev build")
        print("0 passed, 1 failed")
        sys.exit(1)
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    broken = [getattr(test, "test_case", test) for test, _ in result.failures + result.errors]
    failed = len({str(test) for test in broken})
    passed = max(0, result.testsRun - failed - len(result.skipped))
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)
