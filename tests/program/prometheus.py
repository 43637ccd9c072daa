"""A real Prometheus (Debian's package `prometheus`) as a process on loopback, to compare with."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

START_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """Empty unless `data` names a folder of blocks. Ends with the `with` block."""

    def __init__(self, *flags, data=None, config="global: {}\n"):
        self.folder = tempfile.mkdtemp(prefix="tocsin-prometheus-")
        with open(os.path.join(self.folder, "prometheus.yml"), "w", encoding="utf-8") as file:
            file.write(config)
        self.port = free_port()
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yml",
             f"--storage.tsdb.path={data or self.folder + '/data'}",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn", *flags],
            stdout=self.log, stderr=self.log)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def __enter__(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                status, _ = self.get("/-/ready")
                if status == 200:
                    return self
            except (OSError, http.client.HTTPException):
                self.connection.close()
            if time.monotonic() > deadline or self.process.poll() is not None:
                with open(self.log.name, encoding="utf-8", errors="replace") as file:
                    raise RuntimeError("Prometheus did not start:\n" + file.read())
            time.sleep(0.05)

    def __exit__(self, *_):
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def get(self, path, **parameters):
        """Status and body as bytes."""
        query = urllib.parse.urlencode(parameters, doseq=True)
        self.connection.request("GET", path + ("?" + query if query else ""))
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def post(self, path, **parameters):
        """A form, as Grafana sends queries; status and body as JSON."""
        self.connection.request("POST", path, urllib.parse.urlencode(parameters, doseq=True),
                                {"Content-Type": "application/x-www-form-urlencoded"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())
