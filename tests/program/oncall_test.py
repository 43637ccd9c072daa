#!/usr/bin/env python3
"""On call: who is told by whom; overrides and the record survive; calendars; the linter."""
import datetime
import json
import pathlib
import tempfile
import unittest

import server

JSON = {"Content-Type": "application/json"}


def roster(mailbox, people="[ana, bob]", more=""):
    day = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1)
    return f"""\
receivers:
  - {{name: post, kind: mail, host: 127.0.0.1, port: {mailbox.port}, security: none,
     from: tocsin@example.com, to: ops@example.com}}
people:
  - {{name: ana, real_name: Ana Ruiz, email: ana@example.com}}
  - {{name: bob, email: bob@example.com}}
  - {{name: cy, email: cy@example.com, slack: U1, notify: [{{by: slack}}]}}
teams: [{{name: pay, people: [ana, bob, cy]}}]
schedules:
  - name: pay
    team: pay
    title: Payments
    layers: [{{people: {people}, rotate: 52w, hand_off: "mon 00:00", start: {day}}}]
{more}"""


class OnCallCase(unittest.TestCase):
    def setUp(self):
        self.mailbox = server.Mailbox()
        self.addCleanup(self.mailbox.close)
        self.tocsin = server.Tocsin({"a.yaml": roster(self.mailbox)})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def on_call(self):
        return self.tocsin.json("/api/oncall")["schedules"][0]["on_call"]

    def override(self, minutes=60, **members):
        now = server.now_ms()
        body = {"from": now, "to": now + minutes * 60_000, "by": "kim", **members}
        return self.tocsin.post("/api/oncall/pay/overrides", json.dumps(body).encode(), JSON)

    def mail(self, to, words):
        def look():
            with self.mailbox.lock:
                return [body for _, receivers, body in self.mailbox.mails
                        if to in "".join(receivers) and words in body.decode()]
        return server.until(f"a mail to {to} with {words!r}", look)


