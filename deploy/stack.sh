# The parts of a local stack, how each is configured, started, stopped and looked at; read after deploy/lib.sh
# with VAR, PORT, PRESET and BUILD set.
# shellcheck shell=sh

POOLS='read app fetch fetch-anon signin'
PARTS="primary replica memcached $POOLS jobs recheck nginx"
is_pool() { case " $POOLS " in *" $1 "*) ;; *) return 1 ;; esac; }

# The settings of this stack that must be the same at the next deploy/up.
settings_read() {
    PORT=8080 PRESET=release
    # shellcheck disable=SC1091
    [ ! -r "$VAR/settings" ] || . "$VAR/settings"
}
settings_write() { printf 'PORT=%s\nPRESET=%s\n' "$PORT" "$PRESET" >"$VAR/settings"; }
stack_names() { # what follows from the settings
    DEMO_PORT=$((PORT + 1)) METRICS_PORT=$((PORT + 2))
    case $PRESET in release) BUILD=$TOP/build ;; *) BUILD=$TOP/build/$PRESET ;; esac
    RUN_USER=${OBI_RUN_USER:-nobody} HIDDEN=
    RUN_GROUP=$(id -gn "$RUN_USER" 2>/dev/null) || RUN_GROUP=nogroup
    if is_root; then HIDDEN=$(hidden_folder "$TOP" || hidden_folder "$VAR") || true; fi
}
# The first folder on the way to $1 that others may not enter; a status of 1 when there is none.
hidden_folder() {
    hidden_path=
    hidden_rest=${1#/}
    while [ -n "$hidden_rest" ]; do
        hidden_path=$hidden_path/${hidden_rest%%/*}
        case $(stat -c %A "$hidden_path" 2>/dev/null) in '' | *[xt]) ;; *)
            echo "$hidden_path"
            return 0
            ;;
        esac
        case $hidden_rest in */*) hidden_rest=${hidden_rest#*/} ;; *) hidden_rest= ;; esac
    done
    return 1
}

# The folders. Those that the servers write to are theirs.
folders_make() {
    longest=$VAR/run/fetch-anon.sock
    [ ${#longest} -le 107 ] || die "$VAR is too long a path: a socket's may have 107 bytes, and $longest has \
${#longest}. Please choose a shorter folder with --var."
    for folder in run log mail primary primary/tmp replica replica/tmp nginx nginx/tmp demo; do
        mkdir -p "$VAR/$folder" || die "$VAR/$folder cannot be made"
    done
    chmod 755 "$VAR"
    chmod 700 "$VAR/primary" "$VAR/replica"
    chmod 711 "$VAR/run"
    own run log mail primary primary/tmp replica replica/tmp nginx/tmp
}
own() { # own PATH...: gives what the servers write to the unprivileged user
    is_root || return 0
    for owned in "$@"; do chown "$RUN_USER:$RUN_GROUP" "$VAR/$owned"; done
}

secret_new() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
secrets_make() {
    if [ ! -s "$VAR/secrets" ]; then
        (
            umask 077
            for secret in ADMIN OWNER WORKER REPLICATION; do echo "${secret}_PASSWORD=$(secret_new)"; done \
                >"$VAR/secrets"
        )
    fi
    # shellcheck disable=SC1091
    . "$VAR/secrets"
}

# VAR/obi.conf: what this stack needs, and over it VAR/local.conf, the file last given as --conf. Checked first,
# each as it is, so that a mistake is said with the name and line of the file that has it.
conf_write() { # conf_write [FILE]
    conf_given=${1:-$VAR/local.conf}
    [ -e "$conf_given" ] || conf_given=/dev/null
    (umask 077 && conf_base >"$VAR/base.conf")
    "$BUILD/obi" config check --conf "$VAR/base.conf" --conf "$conf_given" >"$VAR/log/config.log" 2>&1 || {
        rm -f "$VAR/base.conf" # it has the databases' passwords
        return 1
    }
    [ $# -eq 0 ] || cp "$1" "$VAR/local.conf"
    (
        umask 077
        {
            echo "# Written by deploy/up; what a file given with --conf says stands at the end."
            awk 'FILENAME == ARGV[1] { sub(/^[ \t]+/, ""); sub(/[ \t]*=.*/, ""); if ($0 !~ /^#/) set[$0]; next }
                 { key = $0; sub(/[ \t]*=.*/, "", key) } !(key in set)' "$conf_given" "$VAR/base.conf"
            cat "$conf_given"
        } >"$VAR/obi.conf.new"
    )
    cmp -s "$VAR/obi.conf.new" "$VAR/obi.conf" || mv "$VAR/obi.conf.new" "$VAR/obi.conf"
    rm -f "$VAR/obi.conf.new" "$VAR/base.conf"
    own obi.conf
}
conf_base() {
    cat <<EOF
site.base_url = http://localhost:$PORT
db.primary = unix:$VAR/run/primary.sock
db.replica = unix:$VAR/run/replica.sock
db.password = $WORKER_PASSWORD
db.owner_password = $OWNER_PASSWORD
cache.server = unix:$VAR/run/memcached.sock
mail.url = file:$VAR/mail
mail.from = backpack@localhost
metrics.file = $VAR/run/metrics
fetch.allow_net = 127.0.0.1/32:$DEMO_PORT public
EOF
}

# --- The databases.

database_conf() { # database_conf primary|replica
    cat <<EOF
[mariadbd]
datadir = $VAR/$1/data
tmpdir = $VAR/$1/tmp
socket = $VAR/run/$1.sock
pid-file = $VAR/$1/mariadbd.pid
skip-name-resolve
character-set-server = utf8mb4
collation-server = utf8mb4_bin
gtid_strict_mode = 1
max_connections = 250
max_allowed_packet = 32M
EOF
    # A replica cannot follow through a socket, so each has a port on the loopback; it is for that alone.
    printf 'bind-address = 127.0.0.1\nport = %s\n' "$(cat "$VAR/$1/port")"
    cat "$TOP/deploy/mariadb/small.cnf" "$TOP/deploy/mariadb/binlog.cnf" "$TOP/deploy/mariadb/$1.cnf"
}
database_write_conf() {
    database_port "$1"
    database_conf "$1" >"$VAR/$1/my.cnf.new"
    mv "$VAR/$1/my.cnf.new" "$VAR/$1/my.cnf"
    own "$1/my.cnf"
}
database_port() { # database_port primary|replica
    if [ -s "$VAR/$1/port" ] && { alive "$1" || port_free "$(cat "$VAR/$1/port")"; }; then
        return 0
    fi
    until try=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000)) && port_free $try; do :; done
    echo $try >"$VAR/$1/port"
}
# Makes the primary's files, with all users, and the replica as a copy of them: both begin at the same point,
# before the first transaction of the binary log.
database_create() {
    if [ ! -e "$VAR/primary/ready" ]; then
        rm -rf "$VAR/primary/data" "$VAR/replica/data" "$VAR/replica/ready"
        mkdir "$VAR/primary/data"
        own primary/data
        # --force: the name of this machine need not be known to it.
        (as_user mariadb-install-db --defaults-file="$VAR/primary/my.cnf" --skip-test-db \
            --auth-root-authentication-method=normal --skip-name-resolve --force) >"$VAR/log/primary.log" 2>&1 </dev/null || return 1
        # --bootstrap takes one statement a line and writes nothing to the binary log.
        (as_user mariadbd --defaults-file="$VAR/primary/my.cnf" --bootstrap) \
            >>"$VAR/log/primary.log" 2>&1 <<EOF || return 1
FLUSH PRIVILEGES;
ALTER USER root@localhost IDENTIFIED BY '$ADMIN_PASSWORD';
$(sed "/^--/d;s/CHANGE-ME-TOO/$OWNER_PASSWORD/;s/CHANGE-ME/$WORKER_PASSWORD/" "$TOP/deploy/mariadb/users.sql")
CREATE USER obi_replica@127.0.0.1 IDENTIFIED BY '$REPLICATION_PASSWORD';
GRANT REPLICATION SLAVE ON *.* TO obi_replica@127.0.0.1;
EOF
        rm -f "$VAR"/primary/data/binlog.*
        cp -a "$VAR/primary/data" "$VAR/replica/data" || return 1
        touch "$VAR/primary/ready" "$VAR/replica/ready"
    fi
}
# Makes the replica anew: a copy of the primary's files, which stands still for that long, and where they end in
# its binary log.
replica_rebuild() {
    part_stop replica
    alive primary || part_start primary || return 1
    rebuild_at=$(echo 'SET GLOBAL read_only = 1; SELECT @@gtid_binlog_pos' | database_admin primary) || return 1
    part_stop primary
    rm -rf "$VAR/replica/data" "$VAR/replica/ready"
    cp -a "$VAR/primary/data" "$VAR/replica/data" || return 1
    rm -f "$VAR"/replica/data/binlog.*
    echo "$rebuild_at" >"$VAR/replica/position"
    touch "$VAR/replica/ready"
    part_start primary && part_start replica
}
replica_is_there() { [ -e "$VAR/replica/ready" ] && [ -d "$VAR/replica/data" ]; }
# Cannot go on by itself: a change does not fit its rows, or the primary no longer has what it needs.
replica_is_broken() {
    replica_state | awk '/Last_SQL_Errno: [1-9]/ || /Last_IO_Errno: 1236/ { broken = 1 } END { exit !broken }'
}
replica_is_settled() { replica_is_behind_no_more || replica_is_broken; }
database_admin() { # database_admin primary|replica: SQL on standard input, as the server's root
    MYSQL_PWD=$ADMIN_PASSWORD mariadb --no-defaults -uroot -S "$VAR/run/$1.sock" -BN
}
database_answers() { echo 'SELECT 1' | database_admin "$1"; }
replica_follows() { # replica_follows [NAME]
    follow_from=
    if [ -e "$VAR/replica/position" ]; then follow_from="SET GLOBAL gtid_slave_pos = '$(cat "$VAR/replica/position")';"; fi
    database_admin "${1:-replica}" <<EOF || return 1
STOP SLAVE;
$follow_from
CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $(cat "$VAR/primary/port"), MASTER_USER = 'obi_replica',
    MASTER_PASSWORD = '$REPLICATION_PASSWORD', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1,
    MASTER_HEARTBEAT_PERIOD = 1;
START SLAVE;
EOF
    rm -f "$VAR/replica/position"
}
replica_state() {
    echo 'SHOW SLAVE STATUS\G' | MYSQL_PWD=$ADMIN_PASSWORD mariadb --no-defaults -uroot -S "$VAR/run/replica.sock"
}
replica_is_behind_no_more() {
    replica_state | awk '/Slave_IO_Running: Yes/ { io = 1 } /Slave_SQL_Running: Yes/ { sql = 1 }
        /Seconds_Behind_Master: 0/ { now = 1 } END { exit !(io && sql && now) }'
}

# --- The pools.

pool_size() { # workers of a pool; a sanitized worker is several times as large
    case $1 in
    read) echo $((cpus * 2)) ;;
    app) echo $((cpus + 1)) ;;
    fetch) echo 4 ;;
    signin) echo 3 ;; # slow domains hold two, docs/sign-in.md
    *) echo 2 ;;
    esac
}
pool_start() {
    pool=$1
    rm -f "$VAR/run/$pool.sock"
    # -t: a worker that dies later than that many milliseconds after its start is started again, however often.
    set -- spawn-fcgi -n -s "$VAR/run/$pool.sock" -M 0600 -b 4096 -- \
        /usr/bin/multiwatch -f "$(pool_size "$pool")" -t 100 -- \
        "$VAR/run/build/obi-fcgi" --conf "$VAR/obi.conf" --pool "$pool"
    case $pool in
    fetch*) set -- "$TOP/deploy/lower" 19 "$@" ;;
    signin) set -- "$TOP/deploy/lower" 10 "$@" ;;
    esac
    daemon "$pool" "$@"
}
# Each worker ends the request it is at and is followed by one of the program and the settings as they are now. The
# socket stays, and what has not been taken from it waits there, so no request fails.
pool_reload() {
    pool=$1
    keeper=$(pid_of "$pool") || return 1
    before=$(pgrep -P "$keeper")
    kill -USR2 "$keeper"
    reload_left=$((75 * 20)) # nginx waits for none longer
    for worker in $before; do
        while [ "$(ps -o ppid= -p "$worker" | tr -d ' ')" = "$keeper" ]; do
            [ $reload_left -gt 0 ] || kill -KILL "$worker"
            reload_left=$((reload_left - 1))
            sleep 0.05
        done
    done
}

