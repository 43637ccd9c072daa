#!/usr/bin/env python3
"""A full disk, a mail server that is not there: said so, nothing lost, mended by itself."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import server

BATCH = 100
CONFIG = """
server: {journal_bytes: 67108864}
workers:
  - id: limits
    tier: kpi
    select: ['heat']
    opens: 1 of 1
    models: [{kind: threshold, above: 100}]
rules:
  - id: too-hot
    severity: critical
    when: {violation: heat}
receivers:
  - {name: hub, kind: webhook, url: "%s/hub"}
  - {name: post, kind: mail, host: 127.0.0.1, port: %d, security: none,
     from: tocsin@example.com, to: [ops@example.com]}
routes:
  - receivers: [%s]
"""


class SmallDisk:
    """A tmpfs of 320 MB, or the reason why there is none."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-disk-"))
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=320m", "tocsin-test", self.path],
                              capture_output=True, text=True, check=False)
        self.refused = done.stderr.strip() if done.returncode else None

    def fill(self):
        """Takes what is free, all of it."""
        with open(self.path / "ballast", "wb", buffering=0) as ballast:
            for size in (1 << 20, 4096):
                try:
                    while ballast.write(b"\0" * size) == size:
                        pass
                except OSError:
                    pass

    def free(self):
        (self.path / "ballast").unlink(missing_ok=True)

    def close(self):
        if not self.refused:
            subprocess.run(["umount", self.path], check=False)
        os.rmdir(self.path)


class FullDiskTest(unittest.TestCase):
    def setUp(self):
        self.disk = SmallDisk()
        self.addCleanup(self.disk.close)
        if self.disk.refused:
            print(f"left out: a small disk could not be mounted ({self.disk.refused})")
            self.skipTest("no small disk")
        self.hook = server.Hook()
        self.addCleanup(self.hook.close)
        self.tocsin = server.Tocsin({"all.yaml": CONFIG % (self.hook.url, 25, "hub")},
                                    data=self.disk.path / "data")
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()
        self.acknowledged, self.begin = [], server.now_ms() - 1000

    def send(self, number):
        """100 new series with long labels: half a megabyte of journal."""
        pad = "x" * 4000
        lines = [f"fill,batch=b{number},n={i},pad={pad} value={i} {self.begin}"
                 for i in range(BATCH)]
        answer = self.tocsin.write(lines)
        if answer.status == 204:
            self.acknowledged.append(number)
        return answer

    def check_all(self):
        for number in self.acknowledged:
            found = self.tocsin.points(f'fill{{batch="b{number}"}}')
            self.assertEqual(sorted(v for points in found.values() for _, v in points),
                             list(range(BATCH)), f"batch {number}")

    def test_full_and_free_again(self):
        self.disk.fill()
        for number in range(400):
            refused = self.send(number)
            if refused.status != 204:
                break
        print(f"{len(self.acknowledged)} batches kept, then {refused}")
        self.assertEqual(refused.status, 503)
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        self.assertTrue(refused.json()["error"])
        self.assertTrue(self.acknowledged)
        self.assertGreaterEqual(
            self.tocsin.metric("tocsin_writes_refused_total", 'reason="not_kept"'), 1)
        pad = "y" * 4000
        answer = self.tocsin.post("/api/v2/write", "\n".join(
            f"fill2,n={i},pad={pad} value=1" for i in range(BATCH)))
        self.assertEqual(answer.status, 503)
        self.assertTrue(answer.headers["Retry-After"])
        self.assertTrue(self.tocsin.alive)
        self.check_all()  # what is there can be read
        self.disk.free()
        server.until("points are kept again",
                     lambda: self.send(len(self.acknowledged)).status == 204, 30, pause=0.2)
        self.check_all()
        for _ in range(3):
            self.assertEqual(self.send(self.acknowledged[-1] + 1).status, 204)
        self.assertEqual(self.tocsin.starts, 1)
        self.tocsin.kill()
        room = os.statvfs(self.disk.path)
        print(f"{room.f_bavail * room.f_bsize >> 20} MB are free", flush=True)
        self.tocsin.start()
        self.check_all()
        self.assertEqual(self.tocsin.stop(), 0)
        print(f"{BATCH * len(self.acknowledged)} acknowledged points, all there")

    def test_a_start_on_a_full_disk_says_so(self):
        for number in range(5):
            self.assertEqual(self.send(number).status, 204)
        self.tocsin.kill()
        self.disk.fill()
        done = server.run("serve", "--data", self.tocsin.data, "--listen", "127.0.0.1:0",
                          "--config", self.tocsin.config, timeout=20)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("room", done.stderr)
        self.disk.free()
        self.tocsin.start()
        self.check_all()
        self.assertEqual(self.send(5).status, 204)

    def test_an_alert_that_could_not_be_written_is_told_later(self):
        self.disk.fill()
        answer = self.tocsin.write(f"heat,site=oslo value=140 {server.now_ms()}")
        self.assertEqual(answer.status, 204, "the journal has its space reserved")
        server.until("the database says that it is full",
                     lambda: self.tocsin.metric("tocsin_state_commit_failures_total") > 0)
        self.assertEqual(self.hook.requests, [], "told before it was written down")
        self.disk.free()
        server.until("the webhook", lambda: self.hook.at("/hub"), 30)
        self.assertEqual([a["state"] for a in self.tocsin.alerts()], ["open"])
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual([a["state"] for a in self.tocsin.alerts()], ["open"])
        self.assertEqual(len(self.hook.at("/hub")), 1)


class NoMailServerTest(unittest.TestCase):
    def test_the_ledger_says_when_it_is_tried_again(self):
        hook, mailbox = server.Hook(), server.Mailbox()
        self.addCleanup(hook.close)
        port = mailbox.port
        mailbox.close()
        tocsin = server.Tocsin({"all.yaml": CONFIG % (hook.url, port, "hub, post")})
        self.addCleanup(tocsin.close)
        tocsin.start()
        self.assertEqual(tocsin.write("heat,site=oslo value=140").status, 204)
        alert = server.until("the alert", lambda: tocsin.alerts("open"))[0]

        def failed():
            rows = tocsin.json(f"/api/alerts/{alert['id']}")["ledger"]
            found = [r for r in rows if r["receiver"] == "post" and r["state"] == "failed"]
            return found[0] if found else None
        row = server.until("a failed delivery", failed)
        self.assertGreaterEqual(row["attempts"], 1)
        self.assertGreater(row["next_try"], row["planned"])
        self.assertTrue(row["answer"])
        print("the ledger:", json.dumps(row))
        server.until("the webhook does not wait for the mail", lambda: hook.at("/hub"))
        server.until("the status counts it", lambda: tocsin.json("/api/status")["outbox"]
                     == {"pending": 1, "retrying": 1}, 5)
        summary = tocsin.alerts("open")[0]
        self.assertEqual(summary["told"]["failed"], 1)
        self.assertEqual(summary["next"]["at"], row["next_try"])
        self.assertGreaterEqual(tocsin.metric("tocsin_deliveries_total", 'result="retry"'), 1)


if __name__ == "__main__":
    server.main()
