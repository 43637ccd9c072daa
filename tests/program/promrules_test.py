#!/usr/bin/env python3
"""Prometheus' rule files: what `tocsin check` and `tocsin test rules` say beside promtool; rules at
work in a running server, from points to alerts, over a restart and a reload."""
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import prometheus
import server

RULES = pathlib.Path(__file__).resolve().parent / "promrules"


def group(rules, head=""):
    return "groups:\n  - name: g\n" + head + "    rules:\n" + rules


def rule(text):
    return group("".join("      " + line + "\n" for line in text.strip().splitlines()))


# name: the file; promtool decides whether it is right.
FILES = {
    "hard_crlf": "groups:\r\n  - name: g\r\n    rules:\r\n      - record: a\r\n        expr: sum(x)\r\n",
    "hard_bom": "\ufeff" + rule("- {record: a, expr: x}"),
    "hard_block": rule("""- alert: A
  expr: |
    # share of failures
    sum by (site) (rate(failed[5m]))   # over
      / ignoring (code) group_left
    sum(rate(all[5m])) > 0x1F
  annotations:
    summary: >-
      {{ with query "up{a=\\"b\\"}" }}{{ . | first | value }}{{ end }}
      {{- range $i, $s := query "x" }} {{ $i }}:{{ $s.Labels.a }}{{ end }}"""),
    "hard_quotes": rule("""- {alert: A, expr: 'x{a=~"it''s|b\\\\.c", d!=`raw\\n`} > Inf', for: 1w2d3h4m5s6ms}"""),
    "hard_modifiers": rule("- {record: a, expr: 'max_over_time(rate(x[1m:])[1d:5m] @ end()) offset -1h30m'}"),
    "hard_modifier_place": rule("- {record: a, expr: 'max_over_time(rate(x[1m:])[1d:5m] @ end() offset -1h30m)'}"),
    "hard_numbers_as_names": rule("- {alert: 5, expr: 1 > bool 2, labels: {a: 0x10, b: 1e3, c: ~, d: '~'}}"),
    "hard_label_value": rule("- {alert: A, expr: x, labels: {a: ''}, annotations: {a: ''}}"),
    "hard_for_empty": rule("- {alert: A, expr: x, for: '', keep_firing_for: ''}"),
    "hard_for_null": rule("- {alert: A, expr: x, for: , keep_firing_for: ~}"),
    "hard_interval_empty": group("      - {record: a, expr: x}\n", "    interval: ''\n"),
    "hard_interval_null": group("      - {record: a, expr: x}\n", "    interval:\n"),
    "hard_null_record": rule("- {alert: A, record: , expr: x}"),
    "hard_list_for": rule("- {alert: A, for: [5m], expr: x}"),
    "hard_list_alert": rule("- {alert: [A], expr: x}"),
    "hard_null_limit": group("      - {record: a, expr: x}\n", "    limit:\n"),
    "hard_null_rules": "groups:\n  - name: g\n    rules:\n",
    "hard_null_group": "groups:\n  -\n",
    "hard_null_rule": "groups:\n  - name: g\n    rules: [~]\n",
    "hard_for_number": rule("- {alert: A, expr: x, for: 0}"),
    "hard_year": rule("- {alert: A, expr: 'x[1y] > 1', for: 1y}"),
    "hard_same_rules": rule("- {record: a, expr: x}\n- {record: a, expr: x}"),
    "hard_same_alerts": rule("- {alert: a, expr: x}\n- {alert: a, expr: x}"),
    "hard_query_offset": group("      - {record: a, expr: x}\n", "    query_offset: 1m\n"),
    "hard_source_tenants": group("      - {record: a, expr: x}\n", "    source_tenants: [a]\n"),
    "hard_map_expr": rule("- {record: a, expr: {b: c}}"),
    "hard_list_annotations": rule("- {alert: a, expr: x, annotations: [b]}"),
    "hard_nested_label": rule("- {alert: a, expr: x, labels: {b: {c: d}}}"),
    "hard_flow": "{groups: [{name: g, rules: [{record: a, expr: 'x'}, {alert: B, expr: y}]}]}\n",
    "hard_json": '{"groups": [{"name": "g", "rules": [{"record": "a", "expr": "x"}]}]}\n',
    "hard_tags": rule("- {record: !!str a, expr: !!str x}"),
    "hard_anchor": rule("- {record: &n a, expr: x}"),
    "hard_comment_only": "# nothing\n",
    "hard_utf8_name": "groups:\n  - name: 'зал é'\n    rules: [{alert: 'зал', expr: x}]\n",
    "hard_utf8_record": rule("- {record: 'é', expr: x}"),
    "hard_native_histogram": rule("- {record: a, expr: 'histogram_count(x) + histogram_sum(x) + histogram_fraction(0, 1, x)'}"),
    "hard_at_modifier": rule("- {record: a, expr: 'x @ 1609746000.5 + x @ start()'}"),
    "hard_trigonometry": rule("- {record: a, expr: 'atan2(x, y)'}"),
    "hard_atan2": rule("- {record: a, expr: 'x atan2 on (a) y'}"),
    "hard_keyword_metric": rule("- {record: a, expr: 'sum(by) + on + bool{offset=\"1\"} + group_left'}"),
    "hard_new_function": rule("- {record: a, expr: 'sort_by_label(x, \"a\")'}"),
    "hard_scalar_string": rule("- {record: a, expr: '\"text\"'}"),
    "hard_matrix_alert": rule("- {alert: a, expr: 'x[5m]'}"),
    "hard_template_nested": rule("- {alert: a, expr: x, annotations: {a: '{{ if and (gt $value 1.0) (not (eq $labels.a \"b\")) }}"
                                 "{{ printf \"%.2f\" $value }}{{ else if true }}y{{ end }}'}}"),
    "hard_template_assign": rule("- {alert: a, expr: x, annotations: {a: '{{ $x := 1 }}{{ $x = 2 }}{{ $x }}'}}"),
    "empty": "",
    "no_groups": "groups: []\n",
    "null_groups": "groups:\n",
    "record": rule("- {record: a:b, expr: 'sum(x)'}"),
    "alert": rule("- {alert: A, expr: 'x > 1', for: 5m, keep_firing_for: 1m, labels: {severity: page},"
                  " annotations: {summary: 's {{ $value }}'}}"),
    "scalar_rule": rule("- {record: a, expr: 1}"),
    "bool_label": rule("- {alert: A, expr: x, labels: {a: true, b: 1, c: 1.5}}"),
    "null_label": rule("- {alert: A, expr: x, labels: {a: }}"),
    "null_labels": rule("- {alert: A, expr: x, labels: }"),
    "empty_rules": "groups:\n  - name: g\n    rules: []\n",
    "no_rules": "groups:\n  - name: g\n",
    "all_keys": group("      - {record: a, expr: x}\n", "    interval: 30s\n    limit: 5\n"),
    "compound_interval": group("      - {record: a, expr: x}\n", "    interval: 1h30m\n"),
    "zero_interval": group("      - {record: a, expr: x}\n", "    interval: 0s\n"),
    "negative_limit": group("      - {record: a, expr: x}\n", "    limit: -1\n"),
    "bad_interval": group("      - {record: a, expr: x}\n", "    interval: fast\n"),
    "plain_interval": group("      - {record: a, expr: x}\n", "    interval: 30\n"),
    "bad_limit": group("      - {record: a, expr: x}\n", "    limit: few\n"),
    "unknown_top": "group: []\n",
    "unknown_group_key": group("      - {record: a, expr: x}\n", "    intervals: 30s\n"),
    "unknown_rule_key": rule("- {record: a, expr: x, labes: {}}"),
    "no_name": "groups:\n  - rules:\n      - {record: a, expr: x}\n",
    "empty_name": "groups:\n  - name: ''\n    rules: []\n",
    "twice": "groups:\n  - name: g\n  - name: g\n",
    "not_a_list": "groups: {name: g}\n",
    "not_a_map": "- groups\n",
    "rules_not_a_list": "groups:\n  - name: g\n    rules: {record: a}\n",
    "neither": rule("- {expr: x}"),
    "both": rule("- {record: a, alert: b, expr: x}"),
    "no_expr": rule("- {record: a}"),
    "empty_expr": rule("- {record: a, expr: ''}"),
    "bad_expr": rule("- {record: a, expr: 'sum(x'}"),
    "typed_expr": rule("- {record: a, expr: 'rate(x)'}"),
    "record_for": rule("- {record: a, expr: x, for: 5m}"),
    "record_for_zero": rule("- {record: a, expr: x, for: 0s}"),
    "record_keep": rule("- {record: a, expr: x, keep_firing_for: 5m}"),
    "record_annotations": rule("- {record: a, expr: x, annotations: {a: b}}"),
    "record_no_annotations": rule("- {record: a, expr: x, annotations: {}}"),
    "record_name": rule("- {record: 'a-b', expr: x}"),
    "record_name_colon": rule("- {record: ':a:1', expr: x}"),
    "alert_name": rule("- {alert: 'A b-c é', expr: x}"),
    "label_name": rule("- {record: a, expr: x, labels: {a-b: c}}"),
    "label_metric_name": rule("- {record: a, expr: x, labels: {__name__: c}}"),
    "label_underscore": rule("- {record: a, expr: x, labels: {__a: c}}"),
    "record_template": rule("- {record: a, expr: x, labels: {a: '{{ nope }}'}}"),
    "annotation_name": rule("- {alert: a, expr: x, annotations: {'a b': c}}"),
    "annotation_metric_name": rule("- {alert: a, expr: x, annotations: {__name__: c}}"),
    "bad_for": rule("- {alert: a, expr: x, for: 5}"),
    "unit_order": rule("- {alert: a, expr: x, for: 5m1h}"),
    "template_function": rule("- {alert: a, expr: x, annotations: {a: '{{ nope $value }}'}}"),
    "template_variable": rule("- {alert: a, expr: x, labels: {a: '{{ $nope }}'}}"),
    "template_open": rule("- {alert: a, expr: x, annotations: {a: '{{ $value '}}"),
    "template_if": rule("- {alert: a, expr: x, annotations: {a: '{{ if $value }}'}}"),
    "template_end": rule("- {alert: a, expr: x, annotations: {a: '{{ end }}'}}"),
    "template_field": rule("- {alert: a, expr: x, annotations: {a: '{{ $labels.a.b.c }}'}}"),
    "template_arguments": rule("- {alert: a, expr: x, annotations: {a: '{{ first 1 2 3 }}'}}"),
    "template_pipe": rule("- {alert: a, expr: x, annotations: {a: '{{ $value | | humanize }}'}}"),
    "template_string": rule("- {alert: a, expr: x, annotations: {a: '{{ \"abc }}'}}"),
    "template_else": rule("- {alert: a, expr: x, annotations: {a: '{{ if true }}a{{ else }}b{{ end }}'}}"),
    "template_break": rule("- {alert: a, expr: x, annotations: {a: '{{ break }}'}}"),
    "template_call": rule("- {alert: a, expr: x, annotations: {a: '{{ 1 2 }}'}}"),
    "template_stage": rule("- {alert: a, expr: x, annotations: {a: '{{ 1 | 2 }}'}}"),
    "template_stage_field": rule("- {alert: a, expr: x, annotations: {a: '{{ 1 | .Value }}'}}"),
    "template_comment": rule("- {alert: a, expr: x, annotations: {a: '{{/* c */}}'}}"),
    "template_comment_space": rule("- {alert: a, expr: x, annotations: {a: '{{ /* c */ }}'}}"),
    "template_number": rule("- {alert: a, expr: x, annotations: {a: '{{ printf \"%v\" 1.2.3 }}'}}"),
    "template_number_word": rule("- {alert: a, expr: x, annotations: {a: '{{ 1a }}'}}"),
    "template_range": rule("- {alert: a, expr: x, annotations: {a: '{{ range $i, $x := query \"x\" }}"
                           "{{ $i }}{{ .Value }}{{ else }}none{{ end }}'}}"),
    "template_scope": rule("- {alert: a, expr: x, annotations: {a: '{{ with $x := 1 }}{{ $x }}{{ end }}"
                           "{{ $x }}'}}"),
    "template_paren": rule("- {alert: a, expr: x, annotations: {a: '{{ (query \"x\" | first).Value }}'}}"),
    "template_unclosed_paren": rule("- {alert: a, expr: x, annotations: {a: '{{ (query \"x\" }}'}}"),
    "template_empty": rule("- {alert: a, expr: x, annotations: {a: '{{ }}'}}"),
    "template_define": rule("- {alert: a, expr: x, annotations: {a: '{{ define \"t\" }}x{{ end }}"
                            "{{ template \"t\" . }}'}}"),
    "duplicate_key": rule("- {record: a, record: b, expr: x}"),
    "not_yaml": "groups: [\n",
    "tab": "groups:\n\t- name: g\n",
}


