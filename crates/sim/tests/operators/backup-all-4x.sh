#!/bin/sh
# Backs up all tenants of a 4.x cluster with one statement, and finds its sets by the number of the job that handed out the work.
# Usage: backup-all-4x.sh PORT BASE_URL
set -eu
port=$1 base=$2

sql() { mariadb --no-defaults -h127.0.0.1 -P"$port" -uroot@sys -Doceanbase -N -B -e "$1"; }
wait_for() {
  i=0
  while [ "$(sql "$2")" != "$3" ]; do
    i=$((i + 1))
    if [ $i -gt 300 ]; then echo "gave up waiting for $1: $(sql "$2")" >&2; exit 1; fi
    sleep 0.1
  done
}

tenants=$(sql "SELECT tenant_name FROM DBA_OB_TENANTS WHERE tenant_type = 'USER' AND status = 'NORMAL'")
count=0
for tenant in $tenants; do
  sql "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=$base/$tenant/clog' TENANT = $tenant"
  sql "ALTER SYSTEM SET DATA_BACKUP_DEST = '$base/$tenant/data' TENANT = $tenant"
  count=$((count + 1))
done
sql "ALTER SYSTEM ARCHIVELOG TENANT=ALL;"
wait_for "every archive" "SELECT COUNT(*) FROM CDB_OB_ARCHIVELOG WHERE status = 'DOING'" "$count"

sql "ALTER SYSTEM BACKUP DATABASE;"
job=$(sql "SELECT INITIATOR_JOB_ID FROM CDB_OB_BACKUP_JOBS WHERE JOB_LEVEL = 'CLUSTER'
  UNION SELECT INITIATOR_JOB_ID FROM CDB_OB_BACKUP_JOB_HISTORY WHERE JOB_LEVEL = 'CLUSTER' LIMIT 1")
wait_for "every tenant's job" "SELECT COUNT(*) FROM CDB_OB_BACKUP_JOB_HISTORY WHERE JOB_LEVEL = 'USER_TENANT'" "$count"
sql "SELECT tenant_id, backup_set_id, status FROM CDB_OB_BACKUP_JOB_HISTORY WHERE initiator_job_id = $job AND backup_set_id <> 0 ORDER BY tenant_id"
