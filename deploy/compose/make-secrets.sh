#!/bin/bash
# Makes the secrets of compose.yaml that are not there yet: make-secrets.sh FOLDER. Each is 32 letters
# and digits in a file that the user of the containers that need it can read, and no other user.
set -euo pipefail
umask 077

folder=$1

make() {
  local file="$folder/$1" text=
  [ ! -s "$file" ] || return 0
  while [ ${#text} -lt 32 ]; do
    text+=$(head -c 64 /dev/urandom | tr -dc 'A-Za-z0-9' || true)
  done
  printf '%s\n' "${text:0:32}" >"$file.new"
  chown "$2" "$file.new"
  chmod 0440 "$file.new"
  mv "$file.new" "$file"
}

chmod 0755 "$folder"
# Flink and the page run as 9999; PostgreSQL reads its password as group 999.
make postgres-password 9999:999
make page-token 9999:9999
make grafana-password 472:0
