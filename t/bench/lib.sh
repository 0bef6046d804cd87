# Sourced by t/bench/verify and t/bench/bake.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/deploy/lib.sh"

# Builds the release preset, and t/bench/$1.c on its modules, and runs that with a folder of its own.
measure() {
    packages_install run build
    "$TOP/deploy/build" >/dev/null
    dir=$(mktemp -d /tmp/obi-bench.XXXXXX)
    trap 'rm -rf "$dir"' EXIT
    libs=()
    for module in badge xml png json core; do libs+=("$TOP/build/libobi_$module.a"); done
    cc -O2 -D_GNU_SOURCE -I "$TOP/include" -I "$TOP/t/unit" -o "$dir/$1" "$TOP/t/bench/$1.c" "${libs[@]}" \
        $(pkg-config --cflags --libs json-c libpng zlib libxml-2.0 libcrypto) -lm
    "$dir/$1" "$TOP/build/obi" "$dir"
}
