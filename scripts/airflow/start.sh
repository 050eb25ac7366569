#!/usr/bin/env bash
# A local Airflow with the pipeline's DAG, for a person to look at (make airflow); Ctrl-C ends it.
#
# Not `airflow standalone`: its log servers listen on every address of the machine. These three listen
# on loopback or not at all.
set -euo pipefail

project=$(cd "$(dirname "$0")/../.." && pwd)
port=${AIRFLOW_PORT:-8080}
pool=${FEATURE_PIPELINE_POOL:-feature_store_warehouse}
bin=${AIRFLOW_BIN:-$project/.venv-airflow/bin}

export AIRFLOW_HOME=${AIRFLOW_HOME:-$project/target/airflow}
export AIRFLOW__CORE__DAGS_FOLDER=$project/scripts/airflow/dags
export AIRFLOW__CORE__LOAD_EXAMPLES=false
export AIRFLOW__CORE__PARALLELISM=4
export AIRFLOW__API__BASE_URL=http://127.0.0.1:$port
# The sample's year is over: a run for yesterday would wait in vain, and hold others back.
export FEATURE_PIPELINE_WAIT_TIMEOUT=${FEATURE_PIPELINE_WAIT_TIMEOUT:-2m}
# Both would call out.
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=false
export AIRFLOW__COSMOS__ENABLE_TELEMETRY=false

logs=$AIRFLOW_HOME/logs
mkdir -p "$logs"
echo "Preparing $AIRFLOW_HOME"
"$bin/airflow" db migrate > "$logs/db.log" 2>&1 \
    || { tail -20 "$logs/db.log"; echo "The metadata database could not be made: $logs/db.log"; exit 1; }
# One slot: a DuckDB file has one writer.
"$bin/airflow" pools set "$pool" 1 "Tasks that open the warehouse" > "$logs/pools.log" 2>&1

declare -A names=()
finish() {
    trap - EXIT INT TERM
    [ ${#names[@]} -eq 0 ] || kill "${!names[@]}" 2> /dev/null || true
    wait
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
begin() {
    "$bin/airflow" "$@" > "$logs/$1.log" 2>&1 &
    names[$!]=$1
}
begin api-server --host 127.0.0.1 --port "$port" --workers 1
begin scheduler --skip-serve-logs
begin dag-processor

answers() {
    "$bin/python" - "$AIRFLOW__API__BASE_URL/api/v2/version" << 'PYTHON' 2> /dev/null
import sys
import urllib.request

urllib.request.urlopen(sys.argv[1], timeout=2)
PYTHON
}
alive() {
    for pid in "${!names[@]}"; do
        kill -0 "$pid" 2> /dev/null \
            || { echo "airflow ${names[$pid]} has ended; see $logs/${names[$pid]}.log"; exit 1; }
    done
}
until answers; do
    alive
    sleep 1
done
cat << TEXT
Airflow: $AIRFLOW__API__BASE_URL/dags/feature_pipeline
User admin; the password is in $AIRFLOW_HOME/simple_auth_manager_passwords.json.generated
Logs: $logs. Ctrl-C ends it; nothing is run before you unpause or trigger the DAG.
TEXT
while sleep 2; do
    alive
done
