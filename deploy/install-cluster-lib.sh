#!/bin/sh
# Copies TensorFlow's jars into the lib folder of a Flink distribution, on every machine of a cluster
# and on the one that submits: install-cluster-lib.sh FLINK_HOME
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
jars="$here/../jobs/stream/target/cluster-lib"
patterns="org.tensorflow;org.bytedeco;com.google.protobuf"

die() {
  echo "install-cluster-lib: $1" >&2
  exit "$2"
}

[ $# -eq 1 ] || die "usage: install-cluster-lib.sh FLINK_HOME" 2
[ -d "$1/lib" ] || die "$1 has no lib folder; needed: the home of a Flink distribution" 1
[ -d "$jars" ] || die "there is no $jars; build it with: mvn -B package -DskipTests" 1

for present in "$1"/lib/tensorflow-core-*.jar "$1"/lib/ndarray-*.jar "$1"/lib/javacpp-*.jar \
  "$1"/lib/protobuf-java-*.jar "$1"/lib/jna-*.jar; do
  [ ! -e "$present" ] || [ -e "$jars/$(basename "$present")" ] ||
    die "$present is another version; remove it first" 1
done
cp -v "$jars"/*.jar "$1/lib/"

if ! grep -q "parent-first-patterns" "$1/conf/config.yaml" 2>/dev/null; then
  echo "Now add to $1/conf/config.yaml on every machine, and restart the cluster:"
  echo "classloader.parent-first-patterns.additional: $patterns"
fi
