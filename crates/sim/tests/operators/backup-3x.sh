#!/bin/sh
# Backs up a whole 3.x (or 2.2.77) cluster the way an operator would.
# Usage: backup-3x.sh PORT BASE_URL [full|incremental]
set -eu
port=$1 base=$2 mode=${3:-full}

sql() { mariadb --no-defaults -h127.0.0.1 -P"$port" -uroot@sys -Doceanbase -N -B -e "$1"; }
wait_for() {
  i=0
  while [ "$(sql "$2")" != "$3" ]; do
    i=$((i + 1))
    if [ $i -gt 300 ]; then echo "gave up waiting for $1: $(sql "$2")" >&2; exit 1; fi
    sleep 0.1
  done
}

status=$(sql "SELECT status FROM CDB_OB_BACKUP_ARCHIVELOG WHERE tenant_id = 1")
if [ "$status" = STOP ]; then
  sql "ALTER SYSTEM SET backup_dest = '$base'"
  wait_for "the destination on every server" "SELECT COUNT(DISTINCT value) FROM __all_virtual_sys_parameter_stat WHERE name = 'backup_dest' AND value = '$base'" 1
  sql "ALTER SYSTEM ARCHIVELOG"
fi
wait_for "every tenant's archive" "SELECT COUNT(*) FROM CDB_OB_BACKUP_ARCHIVELOG WHERE status <> 'DOING'" 0

sql "ALTER SYSTEM MAJOR FREEZE"
frozen=$(sql "SELECT value FROM __all_zone WHERE zone = '' AND name = 'frozen_version'")
wait_for "the merge" "SELECT info FROM __all_zone WHERE zone = '' AND name = 'merge_status'" IDLE
wait_for "the merged version" "SELECT value FROM __all_zone WHERE zone = '' AND name = 'last_merged_version'" "$frozen"

before=$(sql "SELECT IFNULL(MAX(bs_key), 0) FROM CDB_OB_BACKUP_SET_DETAILS")
[ "$mode" = full ] && verb="BACKUP DATABASE" || verb="BACKUP INCREMENTAL DATABASE"
sql "ALTER SYSTEM $verb"
wait_for "the backup" "SELECT COUNT(*) > 0 FROM CDB_OB_BACKUP_SET_DETAILS WHERE tenant_id = 1 AND bs_key > $before" 1
wait_for "the end of all tenants" "SELECT COUNT(*) FROM CDB_OB_BACKUP_PROGRESS" 0
sql "SELECT backup_type, status FROM CDB_OB_BACKUP_SET_DETAILS WHERE bs_key > $before GROUP BY backup_type, status"