class Check(unittest.TestCase):
    def test_same_verdict(self):
        """`tocsin check` accepts what promtool accepts, refuses what it refuses, and says where."""
        wrong = []
        with tempfile.TemporaryDirectory() as home:
            for name, text in FILES.items():
                folder = pathlib.Path(home, name)
                folder.mkdir()
                path = folder / "rules.yml"
                path.write_text(text, encoding="utf-8")
                theirs = subprocess.run(["promtool", "check", "rules", path], capture_output=True,
                                        text=True, check=False)
                ours = server.run("check", folder)
                if (theirs.returncode == 0) != (ours.returncode == 0):
                    wrong.append(f"{name}: promtool {theirs.returncode} {theirs.stderr}\n"
                                 f"  here {ours.returncode} {ours.stderr}")
                elif ours.returncode and not re.match(r"rules\.yml(:\d+:\d+)?: ", ours.stderr):
                    wrong.append(f"{name}: no place: {ours.stderr}")
        self.assertEqual(wrong, [], "\n".join(wrong))


def verdicts(output):
    """What a run of unit tests said, without what is only layout."""
    # Which of two series is named first is not settled.
    output = re.sub(r"\[(\{[^\]]*?\}), (\{[^\]]*?\})\];",
                    lambda found: f"[{', '.join(sorted(found.groups()))}];", output)
    return [line.strip().rstrip(",").strip() for line in output.splitlines()
            if line.strip() and not line.startswith("Unit Testing") and line.strip() not in
            ("FAILED:", "SUCCESS")]