# --- Every part by its name.

part_stamp() { # what the part is made from: when that changes, it is started again
    case $1 in
    primary | replica) digest "$VAR/$1/my.cnf" /usr/sbin/mariadbd ;;
    memcached) digest /usr/bin/memcached "$TOP/deploy/stack.sh" ;;
    jobs | recheck) digest "$VAR/obi.conf" "$BUILD/obi" ;;
    nginx) digest /usr/sbin/nginx ;;
    *) digest "$VAR/obi.conf" "$BUILD/obi-fcgi" ;;
    esac
}
part_start() {
    case $1 in
    primary | replica)
        daemon "$1" chrt --batch 0 mariadbd --defaults-file="$VAR/$1/my.cnf"
        wait_for "$1" 60 "starting" database_answers "$1" || return 1
        [ "$1" = primary ] || replica_follows || return 1
        ;;
    memcached)
        rm -f "$VAR/run/memcached.sock"
        daemon memcached memcached -s "$VAR/run/memcached.sock" -a 0700 -m 64 -I 4m -t 1 -c 4096 -b 4096
        wait_for memcached 5 "starting" test -S "$VAR/run/memcached.sock" || return 1
        ;;
    jobs) daemon jobs "$TOP/deploy/lower" 10 /usr/bin/multiwatch -f 1 -t 100 -- "$BUILD/obi" jobs --conf "$VAR/obi.conf" ;;
    # The same keeper; whatever else there is to do comes first.
    recheck) daemon recheck "$TOP/deploy/lower" 19 /usr/bin/multiwatch -f 1 -t 100 -- "$BUILD/obi" recheck --conf "$VAR/obi.conf" ;;
    nginx)
        daemon nginx nginx -e "$VAR/log/nginx-error.log" -p "$VAR/nginx" -c "$VAR/nginx/local.conf"
        wait_for nginx 5 "starting" nginx_answers || return 1
        ;;
    *)
        pool_start "$1"
        wait_for "$1" 5 "starting" test -S "$VAR/run/$1.sock" || return 1
        ;;
    esac
    part_stamp "$1" >"$VAR/run/$1.stamp"
}
# Has a part that runs take up its program and settings anew without a failed request, where it can do that.
part_reload() {
    case $1 in
    nginx) kill -HUP "$(pid_of nginx)" ;;
    *) is_pool "$1" && pool_reload "$1" && part_stamp "$1" >"$VAR/run/$1.stamp" ;;
    esac
}
nginx_answers() { [ -n "$(http_status /static/ "$PORT")" ]; }
part_stop() {
    case $1 in
    primary | replica) stop "$1" 60 ;;
    nginx) stop nginx 5 ;;
    *) stop "$1" 10 ;;
    esac
}
part_log() { # the end of what the part last wrote
    for log in "$VAR/log/$1.log" "$VAR/log/$1-error.log"; do
        if [ -s "$log" ]; then
            say "--- the end of $log:"
            tail -n 15 "$log"
        fi
    done
}
# --- nginx.

