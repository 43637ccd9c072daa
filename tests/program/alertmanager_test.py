#!/usr/bin/env python3
"""Alerts of other systems: real Prometheus, real amtool, the hooks, heartbeats; through a kill."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import prometheus
import server

CONFIG = """
routes:
  - match: [severity=page]
    receivers: [pager, hub]
  - receivers: hub
receivers:
  - {name: pager, kind: webhook, url: "%(url)s/pager"}
  - {name: hub, kind: webhook, url: "%(url)s/hub"}
supervisor: {resolve_timeout: 10m, storm: {openings: 0}}
heartbeats:
  - {name: backup, within: 1s, severity: low}
  - {name: nightly, within: 24h}
watchdog: {url: "%(url)s/alive", every: 5s}
"""


def at(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def alert(number, ends=240, **more):
    return {"labels": {"alertname": "Down", "instance": f"i{number}", "severity": "warning"},
            "annotations": {"summary": f"i{number} is down"}, "startsAt": at(-60),
            "endsAt": at(ends), "generatorURL": "http://p/graph", **more}


class Case(unittest.TestCase):
    def setUp(self):
        self.hook = server.Hook()
        self.addCleanup(self.hook.close)
        self.tocsin = server.Tocsin({"a.yaml": CONFIG % {"url": self.hook.url}})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def send(self, alerts, status=200):
        answer = self.tocsin.post("/api/v2/alerts", alerts)
        self.assertEqual(answer.status, status, answer)
        return answer

    def listed(self, query=""):
        return self.tocsin.json("/api/v2/alerts" + query)

    def told(self, path, status):
        return [b["alerts"][0]["labels"].get("instance") for b in
                (json.loads(r["body"]) for r in self.hook.at(path)) if b["status"] == status]


class Api(Case):
    def test_an_alert_as_alertmanager_lists_it(self):
        self.assertEqual(self.send([alert(1)]).body, b"")
        listed = self.listed()
        self.assertEqual([list(a) for a in listed],
                         [["annotations", "endsAt", "fingerprint", "receivers", "startsAt",
                           "status", "updatedAt", "generatorURL", "labels"]])
        one = listed[0]
        self.assertEqual(one["labels"], alert(1)["labels"])
        self.assertEqual(one["annotations"], {"summary": "i1 is down"})
        self.assertEqual(one["receivers"], [{"name": "hub"}])
        self.assertEqual(one["status"], {"inhibitedBy": [], "silencedBy": [], "state": "active"})
        self.assertRegex(one["fingerprint"], "^[0-9a-f]{16}$")
        self.assertRegex(one["startsAt"], r"\.\d{3}Z$")
        groups = self.tocsin.json("/api/v2/alerts/groups")
        self.assertEqual(groups[0]["labels"], {"alertname": "Down"})
        self.assertEqual(len(groups[0]["alerts"]), 1)
        self.assertEqual(self.tocsin.json("/alertmanager/api/v2/receivers"),
                         [{"name": "hub"}, {"name": "hub,pager"}, {"name": "inbox"}])
        self.assertIn('alertmanager_build_info{version="0.25.0"} 1',
                      self.tocsin.get("/metrics").text)

    def test_told_once_refreshed_resolved(self):
        for _ in range(3):
            self.send([alert(1)])
        server.until("the webhook", lambda: self.told("/hub", "firing") == ["i1"])
        self.assertEqual(self.tocsin.metric("tocsin_alerts_reported_total", "refreshed"), 2)
        self.send([alert(1, ends=-1)])
        server.until("its end", lambda: self.told("/hub", "resolved") == ["i1"])
        self.assertEqual(self.listed(), [])

    def test_its_end_comes_by_itself(self):
        self.send([alert(1, ends=2)])
        server.until("its end", lambda: self.told("/hub", "resolved") == ["i1"])

    def test_bad_input(self):
        for body, status, words in [
                ("[", 400, "parsing alerts body"), ("{}", 400, "no list"),
                ('[{"labels":{}}]', 400, "at least one label pair required"),
                ('[{"labels":{"a":"b\\u0000"}}]', 400, "NUL"),
                ("[]", 200, "")]:
            answer = self.tocsin.post("/api/v2/alerts", body, {"Content-Type": "application/json"})
            self.assertEqual((answer.status, words in answer.text), (status, True), answer)
        self.assertEqual(self.tocsin.post("/api/v2/alerts", "[]").status, 415)
        # A wrong alert costs itself.
        self.assertEqual(self.send([alert(1), {"labels": {}}], 400).json(),
                         "at least one label pair required")
        self.assertEqual(len(self.listed()), 1)
        big = [alert(n, annotations={"summary": "x" * 9000}) for n in range(1100)]
        self.send(big)  # 10 MB
        self.assertEqual(len(self.listed()), 1100)
        for query in ("?filter=bad%7B", "?receiver=%5B"):
            self.assertEqual(self.tocsin.get("/api/v2/alerts" + query).status, 400)

    def test_a_kill_loses_none_and_tells_none_twice(self):
        self.send([alert(n) for n in range(300)])
        self.tocsin.kill()
        self.tocsin.start()
        self.send([alert(n) for n in range(400)])
        server.until("all webhooks", lambda: len(self.told("/hub", "firing")) >= 400, 60)
        self.assertEqual(len(self.listed()), 400)
        # What was on its way when it was killed comes again under the same key.
        keys = {r["headers"]["x-tocsin-delivery"] for r in self.hook.at("/hub")}
        self.assertEqual(len(keys), 400)

    def test_by_hand(self):
        told = {"summary": "Customers cannot pay", "severity": "high",
                "labels": {"site": "madrid"}, "by": "eve"}
        one = self.tocsin.post("/api/alerts", told)
        self.assertEqual(one.status, 200, one)
        again = self.tocsin.post("/api/alerts", told)  # the browser sends the form twice
        self.assertEqual(again.json()["id"], one.json()["id"])
        server.until("the webhook", lambda: len(self.hook.at("/hub")) >= 1)
        closed = self.tocsin.post(f"/api/alerts/{one.json()['id']}/resolve", {"by": "eve"})
        self.assertEqual(closed.status, 200)
        self.assertEqual(self.tocsin.post("/api/alerts", {"by": "eve"}).status, 400)


class Hooks(Case):
    def test_webhooks_of_alertmanager_and_grafana(self):
        for source in ("alertmanager", "grafana"):
            body = {"status": "firing", "alerts": [
                {"status": "firing", "labels": {"alertname": source}, "annotations": {},
                 "startsAt": at(-60), "endsAt": "0001-01-01T00:00:00Z"}]}
            path = "/hook/" + source
            self.assertEqual(self.tocsin.post(path, body).json()["opened"], 1)
            self.assertEqual(self.tocsin.post(path, body).json()["refreshed"], 1)
            body["alerts"][0].update(status="resolved", endsAt=at(-1))
            self.assertEqual(self.tocsin.post(path, body).json()["resolved"], 1)
            self.assertEqual(self.tocsin.post(path, {}).status, 400)

    def test_pagerduty_events(self):
        event = {"routing_key": "r", "event_action": "trigger", "dedup_key": "disk/a",
                 "payload": {"summary": "disk is full", "source": "a", "severity": "critical"}}
        answer = self.tocsin.post("/v2/enqueue", event)
        self.assertEqual((answer.status, answer.json()),
                         (202, {"status": "success", "message": "Event processed",
                                "dedup_key": "disk/a"}))
        open_ = lambda: self.tocsin.alerts("open")
        self.assertEqual([a["severity"] for a in open_()], ["critical"])
        for action, look in [
                ("acknowledge", lambda: open_()[0]["acknowledged_by"]), ("resolve", lambda: not open_())]:
            self.assertEqual(self.tocsin.post(
                "/v2/enqueue", {"routing_key": "r", "event_action": action,
                                "dedup_key": "disk/a"}).status, 202)
            server.until(action, look)
        wrong = self.tocsin.post("/v2/enqueue", {"event_action": "trigger"})
        self.assertEqual((wrong.status, wrong.json()["status"]), (400, "invalid event"))
        self.assertIn("'payload.summary' is missing or blank", wrong.json()["errors"])

    def test_heartbeats(self):
        names = lambda: {a["labels"]["alertname"] for a in self.listed()}
        server.until("it is late", lambda: names() == {"heartbeat-backup"})
        self.assertEqual(self.tocsin.get("/heartbeat/backup").status, 204)
        server.until("its end", lambda: any(json.loads(r["body"])["status"] == "resolved"
                                            for r in self.hook.at("/hub")))
        self.assertEqual(self.tocsin.post("/heartbeat/nightly").status, 204)
        server.until("its own sign of life", lambda: self.hook.at("/alive"))
        unknown = self.tocsin.get("/heartbeat/nightl")
        self.assertEqual(unknown.status, 404)
        self.assertIn("nightly", unknown.text)


@unittest.skipUnless(shutil.which("amtool"), "needs Debian's prometheus-alertmanager")
class Amtool(Case):
    def amtool(self, *words, code=0):
        out = subprocess.run(["amtool", f"--alertmanager.url=http://127.0.0.1:{self.tocsin.port}",
                              *words], capture_output=True, text=True, timeout=30, check=False,
                             env={**os.environ, "HOME": str(self.tocsin.home)})
        self.assertEqual(out.returncode, code, out.stdout + out.stderr)
        return out.stdout + out.stderr

    def test_alerts(self):
        self.amtool("alert", "add", "Full", "node=bar", "severity=page", "--annotation=summary=90%")
        self.amtool("alert", "add", "alertname=Slow", "node=foo")
        self.assertIn("Full", self.amtool("alert", "query"))
        found = json.loads(self.amtool("-o", "json", "alert", "query", "node=~ba.*"))
        self.assertEqual([a["labels"]["alertname"] for a in found], ["Full"])
        self.assertEqual(found[0]["receivers"], [{"name": "hub,pager"}])
        self.assertEqual(json.loads(self.amtool("-o", "json", "alert", "query", "-r", "hub")
                                    )[0]["labels"]["alertname"], "Slow")

    def test_silences(self):
        self.amtool("alert", "add", "Full", "node=bar")
        made = self.amtool("silence", "add", "alertname=Full", "node=~b.*", "-c", "known", "-a",
                           "ada", "-d", "2h").strip()
        self.assertRegex(made, "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertIn("ada", self.amtool("silence", "query"))
        self.assertIn(made, self.amtool("silence", "query", "-q", "alertname=Full"))
        self.assertEqual(self.listed()[0]["status"],
                         {"inhibitedBy": [], "silencedBy": [made], "state": "suppressed"})
        self.assertEqual(self.listed("?silenced=false"), [])
        self.amtool("silence", "update", "-d", "3h", "-c", "longer", "-q", made)
        # What this amtool prints with -q is the address of a variable; the list knows.
        updated, = self.listed()[0]["status"]["silencedBy"]
        self.assertNotEqual(updated, made)
        self.assertIn("longer", self.amtool("silence", "query"))
        self.amtool("silence", "expire", updated)
        self.assertEqual(self.listed()[0]["status"]["state"], "active")
        # 404 as Alertmanager answers since 0.26; amtool 0.25 says that it did not expect it.
        self.assertIn("404", self.amtool("silence", "expire",
                                         "4b5c3e7a-1111-4444-8888-123456789012", code=1))
        self.assertIn(updated, self.amtool("silence", "query", "--expired", "-q"))

    def test_configuration(self):
        shown = self.amtool("config", "show")
        self.assertIn("hub,pager", shown)
        self.assertEqual(self.amtool("config", "routes", "test", "severity=page").strip(),
                         "hub,pager")
        self.assertEqual(self.amtool("config", "routes", "test", "severity=info").strip(), "hub")
        path = self.tocsin.home / "am.yml"
        path.write_text(self.tocsin.json("/api/v2/status")["config"]["original"])
        self.assertIn("SUCCESS", self.amtool("check-config", str(path)))
        self.assertIn("disabled", self.amtool("cluster", "show"))


@unittest.skipUnless(shutil.which("prometheus"), "needs Debian's prometheus")
class RealPrometheus(Case):
    def test_a_rule_fires_and_its_end_is_told(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-rules-"))
        self.addCleanup(shutil.rmtree, folder)
        rules = folder / "rules.yml"
        rule = ("groups:\n- name: g\n  interval: 1s\n  rules:\n  - alert: Always\n"
                "    expr: vector(%d) > 0\n    labels: {severity: page, instance: p}\n"
                "    annotations: {summary: 'value {{ $value }}'}\n")
        rules.write_text(rule % 1)
        config = (f"global: {{evaluation_interval: 1s}}\nrule_files: [{rules}]\nalerting:\n"
                  f"  alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{self.tocsin.port}']}}]}}]\n")
        only = "?filter=alertname%3DAlways"
        with prometheus.Prometheus("--rules.alert.resend-delay=2s",
                                   config=config) as peer:
            server.until("the page", lambda: self.told("/pager", "firing") == ["p"], 60)
            one = self.listed(only)[0]
            self.assertEqual(one["annotations"], {"summary": "value 1"})
            self.assertIn("/graph?g0.expr=", one["generatorURL"])
            rules.write_text(rule % 0)
            peer.process.send_signal(signal.SIGHUP)  # reads its rules again
            server.until("its end", lambda: self.told("/pager", "resolved") == ["p"], 60)
        self.assertEqual(self.listed(only), [])


if __name__ == "__main__":
    server.main()