class UnitTests(unittest.TestCase):
    def test_same_verdict_and_words(self):
        """Every file of tests/program/promrules, with the same complaints as promtool's."""
        files = sorted(RULES.glob("*_test.yml"))
        self.assertGreater(len(files), 3)
        wrong = []
        for path in files:
            theirs = subprocess.run(["promtool", "test", "rules", path.name], cwd=RULES,
                                    capture_output=True, text=True, check=False)
            ours = subprocess.run([server.PROGRAM, "test", "rules", path.name], cwd=RULES,
                                  capture_output=True, text=True, check=False)
            want, got = verdicts(theirs.stderr), verdicts(ours.stderr)
            exact = "unread" not in path.name  # else each says in its own words why
            if theirs.returncode != ours.returncode or (exact and want != got):
                wrong.append(f"{path.name}: promtool {theirs.returncode}, here {ours.returncode}\n"
                             + "\n".join("  - " + line for line in want if line not in got) + "\n"
                             + "\n".join("  + " + line for line in got if line not in want))
        self.assertEqual(wrong, [], "\n".join(wrong))


LIVE = """\
groups:
  - name: shop
    interval: 1s
    rules:
      - {record: 'site:orders:sum', expr: sum by (site) (orders)}
      - alert: OrdersLow
        expr: site:orders:sum < 10
        for: 1s
        labels: {severity: page, team: '{{ $labels.site | toUpper }}'}
        annotations:
          summary: 'only {{ $value | humanize }} orders in {{ $labels.site }}'
          description: "it's low: {{ $value }}"
          runbook: 'https://r.example/{{ $labels.site }}'
      - {alert: Twice, expr: orders * on(site) orders}
"""
GONE = """\
groups:
  - name: shop
    interval: 1s
    rules:
      - {record: 'site:orders:sum', expr: sum by (site) (orders)}
"""


