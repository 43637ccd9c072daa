#!/usr/bin/env python3
"""An alert of a Prometheus rule file, live over kill -9, beside its replay and `tocsin test rules`."""
import json
import unittest

import server

HOLD, KEEP = 4000, 3000
RULES = f"""\
groups:
  - name: shop
    interval: 1s
    rules:
      - {{record: evaluated, expr: vector(1)}}
      - alert: OrdersLow
        expr: orders < 10
        for: {HOLD // 1000}s
        keep_firing_for: {KEEP // 1000}s
        labels: {{severity: page, shop: '{{{{ $labels.site }}}}-1'}}
        annotations:
          summary: '{{{{ $value }}}} orders in {{{{ $labels.site }}}}'
"""


class PrometheusAlert(unittest.TestCase):
    def setUp(self):
        self.begin = server.now_ms()
        self.tocsin = server.Tocsin({"rules.yml": RULES})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def orders(self, site, value):
        answer = self.tocsin.write(f"orders,site={site} value={value} {server.now_ms()}")
        self.assertEqual(answer.status, 204)

    def samples(self, selector):
        """Times in ms and values of all points of the one series."""
        answer = self.tocsin.json(f"/api/v1/query?query={selector}[10m]")["data"]["result"]
        return [(round(t * 1000), float(v)) for one in answer for t, v in one["values"]]

    def alert(self, site, state):
        def look():
            found = [a for a in self.tocsin.alerts() if a["scope"].get("site") == site]
            return found[0] if found and found[0]["state"] == state else None
        return server.until(f"{site} {state}", look)

    def evaluations(self, more):
        seen = self.tocsin.metric("tocsin_prometheus_rule_evaluations_total")
        server.until("evaluations", lambda: self.tocsin.metric(
            "tocsin_prometheus_rule_evaluations_total") > seen + 2 * more)

    def pending(self):
        return [one for one in self.tocsin.json("/api/v1/alerts")["data"]["alerts"]
                if one["state"] == "pending"]

    def episode(self, site):
        """When it was pending, when firing, and all instants at which the rule was evaluated."""
        state = 'ALERTS%7Bsite="{}",alertstate="{}"%7D'
        return ([t for t, _ in self.samples(state.format(site, "pending"))],
                [t for t, _ in self.samples(state.format(site, "firing"))],
                [t for t, _ in self.samples("evaluated")])

    def test_live_replayed_and_tested_are_one_story(self):
        for site in ("madrid", "rome"):
            self.orders(site, 40)
        self.evaluations(3)
        # As it should go.
        self.orders("madrid", 3)
        opened = self.alert("madrid", "open")
        self.assertEqual(opened["severity"], "critical")
        self.assertEqual(opened["title"], "3 orders in madrid")
        self.assertEqual(opened["scope"], {"alertname": "OrdersLow", "severity": "page",
                                           "shop": "madrid-1", "site": "madrid"})
        self.orders("madrid", 30)
        self.alert("madrid", "resolved")
        # Killed while it is pending.
        self.orders("rome", 2)
        server.until("pending", self.pending)
        self.tocsin.kill()
        self.killed = server.now_ms()
        self.tocsin.start()
        self.assertEqual([a["state"] for a in self.tocsin.alerts()], ["resolved"])
        self.alert("rome", "open")
        self.orders("rome", 50)
        self.alert("rome", "resolved")
        self.assertEqual(len(self.tocsin.alerts()), 2)
        self.evaluations(3)
        self.check_times()
        self.check_pending_over_the_kill()
        self.check_replay()
        self.check_unit_test()

    def check_times(self):
        pending, firing, evaluated = self.episode("madrid")
        self.assertEqual(firing[0], next(t for t in evaluated if t >= pending[0] + HOLD))
        low = [t for t in evaluated if t >= pending[0] and self.value_at("madrid", t) < 10]
        self.assertEqual(pending + firing[:len(low) - len(pending)], low)
        # It fires on until KEEP after the last instant at which the condition held.
        ended = next(t for t in evaluated if t > low[-1])
        last = [t for t in evaluated if t < ended + KEEP][-1]
        self.assertEqual(firing[-1], last)
        live, = [a for a in self.tocsin.alerts() if a["scope"]["site"] == "madrid"]
        # It opens when the point that says so has arrived, before the next evaluation.
        after = next(t for t in evaluated if t > firing[0])
        self.assertTrue(firing[0] <= live["opened_at"] < after, (firing[0], live["opened_at"]))

    def check_pending_over_the_kill(self):
        """The time that the server was away does not count; all other time does."""
        pending, firing, evaluated = self.episode("rome")
        before = [t for t in evaluated if t < self.killed][-1]
        after = next(t for t in evaluated if t > self.killed)
        began = pending[0] // 1000 * 1000  # ALERTS_FOR_STATE knows it in seconds
        self.assertLess(before, began + HOLD, "it was killed while pending")
        due = began + HOLD + (after - before)
        self.assertEqual(firing[0], next(t for t in evaluated if t >= due))

    def check_replay(self):
        done = server.run("replay", "--config", self.tocsin.config, "--data", self.tocsin.data,
                          "--json", "--as-received", "--from", str(self.begin / 1000))
        self.assertEqual(done.returncode, 0, done.stderr)
        fields = ("id", "rule", "severity", "state", "opened_at", "resolved_at", "resolve_reason")
        replayed = [{f: a[f] for f in fields} for a in json.loads(done.stdout)["alerts"]]
        live = [{f: a[f] for f in fields} for a in self.tocsin.alerts()]
        self.assertEqual(sorted(replayed, key=lambda a: a["id"]),
                         sorted(live, key=lambda a: a["id"]))

    def value_at(self, site, time):
        points = self.samples(f'orders%7Bsite="{site}"%7D')
        return [value for at, value in points if at <= time][-1]

    def check_unit_test(self):
        """Prometheus' own unit test of what the rule saw fires at the same instants."""
        pending, firing, evaluated = self.episode("madrid")
        begin, end = evaluated[1], next(t for t in evaluated if t > firing[-1])
        values, seen = [], None
        for time in range(begin, end + 1, 1000):
            # An instant that was skipped saw nothing new.
            seen = self.value_at("madrid", time) if time in evaluated or seen is None else seen
            values.append(f"{seen:g}")
        def expect(time, fires):
            at = f"      - {{eval_time: {(time - begin) // 1000}s, alertname: OrdersLow"
            if not fires:
                return at + ", exp_alerts: []}\n"
            return (at + ", exp_alerts: [{exp_labels: {severity: page, shop: madrid-1, site: madrid}, "
                    f"exp_annotations: {{summary: '{self.value_when_true(time):g} orders in madrid'}}}}]}}\n")
        text = ("rule_files: [rules.yml]\nevaluation_interval: 1s\ntests:\n  - interval: 1s\n"
                "    input_series:\n      - series: 'orders{site=\"madrid\"}'\n"
                f"        values: '{' '.join(values)}'\n    alert_rule_test:\n"
                + expect(pending[-1], False) + expect(firing[0], True) + expect(firing[-1], True)
                + expect(end, False))
        tested = self.tocsin.home / "rules_test.yml"
        (self.tocsin.home / "rules.yml").write_text(RULES, encoding="utf-8")
        tested.write_text(text, encoding="utf-8")
        done = server.run("test", "rules", tested)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + text)
        # And it can fail: a second earlier it does not fire.
        tested.write_text(text.replace(expect(firing[0], True), expect(pending[-1], True)),
                          encoding="utf-8")
        self.assertEqual(server.run("test", "rules", tested).returncode, 1)

    def value_when_true(self, time):
        """$value is that of the last instant at which the condition held."""
        value = self.value_at("madrid", time)
        return value if value < 10 else 3


if __name__ == "__main__":
    server.main()
