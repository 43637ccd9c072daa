#!/usr/bin/env python3
"""Mail that comes in: replies that acknowledge, alerts that are opened, and everything else."""
import email
import email.policy
import smtplib
import socket
import unittest
import urllib.parse

import receivers_test
import server

PEOPLE = """
people:
  - {name: ada, email: ada@example.com, notify: [{by: mail}]}
routes:
  - receivers: [ada/mail, team]
"""
TROUBLE = "trouble@mail.example.com"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def letter(to, text="ack\n", sender="Ada <ada@example.com>", subject="Re: alert", **headers):
    out = email.message.EmailMessage()
    out["From"], out["To"], out["Subject"] = sender, to, subject
    out["Message-ID"] = headers.pop("message_id", f"<{server.now_ms()}@example.com>")
    for name, value in headers.items():
        out[name.replace("_", "-")] = value
    out.set_content(text)
    return out


class MailCase(receivers_test.ReceiverCase):
    def setUp(self):
        self.mailbox, self.smtp_port = server.Mailbox(), free_port()
        self.addCleanup(self.mailbox.close)
        self.begin(f"""
receivers:
  - {{name: team, kind: mail, host: 127.0.0.1, port: {self.mailbox.port}, security: none,
      from: tocsin@example.com, to: [ops@example.com, web@example.com]}}
mail:
  address: tocsin@mail.example.com
  listen: 127.0.0.1:{self.smtp_port}
  message_bytes: 20000
  alert_addresses:
    - {{address: {TROUBLE}, senders: ["@example.com"], labels: {{team: web}}, per_hour: 3}}
{PEOPLE}""")

    def smtp(self, lmtp=False):
        kind = smtplib.LMTP if lmtp else smtplib.SMTP
        link = kind("127.0.0.1", self.smtp_port, timeout=20)
        self.addCleanup(link.close)
        return link

    def send(self, mail, to=None, sender="ada@example.com"):
        """The answer of SMTP: (code, text)."""
        try:
            with self.smtp() as link:
                link.send_message(mail, sender, [to or mail["To"]])
        except smtplib.SMTPRecipientsRefused as refused:
            return next(iter(refused.recipients.values()))
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
            return refused.smtp_code, refused.smtp_error
        return 250, b""

    def post(self, mail, query=""):
        return self.tocsin.post("/api/v1/mail" + query, mail.as_bytes(policy=email.policy.SMTP),
                                {"Content-Type": "message/rfc822"})

    def told(self, to, count=1):
        """Mails to one address so far, at least so many."""
        def look():
            with self.mailbox.lock:
                found = [m for m in self.mailbox.mails if any(to in one for one in m[1])]
            return found if len(found) >= count else None
        found = server.until(f"{count} mails to {to}", look)
        return [email.message_from_bytes(m[2], policy=email.policy.default) for m in found]

    def burn(self, site="rome"):
        self.heat(site, 140)
        return self.alert(site)

    def detail(self, alert):
        return self.tocsin.json(f"/api/alerts/{alert['id']}")

    def received(self, labels):
        return self.tocsin.metric("tocsin_mail_received_total", labels)


