#!/usr/bin/env python3
"""What comes back from a message: the link in a mail, the buttons in Slack."""
import email
import email.policy
import hashlib
import hmac
import json
import re
import time
import unittest
import urllib.parse

import receivers_test
import server

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def slack(request):
    said = json.loads(request["body"] or b"{}")
    return 200, json.dumps({"ok": True, "channel": "C1", "ts": said.get("ts", "17.1")}).encode()


class ActCase(receivers_test.ReceiverCase):
    def setUp(self):
        self.hook, self.mailbox = server.Hook(), server.Mailbox()
        self.hook.answer = slack
        self.addCleanup(self.hook.close)
        self.addCleanup(self.mailbox.close)
        self.begin(f"""
receivers:
  - {{name: post, kind: mail, host: 127.0.0.1, port: {self.mailbox.port}, security: none,
      from: tocsin@example.com, to: [ada@example.com]}}
  - {{name: chat, kind: slack, channel: C1, token_env: TOKEN, signing_secret_env: SIGN,
      api_url: "{self.hook.url}"}}
  - {{name: inbox, kind: inbox}}
routes:
  - receivers: [post, chat, inbox]
""", {"TOKEN": "xoxb-1", "SIGN": SECRET})
        self.heat("rome", 140)
        self.opened = self.alert("rome")

    def detail(self):
        return self.tocsin.json(f"/api/alerts/{self.opened['id']}")


class LinkTest(ActCase):
    def link(self):
        mails = server.until("the mail", lambda: list(self.mailbox.mails))
        said = email.message_from_bytes(mails[0][2], policy=email.policy.default)
        text = said.get_body(("plain",)).get_content()
        return urllib.parse.urlparse(re.search(r"Acknowledge: (\S+)", text)[1]).path

    def test_looking_does_nothing_the_button_acknowledges_once(self):
        path = self.link()
        for _ in range(3):  # as mail scanners do
            page = self.tocsin.get(path)
            self.assertEqual(page.status, 200)
            self.assertIn("<button>Acknowledge</button>", page.text)
            self.assertIn("It is hot in rome", page.text)
        self.assertEqual(self.detail()["acknowledged_by"], "")
        self.assertEqual(self.tocsin.post(path).status, 200)
        self.assertEqual(self.detail()["acknowledged_by"], "ada@example.com")
        self.assertEqual(self.tocsin.post(path).status, 409)
        self.assertNotIn("<button>", self.tocsin.get(path).text)

    def test_a_link_outlives_a_crash_and_nothing_else_is_a_link(self):
        path = self.link()
        self.tocsin.kill()
        self.tocsin.start()
        for other in (path[:-1], path + "A", path.replace("/act/A", "/act/B"), "/act/x"):
            self.assertEqual(self.tocsin.post(other).status, 404, other)
            self.assertEqual(self.tocsin.get(other).status, 404, other)
        other_site = self.tocsin.post(path, headers={"Origin": "https://evil.example.com"})
        self.assertEqual(other_site.status, 403)
        self.assertEqual(self.detail()["acknowledged_by"], "")
        self.assertEqual(self.tocsin.post(path).status, 200)

    def test_the_inbox_shows_no_link_that_acts(self):
        self.link()
        messages = server.until("the inbox", lambda: self.tocsin.json("/api/inbox")["messages"])
        self.assertNotIn("/act/", json.dumps(messages))


class SlackTest(ActCase):
    def press(self, action, at=None, secret=SECRET, alert=None, user="U7"):
        payload = {"type": "block_actions", "user": {"id": user, "username": "ada"},
                   "actions": [{"action_id": action, "value": alert or self.opened["id"]}]}
        body = urllib.parse.urlencode({"payload": json.dumps(payload)})
        stamp = str(int(time.time() if at is None else at))
        said = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
        return self.tocsin.call("POST", "/api/slack/actions", body, {
            **FORM, "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": "v0=" + said.hexdigest()})

    def test_a_message_has_buttons_and_a_press_changes_it(self):
        posted = server.until("the message", lambda: self.hook.at("/chat.postMessage"))[0]
        for action in (b'"acknowledge"', b'"resolve"', b'"silence"'):
            self.assertIn(b'"action_id":' + action, posted["body"])
        self.assertEqual(self.press("acknowledge").status, 200)
        self.assertEqual(self.detail()["acknowledged_by"], "ada (Slack U7)")
        changed = server.until("the change", lambda: self.hook.at("/chat.update"))
        self.assertIn(b"ada (Slack U7)", changed[-1]["body"])
        self.assertEqual(self.press("acknowledge").status, 200)  # again: nothing more
        self.assertEqual(self.press("silence").status, 200)
        silences = self.tocsin.json("/api/silences")["silences"]
        self.assertEqual([s["by"] for s in silences], ["ada (Slack U7)"])
        self.assertEqual(self.press("resolve").status, 200)
        self.assertEqual(self.detail()["state"], "resolved")

    def test_what_is_not_signed_or_old_is_refused(self):
        self.assertEqual(self.press("acknowledge", secret="another").status, 401)
        self.assertEqual(self.press("acknowledge", at=time.time() - 400).status, 401)
        self.assertEqual(self.press("acknowledge", at=time.time() + 400).status, 401)
        self.assertEqual(self.tocsin.call("POST", "/api/slack/actions", "payload={}",
                                          FORM).status, 401)
        self.assertEqual(self.press("acknowledge", alert="nonsense").status, 400)
        self.assertEqual(self.press("open").status, 200)
        self.assertEqual(self.detail()["acknowledged_by"], "")


if __name__ == "__main__":
    server.main()
