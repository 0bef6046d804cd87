# What t/bench/run measures and how; read by it, with `seconds`, `rounds`, `large` and `users` set.
# shellcheck shell=bash disable=SC2154

ulimit -n 16384 2>/dev/null || true
DIR=$(mktemp -d /tmp/obi-bench.XXXXXX)
VAR=$DIR/var
started=()
declare -A keeper address rate median p99 errors used asked

bench_stop() {
    [ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null
    wait 2>/dev/null
    "$TOP/deploy/down" --var "$VAR" >/dev/null 2>&1
    [ -z "$large" ] || "$TOP/deploy/down" --var "$large" >/dev/null 2>&1
    rm -rf "$DIR"
}
trap bench_stop EXIT
trap 'exit 130' INT TERM

free_port() {
    local port
    until port=$((20000 + RANDOM % 12000)) && port_free $port && port_free $((port + 1)); do :; done
    echo $port
}
# pool NAME COMMAND...: workers on a socket of their own, as many as the stack's read pool has.
pool() {
    local name=$1
    shift
    spawn-fcgi -n -s "$DIR/$name.sock" -M 0666 -b 1024 -- \
        /usr/bin/multiwatch -f "$workers" -t 100 -- "$@" >>"$DIR/$name.log" 2>&1 &
    started+=($!)
    keeper[$name]=$!
    until [ -S "$DIR/$name.sock" ]; do sleep 0.05; done
}
sql() { "$TOP/deploy/part" sql --var "$1" primary; }
# stack_up VAR: the release preset as it stands. Slow issuers of `mixed` are let in.
slow_port=$(free_port)
stack_up() {
    local port
    port=$(sed -n 's/^PORT=//p' "$1/settings" 2>/dev/null)
    mkdir -p "$1"
    echo "fetch.allow_net = 127.0.0.1/32:$slow_port public" >"$DIR/conf"
    "$TOP/deploy/up" --no-build --var "$1" --port "${port:-$(free_port)}" --conf "$DIR/conf" >"$DIR/up.log" 2>&1 ||
        { cat "$DIR/up.log" >&2; exit 1; }
}
seed() { # seed VAR USERS BADGES
    "$TOP/build/obi" seed --users "$2" --badges "$3" --conf "$1/obi.conf" >/dev/null || exit 1
}
# user_and_group VAR NUMBER: of u<NUMBER>@seed.example and the public collection.
user_and_group() {
    sql "$1" <<<"SELECT c.user_id, c.id FROM obi.collection c JOIN obi.user_email e USING (user_id)
        WHERE e.email_key = 'u$2@seed.example' AND c.path = 'seed-$2-1'"
}
# statements VAR PATH USER GROUP: what every read of PATH without memcached runs, as the servers log it, SOCKET<tab>SQL
# a line. What is not in each of six reads is a worker's own housekeeping. The log leaves numbers out.
statements() {
    local server
    "$TOP/deploy/part" stop --var "$1" jobs recheck
    for server in primary replica; do
        echo "SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1;" |
            "$TOP/deploy/part" sql --var "$1" $server
    done
    for _ in 1 2 3 4 5 6; do fetch "$((bench_port + 1))$2" >/dev/null; done
    for server in primary replica; do
        echo "SET GLOBAL general_log = 0; SELECT '$1/run/$server.sock', CONVERT(argument USING utf8mb4)
            FROM mysql.general_log WHERE command_type = 'Execute' AND user_host LIKE 'obi[obi]%' ORDER BY event_time;" |
            "$TOP/deploy/part" sql --var "$1" $server
    done | sed "s/collection_id = ?/collection_id = $4/g;s/c\\.id = ?/c.id = $4/g;s/path = ?/path = '${2##*/}'/g;s/?/$3/g" | awk '++seen[$0] == 6'
}
fetch() { # fetch PORT/PATH
    perl -MLWP::UserAgent -e 'print LWP::UserAgent->new->get($ARGV[0])->content' "http://127.0.0.1:$1"
}
# uncached NAME VAR: a pool of OBI without memcached on that stack.
uncached() {
    grep -v '^cache.server' "$2/obi.conf" >"$DIR/$1.conf"
    pool "$1" "$TOP/build/obi-fcgi" --conf "$DIR/$1.conf" --pool read
}
same() { # same NAME FILE STATEMENTS
    local password
    password=$(sed -n 's/^db.password = //p' "$VAR/obi.conf")
    pool "$1" "$DIR/hello" "$2" "$3" obi "$password"
    [ "$(fetch "$bench_port/$1")" = "$(cat "$2")" ] || { tail -n 5 "$DIR/$1.log" >&2; die "the bare workers of $1 answer something else"; }
}

bench_start() {
    local user group page host
    packages_install run build test
    "$TOP/deploy/build" release >"$DIR/build.log" 2>&1 || { tail -n 20 "$DIR/build.log" >&2; exit 1; }
    mkdir -p "$VAR" "$DIR/www"
    chmod a+rx "$DIR" "$VAR"
    if [ -n "$large" ]; then
        mkdir -p "$large"
        large=$(cd "$large" && pwd)
        stack_up "$large"
        seed "$large" "$users" 10
    fi
    stack_up "$VAR"
    seed "$VAR" 100 5
    seed "$VAR" 10000 10
    workers=$(pgrep -c -P "$("$TOP/deploy/part" pid --var "$VAR" read)")
    bench_port=$(free_port)
    bench_nginx
    read -r user group <<<"$(user_and_group "$VAR" 50)"
    document=/displayer/$user/group/$group.json page=/share/collection/seed-50-1
    # shellcheck disable=SC2046
    cc -O2 -o "$DIR/hello" "$TOP/t/bench/hello.c" $(pkg-config --cflags --libs fcgi libmariadb) || exit 1
    uncached uncached "$VAR"
    # Each worker has by then connected and prepared what it needs.
    for _ in $(seq 40); do fetch "$((bench_port + 1))$document" >/dev/null; fetch "$((bench_port + 1))$page" >/dev/null; done
    fetch "$bench_port$document" >"$DIR/www/static"
    fetch "$bench_port$page" >"$DIR/www/static-page"
    [ -s "$DIR/www/static" ] && [ -s "$DIR/www/static-page" ] || die "there is no document at $document or $page"
    statements "$VAR" "$document" "$user" "$group" >"$DIR/queries"
    statements "$VAR" "$page" "$user" "$group" >"$DIR/queries-page"
    pool hello "$DIR/hello" "$DIR/www/static"
    same same "$DIR/www/static" "$DIR/queries"
    same same-page "$DIR/www/static-page" "$DIR/queries-page"
    keeper[page]=$("$TOP/deploy/part" pid --var "$VAR" read)
    keeper[uncached-page]=${keeper[uncached]}
    host=127.0.0.1:$bench_port
    address=([static]=$host/static [static-page]=$host/static-page [static-gzip]=$host/static [hello]=$host/hello
        [read]=$host$document [read-gzip]=$host$document [page]=$host$page [same]=$host/same [same-page]=$host/same-page
        [uncached]=127.0.0.1:$((bench_port + 1))$document [uncached-page]=127.0.0.1:$((bench_port + 1))$page
        [found]=$host/displayer/convert/email [missing]=$host/displayer/convert/email
        [small-missing]=$host/displayer/convert/email)
    read -r user group <<<"$(user_and_group "$VAR" 5000)"
    address[ten]=$host/displayer/$user/group/$group.json
    address[ten-cold]=127.0.0.1:$((bench_port + 1))/displayer/$user/group/$group.json
    [ -z "$large" ] || large_start
}
large_start() {
    local user group host
    read -r user group <<<"$(user_and_group "$large" 5000)"
    uncached large-uncached "$large"
    host=127.0.0.1:$((bench_port + 2))
    address[large-ten]=$host/displayer/$user/group/$group.json
    address[large-ten-cold]=127.0.0.1:$((bench_port + 3))/displayer/$user/group/$group.json
    address[found]=$host/displayer/convert/email address[missing]=$host/displayer/convert/email
}
# One nginx in front of each stack, configured as the stack's, with what it is held against beside it.
bench_nginx() {
    nginx_for "$VAR" "$bench_port"
    [ -z "$large" ] || nginx_for "$large" "$((bench_port + 2))"
}
nginx_for() { # nginx_for VAR PORT
    local uncached=uncached
    [ "$1" = "$VAR" ] || uncached=large-uncached
    sed "s|@DIR@|$DIR|g;s|@VAR@|$1|g;s|@PORT@|$2|g;s|@NEXT_PORT@|$(($2 + 1))|g;s|@UNCACHED@|$uncached|g" "$TOP/t/bench/nginx.conf" >"$1/nginx/bench.conf"
    "$TOP/t/bench/unlimited" "$1/nginx/server.conf" >"$1/nginx/bench-server.conf"
    mkdir -p "$DIR/tmp.$2"
    [ "$(id -u)" -ne 0 ] || sed -i '1i user root;' "$1/nginx/bench.conf"
    nginx -e "$DIR/nginx-error.log" -p "$1/nginx" -c "$1/nginx/bench.conf" >>"$DIR/nginx.log" 2>&1 &
    started+=($!)
    keeper[nginx$2]=$!
    until [ -n "$(http_status /healthz "$2")" ]; do sleep 0.1; done
}

# The processor time that the workers of NAME have taken, in hundredths of a second.
ticks() {
    local pid
    for pid in $([ -z "${keeper[$1]:-}" ] || pgrep -P "${keeper[$1]}"); do cat "/proc/$pid/stat"; done 2>/dev/null |
        sed 's/.*) //' | awk '{ n += $12 + $13 } END { print n + 0 }'
}
# measure NAME CONNECTIONS: rates and times go into rate[], median[], p99[], errors[].
measure() {
    local key="$1 $2" threads=2 out now before options=() people=
    [ "$2" -gt 1 ] || threads=1
    case $1 in
    *gzip) options=(-H 'Accept-Encoding: gzip') ;;
    found) options=(-s "$TOP/t/bench/found.lua") people=$([ -n "$large" ] && echo "$users" || echo 10000) ;;
    *missing) options=(-s "$TOP/t/bench/missing.lua") ;;
    esac
    before=$(ticks "$1")
    out=$(wrk --latency -t $threads -c "$2" -d "${seconds}s" --timeout 10s "${options[@]}" "http://${address[$1]}" ${people:+-- "$people"})
    errors[$key]=$((${errors[$key]:-0} + $(wrk_errors <<<"$out")))
    used[$key]=$((${used[$key]:-0} + $(ticks "$1") - before))
    asked[$key]=$((${asked[$key]:-0} + $(awk '/requests in/ { print $1 }' <<<"$out")))
    now=$(awk '/^Requests\/sec/ { print $2 }' <<<"$out")
    at_least "$now" "${rate[$key]:-0}" || return 0
    rate[$key]=$now
    median[$key]=$(awk '$1 == "50%" { print $2 }' <<<"$out" | to_ms)
    p99[$key]=$(awk '$1 == "99%" { print $2 }' <<<"$out" | to_ms)
}
# `missing` answers 404 by contract, which wrk counts.
wrk_errors() {
    awk '/Non-2xx/ { n += $NF } /Socket errors/ { gsub(/,/, ""); n += $4 + $6 + $8 + $10 } /^expected/ { n -= $2 } END { print n + 0 }'
}
measure_all() { # measure_all CONNECTIONS NAME...
    local count=$1 name round
    shift
    for ((round = 0; round < rounds; round++)); do
        for name in "$@"; do measure "$name" "$count"; done
    done
}
to_ms() { awk '{ x = $1 + 0; if (/us$/) x /= 1000; else if (/[0-9]s$/) x *= 1000; printf "%.2f", x }'; }
of() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", (b > 0 ? a / b : 0) }'; }
ratio() { of "${rate[$1]}" "${rate[$2]}"; } # ratio "NAME CONNECTIONS" "NAME CONNECTIONS"
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }'; }
# table CONNECTIONS NAME...: `cpu us`: the microseconds of processor that a worker takes for one.
table() {
    local count=$1 name key
    shift
    printf '%-15s %5s %10s %9s %9s %7s %8s\n' what conns requests/s median p99 errors "cpu us"
    for name in "$@"; do
        key="$name $count"
        printf '%-15s %5s %10.0f %9s %9s %7s %8s\n' "$name" "$count" "${rate[$key]}" "${median[$key]}" "${p99[$key]}" "${errors[$key]}" \
            "$(awk -v t="${used[$key]}" -v n="${asked[$key]}" 'BEGIN { printf "%.0f", (n > 0 ? t * 10000 / n : 0) }')"
    done
}
# What each part of the stacks takes, in MB of its own (PSS), and the largest process of it in brackets.
memory() {
    local var part pid
    for var in "$VAR" ${large:+"$large"}; do
        printf 'memory, MB:'
        for part in primary replica memcached read app fetch jobs nginx; do
            pid=$("$TOP/deploy/part" pid --var "$var" $part 2>/dev/null)
            [ -n "$pid" ] || continue
            for pid in $pid $(pgrep -P "$pid"); do awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null; done |
                awk -v part=$part '{ sum += $1; if ($1 > most) most = $1 } END { printf "  %s %.0f (%.0f)", part, sum / 1024, most / 1024 }'
        done
        echo
    done
}
