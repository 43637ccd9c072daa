#!/usr/bin/env python3
"""Configuration: every mistake with its place, reload whole or not at all, tokens at the door."""
import ctypes
import fcntl
import os
import signal
import socket
import struct
import threading
import unittest

import server

# A mistake is marked in the text: the program has to point to exactly where @ stands.
MISTAKES = {
    "workers.yaml": ("""\
workers:
  - id: payments
    tier: @kpy
    select: ['payments_*']
    @modells:
      - {kind: level}
  - id: flow
    select:
      - fine
      - @'errors{site=~"("}'
    opens: @5 of 3
    models:
      - {kind: level}
      - {kind: @levle}
      - {kind: profile, weight: @heavy, weights: [1, @-2, 3]}
      - {kind: threshold, above: @much}
""", ['did you mean "kpi"?', 'unknown key "modells" in a worker; did you mean "models"?',
      'as a regular expression', ': opens: expected', 'did you mean "level"?', 'not "heavy"',
      ': weights: a weight must be', 'not "much"']),
    "rules.yaml": ("""\
rules:
  - id: one
    severity: @critcal
    within: @2 parsecs
    when: {violation: errors, @dirction: above}
  - id: @one
    severity: high
    when: {violation: errors, score: @"around 4", labels: [a=b, @nothing]}
    annotations:
      board: '{{ site }}'
      runbook: @'{{ host }}'
    covers:
      - three
      - @onee
  - @id: three
    severity: low
""", ['did you mean "critical"?', 'not "2 parsecs"', 'did you mean "direction"?',
      'rule "one" is already at rules.yaml:2', 'not "around 4"', 'cannot read "nothing"',
      '{{ host }} is not a label', 'did you mean "one"?', 'no "when"']),
    "receivers.yaml": ("""\
receivers:
  - {name: hub, kind: webhook, url: "http://127.0.0.1:1/", secret_env: @NO_SUCH_VARIABLE}
routes:
  - receivers: [hub, @hubb]
    match: [site=rome, @'!x']
    severity: [high, @lwo]
sites:
  zones: {madrid: Europe/Madrid, rome: @Europe/Rom}
@servers:
  listen: nonsense
""", ['NO_SUCH_VARIABLE', 'did you mean "hub"?', 'cannot read "!x"', 'did you mean "low"?',
      'did you mean "Europe/Rome"?', 'unknown section "servers"; did you mean "server"?']),
}
RIGHT = """
workers:
  - id: limits
    tier: kpi
    select: ['heat']
    opens: 1 of 1
    models: [{kind: threshold, above: %d}]
rules:
  - id: %s
    severity: critical
    when: {violation: heat, direction: above}
"""


def unmarked(marked):
    """The text without its marks, and (line, column) of each, counted from 1."""
    places = [(number, before + 1)
              for number, line in enumerate(marked.split("\n"), 1)
              for mark, before in enumerate(i - line[:i].count("@")
                                            for i, c in enumerate(line) if c == "@")]
    return marked.replace("@", ""), places


