#!/usr/bin/env python3
"""Puts as many tasks into a server's metadata as years of work would: copies of a task that has failed, an hour apart,
nine of ten made good. The newest is of 500 tenants, one of which failed. Prints that one's number.

    many-tasks.py <data-dir>/lifeboat.db 10000
"""

import sqlite3
import sys

LANES = 500
HOUR_US = 3_600_000_000


def copy(database, table, numbers, of, **changed):
    """Copies rows of a table, once for each number `n` of a range, with some columns changed."""
    names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(name, f"t.{name}") for name in names)
    first, last = numbers
    database.execute(
        f"""WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
            INSERT INTO {table} ({", ".join(names)}) SELECT {values} FROM numbers, {table} t WHERE {of}"""
    )


def many_tasks(database, count):
    find = "SELECT (SELECT MAX(id) FROM tasks WHERE status = 'FAILED'), MAX(id) FROM tasks"
    [(template, newest)] = database.execute(find)
    last = newest + count
    numbers = (newest + 1, last)
    times = {name: f"t.{name} - ({last} - n) * {HOUR_US} + 1" for name in ["created_at", "started_at", "finished_at"]}
    status = "CASE WHEN n % 10 = 0 THEN 'FAILED' ELSE 'SUCCESSFUL' END"
    copy(database, "tasks", numbers, f"t.id = {template}", id="n", occupied_key="NULL", status=status, **times)
    for table in ["task_subjects", "task_lanes", "task_rows"]:
        copy(database, table, numbers, f"t.task_id = {template}", task_id="n")
    database.execute("UPDATE counters SET value = ? WHERE name = 'tasks'", [last])
    return last


def many_lanes(database, task):
    """Gives a task a lane for each of many tenants."""
    note = "SELECT note FROM task_rows WHERE task_id = ? AND note IS NOT NULL"
    [(note,), *_] = database.execute(note, [task])
    [(lane,), *_] = database.execute("SELECT lane_key FROM task_lanes WHERE task_id = ?", [task])
    of_lane = f"t.task_id = {task} AND t.lane"
    copy(database, "task_lanes", (1, LANES), f"{of_lane}_key = '{lane}'", place="1000 + n", lane_key="'many_' || n")
    # The rows of a step have adjacent numbers: multiply the numbers to make room for the lanes.
    database.execute("UPDATE task_rows SET row_no = row_no * 1000 WHERE task_id = ?", [task])
    copy(database, "task_rows", (1, LANES), f"{of_lane} = '{lane}'", row_no="t.row_no + n", lane="'many_' || n")
    well = "UPDATE task_rows SET status = 'SUCCESSFUL', note = NULL, runs = 1 WHERE task_id = ?"
    database.execute(well, [task])
    last_step = "SELECT MAX(row_no) FROM task_rows WHERE task_id = ? AND lane = 'many_7'"
    fails = f"UPDATE task_rows SET status = 'FAILED', note = ? WHERE task_id = ? AND row_no = ({last_step})"
    database.execute(fails, [note, task, task])
    database.execute("UPDATE tasks SET status = 'FAILED' WHERE id = ?", [task])
    ordered = database.execute("SELECT rowid FROM task_rows WHERE task_id = ? ORDER BY row_no", [task]).fetchall()
    for sign in (-1, 1):  # a number that is to be given must be free
        numbers = [(sign * (place + 1) - (sign > 0), rowid) for place, (rowid,) in enumerate(ordered)]
        database.executemany("UPDATE task_rows SET row_no = ? WHERE rowid = ?", numbers)


def main(path, count):
    database = sqlite3.connect(path, timeout=30)
    with database:
        newest = many_tasks(database, count)
        many_lanes(database, newest)
    print(newest)


main(sys.argv[1], int(sys.argv[2]))
