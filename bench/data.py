"""The data that the contestants dump and load: a large table of digits that compress badly, a wide one with many types,
200 small ones, and large values. The same seed gives the same rows in every run."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

STATEMENT_BYTES = 1 << 20
DIGITS = bytes(ord("0") + byte % 10 for byte in range(256))

BIG = "(id INT NOT NULL PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL{key})"
WIDE = """(id BIGINT NOT NULL PRIMARY KEY, n INT, tiny TINYINT, price DECIMAL(20,6), ratio DOUBLE, day DATE,
    at DATETIME(6), seen TIMESTAMP NULL, name VARCHAR(60), city VARCHAR(60), doc JSON, raw VARBINARY(60),
    note VARCHAR(60), state ENUM('new','paid','sent'), KEY wide_n (n), KEY wide_name (name))"""
SMALL = "(id INT NOT NULL PRIMARY KEY, name VARCHAR(40), KEY small_name (name))"
SMALL_TABLES = 200
# Database name: number of values, and their size in MiB.
FAT = {"fat": (12, 16), "fatter": (24, 16), "giant": (1, 64)}


def digits(numbers, groups):
    """Returns groups of eleven random digits, joined with `-`."""
    text = numbers.randbytes(11 * groups).translate(DIGITS).decode()
    return "-".join(text[11 * group:11 * group + 11] for group in range(groups))


def big_rows(first, last, rows):
    numbers = random.Random(first)
    for number in range(first, last):
        yield f"({number},{numbers.randrange(rows)},'{digits(numbers, 10)}','{digits(numbers, 5)}')"


def wide_rows(first, last):
    numbers = random.Random(first)
    for number in range(first, last):
        document = json.dumps({"id": number, "tags": ["a", "b"], "size": numbers.random(), "text": digits(numbers, 3)})
        note = "NULL" if number % 3 else f"'note {number}'"
        yield (f"({number},{numbers.randrange(1 << 30)},{number % 100},{numbers.randrange(10**12)}.{number % 10**6:06},"
               f"{numbers.random()!r},'2026-{number % 12 + 1:02}-{number % 28 + 1:02}','2026-01-02 03:04:05.{number % 10**6:06}',"
               f"'2026-01-02 03:04:05','name {digits(numbers, 2)}','city {number % 1000}','{document}',"
               f"0x{numbers.randbytes(30).hex()},{note},'{('new', 'paid', 'sent')[number % 3]}')")


def batches(head, rows):
    """Joins rows into statements of about a megabyte."""
    batch, size = [], 0
    for row in rows:
        batch.append(row)
        size += len(row)
        if size >= STATEMENT_BYTES:
            yield head + ",".join(batch)
            batch, size = [], 0
    if batch:
        yield head + ",".join(batch)


def fill(connect, database, table, make_rows, count, parts=2):
    """Fills a table over several connections, each with a range of the numbers."""
    def part(index):
        first, last = count * index // parts + 1, count * (index + 1) // parts + 1
        with connect(database) as connection, connection.cursor() as cursor:
            for statement in batches(f"INSERT INTO {table} VALUES ", make_rows(first, last)):
                cursor.execute(statement)
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(part, range(parts)))


def fill_with_fat_values(connect, database, count, size):
    """Fills `files` with values that hardly compress, alternating between binary and text."""
    numbers = random.Random(count)
    with connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE files (id INT NOT NULL PRIMARY KEY, raw LONGBLOB, note LONGTEXT)")
        for number in range(count):
            value = numbers.randbytes(size)
            if number % 2:
                cursor.execute(f"INSERT INTO files VALUES ({number}, NULL, '{value.translate(DIGITS).decode()}')")
            else:
                cursor.execute(f"INSERT INTO files VALUES ({number}, 0x{value.hex()}, NULL)")


def create(connect, rows, is_smoke):
    """Creates the databases `bench` (sbtest1, wide), `one` (sbtest2), `small`, and those of FAT."""
    with connect(None) as connection, connection.cursor() as cursor:
        for database in ("bench", "one", "small", *FAT):
            cursor.execute(f"DROP DATABASE IF EXISTS {database}")
            cursor.execute(f"CREATE DATABASE {database} DEFAULT CHARACTER SET utf8mb4")
        cursor.execute(f"CREATE TABLE bench.sbtest1 {BIG.format(key=', KEY k_1 (k)')}")
        cursor.execute(f"CREATE TABLE bench.wide {WIDE}")
        cursor.execute(f"CREATE TABLE one.sbtest2 {BIG.format(key='')}")
        for number in range(SMALL_TABLES):
            cursor.execute(f"CREATE TABLE small.t{number} {SMALL}")
            values = ",".join(f"({row},'row {row}')" for row in range(1, number * 5 + 2))
            cursor.execute(f"INSERT INTO small.t{number} VALUES {values}")
    fill(connect, "bench", "sbtest1", lambda first, last: big_rows(first, last, rows), rows)
    fill(connect, "bench", "wide", wide_rows, rows // 10)
    fill(connect, "one", "sbtest2", lambda first, last: big_rows(first, last, rows), rows // 8)
    for database, (count, mib) in FAT.items():
        fill_with_fat_values(connect, database, count, (mib << 20) >> (8 if is_smoke else 0))
