#!/bin/sh
# Lays out what an image has beside its base, below a folder that stands for its root:
# layout.sh job|tools FOLDER, after mvn -B package -DskipTests. Files belong to whoever calls it, can
# be written by nobody else, and have the time of SOURCE_DATE_EPOCH, if that is set.
# TENSORFLOW_PLATFORM says whose natives, as for install-cluster-lib.sh. Needs a JDK's jar.
set -eu
umask 022

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
project=$(CDPATH= cd -- "$here/../.." && pwd)
jars="$project/jobs/stream/target/cluster-lib"
cli="$project/jobs/cli/target"

die() {
  echo "layout: $1" >&2
  exit "$2"
}

[ $# -eq 2 ] || die "usage: layout.sh job|tools FOLDER" 2
[ ! -e "$2" ] || [ -z "$(ls -A "$2")" ] || die "$2 is not empty" 1
[ -d "$jars" ] || die "there is no $jars; build it with: mvn -B package -DskipTests" 1
jar=jar
[ -z "${JAVA_HOME:-}" ] || jar="$JAVA_HOME/bin/jar"
command -v "$jar" >/dev/null 2>&1 || die "there is no jar, which a JDK has" 1

mkdir -p "$2"
root=$(CDPATH= cd -- "$2" && pwd)
home="$root/opt/image-embedding"
mkdir -p "$home/native"

# TensorFlow's libraries as files: a process loads them as they are, where it would unpack 680 MB first.
natives() {
  lib=$1
  found=$(find "$lib" -name 'tensorflow-core-native-*-*.jar')
  [ "$(echo "$found" | grep -c .)" -eq 1 ] ||
    die "needed: the natives of one platform in $lib; found: ${found:-none}" 1
  case "$found" in
    *-linux-x86_64.jar) jna=linux-x86-64 ;;
    *-linux-arm64.jar) jna=linux-aarch64 ;;
    *) die "$found is not for Linux" 1 ;;
  esac
  unpacked=$(mktemp -d)
  (cd "$unpacked" && "$jar" -xf "$found" && "$jar" -xf "$(find "$lib" -name 'jna-5*.jar')" "com/sun/jna/$jna")
  find "$unpacked" -name '*.so*' -exec mv {} "$home/native/" \;
  rm -rf "$unpacked"
  [ -e "$home/native/libjnitensorflow.so" ] || die "$found has no libjnitensorflow.so" 1
  # Their jar would only be there twice.
  rm "$found"
}

case "$1" in
  job)
    flink="$root/opt/flink"
    mkdir -p "$flink/lib" "$flink/conf" "$flink/usrlib" "$home/bin"
    cp "$here/config.yaml" "$flink/conf/"
    {
      cat "$here/log4j-console.properties"
      echo
      cat "$here/../log4j-image-embedding.properties"
    } >"$flink/conf/log4j-console.properties"
    "$here/../install-cluster-lib.sh" "$flink" >/dev/null
    natives "$flink/lib"
    cp "$project/jobs/stream/target/image-embedding-job.jar" "$flink/usrlib/"
    cp "$here/entrypoint.sh" "$home/bin/entrypoint"
    cp "$here/healthcheck.sh" "$home/bin/healthcheck"
    chmod 755 "$home/bin/entrypoint" "$home/bin/healthcheck"
    ;;
  tools)
    [ -d "$cli/distribution" ] || die "there is no $cli/distribution; build it with: mvn -B package -DskipTests" 1
    cp -R "$cli/distribution/." "$home/"
    natives "$home/lib"
    # The photos of the demo, to be published.
    mkdir -p "$home/photos"
    cp "$project"/jobs/cli/src/main/resources/demo/*.jpg "$home/photos/"
    cp "$project/jobs/cli/src/main/resources/demo/LICENCES.md" "$home/photos/.LICENCES.md"
    ;;
  *) die "usage: layout.sh job|tools FOLDER" 2 ;;
esac
cp "$project/LICENSE" "$project/NOTICE" "$home/"
# What it is all made of, as CycloneDX; a build without network has none.
[ ! -e "$cli/bom.json" ] || cp "$cli/bom.json" "$home/sbom.cdx.json"

chmod -R go-w,a+rX "$root"
[ -z "${SOURCE_DATE_EPOCH:-}" ] || find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
