"""Makes many backup strategies due in the same minute on simulated clusters, and measures the start of their runs.

    bench/strategies.py --lifeboat FILE --simulator FILE [--clusters 100] [--tenants 10] [--speed 20] [--limit N] [--write]

Every tenant has a strategy of its own. A cluster has one data backup at a time, so the tasks of its tenants' runs wait in
the queue and start one after the other; beyond that, --limit backups run at once (default: all). When a task was created,
started and ended is read from the metadata afterwards. Everything runs twice: the second time, every statement on the
metadata is counted, which slows it.
"""

import argparse
import json
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import fleet
import meter
import report

# The longest time between two reads of the status.
LOOK_S = 0.5


class Statements:
    """Counts the statements that a server writes into its log."""

    def __init__(self, stream):
        self.all = self.of_strategies = 0
        threading.Thread(target=self.read, args=(stream,), daemon=True).start()

    def read(self, stream):
        for line in stream:
            if "sqlx::query" in line:
                self.all += 1
                # Statements that only the scheduler sends.
                self.of_strategies += "strategy_runs" in line or "FROM strategies" in line

    def counts(self):
        return self.all, self.of_strategies


class Stand:
    """A Lifeboat with clusters and a strategy for each tenant."""

    def __init__(self, options, folder, is_counting):
        (Path(folder) / "files").mkdir()
        self.folder, self.options = folder, options
        self.simulated, clusters = fleet.simulator(options.simulator, options)
        limit = options.limit or options.clusters * options.tenants
        more = ["--data-backups-at-once", str(limit)]
        log = {"LIFEBOAT_LOG": "error,sqlx::query=debug" if is_counting else "error"}
        self.lifeboat = fleet.Lifeboat(options.lifeboat, folder, options.clusters, more, log, subprocess.PIPE if is_counting else None)
        self.statements = Statements(self.lifeboat.process.stderr) if is_counting else None
        call = self.lifeboat.call
        self.storage = call("POST", "/backup/storages", {
            "configName": "all", "obBackupStorageBaseInfo": {"backupStorageType": "BACKUP_STORAGE_FILE", "storageUrl": f"{folder}/files"}})["storageId"]
        with ThreadPoolExecutor(8) as pool:
            self.ids = list(pool.map(lambda numbered: call("POST", "/ob/clusters", {
                "name": f"c{numbered[0]:03}", "addresses": [f"127.0.0.1:{numbered[1]['ports'][0]}"], "user": "root@sys", "password": ""})["id"],
                enumerate(clusters)))

    def create_strategies(self, due):
        """Creates the strategy of every tenant; all are due at that minute of each day."""
        schedule = {"backupScheduleMode": "CRON", "cronExpression": f"{due.minute} {due.hour} * * *", "scheduleZone": "UTC"}
        body = {"backupMode": "PHYSICAL_BACKUP", "obBackupScheduleConfig": schedule, "obBackupServiceStorageConfig": {"storageId": self.storage}}

        def of_cluster(cluster):
            tenants = self.lifeboat.call("GET", f"/ob/clusters/{cluster}/tenants")["contents"]
            for tenant in tenants:
                if tenant["name"] != "sys":
                    path = f"/ob/clusters/{cluster}/tenants/{tenant['obTenantId']}/backup/config/backupStrategy"
                    self.lifeboat.call("POST", path, body)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(of_cluster, self.ids))

    def read(self, sql):
        connection = sqlite3.connect(f"file:{self.folder}/data/lifeboat.db?mode=ro", uri=True, timeout=60)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def round_s(self):
        """Returns the duration of the scheduler's last round."""
        watchers = self.lifeboat.call("GET", "/watchers")["watchers"]
        milliseconds = next(watcher for watcher in watchers if watcher["name"] == "strategies")["durationMs"]
        return (milliseconds or 0) / 1000

    def stop(self):
        for process in (self.lifeboat.process, self.simulated):
            process.terminate()
            process.wait()


def run(options, is_counting):
    """Makes everything due once; returns the measurements."""
    count = options.clusters * options.tenants
    with tempfile.TemporaryDirectory(prefix="strategies-", dir="/dev/shm") as folder:
        stand = Stand(options, folder, is_counting)
        try:
            # After the last save, at a full minute.
            due = datetime.now(timezone.utc) + timedelta(seconds=options.ahead)
            due = due.replace(second=0, microsecond=0) + timedelta(minutes=1)
            stand.create_strategies(due)
            left = (due - datetime.now(timezone.utc)).total_seconds()
            if left < 20:
                raise SystemExit(f"the strategies were not saved in time: {left:.0f} s are left until they are due; try a larger --ahead")
            time.sleep(5)
            return measure(stand, count, due)
        finally:
            stand.stop()


