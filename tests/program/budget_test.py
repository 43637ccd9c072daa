"""The noise budget, from outside: what is wanted, what was told and counted, over a restart, and a
replay of what is kept that finds the same pages."""
import random
import unittest

import server

CONFIG = """
workers:
  - {id: shop, select: requests, tier: kpi, opens: 1 of 1, noise: 1 per week, models: [{kind: level}]}
  - {id: slow, select: lag, tier: kpi, opens: 1 of 1, min_duration: 60s, models: [{kind: level}]}
rules:
  - {id: shop-low, severity: high, pages: %s, resolve_after: 1s, when: {violation: requests}}
  - {id: never, severity: low, pages: 0 per 30d, when: {violation: nothing_like_it}}
budget: {pages: 4 per 30d, replay: 2h}
receivers:
  - {name: hook, kind: webhook, url: "%s/hook"}
"""
SECOND = 1000


class BudgetTest(unittest.TestCase):
    def setUp(self):
        self.hook = server.Hook()
        self.addCleanup(self.hook.close)
        self.tocsin = server.Tocsin({"all.yaml": CONFIG % ("1 per 30d", self.hook.url)})
        self.addCleanup(self.tocsin.close)
        self.tocsin.start()

    def budget(self):
        return self.tocsin.json("/api/v1/budget")

    def worker(self, name):
        return next(one for one in self.budget()["workers"] if one["id"] == name)

    def pages(self, rule):
        return next(one for one in self.budget()["rules"] if one["id"] == rule)["pages"]

    def send(self, points):
        lines = [f"{name} value={value} {time}" for name, value, time in points]
        self.assertEqual(self.tocsin.write("\n".join(lines)).status, 204)

    def learned(self, name):
        """An hour of ordinary points, ten seconds apart, up to a minute ago; gives the next time."""
        noise = random.Random(1)
        start = server.now_ms() - 3_660 * SECOND
        times = [start + 10 * SECOND * i for i in range(360)]
        for at in range(0, len(times), 60):
            self.send([(name, 100 + noise.gauss(0, 1), time) for time in times[at:at + 60]])
        return times[-1] + 10 * SECOND

    def page(self):
        at = self.learned("requests")
        self.send([("requests", 10, at)])
        server.until("the alert", lambda: self.tocsin.alerts("open"))
        server.until("that it is told", lambda: self.pages("shop-low")["told"] == 1)
        return at

    def test_what_is_wanted_is_held_against_what_was_told(self):
        self.page()
        pages = self.pages("shop-low")
        self.assertEqual((pages["wanted"], pages["allowed"], pages["verdict"]),
                         ("1 per 30d", 1, "within"))
        self.assertEqual(pages["days"][-1], 1)
        self.assertEqual(self.pages("never")["told"], 0)
        installation = self.budget()["installation"]["pages"]
        self.assertEqual((installation["told"], installation["allowed"]), (1, 4))
        shop = self.worker("shop")
        self.assertEqual((shop["noise"], shop["wanted"], shop["episodes"]), ("1 per week", 1, 1))
        self.assertEqual(shop["most"][0]["series"]["name"], "requests")
        server.until("its tail is counted", lambda: self.worker("shop")["tail"]["series"] == 1)

    def test_counts_outlive_a_kill_and_are_counted_once(self):
        self.page()
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.worker("shop")["episodes"], 1)
        self.assertEqual(self.pages("shop-low")["told"], 1)
        self.tocsin.stop()
        self.tocsin.start()
        self.assertEqual(self.worker("shop")["episodes"], 1)

    def test_a_replay_of_what_is_kept_finds_the_page_again(self):
        self.page()
        self.assertEqual(self.budget()["replay"]["state"], "waiting")
        self.assertIsNone(self.pages("shop-low")["replayed"])
        self.assertEqual(self.tocsin.post("/api/v1/budget/replay").status, 200)
        server.until("the replay", lambda: self.budget()["replay"]["state"] == "done")
        replay = self.budget()["replay"]
        self.assertEqual((replay["points"], replay["series"]), (361, 1), replay)
        pages = self.pages("shop-low")
        self.assertEqual((pages["replayed"], pages["replay_verdict"]), (1, "within"), pages)

    def test_a_budget_of_none_is_overspent_by_the_first_page(self):
        self.tocsin.configure({"all.yaml": CONFIG % ("0 per 30d", self.hook.url)})
        self.assertEqual(self.tocsin.post("/api/config/reload").status, 200)
        self.page()
        self.assertEqual(self.pages("shop-low")["verdict"], "over")

    def test_a_replay_that_is_switched_off_is_refused_with_the_way_to_switch_it_on(self):
        text = (CONFIG % ("1 per 30d", self.hook.url)).replace("replay: 2h", "replay: 0s")
        self.tocsin.configure({"all.yaml": text})
        self.assertEqual(self.tocsin.post("/api/config/reload").status, 200)
        answer = self.tocsin.post("/api/v1/budget/replay")
        self.assertEqual(answer.status, 409)
        self.assertIn("replay: 28d", answer.json()["error"])
        self.assertEqual(self.budget()["replay"]["state"], "off")

    def test_a_violation_opens_after_min_duration(self):
        at = self.learned("lag")
        self.send([("lag", 500, at + i * 10 * SECOND) for i in range(6)])
        self.assertEqual(self.worker("slow")["episodes"], 0)
        self.send([("lag", 500, at + 60 * SECOND)])
        server.until("the violation", lambda: self.worker("slow")["episodes"] == 1)

    def test_a_mistake_in_a_budget_has_a_place(self):
        folder = self.tocsin.home / "wrong"
        folder.mkdir()
        (folder / "w.yaml").write_text("budget: {pages: often}\n"
                                       "workers: [{id: a, select: b, noise: 1}]\n")
        answer = server.run("check", folder)
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn('w.yaml:1:17: pages: expected "COUNT per SPAN"', answer.stdout + answer.stderr)
        self.assertIn('w.yaml:2:37: noise: expected "COUNT per SPAN"', answer.stdout + answer.stderr)


if __name__ == "__main__":
    server.main()
