"""The labelled data: unpacked, without its labels for the detector, and averaged to longer slots."""
import csv
import pathlib
import tarfile

import nab

# The 1-minute KPIs as 5-minute means, all of them as hourly means; a slot is labelled if at least
# this share of its points is.
AVERAGES = {"kpi, 5-minute means": (300, 0.20), "kpi, hourly means": (3600, 0.15)}


class Missing(Exception):
    pass


def unpack(place, wanted, into):
    """The folder that holds `wanted`: `place` itself, or its archive unpacked."""
    if (place / wanted).exists():
        return place
    archives = sorted(place.rglob("*.tar.xz")) if place.is_dir() else []
    if not archives:
        raise Missing(f"there is neither {place / wanted} nor an archive (*.tar.xz) in {place}; "
                      "name the folder that holds nab/ and kpi/ with --data or BENCH_DATA")
    for archive in archives:
        with tarfile.open(archive) as tar:
            tar.extractall(into, filter="data")
    found = sorted(into.rglob(wanted))
    if not found:
        raise Missing(f"{archives[0]} holds no {wanted}")
    return found[0].parents[len(pathlib.Path(wanted).parts) - 1]


class Nab:
    """The files as they are: they hold no labels."""
    name = "nab"

    def __init__(self, place, scratch):
        root = unpack(place / "nab", "labels/combined_windows.json", scratch / "nab")
        windows = nab.windows_of(root / "labels/combined_windows.json")
        self.names = sorted(windows)
        self.paths = [root / "data" / name for name in self.names]
        self.files, self.values = [], []
        for name, path in zip(self.names, self.paths):
            with open(path, newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self.files.append(nab.File(name, [nab.time_of(r["timestamp"]) for r in rows],
                                       windows[name]))
            self.values.append([float(r["value"]) for r in rows])


class KpiSet:
    """Series of (unix seconds, value, label); the detector's files are written without the label."""

    def __init__(self, name, series, folder):
        self.name, self.series, self.paths = name, series, []
        folder.mkdir(parents=True)
        for key, rows in series.items():
            path = folder / f"{key}.csv"
            with open(path, "w", encoding="utf-8") as file:
                file.write("timestamp,value\n")
                file.writelines(f"{time},{value!r}\n" for time, value, _ in rows)
            self.paths.append(path)
        self.values = [[value for _, value, _ in rows] for rows in series.values()]


def read_kpi(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [(int(r["timestamp"]), float(r["value"]), int(r["label"]))
                for r in csv.DictReader(file) if r["value"] != "" and r["label"] != ""]


def averaged(rows, slot_s, share):
    """One row per slot that has points: its begin, their mean, whether enough of them are labelled."""
    slots = {}
    for time, value, label in rows:
        slot = slots.setdefault(time // slot_s * slot_s, [0, 0.0, 0])
        slot[0] += 1
        slot[1] += value
        slot[2] += label
    return [(time, total / count, int(labelled >= share * count))
            for time, (count, total, labelled) in sorted(slots.items())]


def step_of(rows):
    return min(b[0] - a[0] for a, b in zip(rows, rows[1:]) if b[0] > a[0])


def kpi_sets(place, scratch):
    folder = unpack(place / "kpi", "aiops2018-prelim", scratch / "kpi") / "aiops2018-prelim"
    if not any(folder.glob("*.csv")):
        folder = unpack(folder, "aiops2018-prelim", scratch / "kpi") / "aiops2018-prelim"
    series = {path.stem: read_kpi(path) for path in sorted(folder.glob("*.csv"))}
    yield KpiSet("kpi", series, scratch / "rows" / "kpi")
    for name, (slot_s, share) in AVERAGES.items():
        shorter = {key: averaged(rows, slot_s, share) for key, rows in series.items()
                   if step_of(rows) < slot_s}
        yield KpiSet(name, shorter, scratch / "rows" / str(slot_s))
