#!/usr/bin/env python3
"""Who would be told: routes tried on the command line, and an Alertmanager's taken over."""
import json
import pathlib
import stat
import tempfile
import unittest

import server

CONFIG = """\
people:
  - {name: alice, email: alice@example.com}
  - {name: bob, email: bob@example.com}
receivers:
  - {name: post, kind: mail, host: 127.0.0.1, security: none, from: t@example.com, to: [a@example.com]}
  - {name: chat, kind: webhook, url: "http://127.0.0.1:9/"}
  - {name: pager, kind: webhook, url: "http://127.0.0.1:9/"}
policies:
  - name: call
    repeat: 0
    steps:
      - tell: [person alice]
      - {after: 5m, tell: [person bob]}
routes:
  - receivers: post
    policy: call
    group_by: [site]
    switch:
      label: env
      cases:
        prod: [pager, chat]
        staging: chat
    repeat: {first: 1h}
"""

ALERTMANAGER = """\
global:
  smtp_smarthost: 'mail.example.com:587'
  smtp_from: 'Alerts <alerts@example.com>'
  smtp_auth_username: alerts
  smtp_auth_password: hush-mail
  slack_api_url: https://hooks.slack.com/services/T0/B0/hush
  opsgenie_api_key: hush-genie
templates: ['*.tmpl']
route:
  receiver: team-X-mails
  group_by: ['alertname', 'cluster']
  group_interval: 3m
  repeat_interval: 3h
  routes:
    - match_re: {service: ^(foo1|foo2|baz)$}
      receiver: team-X-mails
      routes:
        - {matchers: [severity="critical"], receiver: team-X-pager}
    - matchers: [service="database", 'owner!~"team-Z|"']
      receiver: team-DB
      group_by: ['...']
      routes:
        - matchers: ['{owner="team-X"}']
          receiver: team-X-pager
          continue: true
        - {matchers: [owner=team-Y], receiver: chats, mute_time_intervals: [offhours]}
    - {matchers: [alertname = Watchdog], receiver: blackhole}
receivers:
  - name: team-X-mails
    email_configs:
      - {to: 'team-X+alerts@example.org, Ada <ada@example.org>', send_resolved: true}
      - {to: boss@example.org, smarthost: 'old.example.com:25', auth_username: '', require_tls: false}
  - name: team-X-pager
    pagerduty_configs:
      - {routing_key: hush-pager, description: '{{ .CommonAnnotations.summary }}'}
      - {service_key: old-key}
  - name: team-DB
    opsgenie_configs:
      - {api_url: 'https://api.eu.opsgenie.com/', responders: [{type: team, name: db}, {type: user, id: x}]}
    slack_configs:
      - {channel: '#db', title: '{{ template "own.title" . }}', text: "{{ range .Alerts }}{{ .Annotations.description }}\\n{{ end }}"}
  - name: chats
    telegram_configs: [{bot_token: 'hush:bot', chat_id: -100123}]
    msteams_configs: [{webhook_url: 'https://example.webhook.office.com/hush'}]
    discord_configs: [{webhook_url: 'https://discord.com/api/webhooks/1/hush'}]
    webhook_configs:
      - url: http://hub.example.com/alerts
        http_config: {authorization: {credentials: hush-hook}, proxy_url: 'http://proxy.example.com:3128'}
    pushover_configs: [{user_key: u, token: t}]
  - name: blackhole
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [alertname, dev, instance]
time_intervals:
  - name: offhours
    time_intervals: [{weekdays: ['saturday', 'sunday']}]
"""