render() { # render FILE: with its @NAMES@ filled in
    sed -e "s|@VAR@|$VAR|g;s|@RUN@|$VAR/run|g;s|@CONF@|$VAR/nginx|g;s|@NGINX@|$VAR/nginx|g" \
        -e "s|@STATIC@|$BUILD/static|g;s|@MODULES@|/usr/lib/nginx/modules|g" \
        -e "s|@PORT@|$PORT|g;s|@DEMO_PORT@|$DEMO_PORT|g;s|@METRICS_PORT@|$METRICS_PORT|g;s|@IPV6@|$ipv6_comment|g" "$1"
}
nginx_write_conf() {
    ipv6_comment='#'
    if has_ipv6; then ipv6_comment=; fi
    for conf_file in "$TOP"/deploy/nginx/*.conf; do
        render "$conf_file" >"$VAR/nginx/${conf_file##*/}" || return 1
    done
    "$BUILD/obi" config upstream --conf "$VAR/obi.conf" >"$VAR/nginx/upstream.conf" || return 1
    mkdir -p "$VAR/nginx/html/errors"
    "$BUILD/obi" error-pages --conf "$VAR/obi.conf" "$VAR/nginx/html/errors" || return 1
    chmod -R a+rX "$VAR/nginx/html"
    (as_user nginx -t -q -e stderr -p "$VAR/nginx" -c "$VAR/nginx/local.conf")
}

stack_stop() {
    for part in nginx recheck jobs signin fetch-anon fetch app read memcached replica primary; do part_stop "$part"; done
}
