# Shared by deploy/up, deploy/down, deploy/part and t/run; read with `.` after TOP, the checkout, is set.
# shellcheck shell=sh

say() { printf '%s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}
is_root() { [ "$(id -u)" -eq 0 ]; }

# packages TAG...: the names in deploy/packages that carry one of the tags.
packages() {
    while read -r name tag program; do
        case $name in '' | '#'*) continue ;; esac
        case " $* " in *" $tag "*) printf '%s %s\n' "$name" "$program" ;; esac
    done <"$TOP/deploy/packages"
}

# packages_missing TAG...: those of them that this machine lacks, in one line.
packages_missing() {
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
        sed -n 's/^installed //p')
    packages "$@" | while read -r name program; do
        printf '%s\n' "$installed" | grep -qx -- "$name" && continue
        [ -n "$program" ] && command -v "$program" >/dev/null && continue
        printf '%s ' "$name"
    done
}

# packages_install TAG...: installs what is missing. No service of theirs is started, now or at the next boot:
# what OBI runs are private instances.
packages_install() {
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    if is_root; then
        sudo=
    elif command -v sudo >/dev/null; then
        sudo=sudo
    else
        say "Some packages are missing, and installing them needs root. Please run this once as root:"
        say "  apt-get update && apt-get install --no-install-recommends -y $missing"
        exit 1
    fi
    say "installing packages: $missing"
    policy_hold
    trap 'policy_release; exit 1' INT TERM HUP
    rc=0
    # shellcheck disable=SC2086
    apt_get update && apt_get install --no-install-recommends -y $missing || rc=$?
    policy_release
    trap - INT TERM HUP
    [ "$rc" -eq 0 ] || die "the packages could not be installed (see above)"
    if command -v systemctl >/dev/null; then
        for service in nginx memcached prometheus mariadb; do
            case " $missing " in
            *" $service "* | *" $service-server "*) $sudo systemctl disable --quiet "$service" 2>/dev/null || true ;;
            esac
        done
    fi
}
apt_get() {
    log=$(mktemp)
    if $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >"$log" 2>&1; then
        rm -f "$log"
    else
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    fi
}

# While packages are installed, policy-rc.d answers "no" to every start of a service.
policy_hold() {
    policy=/usr/sbin/policy-rc.d
    if [ -e $policy ] || [ -L $policy ]; then $sudo mv $policy $policy.before-obi; fi
    printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
    $sudo chmod 755 $policy
}
policy_release() {
    $sudo rm -f $policy
    if [ -e $policy.before-obi ] || [ -L $policy.before-obi ]; then
        $sudo mv $policy.before-obi $policy
    fi
}

# --- Processes. Each part NAME of a stack in VAR keeps VAR/run/NAME.pid ("pid start-time", so that a number
# --- that another process got since is not taken for ours) and VAR/run/NAME.stamp (what it was started as).

start_time() { # of process $1; empty when it is gone or only a zombie
    sed -n 's/^[0-9]* (.*) \([A-Z]\) \(.*\)/\1 \2/p' "/proc/$1/stat" 2>/dev/null |
        awk '$1 != "Z" { print $20 }'
}
pid_of() { # the part's process id, if it runs
    [ -r "$VAR/run/$1.pid" ] || return 1
    read -r pid_seen pid_started <"$VAR/run/$1.pid" || return 1
    [ "$(start_time "$pid_seen")" = "$pid_started" ] && [ -n "$pid_started" ] && echo "$pid_seen"
}
alive() { pid_of "$1" >/dev/null; }

# as_user COMMAND...: as the unprivileged user when we are root. The command replaces the calling (sub)shell.
as_user() {
    if ! is_root; then exec "$@"; fi
    set -- setpriv --reuid "$RUN_USER" --regid "$RUN_GROUP" --clear-groups --no-new-privs \
        --inh-caps=-all --bounding-set=-all -- "$@"
    [ -z "${HIDDEN:-}" ] || set -- unshare --mount sh "$TOP/deploy/reveal" "$HIDDEN" "$TOP" "$VAR" -- "$@"
    exec "$@"
}

# daemon NAME COMMAND...: starts a part in a session of its own; what it says goes to VAR/log/NAME.log.
daemon() {
    daemon_name=$1
    shift
    (
        exec 9>&- </dev/null >>"$VAR/log/$daemon_name.log" 2>&1
        umask 027
        cd "$VAR/run" || exit 1
        as_user setsid "$@"
    ) &
    daemon_pid=$!
    echo "$daemon_pid $(start_time $daemon_pid)" >"$VAR/run/$daemon_name.pid"
}

# stop NAME [SECONDS]: asks it to end, and after a while ends it and what it started.
stop() {
    rm -f "$VAR/run/$1.stamp"
    stop_pid=$(pid_of "$1") || return 0
    kill -TERM "$stop_pid" 2>/dev/null
    stop_left=$((${2:-10} * 20))
    while alive "$1"; do
        if [ $stop_left -le 0 ]; then
            kill -KILL "-$stop_pid" 2>/dev/null || kill -KILL "$stop_pid" 2>/dev/null
        fi
        stop_left=$((stop_left - 1))
        sleep 0.05
    done
    rm -f "$VAR/run/$1.pid"
}

# wait_for NAME SECONDS WHAT COMMAND...: until the command succeeds, or the part has ended.
wait_for() {
    wait_name=$1 wait_left=$(($2 * 20)) wait_what=$3
    shift 3
    until "$@" >/dev/null 2>&1; do
        alive "$wait_name" || return 1
        [ $wait_left -gt 0 ] || { echo "$wait_what took too long" >>"$VAR/log/$wait_name.log"; return 1; }
        wait_left=$((wait_left - 1))
        sleep 0.05
    done
}

# port_free N: nobody listens there, on the loopback of either family.
port_free() {
    perl -MSocket -e '
        my ($s, $t);
        socket($s, PF_INET, SOCK_STREAM, 0) and setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1)
            and bind($s, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or exit 1;
        socket($t, PF_INET6, SOCK_STREAM, 0) and setsockopt($t, SOL_SOCKET, SO_REUSEADDR, 1) or exit 0;
        bind($t, pack_sockaddr_in6($ARGV[0], Socket::inet_pton(AF_INET6, "::1")))
            or $!{EADDRNOTAVAIL} or exit 1;' "$1"
}
# port_allowed N: whoever the servers run as may listen there.
port_allowed() {
    (HIDDEN='' && as_user env -u PERL5LIB perl -MSocket -e '
        my $s;
        socket($s, PF_INET, SOCK_STREAM, 0) or exit 0;
        exit(bind($s, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) || !$!{EACCES} ? 0 : 13)' "$1")
    [ $? -ne 13 ]
}
has_ipv6() {
    perl -MSocket -e 'my $t; socket($t, PF_INET6, SOCK_STREAM, 0)
        and bind($t, pack_sockaddr_in6(0, Socket::inet_pton(AF_INET6, "::1"))) or exit 1'
}
# http_status URL-PATH PORT: the status of a GET on the loopback.
http_status() {
    perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[1], Timeout => 5) or exit 1;
        print $s "GET $ARGV[0] HTTP/1.0\r\nHost: localhost:$ARGV[1]\r\n\r\n"; <$s> =~ / (\d+)/ and print $1' \
        "$1" "$2"
}
digest() { cat "$@" 2>/dev/null | sha256sum | cut -c1-32; }