class ReplyTest(MailCase):
    def test_a_reply_to_the_address_acknowledges_as_its_recipient(self):
        alert, (mail,) = self.burn(), self.told("ada@example.com")
        self.assertIn("Reply with ack", mail.get_body(("plain",)).get_content())
        self.assertEqual(self.send(letter(mail["Reply-To"], "ack on it\n\n> resolve\n"))[0], 250)
        detail = self.detail(alert)
        self.assertEqual(detail["acknowledged_by"], "ada")
        self.assertEqual(detail["state"], "open")
        self.assertIn("on it", [h["text"] for h in detail["history"] if h["what"] == "acknowledged"])
        answer = self.told("ada@example.com", 2)[-1]
        self.assertIn("Acknowledged by ada", answer.get_body(("plain",)).get_content())
        self.assertEqual(answer["Auto-Submitted"], "auto-generated")
        audit = self.tocsin.json("/api/v1/audit?action=alert.act_by_mail")["entries"]
        self.assertEqual([(e["who"], e["kind"]) for e in audit], [("ada", "mail")])

    def test_a_reply_is_known_by_what_it_answers_alone(self):
        alert, (mail,) = self.burn(), self.told("ada@example.com")
        reply = letter("tocsin@mail.example.com", References=mail["Message-ID"])
        self.assertEqual(self.send(reply)[0], 250)
        self.assertEqual(self.detail(alert)["acknowledged_by"], "ada")

    def test_every_command_and_a_crash_between(self):
        alert, (mail,) = self.burn(), self.told("ada@example.com")
        to = mail["Reply-To"]
        self.assertEqual(self.send(letter(to, "the fuse has blown"))[0], 250)
        self.assertEqual([n["text"] for n in self.detail(alert)["notes"]], ["the fuse has blown"])
        self.assertEqual(self.send(letter(to, "ack"))[0], 250)
        self.tocsin.kill()  # what was answered with 250 is kept
        self.tocsin.start()
        self.assertEqual(self.detail(alert)["acknowledged_by"], "ada")
        self.assertEqual(self.send(letter(to, "unack"))[0], 250)
        self.assertEqual(self.detail(alert)["acknowledged_by"], "")
        self.assertEqual(self.send(letter(to, "silence 2h deploying"))[0], 250)
        silence, = self.tocsin.json("/api/silences")["silences"]
        self.assertEqual((silence["by"], silence["comment"]), ("ada", "deploying"))
        self.assertEqual(self.send(letter(to, "resolve"))[0], 250)
        self.assertEqual(self.detail(alert)["state"], "resolved")

    def test_of_a_receiver_that_several_read_the_sender_acknowledges(self):
        alert, (mail,) = self.burn(), self.told("ops@example.com")
        self.assertEqual(self.send(letter(mail["Reply-To"], sender="bob@example.com"))[0], 250)
        self.assertEqual(self.detail(alert)["acknowledged_by"], "bob@example.com")

    def test_what_no_person_wrote_acknowledges_nothing(self):
        alert, (mail,) = self.burn(), self.told("ada@example.com")
        to = mail["Reply-To"]
        for headers in ({"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"},
                        {"X_Autoreply": "yes"}, {"Return_Path": "<>"}):
            self.assertEqual(self.send(letter(to, "ack", **headers))[0], 250, headers)
        self.assertEqual(self.send(letter(to, "ack"), sender="<>")[0], 250)
        own = letter(to, "ack")
        own["X-Tocsin-Delivery"] = "1"
        self.assertEqual(self.send(own)[0], 250)
        looping = letter(to, "ack")
        for _ in range(51):
            looping["Received"] = "from a by b"
        self.assertEqual(self.send(looping)[0], 250)
        self.assertEqual(self.detail(alert)["acknowledged_by"], "")
        self.assertEqual(self.received('result="ignored"'), 7)
        self.assertEqual(len(self.told("ada@example.com")), 1)  # and nobody is answered

    def test_a_forged_or_cut_token_is_refused(self):
        alert, (mail,) = self.burn(), self.told("ada@example.com")
        local, domain = mail["Reply-To"].split("@")
        other = local[:-1] + ("a" if local[-1] != "a" else "b")
        for wrong in (f"{other}@{domain}", f"{local[:-1]}@{domain}", f"tocsin@{domain}"):
            code, text = self.send(letter(wrong))
            self.assertEqual(code, 550, wrong)
            self.assertIn(b"repl", text)
        self.assertEqual(self.detail(alert)["acknowledged_by"], "")
        self.assertEqual(self.send(letter(f"{local.upper()}@{domain}"))[0], 250)
        self.assertEqual(self.detail(alert)["acknowledged_by"], "ada")

    def test_who_would_wonder_is_answered(self):
        _, (mail,) = self.burn(), self.told("ada@example.com")
        to = mail["Reply-To"]
        self.assertEqual(self.send(letter(to, "> only a quote\n"))[0], 250)
        said = self.told("ada@example.com", 2)[-1].get_body(("plain",)).get_content()
        self.assertIn("no words of its own", said)
        self.assertEqual(self.send(letter(to, "ack"))[0], 250)
        self.told("ada@example.com", 3)
        self.assertEqual(self.send(letter(to, "ack"))[0], 250)
        said = self.told("ada@example.com", 4)[-1].get_body(("plain",)).get_content()
        self.assertIn("Nothing was changed: acknowledge too-hot: ada did so", said)

    def test_a_mail_that_is_delivered_twice_is_done_once(self):
        alert, (mail,) = self.burn(), self.told("ada@example.com")
        note = letter(mail["Reply-To"], "note once")
        for _ in range(2):
            self.assertEqual(self.send(note)[0], 250)
        self.assertEqual(len(self.detail(alert)["notes"]), 1)
        self.assertEqual(self.received('what="repeated"'), 1)


