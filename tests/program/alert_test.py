#!/usr/bin/env python3
"""From a violating point to those who are told: webhook, Slack, mail, inbox; through a crash."""
import email
import email.policy
import hashlib
import hmac
import json
import time
import unittest

import server

KEY = "a key that signs"
WORKERS = """
workers:
  - id: limits
    tier: kpi
    select: ['heat']
    opens: 1 of 1
    models: [{kind: threshold, above: 100}]
"""
RULES = """
rules:
  - id: too-hot
    severity: critical
    resolve_after: 1s
    when: {violation: heat, direction: above}
    description: Cool {{ site }} down.
"""


def receivers(hook, mailbox):
    return f"""
receivers:
  - {{name: hub, kind: webhook, url: "{hook.url}/hub", secret_env: HUB_KEY}}
  - {{name: chat, kind: slack, channel: C1, token_env: CHAT_TOKEN, api_url: "{hook.url}/slack"}}
  - {{name: post, kind: mail, host: 127.0.0.1, port: {mailbox.port}, security: none,
      from: tocsin@example.com, to: [ops@example.com]}}
  - {{name: inbox, kind: inbox}}
routes:
  - receivers: [hub, chat, post, inbox]
"""


class Slack:
    """chat.postMessage and chat.update; the first `faults` answers are ok:false."""

    def __init__(self):
        self.count, self.faults = 0, 0

    def __call__(self, request):
        if not request["path"].startswith("/slack/"):
            return 200, b""
        if self.faults > 0:
            self.faults -= 1
            return 200, b'{"ok":false,"error":"internal_error"}'
        said = json.loads(request["body"])
        self.count += 1
        ts = said.get("ts", f"17.{self.count:04}")
        return 200, json.dumps({"ok": True, "channel": "C1", "ts": ts}).encode()


class AlertCase(unittest.TestCase):
    def setUp(self):
        self.hook, self.mailbox, self.slack = server.Hook(), server.Mailbox(), Slack()
        self.hook.answer = self.slack
        self.addCleanup(self.hook.close)
        self.addCleanup(self.mailbox.close)
        config = {"workers.yaml": WORKERS, "rules.yaml": RULES,
                  "receivers.yaml": receivers(self.hook, self.mailbox)}
        self.tocsin = server.Tocsin(config, env={"HUB_KEY": KEY, "CHAT_TOKEN": "xoxb-1"})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def heat(self, site, value):
        answer = self.tocsin.write(f"heat,site={site} value={value} {server.now_ms()}")
        self.assertEqual(answer.status, 204)

    def alert(self, site, state):
        def look():
            found = [a for a in self.tocsin.alerts() if a["scope"] == {"site": site}]
            self.assertLessEqual(len(found), 1, "more than one alert of one scope")
            return found[0] if found and found[0]["state"] == state else None
        return server.until(f"{site}: {state}", look)

    def told(self, event, path="/hub"):
        return [r for r in self.hook.at(path) if r["headers"].get("x-tocsin-event") == event]

    def ledger(self, alert, receiver):
        rows = self.tocsin.json(f"/api/alerts/{alert['id']}")["ledger"]
        return [row for row in rows if row["receiver"] == receiver]

    def do(self, alert, verb, **body):
        return self.tocsin.post(f"/api/alerts/{alert['id']}/{verb}", body)


