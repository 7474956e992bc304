"""Turns measurements into the tables of docs/performance.md.

    report.py MARK     puts its standard input between the two marks of that name
"""

import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

TITLES = {
    "plain": "Dump of `bench`, uncompressed, to tmpfs",
    "zstd": "Dump of `bench`, compressed, to tmpfs",
    "small": "Dump of `small`: 200 tables of 0 to 1,000 rows",
    "disk": "Dump of `bench`, uncompressed, to a disk, with `sync`",
    "load": "Load of `sbtest2`",
    "load-small": "Load of `small`",
    "memory": "Large values, 4 connections",
}


# The database whose bytes the contestants of a group move; a group without one has no rate.
MOVED = {"plain": "bench", "zstd": "bench", "disk": "bench", "load": "one"}


@dataclass
class Outcome:
    """The measurements on one server."""

    server: str
    version: str
    rows: int
    raw_bytes: dict
    results: dict


def median(runs, figure):
    return statistics.median(getattr(taken, figure) for taken in runs)


def table(outcome, group):
    """One table: the medians of each contestant, and its time as a multiple of Lifeboat's."""
    runs = {name: [taken for taken in all_runs if not isinstance(taken, str)]
            for (of, name), all_runs in outcome.results.items() if of == group}
    ours = runs.get("Lifeboat")
    gigabytes = outcome.raw_bytes[MOVED[group]] / 1e9 if group in MOVED else None
    per = " per GB" if gigabytes else ""
    lines = [f"| | wall s | MB/s | client CPU s{per} | server CPU s{per} | peak MiB | Lifeboat is faster by |", "|---|---|---|---|---|---|---|"]
    for name, good in runs.items():
        shown = name.replace("|", "\\|")
        if not good:
            lines.append(f"| {shown} | failed | | | | | |")
            continue
        wall = median(good, "seconds")
        speed = f"{gigabytes * 1e3 / wall:.0f}" if gigabytes else ""
        ratio = f"{wall / median(ours, 'seconds'):.2f}" if ours and name != "Lifeboat" else ""
        lines.append(f"| {shown} | {wall:.2f} | {speed} | {median(good, 'client_cpu') / (gigabytes or 1):.2f} "
                     f"| {median(good, 'server_cpu') / (gigabytes or 1):.2f} | {median(good, 'peak_mib'):.0f} | {ratio} |")
    return "\n".join(lines)


def tables(outcomes, options):
    parts = []
    for outcome in outcomes:
        parts.append(f"## {outcome.server} {outcome.version}\n\n`bench` holds {outcome.raw_bytes['bench'] / 1e6:,.0f} MB of rows "
                     f"(sbtest1: {outcome.rows:,} rows), `one` {outcome.raw_bytes['one'] / 1e6:,.0f} MB ({outcome.rows // 8:,} rows); "
                     f"median of {options.rounds} (memory, gzip and seekdb-restore: once), {options.connections} connections "
                     "unless noted otherwise.")
        for group, title in TITLES.items():
            parts.append(f"### {title}\n\n{table(outcome, group)}")
    return "\n\n".join(parts) + "\n"


def write(text, path, mark="measured"):
    """Writes the measurements between their two marks in the page."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    page = path.read_text()
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    path.write_text(f"{head}{begin}\n\n{text}\n{end}{tail}")


if __name__ == "__main__":
    write(sys.stdin.read(), Path(__file__).parents[1] / "docs/performance.md", sys.argv[1])