class OpenTest(MailCase):
    def opened(self):
        return [a for a in self.tocsin.alerts() if a["rule"] != "too-hot"]

    def test_a_mail_opens_an_alert_once(self):
        mail = letter(TROUBLE, "Nobody can pay.\n", subject="Checkout is down: grüße")
        self.assertEqual(self.send(mail)[0], 250)
        alert, = self.opened()
        self.assertEqual(alert["title"], "Checkout is down: grüße")
        self.assertEqual(alert["severity"], "high")
        self.assertEqual(alert["scope"]["team"], "web")
        detail = self.detail(alert)
        self.assertIn("Nobody can pay.", detail["description"])
        self.assertEqual(detail["annotations"]["reported_by"], "ada@example.com")
        again = letter(TROUBLE, "Still.\n", subject="RE: checkout is down: grüße")
        self.assertEqual(self.send(again)[0], 250)
        self.assertEqual(len(self.opened()), 1)
        self.assertIn("Still.", self.detail(alert)["description"])
        # Who is known by address is told where it is.
        answers = [m.get_body(("plain",)).get_content() for m in self.told("ada@example.com", 2)]
        self.assertTrue(any(f"Your mail is an alert: http" in said for said in answers), answers)

    def test_severity_and_labels_in_the_address(self):
        to = "trouble+critical+site=oslo@mail.example.com"
        self.assertEqual(self.send(letter(to, subject="Fire"))[0], 250)
        alert, = self.opened()
        self.assertEqual(alert["severity"], "critical")
        self.assertEqual((alert["scope"]["site"], alert["scope"]["team"]), ("oslo", "web"))

    def test_strangers_and_storms_are_refused(self):
        code, text = self.send(letter(TROUBLE, sender="eve@evil.example"))
        self.assertEqual(code, 550)
        self.assertIn(b"may not open alerts", text)
        self.assertEqual(self.send(letter("nobody@mail.example.com"))[0], 550)
        for i in range(3):
            self.assertEqual(self.send(letter(TROUBLE, subject=f"Trouble {i}"))[0], 250)
        code, text = self.send(letter(TROUBLE, subject="Trouble 4"))
        self.assertEqual(code, 451)
        self.assertIn(b"3 times within an hour", text)
        self.assertEqual(len(self.opened()), 3)
        self.assertEqual(self.received('result="later"'), 1)

    def test_a_program_may_report_and_an_automatic_reply_may_not(self):
        self.assertEqual(self.send(letter(TROUBLE, Auto_Submitted="auto-generated"))[0], 250)
        self.assertEqual(self.send(letter(TROUBLE, subject="away", Auto_Submitted="auto-replied"))[0],
                         250)
        self.assertEqual(len(self.opened()), 1)

    def test_lmtp_answers_for_each_recipient(self):
        with self.smtp(lmtp=True) as link:
            refused = link.sendmail("ada@example.com", [TROUBLE, "nobody@mail.example.com"],
                                    letter(TROUBLE, subject="Fire").as_bytes())
        self.assertEqual([code for code, _ in refused.values()], [550])
        self.assertEqual(len(self.opened()), 1)


