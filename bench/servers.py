"""The servers that the contestants dump from and load into."""

import json
import os
import shutil
import socket
import subprocess
import time

import pymysql


class Seekdb:
    """A seekdb for the bench only."""

    name, user = "seekdb", "root"

    def __init__(self, options, rows):
        self.folder, self.xtask = options.work / "seekdb", options.xtask.split()
        self.wheel = options.work.parent / "seekdb/wheel"
        self.stop()  # one that an interrupted run left
        gigabytes = rows * 5 // 8_000_000 + 3
        subprocess.run([*self.xtask, "seekdb", "start", "--dir", self.folder, "--parameter", f"datafile_size={gigabytes}G",
                        "--parameter", "log_disk_size=6G", "--parameter", "memory_limit=6G"],
                       check=True, stdout=subprocess.DEVNULL)
        instance = json.loads((self.folder / "instance.json").read_text())
        self.port, self.password, self.pid = instance["port"], instance["password"], instance["pid"]
        with self.connect(None) as connection, connection.cursor() as cursor:
            # The stock tools can't set this themselves, and fail after ten seconds without it.
            cursor.execute("SET GLOBAL ob_query_timeout=3600000000")
            cursor.execute("SET GLOBAL ob_trx_timeout=3600000000")
            cursor.execute(f"SET GLOBAL max_allowed_packet={256 << 20}")  # 64 MiB of bytes are 128 as digits
            cursor.execute("SELECT version()")
            self.version = cursor.fetchone()[0]

    def connect(self, database):
        return pymysql.connect(host="127.0.0.1", port=self.port, user=self.user, password=self.password,
                               database=database, autocommit=True)

    def settle(self):
        """Merges the loaded rows into the baseline, so that all contestants read the same blocks."""
        with self.connect(None) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM MAJOR FREEZE")
            for _ in range(300):
                time.sleep(1)
                cursor.execute("SELECT STATUS, FROZEN_SCN = LAST_SCN FROM oceanbase.DBA_OB_MAJOR_COMPACTION")
                if all(status == "IDLE" and merged for status, merged in cursor.fetchall()):
                    return
        raise SystemExit("bench: the major compaction did not end within 300 s")

    def flush(self):
        """Writes the loaded rows to the disk. Otherwise memory fills up during a contestant's turn, always the same one's."""
        with self.connect(None) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM MINOR FREEZE")

    def stop(self):
        subprocess.run([*self.xtask, "seekdb", "stop", "--dir", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Mariadb:
    """A MariaDB for the bench only."""

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
             "--max-allowed-packet=256M", "--skip-name-resolve"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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

    def flush(self):
        pass

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