class CheckTest(unittest.TestCase):
    def check(self, files):
        home = server.Tocsin(files)
        self.addCleanup(home.close)
        return server.run("check", home.config)

    def test_every_mistake_with_its_place(self):
        done = self.check({name: unmarked(text)[0] for name, (text, _) in MISTAKES.items()})
        self.assertEqual(done.returncode, 1)
        lines = done.stderr.splitlines()
        for name, (text, messages) in MISTAKES.items():
            places = unmarked(text)[1]
            self.assertEqual(len(places), len(messages))
            said = [line for line in lines if line.startswith(name)]
            for (line, column), message in zip(places, messages):
                start = f"{name}:{line}:{column}: "
                with self.subTest(place=start):
                    found = [s for s in said if s.startswith(start)]
                    self.assertEqual(len(found), 1, f"{start} is not in\n" + "\n".join(said))
                    self.assertIn(message, found[0])
                    self.assertNotRegex(found[0], r": (\w+): \1\b", "the key is said twice")
            self.assertEqual(len(said), len(messages), "\n".join(said))

    def test_no_yaml_at_all(self):
        for name, text in {"cut": "rules:\n  - {id: a, \n", "binary": "\0\1\2",
                           "list": "- a\n- b\n", "scalar": "hello\n",
                           "tab": "rules:\n\t- id: a\n"}.items():
            done = self.check({f"{name}.yaml": text})
            self.assertEqual(done.returncode, 1, f"{name}: {done.stdout}{done.stderr}")
            self.assertRegex(done.stderr, rf"(?m)^{name}\.yaml:\d+:\d+: ")

    def test_right_and_missing_folders(self):
        done = self.check({"all.yaml": RIGHT % (100, "too-hot")})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        # What is built in (the worker default, the receiver inbox) is not counted.
        self.assertRegex(done.stdout, r"is fine: 1 file, 1 worker, 1 rule, 0 receivers\n$")
        done = self.check({"a.yaml": "workers: [{id: a, select: x}, {id: default, score: 5}]\n",
                           "b.yaml": "receivers: [{name: inbox, kind: inbox}]\n"})
        self.assertRegex(done.stdout, r"is fine: 2 files, 2 workers, 0 rules, 1 receiver\n$")
        done = server.run("check", "/no/such/folder")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/such/folder", done.stderr)

    def test_the_quick_start_is_right(self):
        done = server.run("check", server.ROOT / "examples/quick-start")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_server_does_not_start_with_mistakes(self):
        home = server.Tocsin({"all.yaml": "rules: [{id: a}]\n"})
        self.addCleanup(home.close)
        done = server.run("serve", "--config", home.config, "--data", home.data,
                          "--listen", "127.0.0.1:0", timeout=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn("all.yaml:1:", done.stderr)


class ReloadTest(unittest.TestCase):
    def setUp(self):
        self.tocsin = server.Tocsin({"all.yaml": RIGHT % (100, "too-hot")})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def status(self):
        return self.tocsin.json("/api/status")["config"]

    def heat(self, site, value):
        answer = self.tocsin.write(f"heat,site={site} value={value} {server.now_ms()}")
        self.assertEqual(answer.status, 204)

    def rules_of(self, site, state="all"):
        return [a["rule"] for a in self.tocsin.alerts(state) if a["scope"] == {"site": site}]

    def wrong(self, reload):
        before = self.status()
        self.assertIsNone(before["error"])
        # One wrong file is enough to keep all of the folder out.
        self.tocsin.configure({"all.yaml": RIGHT % (10, "other"), "wrong.yaml": "rulez: []\n"})
        reload()
        after = server.until("the error in the status",
                             lambda: self.status() if self.status()["error"] else None)
        self.assertEqual(after["version"], before["version"])
        self.heat("a", 50)
        self.heat("b", 140)
        server.until("the old rule still works", lambda: self.rules_of("b") == ["too-hot"])
        self.assertEqual(self.rules_of("a"), [], "the wrong folder is in use")

    def right(self, reload):
        before = self.status()
        (self.tocsin.config / "wrong.yaml").unlink()
        reload()
        after = server.until("another version", lambda: self.status() if
                             self.status()["version"] != before["version"] else None)
        self.assertIsNone(after["error"])
        self.heat("c", 50)
        server.until("new worker and new rule", lambda: self.rules_of("c") == ["other"])
        server.until("the removed rule's alert ends",
                     lambda: "too-hot" not in self.rules_of("b", "open"))
        old = next(a for a in self.tocsin.alerts() if a["rule"] == "too-hot")
        self.assertEqual((old["state"], old["resolve_reason"]), ("resolved", "rule removed"))

    def test_by_api(self):
        def refused():
            answer = self.tocsin.post("/api/config/reload")
            self.assertEqual(answer.status, 400, answer)
            (problem,) = answer.json()["problems"]
            self.assertEqual(problem["place"], "wrong.yaml:1:1")
            self.assertIn('did you mean "rules"?', problem["message"])

        def accepted():
            answer = self.tocsin.post("/api/config/reload")
            self.assertEqual(answer.status, 200, answer)
            self.assertTrue(answer.json()["version"])
        self.wrong(refused)
        self.right(accepted)

    def test_by_sighup(self):
        def hang_up():
            self.tocsin.process.send_signal(signal.SIGHUP)
        self.wrong(hang_up)
        self.right(hang_up)

    def test_the_reloaded_one_survives_a_kill(self):
        self.tocsin.configure({"all.yaml": RIGHT % (10, "other")})
        self.assertEqual(self.tocsin.post("/api/config/reload").status, 200)
        self.heat("c", 50)
        server.until("open", lambda: self.rules_of("c") == ["other"])
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.rules_of("c", "open"), ["other"])
        self.assertEqual(len(self.tocsin.alerts()), 1)


