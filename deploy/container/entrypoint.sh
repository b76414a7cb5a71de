#!/bin/bash
# Starts a process of Flink that runs in the foreground, and writes nowhere but below /tmp and
# /var/lib/image-embedding.
set -euo pipefail

job=/etc/image-embedding/job.yaml
flink=${FLINK_HOME:-/opt/flink}

usage() {
  cat <<'TEXT'
usage: jobmanager [-D key=value]... [-- OPTIONS OF THE JOB]
       taskmanager [-D key=value]...
       COMMAND [ARGUMENT]...

jobmanager runs the job in application mode, with the options of /etc/image-embedding/job.yaml,
unless others follow --. -D sets options of Flink, which win over /opt/flink/conf/config.yaml.
TEXT
}

settings=()
while [ $# -gt 1 ] && [ "$2" != -- ]; do
  settings+=("$2")
  set -- "$1" "${@:3}"
done

case ${1:-} in
  jobmanager)
    shift
    if [ $# -gt 0 ]; then
      shift
    else
      [ -r "$job" ] || {
        echo "entrypoint: there is no $job; needed: the options of the job in that file, or behind --" >&2
        exit 1
      }
      set -- --config "$job"
    fi
    mkdir -p "$FLINK_LOG_DIR" "$FLINK_PID_DIR"
    echo jobmanager >/tmp/image-embedding-role
    exec "$flink/bin/standalone-job.sh" start-foreground "${settings[@]}" \
      --job-classname io.imageembedding.jobs.EmbedImagesJob -- "$@"
    ;;
  taskmanager)
    mkdir -p "$FLINK_LOG_DIR" "$FLINK_PID_DIR"
    echo taskmanager >/tmp/image-embedding-role
    exec "$flink/bin/taskmanager.sh" start-foreground "${settings[@]}"
    ;;
  '' | --help)
    usage
    ;;
  *)
    command=$1
    shift
    exec "$command" "${settings[@]}" "$@"
    ;;
esac