class OnCallTest(OnCallCase):
    def test_an_override_counts_is_told_survives_and_is_taken_back(self):
        server.until("the record", lambda: self.on_call() == ["ana"])
        made = self.override(person="bob", instead_of="ana", reason="dentist")
        self.assertEqual(made.status, 201, made.text)
        number = made.json()["overrides"][0]["id"]
        self.assertEqual(self.on_call(), ["bob"])
        self.mail("bob@", "You are on call for Payments")
        self.mail("ana@", "You are no longer on call for Payments: bob is")
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.on_call(), ["bob"], "kept over kill -9")
        ended = self.tocsin.call("DELETE", f"/api/oncall/pay/overrides/{number}",
                                 b'{"by":"kim"}', JSON)
        self.assertEqual(ended.status, 200, ended.text)
        self.assertEqual(self.on_call(), ["ana"])
        again = self.tocsin.call("DELETE", f"/api/oncall/pay/overrides/{number}",
                                 b'{"by":"kim"}', JSON)
        self.assertEqual(again.status, 404)
        self.mail("ana@", "You are on call for Payments")

    def test_a_change_of_files_rewrites_no_history(self):
        before = server.now_ms()
        server.until("the record", lambda: self.tocsin.json(
            f"/api/oncall/pay?at={before + 1500}")["recorded"]
            if server.now_ms() > before + 2500 else False)
        self.tocsin.configure({"a.yaml": roster(self.mailbox, "[bob, ana]")})
        self.assertEqual(self.tocsin.post("/api/config/reload", b"{}", JSON).status, 200)
        server.until("bob is on call", lambda: self.on_call() == ["bob"])
        then = self.tocsin.json(f"/api/oncall/pay?at={before + 1500}")
        self.assertEqual((then["people"], then["recorded"]), (["ana"], True))
        self.mail("ana@", "You are no longer on call for Payments: bob is")

    def test_what_is_wrong_is_refused_with_words(self):
        for members, words in (({"person": "dan"}, "nobody called dan"),
                               ({"person": "bob", "minutes": -5}, "end after it begins"),
                               ({"person": "bob", "instead_of": "bob"}, "from bob"),
                               ({"person": "bob", "minutes": 401 * 1440}, "400 days"),
                               ({"kind": "take_over"}, "has to say who")):
            answer = self.override(**members)
            self.assertEqual(answer.status, 400, members)
            self.assertIn(words, answer.text, members)

    def test_a_calendar_is_opened_by_its_address_alone(self):
        feed = self.tocsin.json("/api/oncall/pay")["feed"]
        answer = self.tocsin.get(feed)
        self.assertEqual(answer.status, 200)
        self.assertIn("text/calendar", answer.headers["Content-Type"])
        self.assertIn("SUMMARY:Ana Ruiz on call: Payments", answer.text)
        self.assertIn("X-MICROSOFT-CDO-BUSYSTATUS:FREE", answer.text)
        uids = sorted(line for line in answer.text.splitlines() if line.startswith("UID:"))
        again = sorted(line for line in self.tocsin.get(feed).text.splitlines()
                       if line.startswith("UID:"))
        self.assertEqual(uids, again)

    def test_the_command_line_says_who_is_on_call(self):
        url = f"http://127.0.0.1:{self.tocsin.port}"
        done = server.run("oncall", "--url", url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("pay: Ana Ruiz until", done.stdout)
        done = server.run("oncall", "pay", "--at", "2020-01-01T00:00:00Z", "--url", url)
        self.assertIn("pay at 2020-01-01T00:00 (UTC): nobody, by the schedule", done.stdout)
        done = server.run("oncall", "none", "--url", url)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("schedule none", done.stderr)

    def test_check_and_page_name_the_same_findings(self):
        words = "cy cannot be told: cy/slack: no receiver of kind slack is configured."
        texts = [one["text"] for one in self.tocsin.json("/api/oncall")["findings"]]
        self.assertIn(words, texts)
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "a.yaml").write_text(roster(self.mailbox))
            done = server.run("check", folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("warning: no contact: " + words, done.stderr)
            self.assertIn("3 people, 1 schedule", done.stdout)
            (pathlib.Path(folder) / "a.yaml").write_text(roster(self.mailbox, "[ann]"))
            done = server.run("check", folder)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn('did you mean "ana"?', done.stderr)

    def test_a_schedule_that_a_policy_leads_to_is_not_called_unused(self):
        text = """
people: [{name: ana, email: ana@example.com, notify: [{by: mail}]}]
schedules:
  - {name: led, zone: UTC, layers: [{people: [ana], rotate: 1d, hand_off: "09:00", start: 2026-01-01}]}
  - {name: lost, zone: UTC, layers: [{people: [ana], rotate: 1d, hand_off: "09:00", start: 2026-01-01}]}
policies: [{name: p, steps: [{tell: schedule led}]}]
routes: [{receivers: inbox, policy: p}]
"""
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "a.yaml").write_text(text)
            done = server.run("check", folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Nothing leads to schedule lost", done.stderr)
            self.assertNotIn("Nothing leads to schedule led", done.stderr)



class ImportCalendarTest(OnCallCase):
    def setUp(self):
        super().setUp()
        begin = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        stamp = [(begin + datetime.timedelta(hours=h)).strftime("%Y%m%dT%H%M%SZ") for h in (-1, 1)]
        self.ics = pathlib.Path(self.tocsin.home) / "pay.ics"
        self.ics.write_text(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:On call: bob\r\n"
            f"DTSTART:{stamp[0]}\r\nDTEND:{stamp[1]}\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\n"
            f"SUMMARY:Nobody known\r\nDTSTART:{stamp[0]}\r\nDTEND:{stamp[1]}\r\nEND:VEVENT\r\n"
            "END:VCALENDAR\r\n")

    def run_import(self, *options):
        return server.run("import-calendar", self.ics, "--config", self.tocsin.config, *options)

    def test_overrides_of_a_calendar_count_at_once(self):
        server.until("the record", lambda: self.on_call() == ["ana"])
        url = f"http://127.0.0.1:{self.tocsin.port}"
        dry = self.run_import("--as", "overrides", "--dry-run", "--url", url)
        self.assertEqual(dry.returncode, 0, dry.stderr)
        self.assertIn("bob", dry.stdout)
        self.assertEqual(self.on_call(), ["ana"])
        done = self.run_import("--as", "overrides", "--url", url, "--by", "kim")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('pay.ics:8: event "Nobody known" is left out', done.stderr)
        self.assertIn("1 taken, 1 notes", done.stderr)
        self.assertEqual(self.on_call(), ["bob"])

    def test_a_schedule_that_is_printed_is_one(self):
        done = self.run_import("--schedule", "imported")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = done.stdout.replace(str(self.ics), "pay.ics")
        (self.tocsin.config / "b.yaml").write_text(
            self.tocsin.config.joinpath("a.yaml").read_text() + said.replace("schedules:\n", ""))
        self.tocsin.config.joinpath("a.yaml").unlink()
        self.ics.rename(self.tocsin.config / "pay.ics")
        checked = server.run("check", self.tocsin.config)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_what_is_wrong_is_said(self):
        for options, said in ((("--as", "overrides", "--schedule", "payy"), "no schedule"),
                              (("--zone", "Europe/Madird"), "Madird")):
            done = self.run_import(*options)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr)
        self.ics.write_text("rubbish")
        self.assertNotEqual(self.run_import().returncode, 0)


if __name__ == "__main__":
    server.main()