class RouteTest(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.folder = pathlib.Path(kept.name)
        (self.folder / "a.yaml").write_text(CONFIG)

    def ask(self, *arguments):
        return server.run("route", "test", "--config", self.folder, *arguments)

    def test_json_says_all(self):
        done = self.ask("rule=errors", "env=prod", "site=rome", "--json", "--severity", "high",
                        "--at", "2026-12-24T20:00:00Z")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual(said["labels"], {"alertname": "errors", "env": "prod", "rule": "errors",
                                          "severity": "high", "site": "rome"})
        self.assertEqual(said["preview"]["tellings"], [{
            "route": "a.yaml:21", "customer": None, "receivers": ["chat", "pager"], "quiet_by": None,
            "quiet_until": None,
            "grouping": {"by": ["site"], "by_all": False, "wait_ms": 30000, "interval_ms": 300000},
            "repeat": {"first_ms": 3600000, "factor": 2, "max_ms": 86400000}}])
        preview, at = said["preview"], said["at"]
        self.assertEqual(at, 1798142400000)
        self.assertEqual(preview["routes"], ["a.yaml:15", "a.yaml:21"])
        self.assertEqual(preview["policy"], "call")
        self.assertEqual([(n["at"], n["person"]) for n in preview["next"]],
                         [(at, "alice"), (at + 300_000, "bob"), (at + 600_000, None)])

    def test_people_read_it_too(self):
        done = self.ask("rule=errors", "env=dev", "severity=page")
        for words in ('severity="page"', "critical", "a.yaml:15", "post", "grouped by site",
                      "after 1h", "policy: call", "alice is called by alice/mail (step 1 of 2)"):
            self.assertIn(words, done.stdout)

    def test_exit_status(self):
        for status, arguments in ((0, ["env=prod", "--expect", "pager,chat"]),
                                  (3, ["env=prod", "--expect", "pager"]),
                                  (1, ["env"]), (1, ["a=b", "--at", "soon"]),
                                  (1, ["a=b", "--severity", "bad"]), (2, ["--nonsense"])):
            done = self.ask(*arguments)
            self.assertEqual(done.returncode, status, f"{arguments}: {done.stderr}")
        self.assertIn("expected that pager would be told, not chat, pager",
                      self.ask("env=prod", "--expect", "pager").stderr)
        (self.folder / "a.yaml").write_text("routes: [{receivers: nobody-there}]")
        self.assertEqual(self.ask("a=b").returncode, 1)

    def test_without_routes_the_severity_decides(self):
        (self.folder / "a.yaml").write_text("")
        done = self.ask("a=b")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("the severity decides", done.stdout)
        self.assertIn("inbox", done.stdout)


class ImportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        kept = tempfile.TemporaryDirectory()
        cls.addClassCleanup(kept.cleanup)
        cls.folder = pathlib.Path(kept.name)
        cls.source = cls.folder / "alertmanager.yml"
        cls.source.write_text(ALERTMANAGER)
        cls.out = cls.folder / "out"
        cls.done = server.run("import", cls.source, "--out", cls.out)

    def told(self, *labels):
        done = server.run("route", "test", "--config", self.out, "--json", *labels)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["preview"]["receivers"]

    def test_what_it_writes_passes_the_check(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        checked = server.run("check", self.out)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("9 receivers", checked.stdout)

    def test_the_same_are_told(self):
        mails = ["team-X-mails-mail", "team-X-mails-mail-2"]
        chats = ["chats-discord", "chats-teams", "chats-telegram", "chats-webhook"]
        for labels, told in (
                (["a=b"], mails),
                (["service=foo1", "severity=warning"], mails),
                (["service=foo1", "severity=critical"], ["team-X-pager-pagerduty"]),
                (["service=database", "owner=team-W"], ["team-DB-opsgenie", "team-DB-slack"]),
                (["service=database"], mails),  # owner is missing, which is the empty value
                (["service=database", "owner=team-X"], ["team-X-pager-pagerduty"]),
                (["service=database", "owner=team-Y"], chats),
                (["alertname=Watchdog"], ["inbox"])):
            self.assertEqual(self.told(*labels), told, labels)

    def test_secrets_are_files_of_their_owner_alone(self):
        text = (self.out / "alertmanager.yaml").read_text()
        self.assertNotIn("hush", text)
        kept = {path.name: path for path in (self.out / "secrets").iterdir()}
        self.assertEqual(kept["chats-telegram.token"].read_text(), "hush:bot\n")
        self.assertEqual(kept["team-X-mails-mail.password"].read_text(), "hush-mail\n")
        for path in kept.values():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)

    def test_what_is_left_is_named_with_its_line(self):
        head = (self.out / "alertmanager.yaml").read_text()
        lines = ALERTMANAGER.splitlines()
        for word in ("templates:", "mute_time_intervals", "service_key", "type: user",
                     "own.title", "pushover_configs", "name: blackhole", "time_intervals:"):
            number = next(i for i, line in enumerate(lines, 1) if word in line)
            place = f"alertmanager.yml:{number}: "
            self.assertIn(place, head, word)
            self.assertIn("note: " + place, self.done.stderr, word)

    def test_nothing_is_overwritten(self):
        again = server.run("import", self.source, "--out", self.out)
        self.assertEqual(again.returncode, 1)
        self.assertIn("it exists", again.stderr)

    def test_printed_without_secrets(self):
        done = server.run("import", self.source)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("routes:", done.stdout)
        self.assertNotIn("hush", done.stdout + done.stderr)

    def test_what_is_none_is_refused(self):
        other = self.folder / "other.yml"
        for text in ("a: b", "route: [", ""):
            other.write_text(text)
            done = server.run("import", other)
            self.assertEqual((done.returncode, done.stdout), (1, ""), text)
            self.assertIn("other.yml", done.stderr)


if __name__ == "__main__":
    server.main()
