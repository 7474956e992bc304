#!/bin/sh
# Restores a tenant of a 4.x cluster under a new name and makes it primary, the way an operator would.
# Usage: restore-4x.sh PORT NEW_TENANT BASE_URL [TIME]
set -eu
port=$1 tenant=$2 base=$3 time=${4:-}

sql() { mariadb --no-defaults -h127.0.0.1 -P"$port" -uroot@sys -Doceanbase -N -B -e "$1"; }
wait_for() {
  i=0
  while [ "$(sql "$2")" != "$3" ]; do
    i=$((i + 1))
    if [ $i -gt 300 ]; then echo "gave up waiting for $1: $(sql "$2")" >&2; exit 1; fi
    sleep 0.1
  done
}

sql "CREATE RESOURCE UNIT IF NOT EXISTS unit_$tenant MAX_CPU 2, MEMORY_SIZE '2G'"
zones=$(sql "SELECT GROUP_CONCAT(CONCAT('''', zone, '''') SEPARATOR ',') FROM DBA_OB_ZONES")
sql "CREATE RESOURCE POOL pool_$tenant UNIT = 'unit_$tenant', UNIT_NUM = 1, ZONE_LIST = ($zones)"
[ -z "$time" ] && until="" || until="UNTIL TIME='$time'"
sql "SET ob_query_timeout = 600000000; ALTER SYSTEM RESTORE $tenant FROM '$base/data,$base/clog' $until WITH 'pool_list=pool_$tenant&concurrency=4'"
wait_for "the restore" "SELECT COUNT(*) FROM CDB_OB_RESTORE_PROGRESS WHERE restore_tenant_name = '$tenant' AND tenant_id = 1" 0
sql "SELECT status FROM CDB_OB_RESTORE_HISTORY WHERE restore_tenant_name = '$tenant' AND tenant_id = 1 ORDER BY job_id DESC LIMIT 1"
sql "ALTER SYSTEM ACTIVATE STANDBY TENANT = $tenant"
wait_for "the role" "SELECT tenant_role FROM DBA_OB_TENANTS WHERE tenant_name = '$tenant'" PRIMARY