class Live(unittest.TestCase):
    """From points to an alert that is told, over kill -9 and a reload."""

    def setUp(self):
        self.hook = server.Hook()
        self.tocsin = server.Tocsin({"rules.yml": LIVE, "receivers.yaml":
                                     "receivers:\n  - name: hub\n    kind: webhook\n"
                                     f"    url: {self.hook.url}/\n"})
        self.tocsin.start()

    def tearDown(self):
        self.tocsin.close()
        self.hook.close()

    def orders(self, madrid):
        now = server.now_ms()
        self.tocsin.write([f"orders,site=madrid,i=1 value={madrid} {now}",
                           f"orders,site=madrid,i=2 value=4 {now}",
                           f"orders,site=rome value=40 {now}"])

    def open_alerts(self):
        return [alert for alert in self.tocsin.alerts() if alert["state"] == "open"]

    def query(self, expr):
        answer = self.tocsin.get("/api/v1/query?query=" + expr).json()
        return {json.dumps(row["metric"], sort_keys=True): row["value"][1]
                for row in answer["data"]["result"]}

    def test_fires_goes_on_and_ends(self):
        self.orders(3)
        alert, = server.until("an alert", self.open_alerts)
        self.assertEqual(alert["rule"], "shop/OrdersLow")
        self.assertEqual(alert["severity"], "critical")
        self.assertEqual(alert["scope"], {"alertname": "OrdersLow", "severity": "page",
                                          "site": "madrid", "team": "MADRID"})
        self.assertEqual(alert["title"], "only 7 orders in madrid")
        self.assertEqual(alert["rule_place"], "built in: rules.yml:6")
        opened = server.until("the message", lambda: self.hook.at("/"))
        self.assertIn("only 7 orders in madrid", opened[0]["body"].decode())
        shown, = self.tocsin.get("/api/v1/alerts").json()["data"]["alerts"]
        self.assertEqual((shown["state"], shown["value"]), ("firing", "7e+00"))
        self.assertEqual(list(self.query("sum(ALERTS)").values()), ["1"])
        rules = self.tocsin.get("/api/v1/rules?type=alert").json()["data"]["groups"][0]["rules"]
        self.assertEqual([rule["name"] for rule in rules], ["OrdersLow", "Twice"])
        self.assertIn("found duplicate series for the match group", rules[1]["lastError"])

        self.tocsin.kill()
        self.tocsin.start()
        evaluated = self.tocsin.metric("tocsin_prometheus_rule_evaluations_total")
        server.until("evaluations", lambda: self.tocsin.metric(
            "tocsin_prometheus_rule_evaluations_total") > evaluated + 6)
        again, = self.open_alerts()
        self.assertEqual(again["id"], alert["id"], "the same alert goes on")
        shown, = self.tocsin.get("/api/v1/alerts").json()["data"]["alerts"]
        self.assertEqual(shown["state"], "firing")

        self.orders(30)
        server.until("the end", lambda: not self.open_alerts())
        ended, = [one for one in self.tocsin.alerts() if one["id"] == alert["id"]]
        self.assertEqual(ended["resolve_reason"], "recovered")
        server.until("no ALERTS", lambda: not self.query("ALERTS"))
        self.assertEqual(list(self.query("tocsin_prometheus_alert").values()), ["0"])

    def test_removed_rule_ends_its_alert(self):
        self.orders(3)
        server.until("an alert", self.open_alerts)
        self.tocsin.configure({"rules.yml": GONE})
        self.tocsin.post("/api/config/reload")
        server.until("the end", lambda: not self.open_alerts())
        server.until("told as over", lambda: list(
            self.query("tocsin_prometheus_alert").values()) == ["0"])
        self.assertEqual(self.query("ALERTS"), {})
        self.assertEqual(len(self.query("site:orders:sum")), 2)