class HttpTest(MailCase):
    def test_the_message_as_it_came(self):
        alert, (mail,) = self.burn(), self.told("ada@example.com")
        answer = self.post(letter(mail["Reply-To"]))
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((answer.json()["verdict"], answer.json()["what"], answer.json()["alert"]),
                         ("done", "acknowledge", alert["id"]))
        self.assertEqual(self.detail(alert)["acknowledged_by"], "ada")
        query = "?" + urllib.parse.urlencode({"from": "ada@example.com", "to": TROUBLE})
        answer = self.post(letter("elsewhere@example.com", subject="Fire"), query)
        self.assertEqual((answer.status, answer.json()["what"]), (200, "open"), answer)

    def test_what_is_wrong_has_its_status(self):
        cases = [(self.post(letter("nobody@mail.example.com")), 403),
                 (self.post(letter(TROUBLE, sender="eve@evil.example")), 403),
                 (self.post(letter(TROUBLE, "x" * 30_000)), 413),
                 (self.post(letter(TROUBLE), "?from=a@example.com"), 400),
                 (self.tocsin.post("/api/v1/mail", {"a": 1}), 415)]
        for body in (b"", b"\0", b"no mail at all", b"\r\n\r\n" + b"\xff" * 500,
                     b"X: y\r\n" * 3000, b"From: a@example.com\r\n\r\n\0"):
            cases.append((self.tocsin.post("/api/v1/mail", body,
                                           {"Content-Type": "message/rfc822"}), 400))
        for i, (answer, wanted) in enumerate(cases):
            self.assertEqual(answer.status, wanted, (i, answer))
            self.assertTrue(answer.json()["error"])

    def test_it_needs_a_token_that_may_write(self):
        self.tocsin.stop()
        self.tocsin.configure({"access.yaml": "access: {required: true}\n"})
        self.tocsin.start()
        self.assertEqual(self.post(letter(TROUBLE)).status, 401)


class BadInputTest(MailCase):
    def raw(self, data):
        """What is answered to bytes that end with QUIT or the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.smtp_port), timeout=20) as link:
            try:
                link.sendall(data)
                link.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            out = b""
            try:
                while piece := link.recv(65536):
                    out += piece
            except OSError:
                pass
            return out

    def test_rubbish_ends_no_process(self):
        begin = (b"EHLO a\r\nMAIL FROM:<ada@example.com>\r\nRCPT TO:<" + TROUBLE.encode()
                 + b">\r\nDATA\r\n")
        self.assertIn(b"421", self.raw(b"\0\xff\r\n" * 50))
        self.assertIn(b"500", self.raw(b"a" * 100_000))
        self.assertIn(b"552 5.3.4", self.raw(begin + b"a" * 30_000 + b"\r\n.\r\nQUIT\r\n"))
        self.assertNotIn(b"250 2.0.0 ", self.raw(begin + b"From: a@b\r\n" + b"a" * 5_000_000))
        self.assertIn(b"550 5.6.0", self.raw(begin + b"From: ada@example.com\r\n\0\r\n.\r\nQUIT\r\n"))
        self.assertIn(b"550 5.6.0", self.raw(begin + b"X: y\r\n" * 3000 + b"\r\n.\r\nQUIT\r\n"))
        with self.smtp() as link:
            link.ehlo()
            self.assertEqual(link.mail("a@example.com", ["size=1000000000"])[0], 552)
        self.assertTrue(self.tocsin.alive)
        self.assertEqual(self.send(letter(TROUBLE, subject="Fire"))[0], 250)

    def test_more_connections_than_there_may_be(self):
        links = [socket.create_connection(("127.0.0.1", self.smtp_port)) for _ in range(20)]
        for link in links:
            self.addCleanup(link.close)
            link.settimeout(20)
            self.assertIn(b"220", link.recv(100))
        with socket.create_connection(("127.0.0.1", self.smtp_port), timeout=20) as one_more:
            self.assertIn(b"421", one_more.recv(100))
        self.assertEqual(self.tocsin.metric("tocsin_smtp_refused_total", "connections"), 1)

    def test_mistakes_of_the_section_are_named(self):
        self.tocsin.configure({"receivers.yaml": """
receivers: [{name: inbox, kind: inbox}]
mail:
  address: a-name-that-is-too-long@example.com
  listen: somewhere
  peers: [rubbish]
  alert_addresses:
    - {address: nonsense, senders: [], labels: {alertname: x}}
"""})
        out = server.run("check", self.tocsin.config)
        self.assertNotEqual(out.returncode, 0)
        for said in ("leaves no room for the token", "receivers.yaml:5", "rubbish", "without +",
                     "nobody could write to it", "is given by the mail"):
            self.assertIn(said, out.stdout + out.stderr)


if __name__ == "__main__":
    server.main()
