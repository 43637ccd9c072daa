"""Who is scored: `tocsin detect` as shipped, and a sketch to compare with."""
import csv
import resource
import subprocess
import time


class Run:
    """Scores and violations by file and row, and what they cost."""

    def __init__(self, scores, violations=None, seconds=0.0):
        self.scores, self.violations, self.seconds = scores, violations, seconds
        self.rows = sum(map(len, scores))

    def openings(self):
        """1 on the row that a violation opens on, else 0."""
        return [[float(on and not before) for before, on in zip([0, *row], row)]
                for row in self.violations]


class Tocsin:
    """The built program: one configuration for all files, rows one by one."""

    def __init__(self, program, options=()):
        self.program, self.options = str(program), list(options)
        self.name = "tocsin detect" + "".join(" " + word for word in self.options)

    def run(self, data, folder):
        """The files of a set keep their folders' names: equal names in two of them are two files."""
        seconds, answers = 0.0, {}
        groups = {}
        for path in data.paths:
            groups.setdefault(path.parent, []).append(path)
        for group, paths in groups.items():
            out = folder / data.name.replace(" ", "-").replace(",", "") / group.name
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run([self.program, "detect", "--out", str(out), *self.options,
                                   *map(str, paths)], capture_output=True, text=True, check=False)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if done.returncode != 0:
                raise RuntimeError(f"{self.name} ended with {done.returncode}: {done.stderr[-500:]}")
            seconds += (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
            answers.update({path: read(out / path.name) for path in paths})
        lengths = [(len(answers[path][0]), len(values))
                   for path, values in zip(data.paths, data.values)]
        if any(got != wanted for got, wanted in lengths):
            raise RuntimeError(f"{self.name} did not answer every row of {data.name}")
        return Run([answers[path][0] for path in data.paths],
                   [answers[path][1] for path in data.paths], seconds)


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        head = next(rows)
        score, violation = head.index("score"), head.index("violation")
        pairs = [(float(row[score]), int(row[violation])) for row in rows]
    return [p[0] for p in pairs], [p[1] for p in pairs]


class EwmaSketch:
    """The textbook: deviations from an exponentially weighted mean over the deviation of that."""
    name = "EWMA z-score (a sketch)"
    gain = 0.05

    def run(self, data, _folder):
        begun = time.process_time()
        scores = [self.scores(values) for values in data.values]
        return Run(scores, None, time.process_time() - begun)

    def scores(self, values):
        mean, variance, out = 0.0, 0.0, []
        for number, value in enumerate(values):
            off = value - mean
            if number == 0:
                mean, off = value, 0.0
            out.append(abs(off) / variance ** 0.5 if variance > 0 else 0.0)
            mean += self.gain * off
            variance = (1 - self.gain) * (variance + self.gain * off * off)
        return out
