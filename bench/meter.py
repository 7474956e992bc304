"""Runs a command and measures it: seconds, processor seconds of the client and of the server, memory."""

import os
import subprocess
import time
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """The command failed."""


@dataclass
class Taken:
    """The measurements of a run."""

    seconds: float
    client_cpu: float
    server_cpu: float
    peak_mib: float


def server_cpu(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def run(command, pid, environment):
    """Runs a command line of bash to its end. The processor time is that of all its processes."""
    before = server_cpu(pid)
    start = time.monotonic()
    # `time` starts the command from a small process: so its memory counts from there, without that of Python.
    with subprocess.Popen(["/usr/bin/time", "-q", "-f", "%M", "bash", "-o", "pipefail", "-ec", command], env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        errors = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    errors, _, peak_kib = errors.rstrip().rpartition("\n")
    if process.returncode != 0:
        raise Failed(f"status {process.returncode}: {errors[-300:]}")
    return Taken(seconds, usage.ru_utime + usage.ru_stime, server_cpu(pid) - before, int(peak_kib) / 1024)
