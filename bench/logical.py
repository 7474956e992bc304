"""Runs all contestants in turns on the same data, and reports medians and ratios.

A contestant is a command line. Its time counts from start to end of its process; the figures that hold on a machine
with other work on it are the processor seconds and the ratios.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pymysql

import data
import report
from meter import Failed, run


class Seekdb:
    """A seekdb of the bench's own."""

    name, user = "seekdb", "root"

    def __init__(self, options, rows):
        self.folder, self.xtask = options.work / "seekdb", options.xtask.split()
        self.stop()  # one that an interrupted run left
        gigabytes = max(2, rows * 5 // 8_000_000 + 1)
        subprocess.run([*self.xtask, "seekdb", "start", "--dir", self.folder, "--parameter", f"datafile_size={gigabytes}G",
                        "--parameter", "log_disk_size=6G", "--parameter", "memory_limit=6G"],
                       check=True, stdout=subprocess.DEVNULL)
        instance = json.loads((self.folder / "instance.json").read_text())
        self.port, self.password, self.pid = instance["port"], instance["password"], instance["pid"]
        with self.connect(None) as connection, connection.cursor() as cursor:
            # The stock tools can't set this themselves, and fail after ten seconds without it.
            cursor.execute("SET GLOBAL ob_query_timeout=3600000000")
            cursor.execute("SET GLOBAL ob_trx_timeout=3600000000")
            cursor.execute("SELECT version()")
            self.version = cursor.fetchone()[0]

    def connect(self, database):
        return pymysql.connect(host="127.0.0.1", port=self.port, user=self.user, password=self.password,
                               database=database, autocommit=True)

    def settle(self):
        """Merges what was loaded into the baseline, so that all contestants read the same blocks."""
        with self.connect(None) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM MAJOR FREEZE")
            for _ in range(300):
                time.sleep(1)
                cursor.execute("SELECT STATUS, FROZEN_SCN = LAST_SCN FROM oceanbase.DBA_OB_MAJOR_COMPACTION")
                if all(status == "IDLE" and merged for status, merged in cursor.fetchall()):
                    return
        raise SystemExit("bench: the major compaction did not end within 300 s")

    def stop(self):
        subprocess.run([*self.xtask, "seekdb", "stop", "--dir", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Mariadb:
    """A MariaDB of the bench's own."""

    name, user, password = "MariaDB", "bench", "bench"

    def __init__(self, options, _rows):
        self.folder = options.work / "mariadb"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.folder}/data", "--auth-root-authentication-method=normal",
                        f"--user={os.environ.get('USER', 'root')}"], check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            ["mariadbd", "--no-defaults", f"--datadir={self.folder}/data", f"--port={self.port}", "--bind-address=127.0.0.1",
             f"--socket={self.folder}/socket", f"--user={os.environ.get('USER', 'root')}", "--innodb-buffer-pool-size=1G",
             "--max-allowed-packet=64M", "--skip-name-resolve"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        for _ in range(150):
            try:
                root = pymysql.connect(unix_socket=f"{self.folder}/socket", user="root")
                break
            except pymysql.Error:
                time.sleep(0.2)
        else:
            raise SystemExit("bench: MariaDB did not start")
        with root, root.cursor() as cursor:
            cursor.execute("CREATE USER bench@'%' IDENTIFIED BY 'bench'")
            cursor.execute("GRANT ALL ON *.* TO bench@'%'")
            cursor.execute("SELECT version()")
            self.version = cursor.fetchone()[0]

    connect = Seekdb.connect

    def settle(self):
        pass

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Contest:
    """The contestants on one server; all write below one folder."""

    def __init__(self, server, options, rows, folder):
        self.server, self.options, self.rows, self.folder = server, options, rows, folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "client.cnf").write_text(
            f"[client]\nhost=127.0.0.1\nport={server.port}\nuser={server.user}\npassword={server.password}\n")
        (folder / "password").write_text(server.password)
        for secret in ("client.cnf", "password"):
            (folder / secret).chmod(0o600)
        self.environment = {**os.environ, "LIFEBOAT_CLUSTER_PASSWORD_FILE": str(folder / "password")}
        self.url = f"mysql://{server.user}@127.0.0.1:{server.port}"
        self.results = {}

    def dumps(self):
        """Yields group, name and command of what dumps; OUT stands for an empty folder."""
        count, lifeboat, config = self.options.connections, self.options.lifeboat, self.folder / "client.cnf"
        ours = f"{lifeboat} dump --url {self.url} --to file://OUT --database bench --threads"
        mydumper = f"mydumper --defaults-file={config} -B bench -o OUT"
        # It calls the missing global lock critical, ends with status 1, and has written everything all the same.
        whole = "|| [ -f OUT/metadata ]"
        stock = f"mariadb --defaults-extra-file={config} -q -N bench"
        yield "plain", "Lifeboat", f"{ours} {count} --compression none"
        yield "plain", "Lifeboat, 4 connections", f"{ours} 4 --compression none"
        for threads in (1, 2, 4):
            yield "plain", f"mydumper -t{threads}", f"{mydumper} -t {threads} -r 500000 {whole}"
        yield "plain", "mariadb-dump", (f"mariadb-dump --defaults-extra-file={config} --single-transaction --skip-lock-tables "
                                        "--hex-blob bench > OUT/all.sql")
        if self.server.name == "seekdb":
            discard = [sys.executable, str(Path(__file__).with_name("discard.py")), str(self.server.port), str(self.folder / "password")]
            yield "plain", "raw limit: the same chunks, thrown away", f"{' '.join(discard)} {self.folder}/plan.json {count}"
        yield "zstd", "Lifeboat", f"{ours} {count} --compression zstd:1"
        middle = self.rows // 2
        ranges = " & ".join(
            f"{stock} -e 'SELECT * FROM sbtest1 WHERE id {bound}' | zstd -q -1 -o OUT/big.{part}"
            for part, bound in enumerate((f"<= {middle}", f"> {middle}")))
        yield "zstd", "stock client | zstd -1, 2 ranges", (
            f"{ranges} & wait -n && wait -n; {stock} -e 'SELECT * FROM wide' | zstd -q -1 -o OUT/wide")
        yield "zstd", "mydumper -t2 -c (gzip)", f"{mydumper} -t 2 -r 500000 -c {whole}"

    def loads(self):
        """Yields group, name and command of what loads `one` into the empty database `back`."""
        count, lifeboat, config = self.options.connections, self.options.lifeboat, self.folder / "client.cnf"
        dumped = next((self.folder / "one-ours").glob("*/manifest.json")).parent
        yield "load", "Lifeboat", f"{lifeboat} load --from file://{dumped} --url {self.url} --rename one=back --threads {count} --no-verify"
        yield "load", "Lifeboat, read back and compared", f"{lifeboat} load --from file://{dumped} --url {self.url} --rename one=back --threads {count}"
        for threads in (1, 2):
            yield "load", f"myloader -t{threads}", f"myloader --defaults-file={config} -d {self.folder}/one-mydumper -B back -t {threads}"
        yield "load", "stock client, pipe of mariadb-dump", f"mariadb --defaults-extra-file={config} back < {self.folder}/one.sql"

    def prepare_loads(self):
        config = self.folder / "client.cnf"
        for command in (
            f"{self.options.lifeboat} dump --url {self.url} --to file://{self.folder}/one-ours --database one --threads 2",
            f"mydumper --defaults-file={config} -B one -o {self.folder}/one-mydumper -F 16 || [ -f {self.folder}/one-mydumper/metadata ]",
            f"mariadb-dump --defaults-extra-file={config} --skip-lock-tables one > {self.folder}/one.sql",
        ):
            run(command, self.server.pid, self.environment)

    def take(self, group, name, command, empty):
        """One run of a contestant, after which nothing of it is left."""
        empty()
        try:
            taken = run(command.replace("OUT", str(self.folder / "out")), self.server.pid, self.environment)
            print(f"{self.server.name:8} {group:6} {name:40} {taken.seconds:7.2f} s  client {taken.client_cpu:6.2f}"
                  f"  server {taken.server_cpu:6.2f}  {taken.peak_mib:6.0f} MiB", flush=True)
        except Failed as failure:
            taken = str(failure)
            print(f"{self.server.name:8} {group:6} {name:40} failed: {failure}", flush=True)
        self.results.setdefault((group, name), []).append(taken)

    def empty_folder(self):
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        (self.folder / "out").mkdir()

    def empty_database(self):
        with self.server.connect(None) as connection, connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS back")
            cursor.execute("CREATE DATABASE back DEFAULT CHARACTER SET utf8mb4")

    def plan_for_the_limit(self):
        self.empty_folder()
        run(f"{self.options.lifeboat} dump --url {self.url} --to file://{self.folder}/out --database bench --threads 2",
            self.server.pid, self.environment)
        shutil.copy(next((self.folder / "out").glob("*/plan.json")), self.folder / "plan.json")

    def hold(self):
        self.plan_for_the_limit()
        self.prepare_loads()
        for _ in range(self.options.rounds):
            for group, name, command in self.dumps():
                self.take(group, name, command, self.empty_folder)
            for group, name, command in self.loads():
                self.take(group, name, command, self.empty_database)
        return self.results


def raw_bytes(server):
    """Returns how many bytes the stock client prints for the tables of `bench`."""
    with server.connect(None) as connection, connection.cursor() as cursor:
        total = 0
        for table in ("sbtest1", "wide"):
            cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_schema='bench' AND table_name=%s", (table,))
            lengths = "+".join(f"COALESCE(LENGTH(`{column}`),4)+1" for column, in cursor.fetchall())
            cursor.execute(f"SELECT SUM({lengths}) FROM bench.{table}")
            total += int(cursor.fetchone()[0])
        return total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lifeboat", required=True)
    parser.add_argument("--xtask", default="cargo xtask")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=8_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    if options.smoke:
        options.rows, options.rounds = 20_000, 1
    folder = Path("/dev/shm") / f"lifeboat-bench-{os.getpid()}"
    outcomes = []
    try:
        for kind in (Seekdb, Mariadb):
            rows = options.rows if kind is Seekdb else options.rows // 4
            server = kind(options, options.rows)
            try:
                data.create(server.connect, rows)
                server.settle()
                contest = Contest(server, options, rows, folder / server.name)
                outcomes.append(report.Outcome(server.name, server.version, rows, raw_bytes(server), contest.hold()))
            finally:
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = report.tables(outcomes, options)
    print(text)
    if options.smoke:
        failed = [f"{outcome.server}: {name}: {taken[0]}" for outcome in outcomes
                  for (_, name), taken in outcome.results.items() if name.startswith("Lifeboat") and isinstance(taken[0], str)]
        sys.exit("\n".join(failed) or 0)
    report.write(text, Path(__file__).parents[1] / "docs/performance.md")


main()
