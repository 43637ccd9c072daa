#!/usr/bin/env python3
"""The Nezha incidents as plain lines: prepare.py FOLDER > FILE

FOLDER holds rca_data/DAY/metric/*.csv and rca_data/DAY/DAY-fault_list.json. Lines:
  case DAY SECONDS SERVICE KIND        a fault that was injected
  series DAY SERVICE METRIC CALLER     then one line "SECONDS VALUE" per point, by time; CALLER is -
                                       but for the latency of calls, which belongs to the called
"""
import csv
import datetime
import json
import pathlib
import sys


def service_of(pod):
    return pod.rsplit("-", 2)[0]  # deployment-replicaset-pod


def columns(path, skip):
    out = {}
    for row in csv.DictReader(open(path)):
        time = int(row.get("TimeStamp") or row["timestamp"])
        for name, text in row.items():
            if name in skip or not text:
                continue
            try:
                value = float(text)
            except ValueError:
                continue
            if value == value:
                out.setdefault(name, {})[time] = value
    return out


def put(day, service, metric, caller, points):
    print("series", day, service, metric.replace(" ", "_"), caller)
    for time in sorted(points):
        print(time, repr(points[time]))


def main():
    for folder in sorted(pathlib.Path(sys.argv[1]).rglob("metric")):
        day = folder.parent.name
        for path in sorted(folder.glob("*_metric.csv")):
            pod = path.name.removesuffix("_metric.csv")
            for metric, points in columns(path, ("Time", "TimeStamp", "PodName")).items():
                put(day, service_of(pod), metric, "-", points)
        for name in ("source_50", "destination_50"):
            path = folder / f"{name}.csv"
            if not path.exists():
                continue
            for edge, points in columns(path, ("time", "timestamp")).items():
                caller, called = edge.split("_")
                put(day, called, name, caller, points)
        faults = json.loads((folder.parent / f"{day}-fault_list.json").read_text())
        for hour in faults.values():
            for fault in hour:
                at = datetime.datetime.strptime(fault["inject_time"], "%Y-%m-%d %H:%M:%S")
                seconds = int(at.replace(tzinfo=datetime.timezone.utc).timestamp())
                print("case", day, seconds, service_of(fault["inject_pod"]), fault["inject_type"])


main()