def measure(stand, count, due):
    found = {"idle_mib": stand.lifeboat.resident_mib()}
    # No run is due: this measures the constant cost of the scheduler.
    before, cpu, begun = stand.statements and stand.statements.counts(), meter.server_cpu(stand.lifeboat.process.pid), time.monotonic()
    time.sleep(max(0.0, (due - datetime.now(timezone.utc)).total_seconds() - 2))
    idle_s = time.monotonic() - begun
    found["idle_cpu"] = (meter.server_cpu(stand.lifeboat.process.pid) - cpu) / idle_s
    found["idle_round"] = stand.round_s()
    if before:
        found["idle_statements"] = (stand.statements.counts()[1] - before[1]) / idle_s
    time.sleep(max(0.0, (due - datetime.now(timezone.utc)).total_seconds()))
    cpu, before = meter.server_cpu(stand.lifeboat.process.pid), stand.statements and stand.statements.counts()
    peak, rounds = 0.0, []
    while True:
        peak = max(peak, stand.lifeboat.resident_mib())
        rounds.append(stand.round_s())
        done = stand.read("SELECT COUNT(*) FROM strategy_runs WHERE task_id IS NOT NULL")[0][0]
        if done == count:
            break
        time.sleep(LOOK_S)
    found["cpu"] = meter.server_cpu(stand.lifeboat.process.pid) - cpu
    if before:
        after = stand.statements.counts()
        found["statements"], found["statements_of_strategies"] = (after[0] - before[0], after[1] - before[1])
    while stand.read("SELECT COUNT(*) FROM tasks WHERE finished_at IS NULL")[0][0]:
        peak = max(peak, stand.lifeboat.resident_mib())
        time.sleep(LOOK_S)
    found["peak_mib"], found["round"], found["rounds"] = peak, max(rounds), len(rounds)
    found.update(of_rows(stand, due, count))
    return found


def of_rows(stand, due, count):
    """When each run was created according to the metadata, and when it could have been."""
    rows = stand.read(
        "SELECT s.cluster_id, t.created_at, t.started_at, t.finished_at, t.status FROM strategy_runs r"
        " JOIN strategies s ON s.id = r.strategy_id JOIN tasks t ON t.id = r.task_id ORDER BY t.started_at")
    bad = [row for row in rows if row[4] != "SUCCESSFUL" and row[4] != "SUCCEEDED"]
    if len(rows) != count or bad:
        raise SystemExit(f"{len(rows)} runs, and {count} were expected; these did not end well: {bad[:5]}")
    due_us = int(due.timestamp() * 1_000_000)
    free, first, waits, seconds = {}, {}, [], []
    for cluster, created, started, finished, _ in rows:
        if cluster in free:
            waits.append((started - free[cluster]) / 1e6)
            if started < free[cluster]:
                raise SystemExit(f"two backups ran on cluster {cluster} at once")
        seconds.append((finished - started) / 1e6)
        free[cluster] = finished
        first.setdefault(cluster, started)
    created = sorted(row[1] for row in rows)
    since_due = lambda moment: (moment - due_us) / 1e6
    return {"first": since_due(created[0]), "all": since_due(created[-1]), "all_clusters": since_due(max(first.values())),
            "ended": since_due(max(free.values())), "wait": statistics.median(waits), "wait_max": max(waits),
            "backup": statistics.median(seconds)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lifeboat", required=True)
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--clusters", type=int, default=100)
    parser.add_argument("--tenants", type=int, default=10)
    parser.add_argument("--speed", type=float, default=20)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--ahead", type=int, default=60, help="seconds in which all strategies are saved")
    parser.add_argument("--note", default="", help="what else to know of the machine")
    parser.add_argument("--once", action="store_true", help="without counting statements")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    plain = run(options, is_counting=False)
    print(json.dumps(plain, indent=1), flush=True)
    counted = None if options.once else run(options, is_counting=True)
    print(json.dumps(counted, indent=1), flush=True)
    text = page(options, plain, counted)
    print(text)
    if options.write:
        report.write(text, Path(__file__).parents[1] / "docs/performance.md", "strategies")


def page(options, plain, counted):
    count = options.clusters * options.tenants
    rows = [
        (f"first task, after all {count:,} were due", f"{plain['first']:.1f} s"),
        (f"a task for each of the {count:,} strategies", f"{plain['all']:.1f} s"),
        (f"the first backup of each of the {options.clusters} clusters has started", f"{plain['all_clusters']:.1f} s"),
        (f"all {count:,} backups have ended", f"{plain['ended']:.1f} s"),
        ("one backup, from its start to its end", f"{plain['backup']:.1f} s (median)"),
        ("from the end of a cluster's backup to the start of the next", f"{plain['wait']:.1f} s (median), {plain['wait_max']:.1f} s (longest)"),
        ("longest round of the scheduler", f"{plain['round']:.2f} s"),
        ("a round while nothing is due", f"{plain['idle_round'] * 1000:.0f} ms"),
        ("processor time of Lifeboat until all were tasks", f"{plain['cpu']:.1f} s"),
        ("memory before, and at its peak", f"{plain['idle_mib']:.0f} MiB, {plain['peak_mib']:.0f} MiB"),
    ]
    if counted:
        rows += [
            ("statements on the metadata until all were tasks", f"{counted['statements']:,}, {counted['statements'] / count:.0f} for each task"),
            ("of these, on strategies and their runs", f"{counted['statements_of_strategies']:,}, {counted['statements_of_strategies'] / count:.1f} for each task"),
            ("statements on strategies while nothing is due", f"{counted['idle_statements']:.1f} per second"),
        ]
    limit = "" if options.limit is None else f" `data_backups_at_once` is {options.limit}."
    text = (f"{count:,} strategies of tenants, due in the same minute, on {options.clusters} simulated clusters of {options.tenants} tenants, "
            f"{options.speed:g} times as fast as real ones.{limit}{' ' + options.note if options.note else ''}\n\n| | |\n|---|---|\n")
    return text + "".join(f"| {name} | {value} |\n" for name, value in rows)


main()
