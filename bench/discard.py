"""The raw limit: the statements of a dump's own plan over several connections, whose answers are read and discarded.

    discard.py PORT PASSWORD_FILE PLAN CONNECTIONS
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, Queue

import pymysql

BUFFER_BYTES = 4 << 20
FORMS = {"float": "x.{}+0e0", "floats": "array_map(e -> e+0e0, x.{})", "ordinal": "x.{}+0"}


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


def statements(plan):
    """Yields the statement of each chunk."""
    for database in plan["databases"]:
        for table in database["tables"]:
            columns = ",".join(FORMS.get(c["form"], "x.{}").format(quoted(c["name"])) for c in table["columns"])
            key = ",".join("x." + quoted(c["name"]) for c in table["key"])
            for chunk in table["chunks"]:
                bounds = [f"({key}){sign}({','.join(chunk[bound])})"
                          for sign, bound in ((">", "after"), ("<=", "up_to")) if chunk.get(bound)]
                where = " WHERE " + " AND ".join(bounds) if bounds else ""
                order = f" ORDER BY {key}" if key else ""
                yield (f"SELECT /*+ full(x) */ {columns} FROM {quoted(database['name'])}.{quoted(table['name'])} "
                       f"AS OF SNAPSHOT {plan['scn']} x{where}{order}")


def end_of_columns(answer):
    """Returns where the rows of an answer begin, or nothing until that has arrived."""
    place = 0
    while place + 4 <= len(answer):
        length = int.from_bytes(answer[place:place + 3], "little")
        if answer[place + 4:place + 5] == b"\xff":
            raise ConnectionError(answer[place + 4:place + 4 + length].decode(errors="replace"))
        place += 4 + length
        if length == 5 and answer[place - 5:place - 4] == b"\xfe" and place <= len(answer):
            return place
    return None


def discard(connection, statement, buffer):
    """Sends a statement, and reads until the last packet of its answer."""
    connection._execute_command(pymysql.constants.COMMAND.COM_QUERY, statement)
    socket, view, begin = connection._sock, memoryview(buffer), b""
    while (rows := end_of_columns(begin)) is None:
        begin += socket.recv(4096)
    tail = begin[rows:][-9:]
    # The end of rows is a packet of five bytes that begins with 0xfe. Nothing follows it, because only
    # one statement is sent at a time.
    while not (tail[0:3] == b"\x05\x00\x00" and tail[4:5] == b"\xfe"):
        length = socket.recv_into(buffer)
        if length == 0:
            raise ConnectionError(f"the server ended {statement[:60]}")
        tail = (tail + bytes(view[max(0, length - 9):length]))[-9:]
    connection._next_seq_id = 0


def work(port, password, queue):
    connection = pymysql.connect(host="127.0.0.1", port=port, user="root", password=password)
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION ob_query_timeout=3600000000")
    buffer = bytearray(BUFFER_BYTES)
    while True:
        try:
            statement = queue.get_nowait()
        except Empty:
            return
        discard(connection, statement, buffer)


def main():
    port, password_file, plan, connections = sys.argv[1:]
    queue = Queue()
    with open(plan) as file:
        for statement in statements(json.loads(file.readline())):
            queue.put(statement)
    with open(password_file) as file:
        password = file.read().strip()
    with ThreadPoolExecutor(int(connections)) as pool:
        list(pool.map(lambda _: work(int(port), password, queue), range(int(connections))))


main()
