#!/bin/sh
# Copies TensorFlow's jars into the lib folder of a Flink distribution, on every machine of a cluster
# and on the one that submits: install-cluster-lib.sh FLINK_HOME
# TENSORFLOW_PLATFORM says whose natives, if they are not for this machine.
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

platform=${TENSORFLOW_PLATFORM:-}
if [ -z "$platform" ]; then
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux-x86_64 ;;
    Linux-aarch64 | Linux-arm64) platform=linux-arm64 ;;
    Darwin-arm64) platform=macosx-arm64 ;;
    *) die "TensorFlow has no natives for $(uname -s) on $(uname -m)" 1 ;;
  esac
fi
natives=$(find "$jars" -name "tensorflow-core-native-*-$platform.jar")
[ -n "$natives" ] ||
  die "the build has no natives for $platform; build with: mvn -B package -DskipTests -Dtensorflow.platform=$platform" 1
for other in "$1"/lib/tensorflow-core-native-*-*.jar; do
  case "$other" in
    *'*'* | *-"$platform".jar) ;;
    *) die "$other is for another platform than $platform; remove it first" 1 ;;
  esac
done

for present in "$1"/lib/tensorflow-core-*.jar "$1"/lib/ndarray-*.jar "$1"/lib/javacpp-*.jar \
  "$1"/lib/protobuf-java-*.jar "$1"/lib/jna-*.jar; do
  [ ! -e "$present" ] || [ -e "$jars/$(basename "$present")" ] ||
    die "$present is another version; remove it first" 1
done
for jar in "$jars"/*.jar; do
  case "$jar" in
    # An earlier build may have been for another platform.
    *-"$platform".jar) cp -v "$jar" "$1/lib/" ;;
    */tensorflow-core-native-*-*-*.jar) ;;
    *) cp -v "$jar" "$1/lib/" ;;
  esac
done

if ! grep -q "parent-first-patterns" "$1/conf/config.yaml" 2>/dev/null; then
  echo "Now add to $1/conf/config.yaml on every machine, and restart the cluster:"
  echo "classloader.parent-first-patterns.additional: $patterns"
fi