class TellTest(AlertCase):
    def test_everybody_is_told_of_opening_and_end(self):
        self.heat("quiet", 20)
        self.heat("madrid", 140)
        server.until("the webhook", lambda: self.told("opened"))
        alert = self.alert("madrid", "open")
        self.heat("madrid", 150)
        server.until("mail and Slack", lambda: self.mailbox.mails
                     and self.hook.at("/slack/chat.postMessage"))
        self.heat("madrid", 20)
        closed = self.alert("madrid", "resolved")
        server.until("the end, told", lambda: self.told("resolved") and len(self.mailbox.mails) > 1)
        server.until("Slack's message turns green", lambda: any(
            b"esolved" in r["body"] for r in self.hook.at("/slack/chat.update")))
        self.assertEqual(alert["id"], closed["id"])
        self.check_webhooks(alert)
        self.check_slack()
        self.check_mail(alert)
        self.check_inbox(alert)
        self.assertEqual(len(self.tocsin.alerts()), 1)
        for receiver in ("hub", "post", "chat", "inbox"):
            rows = self.ledger(alert, receiver)
            self.assertEqual({row["state"] for row in rows}, {"sent"}, rows)
            events = [row["event"] for row in rows]
            self.assertEqual((events.count("opened"), events.count("resolved")), (1, 1), rows)

    def check_webhooks(self, alert):
        opened, resolved = self.told("opened"), self.told("resolved")
        self.assertEqual((len(opened), len(resolved)), (1, 1))
        for request, status in ((opened[0], "firing"), (resolved[0], "resolved")):
            sign = hmac.new(KEY.encode(), request["body"], hashlib.sha256).hexdigest()
            self.assertEqual(request["headers"]["x-tocsin-signature"], "sha256=" + sign)
            body = json.loads(request["body"])
            self.assertEqual((body["version"], body["receiver"], body["status"]),
                             ("4", "hub", status))
            (one,) = body["alerts"]
            self.assertEqual(one["labels"], {"alertname": "too-hot", "rule": "too-hot",
                                             "severity": "critical", "site": "madrid"})
            self.assertEqual(one["annotations"]["description"], "Cool madrid down.")
            self.assertIn("heat in madrid", one["annotations"]["summary"])
            self.assertIn(alert["id"], one["generatorURL"])
            self.assertEqual(one["status"], status)
            ended = one["endsAt"] != "0001-01-01T00:00:00Z"
            self.assertEqual(ended, status == "resolved")
            for key in ("groupLabels", "commonLabels", "commonAnnotations", "externalURL",
                        "groupKey", "truncatedAlerts"):
                self.assertIn(key, body)
        self.assertNotEqual(opened[0]["headers"]["x-tocsin-delivery"],
                            resolved[0]["headers"]["x-tocsin-delivery"])

    def check_slack(self):
        posts, updates = self.hook.at("/slack/chat.postMessage"), self.hook.at("/slack/chat.update")
        self.assertEqual(len(posts), 1, "one alert is one message")
        self.assertEqual(posts[0]["headers"]["authorization"], "Bearer xoxb-1")
        self.assertEqual(json.loads(posts[0]["body"])["channel"], "C1")
        for update in updates:
            said = json.loads(update["body"])
            self.assertEqual((said["channel"], said["ts"]), ("C1", "17.0001"))

    def check_mail(self, alert):
        mails = [email.message_from_bytes(data, policy=email.policy.default)
                 for _, _, data in self.mailbox.mails]
        self.assertEqual([m["X-Tocsin-Event"] for m in mails], ["opened", "resolved"])
        first, last = mails
        self.assertEqual(last["References"], first["Message-ID"])
        self.assertEqual(last["In-Reply-To"], first["Message-ID"])
        self.assertNotEqual(last["Message-ID"], first["Message-ID"])
        self.assertEqual(last["Subject"], "Re: " + first["Subject"])
        for mail in mails:
            kinds = [part.get_content_type() for part in mail.walk()]
            self.assertEqual(kinds, ["multipart/alternative", "text/plain", "text/html"])
            text = mail.get_body(("plain",)).get_content()
            self.assertIn("heat in madrid", text)
            self.assertIn(alert["id"], text)
        self.assertEqual(self.mailbox.mails[0][1], ["<ops@example.com>"])

    def check_inbox(self, alert):
        messages = self.tocsin.json("/api/inbox")["messages"]
        ours = [m for m in messages if m["alert"] == alert["id"]]
        kinds = {(m["event"], m["kind"]) for m in ours}
        for event in ("opened", "resolved"):
            for kind in ("webhook", "slack", "mail"):
                self.assertIn((event, kind), kinds)
        hook = next(m for m in ours if (m["event"], m["kind"]) == ("opened", "webhook"))
        self.assertEqual(json.loads(hook["body"])["version"], "4")

    def test_how_long_it_takes(self):
        """Printed, never judged: machines differ."""
        waits = []
        for number in range(20):
            count = len(self.told("opened"))
            began = time.monotonic()
            self.heat(f"site{number}", 140)
            server.until("the webhook", lambda: len(self.told("opened")) > count, pause=0.0005)
            waits.append(1000 * (self.told("opened")[-1]["at"] - began))
        waits.sort()
        print(f"a point sent to its webhook: median {waits[10]:.1f} ms, worst {waits[-1]:.1f} ms; "
              "fsync", f"{self.tocsin.json('/api/status')['fsync_ms']:.1f} ms")

    def test_slack_that_says_no_with_200_is_tried_again(self):
        self.slack.faults = 1
        self.heat("rome", 140)
        alert = self.alert("rome", "open")
        def refused():
            (row,) = self.ledger(alert, "chat") or [None]
            return row if row and row["state"] == "failed" else None
        row = server.until("a failure in the ledger", refused)
        self.assertIn("ok:false internal_error", row["answer"])
        self.assertGreater(row["next_try"], row["planned"])
        server.until("the second attempt", lambda: [
            r for r in self.ledger(alert, "chat") if r["state"] == "sent" and r["attempts"] == 2])
        self.assertEqual(len(self.hook.at("/slack/chat.postMessage")), 2)
        self.assertEqual(len(self.told("opened")), 1, "the others were told once")

    def test_a_test_message(self):
        answer = self.tocsin.post("/api/receivers/hub/test", {})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["state"], "sent")
        self.assertEqual(len(self.told("test")), 1)
        done = server.run("receiver", "test", "post", "--url",
                          f"http://127.0.0.1:{self.tocsin.port}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.mailbox.mails), 1)
        self.assertEqual(self.tocsin.post("/api/receivers/nobody/test", {}).status, 404)
        self.assertEqual(self.tocsin.alerts(), [])


class HandTest(AlertCase):
    def test_acknowledge_and_note(self):
        self.heat("london", 140)
        alert = self.alert("london", "open")
        answer = self.do(alert, "acknowledge", by="ada", note="looking")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["acknowledged_by"], "ada")
        again = self.do(alert, "acknowledge", by="bob")
        self.assertGreaterEqual(again.status, 400)
        self.assertIn("ada", again.text)
        server.until("Slack says who has it", lambda: any(
            b"ada" in r["body"] for r in self.hook.at("/slack/chat.update")))
        self.assertEqual(self.do(alert, "unacknowledge", by="ada").json()["acknowledged_by"], "")
        self.assertEqual(self.do(alert, "note", by="ada", text="a fuse").status, 200)
        details = self.tocsin.json(f"/api/alerts/{alert['id']}")
        self.assertIn(("ada", "a fuse"), [(n["who"], n["text"]) for n in details["notes"]])
        self.assertEqual(len(self.told("opened")), 1)

    def test_resolve_by_hand_stays_closed(self):
        self.heat("lagos", 140)
        alert = self.alert("lagos", "open")
        answer = self.do(alert, "resolve", by="ada", reason="known")
        self.assertEqual((answer.status, answer.json()["state"]), (200, "resolved"), answer)
        server.until("the end, told", lambda: self.told("resolved"))
        self.heat("lagos", 150)  # its rule goes on holding
        self.heat("malta", 140)  # and something after it is judged
        self.alert("malta", "open")
        self.assertEqual(self.alert("lagos", "resolved")["id"], alert["id"])
        self.assertEqual(len(self.told("resolved")), 1)

    def test_silence(self):
        body = {"matchers": ['site="turin"'], "until": server.now_ms() + 600_000,
                "comment": "moving house", "by": "ada"}
        missing = self.tocsin.post("/api/silences", {**body, "comment": ""})
        self.assertEqual(missing.status, 400, missing)
        silence = self.tocsin.post("/api/silences", body)
        self.assertEqual(silence.status, 200, silence)
        self.heat("turin", 140)
        alert = self.alert("turin", "open")
        self.assertTrue(alert["silenced_by"])
        self.heat("milan", 140)
        server.until("milan is told", lambda: self.told("opened"))
        sites = [json.loads(r["body"])["groupLabels"]["site"] for r in self.told("opened")]
        self.assertEqual(sites, ["milan"])
        ended = self.tocsin.call("DELETE", f"/api/silences/{silence.json()['id']}?by=ada")
        self.assertEqual(ended.status, 204, ended)
        server.until("turin speaks once the silence is over",
                     lambda: len(self.told("opened")) == 2)
        self.heat("turin", 20)
        self.alert("turin", "resolved")
        self.assertEqual(len(self.told("opened")), 2)

    def test_unknown_alert(self):
        missing = f"/api/alerts/{'0' * 32}"
        self.assertEqual(self.tocsin.get(missing).status, 404)
        self.assertEqual(self.tocsin.post(missing + "/acknowledge", {"by": "ada"}).status, 404)


