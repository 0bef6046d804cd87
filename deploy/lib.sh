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
        for wanted in "$@"; do
            [ "$tag" = "$wanted" ] && printf '%s %s\n' "$name" "$program"
        done
    done <"$TOP/deploy/packages"
}

# packages_missing TAG...: those of them that this machine lacks, in one line.
packages_missing() {
    # shellcheck disable=SC2046
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
        for service in nginx memcached; do
            case " $missing " in
            *" $service "*) $sudo systemctl disable --quiet "$service" 2>/dev/null || true ;;
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
