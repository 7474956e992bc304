"""Turns what was measured into the tables of docs/performance.md."""

import statistics
from dataclasses import dataclass

TITLES = {
    "plain": "Dump of `bench`, uncompressed, to tmpfs",
    "zstd": "Dump of `bench`, compressed, to tmpfs",
    "load": "Load of `sbtest2`",
}


@dataclass
class Outcome:
    """What was measured on one server."""

    server: str
    version: str
    rows: int
    raw_bytes: int
    results: dict


def median(runs, figure):
    return statistics.median(getattr(taken, figure) for taken in runs)


def table(outcome, group):
    """One table: each contestant's medians, and how many times as long as ours it takes."""
    runs = {name: taken for (of, name), taken in outcome.results.items() if of == group}
    ours = [taken for taken in runs["Lifeboat"] if not isinstance(taken, str)]
    lines = ["| | wall s | MB/s | client CPU s | server CPU s | peak MiB | Lifeboat is faster by |", "|---|---|---|---|---|---|---|"]
    megabytes = outcome.raw_bytes / 1e6
    for name, all_runs in runs.items():
        good = [taken for taken in all_runs if not isinstance(taken, str)]
        if not good:
            lines.append(f"| {name} | failed | | | | | |")
            continue
        wall = median(good, "seconds")
        speed = f"{megabytes / wall:.0f}" if group != "load" else ""
        ratio = f"{wall / median(ours, 'seconds'):.2f}" if ours and name != "Lifeboat" else ""
        lines.append(f"| {name} | {wall:.2f} | {speed} | {median(good, 'client_cpu'):.2f} | {median(good, 'server_cpu'):.2f} "
                     f"| {median(good, 'peak_mib'):.0f} | {ratio} |")
    return "\n".join(lines)


def tables(outcomes, options):
    parts = []
    for outcome in outcomes:
        parts.append(f"## {outcome.server} {outcome.version}\n\n`bench` holds {outcome.raw_bytes / 1e6:,.0f} MB of rows "
                     f"(sbtest1: {outcome.rows:,} rows); median of {options.rounds}, {options.connections} connections where "
                     "nothing else is said.")
        for group, title in TITLES.items():
            parts.append(f"### {title}\n\n{table(outcome, group)}")
    return "\n\n".join(parts) + "\n"


def write(text, path, mark="measured"):
    """Puts what was measured between its two marks of the page."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    page = path.read_text()
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    path.write_text(f"{head}{begin}\n\n{text}\n{end}{tail}")