SHAPE = """\
groups:
  - name: shape
    interval: 1s
    limit: 5
    rules:
      - {record: one, expr: vector(1.5)}
      - {record: two, expr: one * 2, labels: {b: '2', a: '1'}}
      - alert: Pending
        expr: one > 1
        for: 1h
        keep_firing_for: 90s
        labels: {z: '{{ $value }}', severity: info}
        annotations: {summary: 'v {{ $value }}'}
      - {alert: Firing, expr: 'vector(time()) > 0'}
      - {alert: Quiet, expr: one > 5}
      - {alert: Twice, expr: 'label_replace(one, "__name__", "x", "", "") or one', labels: {a: b}}
      - {record: wrong, expr: '"x"'}
"""


def without_times(value, key=""):
    """The same with what differs from run to run left out."""
    if isinstance(value, dict):
        return {name: without_times(inner, name) for name, inner in sorted(value.items())
                if name != "place"}
    if isinstance(value, list):
        return [without_times(inner) for inner in value]
    if key in ("file", "evaluationTime", "lastEvaluation", "activeAt") or (
            key == "value" and value.startswith("1.79")):
        return "text" if isinstance(value, str) else "number"
    return value


class Shape(unittest.TestCase):
    maxDiff = None

    def test_same_answers(self):
        """/api/v1/rules and /api/v1/alerts beside a Prometheus with the same file."""
        home = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-rules-"))
        (home / "rules.yml").write_text(SHAPE, encoding="utf-8")
        tocsin = server.Tocsin({"rules.yml": SHAPE})
        self.addCleanup(tocsin.close)
        tocsin.start()
        with prometheus.Prometheus(config=f"rule_files: [{home}/rules.yml]\n") as peer:
            def both(path):
                _, theirs = peer.get(path)
                return json.loads(theirs), tocsin.get(path).json()

            def settled():
                return all(group["rules"] and all(rule["health"] != "unknown"
                                                  for rule in group["rules"])
                           and "firing" in json.dumps(group)
                           for answer in both("/api/v1/rules") for group in answer["data"]["groups"])
            server.until("evaluated by both", settled)
            for path in ("/api/v1/rules", "/api/v1/rules?type=alert", "/api/v1/rules?type=record",
                         "/api/v1/alerts"):
                theirs, ours = both(path)
                for answer in (theirs, ours):
                    if "alerts" in answer["data"]:
                        answer["data"]["alerts"].sort(key=lambda one: one["labels"]["alertname"])
                self.assertEqual(without_times(ours), without_times(theirs), path)
            status, theirs = peer.get("/api/v1/rules?type=x")
            ours = tocsin.get("/api/v1/rules?type=x")
            self.assertEqual((ours.status, ours.json()), (status, json.loads(theirs)))


if __name__ == "__main__":
    server.main()