class CrashTest(AlertCase):
    def test_killed_between_opening_and_delivery(self):
        down = [True]
        self.hook.answer = lambda r: (500, b"down") if down[0] else self.slack(r)
        self.heat("oslo", 140)
        alert = self.alert("oslo", "open")
        server.until("a first attempt", lambda: self.hook.at("/hub", 500))
        server.until("the mail, which works", lambda: self.mailbox.mails)
        server.until("the mail in the ledger",
                     lambda: self.ledger(alert, "post")[0]["state"] == "sent")
        self.tocsin.kill()
        down[0] = False
        self.tocsin.start()
        self.assertEqual(self.alert("oslo", "open")["id"], alert["id"])
        server.until("the webhook after the restart", lambda: self.told("opened"))
        server.until("Slack after the restart", lambda: self.hook.at("/slack/chat.postMessage"))
        server.until("nothing waits", lambda: all(
            row["state"] == "sent"
            for row in self.tocsin.json(f"/api/alerts/{alert['id']}")["ledger"]))
        self.heat("oslo", 20)
        self.alert("oslo", "resolved")
        server.until("the end, told", lambda: self.told("resolved") and len(self.mailbox.mails) > 1)
        self.assertEqual(len(self.told("opened")), 1, "told twice")
        self.assertEqual(len(self.told("resolved")), 1, "told twice")
        self.assertEqual(len(self.hook.at("/slack/chat.postMessage")), 1)
        self.assertEqual(len(self.mailbox.mails), 2)
        keys = {r["headers"]["x-tocsin-delivery"] for r in self.hook.requests
                if r["headers"].get("x-tocsin-event") == "opened"}
        self.assertEqual(len(keys), 1, "every attempt carries the same key")

    def test_killed_at_once(self):
        """Killed right after the answer: whoever was not told is told by the next run."""
        for number in range(3):
            site = f"port{number}"
            self.heat(site, 140)
            self.tocsin.kill()
            self.tocsin.start()
            self.alert(site, "open")
        def sites():
            return [json.loads(r["body"])["groupLabels"]["site"] for r in self.told("opened")]
        server.until("all are told", lambda: {"port0", "port1", "port2"} <= set(sites()))
        # A message that was on its way when the program died may come again, by its own key.
        keys = {r["headers"]["x-tocsin-delivery"] for r in self.told("opened")}
        self.assertEqual(len(keys), 3)
        self.assertEqual(len(self.tocsin.alerts()), 3)


if __name__ == "__main__":
    server.main()
