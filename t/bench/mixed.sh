# The mix of readers and writers of t/bench/run; read by it after measure.sh.
# shellcheck shell=bash disable=SC2154

# mixed_prepare: a line for each person, USER GROUP CSRF, and a session for each.
mixed_prepare() {
    mixed_var=${large:-$VAR} mixed_port=$bench_port
    [ -z "$large" ] || mixed_port=$((bench_port + 2))
    sql "$mixed_var" >"$DIR/people" <<'SQL'
USE obi;
CREATE TEMPORARY TABLE p (n INT PRIMARY KEY, user_id BIGINT UNSIGNED, id BIGINT UNSIGNED, token CHAR(43))
    SELECT SUBSTRING_INDEX(SUBSTRING(path, 6), '-', 1) n, user_id, id,
        CONCAT('bench', LPAD(SUBSTRING_INDEX(SUBSTRING(path, 6), '-', 1), 38, '0')) token
    FROM collection WHERE path LIKE 'seed-%-1' HAVING n <= 100000;
INSERT IGNORE INTO session (token_hash, user_id, id, user_agent, created_at_s, used_at_s, expires_at_s)
    SELECT UNHEX(SHA2(token, 256)), user_id, n, 'bench', UNIX_TIMESTAMP(), UNIX_TIMESTAMP(), UNIX_TIMESTAMP() + 86400 FROM p;
SELECT user_id, id, REPLACE(REPLACE(REPLACE(TO_BASE64(UNHEX(SHA2(CONCAT('obi csrf session ', token), 256))), '+', '-'), '/', '_'), '=', '')
    FROM p ORDER BY n;
SQL
    [ -s "$DIR/people" ] || die "nobody to read and write for"
    stack_port=$(sed -n 's/^PORT=//p' "$mixed_var/settings")
}
# mix NAME SECONDS: a round; rate[], errors[], and of nginx's log p99[] of the reads, hits[] and reads[].
declare -A hits reads
mix() {
    local out log=$DIR/access.$mixed_port.log now
    : >"$log"
    out=$(wrk --latency -t 2 -c 32 -d "${2}s" --timeout 20s -s "$TOP/t/bench/mixed.lua" "http://127.0.0.1:$mixed_port" -- "$DIR/people" "$stack_port")
    errors[$1]=$((${errors[$1]:-0} + $(wrk_errors <<<"$out")))
    now=$(awk '/^Requests\/sec/ { print $2 }' <<<"$out")
    at_least "$now" "${rate[$1]:-0}" || return 0
    rate[$1]=$now
    read -r "reads[$1]" "hits[$1]" "p99[$1]" <<<"$(mix_reads <"$log")"
}
# Of nginx's lines for documents: how many, how many without a worker, the 99th percentile in milliseconds.
mix_reads() {
    grep -o '"path":"/displayer/[^"]*".*' | sed 's/.*"seconds":\([0-9.]*\),"upstream":"\([^"]*\)".*/\1 \2/' | sort -n |
        awk '{ t[NR] = $1; if ($2 == "") hits++ } END { print NR, hits + 0, 1000 * t[int(NR * 0.99 + 0.5)] }'
}
slow_issuers() {
    perl "$TOP/t/bench/slow" "$slow_port" "$mixed_port" "$stack_port" &
    slow=$!
    started+=("$slow")
    sleep 2
}
mixed() {
    local round
    mixed_prepare
    slow_issuers
    kill "$slow"
    mix first 5 # what is read most is then in memory, as it is where people read
    for ((round = 0; round < rounds; round++)); do
        mix mixed $((3 * seconds))
        slow_issuers
        mix beside $((3 * seconds))
        kill "$slow"
        sleep 1
    done
    for name in mixed beside; do
        printf '%-7s %8.0f requests/s, %s reads of which %s %% hits, 99th percentile of reads %s ms, %s errors\n' \
            $name "${rate[$name]}" "${reads[$name]}" "$(of "$((100 * hits[$name]))" "${reads[$name]}")" "${p99[$name]}" "${errors[$name]}"
    done
    [ -z "${rate[read 32]:-}" ] || say "the mix of the warm document alone: $(of "${rate[mixed]}" "${rate[read 32]}")"
    held "the mix beside issuers that never answer, of the same without them" "$(of "${rate[beside]}" "${rate[mixed]}")" 0.9
}
# soak_for MINUTES: no process may grow.
soak_for() {
    say ""
    say "== soak"
    [ -n "${mixed_var:-}" ] || mixed_prepare
    mix soak 60
    memory
    mix soak $((60 * $1))
    memory
}
