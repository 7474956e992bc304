"""Starts physical backups of many simulated clusters at the same time, and measures the cost for Lifeboat.

    bench/fleet.py --lifeboat FILE --simulator FILE [--clusters 50] [--tenants 10] [--speed 20] [--write]

The hours of the clusters pass --speed times as fast as real ones, so the load of Lifeboat is that of --speed times as many
clusters.
"""

import argparse
import base64
import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import meter
import report

PASSWORD = "of the fleet's admin"


class Lifeboat:
    """A Lifeboat server, and calls to it."""

    def __init__(self, binary, folder, tasks_at_once, more=(), log=(), errors=None):
        environment = dict(os.environ, LIFEBOAT_ADMIN_PASSWORD=PASSWORD, **dict(log))
        command = [binary, "serve", "--data-dir", f"{folder}/data", "--file-root", folder, "--listen", "127.0.0.1:0",
                   "--tasks-at-once", str(tasks_at_once), "--egress-allow", "loopback", *more]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        first = self.process.stdout.readline()
        self.url = next(word for word in first.split() if word.startswith("http://"))
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"{self.url}/api/v2{path}", method=method, data=body and json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode())
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["data"]

    def resident_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def simulator(binary, options):
    tenants = [argument for number in range(options.tenants) for argument in ("--tenant", f"t{number:02}")]
    command = [binary, "--profile", "4.2.5", "--clusters", str(options.clusters), "--speed", str(options.speed), *tenants]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())["clusters"]


def back_up(lifeboat, clusters, storage):
    """Starts a full backup of each cluster at once and waits for all; returns seconds and the peak in MiB."""
    body = {"backupMode": "PHYSICAL_BACKUP", "dataBackupMode": "FULL_BACKUP", "obBackupServiceStorageConfig": {"storageId": storage}}
    begun, tasks = time.monotonic(), []
    asking = [threading.Thread(target=lambda cluster=cluster: tasks.append(
        lifeboat.call("POST", f"/ob/clusters/{cluster}/backup/backupNow", body)["backupObjectOpsResultList"][0]["taskIdList"][0]))
        for cluster in clusters]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    asked, peak = time.monotonic() - begun, 0
    left = set(tasks)
    while left:
        peak = max(peak, lifeboat.resident_mib())
        for task in list(left):
            seen = lifeboat.call("GET", f"/tasks/instances/{task}")
            if seen["status"] != "RUNNING":
                if seen["status"] != "SUCCESSFUL":
                    raise SystemExit(f"task {task}: {json.dumps(seen['error'])}")
                left.remove(task)
            peak = max(peak, lifeboat.resident_mib())
        time.sleep(0.5)
    return asked, time.monotonic() - begun, peak


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lifeboat", required=True)
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--clusters", type=int, default=50)
    parser.add_argument("--tenants", type=int, default=10)
    parser.add_argument("--speed", type=float, default=20)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fleet-", dir="/dev/shm") as folder:
        (Path(folder) / "files").mkdir()
        simulated, clusters = simulator(options.simulator, options)
        lifeboat = Lifeboat(options.lifeboat, folder, options.clusters)
        try:
            ids = [lifeboat.call("POST", "/ob/clusters", {
                "name": f"c{number:02}", "addresses": [f"127.0.0.1:{cluster['ports'][0]}"], "user": "root@sys", "password": ""})["id"]
                for number, cluster in enumerate(clusters)]
            storage = lifeboat.call("POST", "/backup/storages", {
                "configName": "fleet", "obBackupStorageBaseInfo": {"backupStorageType": "BACKUP_STORAGE_FILE",
                                                                   "storageUrl": f"{folder}/files"}})["storageId"]
            idle = lifeboat.resident_mib()
            _, alone, _ = back_up(lifeboat, ids[:1], storage)
            cpu = meter.server_cpu(lifeboat.process.pid)
            asked, all_of_them, peak = back_up(lifeboat, ids, storage)
            cpu = meter.server_cpu(lifeboat.process.pid) - cpu
            sets = lifeboat.call("GET", "/backup/sets?size=1")["page"]["totalElements"]
            expected = (options.clusters + 1) * options.tenants
            if sets != expected:
                raise SystemExit(f"{sets} backup sets, and {expected} were expected")
        finally:
            for process in (lifeboat.process, simulated):
                process.terminate()
                process.wait()
    rows = [("one cluster alone", f"{alone:.1f} s"), (f"all {options.clusters} at one moment", f"{all_of_them:.1f} s"),
            ("until all requests were answered", f"{asked:.2f} s"), ("processor time of Lifeboat for all", f"{cpu:.1f} s"),
            ("memory before", f"{idle:.0f} MiB"), ("memory at its peak", f"{peak:.0f} MiB")]
    text = f"{options.clusters} simulated clusters of {options.tenants} tenants, {options.speed:g} times as fast as real ones:\n\n| | |\n|---|---|\n"
    text += "".join(f"| {name} | {value} |\n" for name, value in rows)
    print(text)
    if options.write:
        report.write(text, Path(__file__).parents[1] / "docs/performance.md", "fleet")


if __name__ == "__main__":
    main()
