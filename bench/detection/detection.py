#!/usr/bin/env python3
"""Detection on labelled data: bench/detection/detection.py [options]; `./dev bench detection` calls it.

One configuration for all sets, rows one by one, nothing known of a file before its first row. Prints
Markdown, as docs/benchmarks.md holds it.
"""
import argparse
import os
import pathlib
import sys
import tempfile

import data
import detectors
import kpi
import nab

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUDGETS = (0.5, 1, 2, 5)
# Standard, low FP, low FN, as published with the benchmark: each with the threshold that is best on
# these labels, and told the smallest and the largest value of the file before its first row.
PUBLISHED = [
    ("ARTime", 74.9, 65.1, 80.4), ("HTM", 70.1, 63.1, 74.3), ("CAD OSE", 69.9, 67.0, 73.2),
    ("earthgecko Skyline", 58.2, 46.2, 63.8), ("KNN-CAD", 58.0, 43.4, 64.8),
    ("relative entropy", 54.6, 47.6, 58.8), ("random cut forest", 51.7, 38.4, 59.7),
    ("Twitter ADVec", 47.1, 33.6, 53.5), ("windowed Gaussian", 39.6, 20.9, 47.4),
    ("Etsy Skyline", 35.7, 27.1, 44.5), ("Bayesian change point", 17.7, "", ""),
]


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*cells):
    row(*cells)
    row(*["---"] * len(cells))


def figures(by_profile):
    return [f"{by_profile[profile]:.1f}" for profile in nab.PROFILES]


def nab_rows(detector, data_set, folder, threshold):
    run = detector.run(data_set, folder)
    corpus = nab.Corpus(data_set.files, run.scores)
    if run.violations is not None:
        openings = nab.Corpus(data_set.files, run.openings())
        found, wrong = openings.hits(1)
        row(detector.name, "a violation opens", *figures(openings.at(1)), found, wrong)
        found, wrong = corpus.hits(threshold)
        row(detector.name, f"built in: score {threshold:g}", *figures(corpus.at(threshold)), found, wrong)
    best = corpus.optimum("standard")[1]
    found, wrong = corpus.hits(best)
    row(detector.name, f"best on these labels ({best:.3g})", *figures(corpus.optimised()), found, wrong)
    row(detector.name, "20 random two-folds, mean", *figures(corpus.folds()), "", "")
    return run


def nab_table(wanted, place, scratch, threshold):
    data_set = data.Nab(place, scratch)
    windows = sum(len(file.windows) for file in data_set.files)
    rows = sum(file.rows for file in data_set.files)
    print(f"## Detection: Numenta Anomaly Benchmark\n\n{len(data_set.files)} files, {rows:,} rows, "
          f"{windows} labelled windows; NAB's scoring, probation as NAB defines it. Published figures "
          "have thresholds that are best on these labels and know each file's smallest and largest "
          "value beforehand.\n")
    head("detector", "threshold", "standard", "low FP", "low FN", "windows found", "false alarm rows")
    costs = [(detector.name, nab_rows(detector, data_set, scratch / "out", threshold))
             for detector in wanted]
    for name, *scores in PUBLISHED:
        row(name, "published", *scores, "", "")
    print()
    return [(name, "nab", run) for name, run in costs]


def kpi_rows(detector, data_set, folder):
    run = detector.run(data_set, folder)
    series = [kpi.Series([(time, label, score) for (time, _, label), score in zip(rows, scores)])
              for rows, scores in zip(data_set.series.values(), run.scores)]
    got = kpi.at_budgets(series, BUDGETS)
    one = got[1]
    # An alert that hardly ever ends is one false alarm, and finds everything.
    row(data_set.name, detector.name,
        *(f"{got[b]['share']:.3f}" if got[b]["alarmed"] < 0.5 else "(always on)" for b in BUDGETS),
        f"{one['threshold']:.3g}", f"{one['delay_median']:.0f} / {one['delay_p90']:.0f} min")
    if run.violations is None:
        return run, None
    open_rows = [kpi.Series([(time, label, violation) for (time, _, label), violation
                             in zip(rows, violations)])
                 for rows, violations in zip(data_set.series.values(), run.violations)]
    return run, (data_set.name, kpi.at_fixed(open_rows, 1))


def kpi_table(wanted, place, scratch):
    print("## Detection: labelled KPIs\n\nShare of the labelled events found at no more than so many "
          "false alarms per series-week, one threshold for all series, after 7 days of learning; "
          "threshold and delay at one false alarm per series-week.\n")
    head("set", "detector", *(f"at {b}" for b in BUDGETS), "threshold at 1", "delay median / p90")
    costs, built_in = [], []
    for data_set in data.kpi_sets(place, scratch):
        for detector in wanted:
            run, fixed = kpi_rows(detector, data_set, scratch / "out")
            costs.append((detector.name, data_set.name, run))
            if fixed:
                built_in.append((detector.name, *fixed))
    print("\nWith the built-in threshold, which knows nothing of these labels (an alarm is a row in a "
          "violation):\n")
    head("set", "detector", "events found", "false alarms per series-week", "delay median / p90")
    for name, set_name, f in built_in:
        row(set_name, name, f"{f['share']:.3f} ({f['found']} of {f['events']})",
            f"{f['per_week']:.2f}", f"{f['delay_median']:.0f} / {f['delay_p90']:.0f} min")
    print()
    return costs


def cost_table(costs):
    print("CPU per row, reading and writing included (of the sketch, its Python alone):\n")
    head("detector", "set", "rows", "ns per row")
    for name, set_name, run in costs:
        row(name, set_name, f"{run.rows:,}", f"{run.seconds / run.rows * 1e9:,.0f}")
    print()


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("BENCH_DATA", ROOT.parent / "shared" / "data"),
                        type=pathlib.Path, help="folder that holds nab/ and kpi/ (or BENCH_DATA)")
    parser.add_argument("--program", default=pathlib.Path(os.environ.get(
        "BENCH_BIN", ROOT / "build" / "release" / "bin")) / "tocsin", type=pathlib.Path)
    parser.add_argument("--sets", default="nab,kpi", help="which: nab, kpi or both")
    parser.add_argument("--threshold", type=float, default=4.0, help="score built into the program")
    parser.add_argument("--keep", type=pathlib.Path, help="keep the detector's rows in this folder")
    parser.add_argument("--no-sketch", action="store_true", help="Tocsin alone")
    parser.add_argument("words", nargs="*", help="options of tocsin detect, after --")
    return parser.parse_args()


def main():
    asked = options()
    wanted = [detectors.Tocsin(asked.program, asked.words)]
    if not asked.no_sketch:
        wanted.append(detectors.EwmaSketch())
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tocsin-detection-", dir=ROOT / "build") as scratch:
        scratch = pathlib.Path(scratch)
        costs = []
        try:
            if "nab" in asked.sets:
                costs += nab_table(wanted, asked.data, scratch, asked.threshold)
            if "kpi" in asked.sets:
                costs += kpi_table(wanted, asked.data, scratch)
        except data.Missing as missing:
            sys.exit(f"detection: {missing}")
        cost_table(costs)
        if asked.keep:
            (scratch / "out").rename(asked.keep)


if __name__ == "__main__":
    main()
