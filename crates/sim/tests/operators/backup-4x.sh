#!/bin/sh
# Backs up one tenant of a 4.x cluster the way an operator would: point it somewhere, archive, back up, wait, look.
# Usage: backup-4x.sh PORT TENANT BASE_URL [full|incremental]
set -eu
port=$1 tenant=$2 base=$3 mode=${4:-full}

sql() { mariadb --no-defaults -h127.0.0.1 -P"$port" -uroot@sys -Doceanbase -N -B -e "$1"; }
wait_for() { # wait_for WHAT QUERY EXPECTED
  i=0
  while [ "$(sql "$2")" != "$3" ]; do
    i=$((i + 1))
    if [ $i -gt 300 ]; then echo "gave up waiting for $1: $(sql "$2")" >&2; exit 1; fi
    sleep 0.1
  done
}

id=$(sql "SELECT tenant_id FROM DBA_OB_TENANTS WHERE tenant_name = '$tenant' AND tenant_type = 'USER'")
[ -n "$id" ] || { echo "no tenant $tenant" >&2; exit 1; }

dest=$(sql "SELECT value FROM CDB_OB_ARCHIVE_DEST WHERE tenant_id = $id AND name = 'path'")
if [ -z "$dest" ]; then
  sql "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=$base/clog BINDING=Optional PIECE_SWITCH_INTERVAL=1d' TENANT = $tenant"
  sql "ALTER SYSTEM SET DATA_BACKUP_DEST = '$base/data' TENANT = $tenant"
fi
if [ "$(sql "SELECT log_mode FROM DBA_OB_TENANTS WHERE tenant_id = $id")" = NOARCHIVELOG ]; then
  sql "ALTER SYSTEM ARCHIVELOG TENANT = $tenant"
fi
wait_for "the archive" "SELECT status FROM CDB_OB_ARCHIVELOG WHERE tenant_id = $id" DOING
sql "SELECT truncate((time_to_usec(now()) - checkpoint_scn/1000)/1000000, 4) FROM oceanbase.CDB_OB_ARCHIVELOG_SUMMARY WHERE tenant_id=$id ORDER BY round_id DESC LIMIT 1" >/dev/null

[ "$mode" = full ] && verb=BACKUP || verb="BACKUP INCREMENTAL"
before=$(sql "SELECT IFNULL(MAX(job_id), 0) FROM (SELECT job_id FROM CDB_OB_BACKUP_JOBS WHERE tenant_id = $id UNION ALL SELECT job_id FROM CDB_OB_BACKUP_JOB_HISTORY WHERE tenant_id = $id) j")
sql "ALTER SYSTEM $verb TENANT = $tenant DESCRIPTION = 'operator'"
wait_for "the job" "SELECT COUNT(*) FROM CDB_OB_BACKUP_JOB_HISTORY WHERE tenant_id = $id AND job_id > $before" 1
sql "SELECT status, backup_type, result FROM CDB_OB_BACKUP_JOB_HISTORY WHERE tenant_id = $id AND job_id > $before ORDER BY job_id DESC LIMIT 1"
sql "SELECT backup_set_id, status, file_status FROM CDB_OB_BACKUP_SET_FILES WHERE tenant_id = $id ORDER BY backup_set_id DESC LIMIT 1"
