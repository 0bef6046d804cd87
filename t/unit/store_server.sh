#!/bin/sh
# Private database servers for tests of the store: store_server.sh VERB DIR.
#   make DIR      a primary and a replica with the schema's users, running; the files come from a template
#                 that is made once (TEMPLATE); they end with the process TEST_PID, if that is set
#   add DIR NAME  one more replica: second
#   start|stop|kill|freeze|thaw DIR NAME    one of them: primary, replica, second
#   follow DIR NAME OTHER   it replicates from the other
#   delay DIR SECONDS   the replica applies everything so much later
#   sync DIR [NAME]      waits until the replica has what the primary has
#   sql DIR NAME        statements on standard input, as root
#   end DIR       stops all and removes DIR
set -eu
verb=$1 dir=$2 name=${3-}

conf() { # conf NAME: the server's own file
    cat <<END
[mariadbd]
datadir = $dir/$1/data
socket = $dir/$1.sock
pid-file = $dir/$1/pid
skip-name-resolve
server_id = $(case $1 in primary) echo 1 ;; replica) echo 2 ;; *) echo 3 ;; esac)
bind-address = 127.0.0.1
port = $(cat "$dir/$1.port" 2>/dev/null || echo 0)
log_bin = binlog
log_slave_updates = 1
binlog_format = ROW
relay_log = relay
gtid_strict_mode = 1
innodb_buffer_pool_size = 8M
innodb_log_file_size = 8M
innodb_flush_log_at_trx_commit = 2
sync_binlog = 0
innodb_lock_wait_timeout = 5
performance_schema = 0
key_buffer_size = 64K
aria_pagecache_buffer_size = 256K
max_allowed_packet = 32M
slave_net_timeout = 4
END
    [ "$1" = primary ] || echo 'read_only = 1'
}
# Run as root, the server has to be told that this is meant.
me=$(id -un)
sql() { mariadb --no-defaults -uroot -S "$dir/$1.sock" -BN; }
start() {
    conf "$1" >"$dir/$1/my.cnf"
    setsid mariadbd --defaults-file="$dir/$1/my.cnf" --user="$me" >>"$dir/$1/log" 2>&1 </dev/null &
    tries=0
    until echo 'SELECT 1' | sql "$1" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 400 ] || { tail -20 "$dir/$1/log" >&2; exit 1; }
        sleep 0.05
    done
}
gone() { # waits until the process is; nobody may be there to bury it
    while grep -qs '^State:[[:space:]]*[^Z]' "/proc/$1/status"; do sleep 0.02; done
}
stop() {
    [ -s "$dir/$1/pid" ] || return 0
    pid=$(cat "$dir/$1/pid")
    kill -CONT "$pid" 2>/dev/null || return 0
    kill "-$2" "$pid" 2>/dev/null || true
    gone "$pid"
    rm -f "$dir/$1/pid"
}
template() {
    [ ! -e "$TEMPLATE/ready" ] || return 0
    rm -rf "$TEMPLATE" && mkdir -p "$TEMPLATE"
    dir=$TEMPLATE
    mkdir -p "$dir/primary" && conf primary >"$dir/primary/my.cnf"
    mariadb-install-db --defaults-file="$dir/primary/my.cnf" --user="$me" --skip-test-db \
        --auth-root-authentication-method=normal --skip-name-resolve >"$dir/log" 2>&1 </dev/null
    mariadbd --defaults-file="$dir/primary/my.cnf" --user="$me" --bootstrap >>"$dir/log" 2>&1 <<END
FLUSH PRIVILEGES;
CREATE DATABASE obi CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER obi_owner@localhost, obi_replica@127.0.0.1, obi@localhost;
GRANT ALL ON obi.* TO obi_owner@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON obi.* TO obi@localhost;
GRANT SLAVE MONITOR ON *.* TO obi@localhost, obi_owner@localhost;
GRANT REPLICATION SLAVE ON *.* TO obi_replica@127.0.0.1;
END
    rm -f "$dir"/primary/data/binlog.*
    touch "$TEMPLATE/ready"
}
# A test that is aborted cannot clean up: when its process is gone, what it had goes.
watch() {
    setsid sh -c 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; exec "$0" end "$2"' \
        "$0" "$TEST_PID" "$dir" >/dev/null 2>&1 </dev/null &
}
make() {
    [ -z "${TEST_PID-}" ] || watch
    mkdir -p "$(dirname "$TEMPLATE")"
    (exec 9>"$TEMPLATE.lock" && flock 9 && template)
    server_new primary
    server_new replica
    follow replica primary
}
server_new() { # server_new NAME: with the template's files, running
    mkdir -p "$dir/$1"
    cp -a "$TEMPLATE/primary/data" "$dir/$1/data"
    tries=0
    while :; do # a port may be taken by somebody else in between
        echo $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000)) >"$dir/$1.port"
        (start "$1") && break
        tries=$((tries + 1)) && [ $tries -lt 3 ]
    done
}
follow() { # follow NAME OTHER
    sql "$1" <<END
STOP SLAVE;
CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $(cat "$dir/$2.port"), MASTER_USER = 'obi_replica',
    MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 1;
START SLAVE;
END
}
case $verb in
make) make ;;
add) server_new "$name" && follow "$name" primary ;;
follow) follow "$name" "$4" ;;
start) start "$name" ;;
stop) stop "$name" TERM ;;
kill) stop "$name" KILL ;;
freeze) kill -STOP "$(cat "$dir/$name/pid")" ;;
thaw) kill -CONT "$(cat "$dir/$name/pid")" ;;
delay) echo "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = $name; START SLAVE;" | sql replica ;;
sync) # until the replica, or the one named, has what the primary has now
    pos=$(echo 'SELECT @@gtid_binlog_pos' | sql primary)
    [ "$(echo "SELECT MASTER_GTID_WAIT('$pos', 30)" | sql "${name:-replica}")" = 0 ] ;;
sql) sql "$name" ;;
end) for server in second replica primary; do stop $server KILL; done; rm -rf "$dir" "$dir.log" ;;
*) exit 64 ;;
esac
