"""Runs all contestants in turns on the same data, and reports medians and ratios.

A contestant is a command line. Its time counts from start to end of its process; the figures that hold on a machine
with other work on it are the processor seconds and the ratios.
"""

import argparse
import os
import random
import shutil
import sys
import time
from pathlib import Path

import data
import report
from meter import Failed, run, server_cpu
from servers import Mariadb, Seekdb


# Below this in half a second, the server is idle.
CALM_CPU_SECONDS = 0.06


class Contest:
    """The contestants on one server; all write below one folder."""

    def __init__(self, server, options, rows, folder):
        self.server, self.options, self.rows, self.folder = server, options, rows, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.config = folder / "client.cnf"
        self.config.write_text(f"[client]\nhost=127.0.0.1\nport={server.port}\nuser={server.user}\npassword={server.password}\n")
        (folder / "password").write_text(server.password)
        for secret in (self.config, folder / "password"):
            secret.chmod(0o600)
        # Dumps are signed with a key for this run, not with the key of the current user.
        self.environment = {**os.environ, "LIFEBOAT_CLUSTER_PASSWORD_FILE": str(folder / "password"),
                            "XDG_CONFIG_HOME": str(folder / "config")}
        self.url = f"mysql://{server.user}@127.0.0.1:{server.port}"
        self.results = {}

    def our_dump(self, database, to, threads, more=""):
        return f"{self.options.lifeboat} dump --url {self.url} --to file://{to} --database {database} --threads {threads} {more}"

    def our_load(self, dumps, database, threads, more=""):
        dumped = next((self.folder / dumps).glob("*/manifest.json")).parent
        return f"{self.options.lifeboat} load --from file://{dumped} --url {self.url} --rename {database}=back --threads {threads} {more}"

    def mydumper(self, more, database="bench"):
        # mydumper reports the missing global lock as critical and ends with status 1, but has written everything.
        return f"mydumper --defaults-file={self.config} -B {database} -o OUT {more} || [ -f OUT/metadata ]"

    def dumps(self):
        """Yields group, name and command of the dumps; OUT stands for an empty folder."""
        count = self.options.connections
        stock = f"mariadb --defaults-extra-file={self.config} -q -N bench"
        yield "plain", "Lifeboat", self.our_dump("bench", "OUT", count, "--compression none")
        yield "plain", "Lifeboat, 4 connections", self.our_dump("bench", "OUT", 4, "--compression none")
        for threads in (1, 2, 4):
            yield "plain", f"mydumper -t{threads}", self.mydumper(f"-t {threads} -r 500000")
        yield "plain", "mariadb-dump", (f"mariadb-dump --defaults-extra-file={self.config} --single-transaction --skip-lock-tables "
                                        "--hex-blob bench > OUT/all.sql")
        if self.server.name == "seekdb":
            discard = [sys.executable, str(Path(__file__).with_name("discard.py")), str(self.server.port), str(self.folder / "password")]
            for name, connections in (("", count), (", 4 connections", 4)):
                yield "plain", f"raw limit: the same chunks, thrown away{name}", f"{' '.join(discard)} {self.folder}/plan.json {connections}"
        yield "zstd", "Lifeboat", self.our_dump("bench", "OUT", count, "--compression zstd:1")
        middle = self.rows // 2
        ranges = " & ".join(
            f"{stock} -e 'SELECT * FROM sbtest1 WHERE id {bound}' | zstd -q -1 -o OUT/big.{part}"
            for part, bound in enumerate((f"<= {middle}", f"> {middle}")))
        yield "zstd", "stock client | zstd -1, 2 ranges", (
            f"{ranges} & wait -n && wait -n; {stock} -e 'SELECT * FROM wide' | zstd -q -1 -o OUT/wide")
        yield "small", "Lifeboat", self.our_dump("small", "OUT", count)
        yield "small", "mydumper -t2", self.mydumper("-t 2", "small")

    def slow_dumps(self):
        """Yields the dumps that take more than a minute."""
        yield "zstd", "mydumper -t2 -c (gzip)", self.mydumper("-t 2 -r 500000 -c")

    def to_disk(self):
        """Yields the dumps to the disk, including the time to sync. DISK stands for an empty folder."""
        on_disk = self.our_dump("bench", "DISK", self.options.connections, "--compression none")
        yield "disk", "Lifeboat", f"{on_disk} && sync"
        yield "disk", "mydumper -t2", f"({self.mydumper('-t 2 -r 500000').replace('OUT', 'DISK')}) && sync"

    def loads(self):
        """Yields group, name and command of the loads of `one` or `small` into the empty database `back`."""
        count = self.options.connections
        yield "load", "Lifeboat", self.our_load("one-ours", "one", count, "--no-verify")
        yield "load", "Lifeboat, read back and compared", self.our_load("one-ours", "one", count)
        for threads in (1, 2):
            yield "load", f"myloader -t{threads}", f"myloader --defaults-file={self.config} -d {self.folder}/one-mydumper -B back -t {threads}"
        stock = f"mariadb --defaults-extra-file={self.config} back"
        yield "load", "stock client, pipe of mariadb-dump", f"{stock} < {self.folder}/one.sql"
        if self.server.name == "MariaDB":
            yield "load", "LOAD DATA of a file of the server", (
                f"{stock} -e \"CREATE TABLE sbtest2 LIKE one.sbtest2; LOAD DATA INFILE '{self.folder}/one.txt' INTO TABLE sbtest2\"")
        yield "load-small", "Lifeboat", self.our_load("small-ours", "small", count, "--no-verify")
        yield "load-small", "Lifeboat, read back and compared", self.our_load("small-ours", "small", count)
        yield "load-small", "myloader -t2", f"myloader --defaults-file={self.config} -d {self.folder}/small-mydumper -B back -t 2"
        yield "load-small", "stock client, pipe of mariadb-dump", f"{stock} < {self.folder}/small.sql"

    def loads_of_an_embedded_server(self):
        """Yields seekdb-restore, which loads into an instance that it starts itself, so the time of its server counts as client time."""
        wheel = self.server.wheel
        yield "load", "seekdb-restore", (f"PYTHONPATH={wheel}:$PYTHONPATH LD_LIBRARY_PATH={wheel}/pylibseekdb "
                                         f"{sys.executable} {wheel}/bin/seekdb-restore DISK/instance {self.folder}/database.sql")

    def memory(self):
        """Yields dumps and loads of large values: few, twice as many, and one that is larger."""
        for database, (count, mib) in data.FAT.items():
            values = f"{count} {'value' if count == 1 else 'values'} of {mib} MiB"
            yield "memory", f"Lifeboat, {values}: dump", self.our_dump(database, "OUT", 4)
            yield "memory", f"Lifeboat, {values}: load", self.our_load(f"{database}-ours", database, 4, "--no-verify")
            if database == "fatter":
                yield "memory", f"mydumper -t4, {values}: dump", self.mydumper("-t 4", database)

    def prepare(self):
        """Creates the dumps to load later, and the plan whose chunks the raw limit reads."""
        for database in ("one", "small", *data.FAT):
            self.must(self.our_dump(database, self.folder / f"{database}-ours", 2))
        stock = f"mariadb-dump --defaults-extra-file={self.config} --skip-lock-tables"
        for database in ("one", "small"):
            self.must(self.mydumper("-F 16", database).replace("OUT", f"{self.folder}/{database}-mydumper"))
            self.must(f"{stock} {database} > {self.folder}/{database}.sql")
        self.must(f"{stock} --databases one > {self.folder}/database.sql")
        if self.server.name == "MariaDB":
            self.must(f"mariadb --defaults-extra-file={self.config} one -e \"SELECT * INTO OUTFILE '{self.folder}/one.txt' FROM sbtest2\"")
        self.empty_folders()
        self.must(self.our_dump("bench", self.folder / "out", 2))
        shutil.copy(next((self.folder / "out").glob("*/plan.json")), self.folder / "plan.json")

    def must(self, command):
        run(command, self.server.pid, self.environment)

    def take(self, group, name, command):
        """Runs a contestant once, and removes its files."""
        self.empty_folders()
        self.empty_database()
        self.server.flush()
        self.wait_for_calm()
        command = command.replace("OUT", str(self.folder / "out")).replace("DISK", str(self.options.work / "out"))
        try:
            taken = run(command, self.server.pid, self.environment)
            print(f"{self.server.name:8} {group:6} {name:40} {taken.seconds:7.2f} s  client {taken.client_cpu:6.2f}"
                  f"  server {taken.server_cpu:6.2f}  {taken.peak_mib:6.0f} MiB", flush=True)
        except Failed as failure:
            taken = str(failure)
            print(f"{self.server.name:8} {group:6} {name:40} failed: {failure}", flush=True)
        self.results.setdefault((group, name), []).append(taken)

    def warm(self):
        """Reads everything once, because loads evict from the server's caches what the next dump needs."""
        self.wait_for_calm()
        self.empty_folders()
        self.must(self.mydumper("-t 2").replace("OUT", str(self.folder / "out")))

    def wait_for_calm(self):
        """Waits until the server has finished the work of the last contestant: merging loaded rows takes a while."""
        for _ in range(120):
            before = server_cpu(self.server.pid)
            time.sleep(0.5)
            if server_cpu(self.server.pid) - before < CALM_CPU_SECONDS:
                return

    def empty_folders(self):
        for folder in (self.folder / "out", self.options.work / "out"):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()

    def empty_database(self):
        with self.server.connect(None) as connection, connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS back")
            cursor.execute("CREATE DATABASE back DEFAULT CHARACTER SET utf8mb4")

    def hold(self):
        self.prepare()
        self.results = {(group, name): [] for group, name, _ in (*self.dumps(), *self.to_disk(), *self.loads())}
        for turn in range(self.options.rounds):
            self.warm()
            for contestants in ([*self.dumps(), *self.to_disk()], list(self.loads())):
                # The order rotates, because a load occupies the server for a while afterwards.
                random.Random(turn).shuffle(contestants)
                for contestant in contestants:
                    self.take(*contestant)
        self.warm()
        once = [*self.slow_dumps(), *self.memory()]
        if self.server.name == "seekdb":
            once += self.loads_of_an_embedded_server()
        for contestant in once:
            self.take(*contestant)
        self.empty_folders()
        return self.results


def raw_bytes(server, database):
    """Returns how many bytes the stock client prints for the tables of a database."""
    with server.connect(None) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema=%s", (database,))
        lengths = {}
        for table, column in cursor.fetchall():
            lengths.setdefault(table, []).append(f"COALESCE(LENGTH(`{column}`),4)+1")
        total = 0
        for table, columns in lengths.items():
            cursor.execute(f"SELECT SUM({'+'.join(columns)}) FROM {database}.{table}")
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
    options.work = options.work.resolve()
    if options.smoke:
        options.rows, options.rounds = 20_000, 1
    folder = Path("/dev/shm") / f"lifeboat-bench-{os.getpid()}"
    outcomes = []
    try:
        for kind in (Seekdb, Mariadb):
            rows = options.rows if kind is Seekdb else options.rows // 4
            server = kind(options, options.rows)
            try:
                data.create(server.connect, rows, options.smoke)
                server.settle()
                contest = Contest(server, options, rows, folder / server.name)
                moved = {database: raw_bytes(server, database) for database in set(report.MOVED.values())}
                outcomes.append(report.Outcome(server.name, server.version, rows, moved, contest.hold()))
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
