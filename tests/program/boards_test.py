#!/usr/bin/env python3
"""Boards: checked with their PromQL, served as JSON, reloaded whole or not at all."""
import pathlib
import tempfile
import unittest

import server

BOARD = """\
boards:
  - id: payments
    title: Payments
    variables:
      - {name: site, from: payments_ok}
    rows:
      - title: $site
        repeat: site
        panels:
          - {title: Accepted, query: 'payments_ok{site=~"$site"}', band: true}
"""
WRONG = BOARD.replace("""'payments_ok{site=~"$site"}'""", "'sum(payments_ok) bar'")


class BoardsTest(unittest.TestCase):
    def setUp(self):
        self.tocsin = server.Tocsin({"boards.yaml": BOARD})
        self.tocsin.start()
        self.addCleanup(self.tocsin.close)

    def reload(self):
        return self.tocsin.post("/api/config/reload", b"{}", {"Content-Type": "application/json"})

    def test_a_reload_changes_boards_as_a_whole_or_not_at_all(self):
        listed = self.tocsin.json("/api/boards")["boards"]
        self.assertEqual([(b["id"], b["panels"], b["place"]) for b in listed],
                         [("payments", 1, "boards.yaml:2")])
        board = self.tocsin.json("/api/boards/payments")
        panel = board["rows"][0]["panels"][0]
        self.assertEqual(panel["queries"], [{"expr": 'payments_ok{site=~"$site"}', "legend": ""}])
        self.assertTrue(panel["band"])
        self.assertEqual(self.tocsin.get("/api/boards/none").status, 404)

        self.tocsin.configure({"boards.yaml": WRONG})
        refused = self.reload()
        self.assertEqual(refused.status, 400)
        self.assertEqual([p["place"] for p in refused.json()["problems"]], ["boards.yaml:10:38"])
        self.assertEqual(self.tocsin.json("/api/boards/payments"), board, "the old one is shown")

        self.tocsin.configure({"boards.yaml": BOARD.replace("id: payments", "id: other")})
        self.assertEqual(self.reload().status, 200)
        self.assertEqual([b["id"] for b in self.tocsin.json("/api/boards")["boards"]], ["other"])
        self.assertEqual(self.tocsin.get("/api/boards/payments").status, 404)

    def test_check_names_the_place_and_what_the_parser_says(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "boards.yaml").write_text(WRONG)
            done = server.run("check", folder)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('boards.yaml:10:38: query: 1:18: parse error: unexpected identifier "bar"',
                      done.stderr)

    def test_the_page_of_a_board_is_the_application(self):
        page = self.tocsin.get("/boards/payments?wall=1")
        self.assertEqual(page.status, 200)
        self.assertIn("text/html", page.headers["Content-Type"])


if __name__ == "__main__":
    server.main()
