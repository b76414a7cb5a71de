#!/bin/bash
# Whether the process of this container is well: a JobManager if its job runs, a TaskManager if it
# answers with its metrics. With no more than bash, as the image has nothing to ask by HTTP.
set -euo pipefail

die() {
  echo "healthcheck: $1"
  exit 1
}

# HTTP 1.0, so that the answer ends with the connection.
get() {
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
  cat <&3
  exec 3>&-
}

role=$(cat /tmp/image-embedding-role 2>/dev/null) || die "no process has been started"
case $role in
  jobmanager)
    jobs=$(get "${REST_PORT:-8081}" /jobs/overview) || die "Flink does not answer at ${REST_PORT:-8081}"
    [[ $jobs == *'"state":"RUNNING"'* ]] || die "no job runs: ${jobs##*$'\n'}"
    ;;
  taskmanager)
    metrics=$(get "${METRICS_PORT:-9249}" /metrics) || die "no metrics at ${METRICS_PORT:-9249}"
    [[ $metrics == *flink_taskmanager_Status_JVM_Memory_Heap_Used* ]] || die "the metrics are not a TaskManager's"
    ;;
  *) die "/tmp/image-embedding-role says '$role'; allowed: jobmanager, taskmanager" ;;
esac