def in_a_network_of_its_own(work):
    """Runs work() in a thread that sees nothing but a loopback of its own; else says why not."""
    result = {}

    def inside():
        if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:  # CLONE_NEWNET
            result["refused"] = os.strerror(ctypes.get_errno())
            return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:  # lo up: SIOCSIFFLAGS
            fcntl.ioctl(probe, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))
        try:
            work()
        except BaseException as error:
            result["error"] = error
    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    if "error" in result:
        raise result["error"]
    return result.get("refused")


class TokenTest(unittest.TestCase):
    def make(self, tocsin, name, scope):
        done = server.run("token", "create", "--data", tocsin.data, "--name", name,
                          "--scope", scope)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_beyond_loopback_nobody_is_let_in_without_a_user_or_token(self):
        def work():
            tocsin = server.Tocsin(options=["--listen", "0.0.0.0:0"])
            self.addCleanup(tocsin.close)
            tocsin.start()
            self.assertIn("/setup#", tocsin.log(), "the first user is made with this")
            for path in ("/api/status", "/metrics", "/api/v1/config", "/api/nothing"):
                self.assertIn(tocsin.get(path).status, (401, 404), path)
            self.assertEqual(tocsin.get("/api/status").status, 401)
            self.assertEqual(tocsin.call("POST", "/write", "door value=1").status, 401)
            self.assertEqual(tocsin.post("/api/v1/users", {"name": "eve", "role": "admin"}).status,
                             401)
        refused = in_a_network_of_its_own(work)
        if refused:
            print(f"left out: no network of our own ({refused})")
            self.skipTest(refused)

    def test_beyond_loopback_with_tokens(self):
        def work():
            tocsin = server.Tocsin(options=["--listen", "0.0.0.0:0"])
            self.addCleanup(tocsin.close)
            write = self.make(tocsin, "telegraf", "write")
            read = self.make(tocsin, "board", "read")
            admin = self.make(tocsin, "me", "admin")
            tocsin.start()
            line = "door value=1"
            def status(token, method="POST", path="/write", body=line):
                headers = {"Authorization": f"Token {token}"} if token else {}
                return tocsin.call(method, path, body, headers).status
            self.assertEqual(status(None), 401)
            self.assertEqual(status("toc_wrong"), 401)
            self.assertEqual(status(write), 204)
            self.assertEqual(status(read), 403)
            self.assertEqual(status(None, "GET", "/api/status", None), 401)
            self.assertEqual(status(read, "GET", "/api/status", None), 200)
            self.assertEqual(status(write, "POST", "/api/config/reload", None), 403)
            self.assertEqual(status(admin, "POST", "/api/config/reload", None), 200)
            bearer = {"Authorization": "Bearer " + write}
            self.assertEqual(tocsin.call("POST", "/api/v2/write", line, bearer).status, 204)
            self.assertEqual(tocsin.call("POST", f"/write?u=x&p={write}", line).status, 204)
            headers = {"Authorization": f"Token {admin}"}
            self.assertIn("tocsin_http_unauthorized_total",
                          tocsin.get("/metrics", headers).text)
            done = server.run("token", "revoke", "--data", tocsin.data, "--name", "telegraf")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(status(write), 401, "a revoked token is refused at once")
            self.assertEqual(tocsin.stop(), 0)
        refused = in_a_network_of_its_own(work)
        if refused:
            print(f"left out: no network of our own ({refused})")
            self.skipTest(refused)

    def test_loopback_by_another_name_needs_a_token(self):
        """A web page cannot reach the program by a name of its own that stands for 127.0.0.1."""
        tocsin = server.Tocsin()
        self.addCleanup(tocsin.close)
        token = self.make(tocsin, "one", "write")
        tocsin.start()
        host = {"Host": "evil.example.com"}
        self.assertEqual(tocsin.call("POST", "/write", "a value=1", host).status, 401)
        self.assertEqual(tocsin.call("GET", "/api/status", None, host).status, 401)
        host["Authorization"] = "Token " + token
        self.assertEqual(tocsin.call("POST", "/write", "a value=1", host).status, 204)
        self.assertGreaterEqual(tocsin.metric("tocsin_http_unauthorized_total"), 2)

    def test_list(self):
        home = server.Tocsin()
        self.addCleanup(home.close)
        token = self.make(home, "telegraf", "write")
        listed = server.run("token", "list", "--data", home.data).stdout
        self.assertRegex(listed, r"(?m)^telegraf +write ")
        self.assertNotIn(token, listed)
        stored = b"".join(p.read_bytes() for p in home.data.rglob("*") if p.is_file())
        self.assertNotIn(token.encode(), stored, "the token is kept in plain text")


if __name__ == "__main__":
    server.main()
