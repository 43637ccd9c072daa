#!/usr/bin/env python3
"""What the documents say is what the program does: the reference, the examples, the links."""
import pathlib
import re
import unittest

import server

ROOT = pathlib.Path(__file__).resolve().parents[2]


class DocsTest(unittest.TestCase):
    def test_the_reference_is_that_of_the_program(self):
        written = (ROOT / "docs" / "configuration.md").read_text()
        self.assertEqual(written.strip(), server.run("reference").stdout.strip(),
                         "run: build/release/bin/tocsin reference >docs/configuration.md")

    def test_every_example_is_fine(self):
        folders = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())
        self.assertGreaterEqual(len(folders), 2)
        for folder in folders:
            done = server.run("check", str(folder))
            self.assertEqual(done.returncode, 0, f"{folder.name}: {done.stderr}")

    def test_links_between_documents_lead_somewhere(self):
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
                if "://" in target or target.startswith("/"):
                    continue
                self.assertTrue((page.parent / target).exists(), f"{page.name}: {target}")


if __name__ == "__main__":
    server.main()
