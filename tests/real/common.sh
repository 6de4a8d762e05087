# shellcheck shell=bash
# Sourced by ceph-rgw and examples/quickstart: progress lines, Debian packages, processes and ports.
# The caller has set `dir` (absolute) before it calls any of these.
set -euo pipefail
export LC_ALL=C
export no_proxy=127.0.0.1,localhost${no_proxy:+,$no_proxy}
prog=${0##*/}
watcher=''  # pid of the process that watches the time
gave_up=''  # set when the time is over
critical='' # set while that must not end this program
: "${dir:=}"

# what building and running the project needs on Debian 12
# shellcheck disable=SC2034
build_packages=(g++ cmake make ninja-build libboost1.81-dev libboost-json1.81-dev libssl-dev libpugixml-dev libcurl4-openssl-dev
    libcli11-dev libspdlog-dev prometheus-cpp-dev libsqlite3-dev catch2 python3 openssl curl)

exec 8>&2 # progress is shown even where stderr is redirected
say() { printf "%s [%3ds] %s\n" "$prog" "$SECONDS" "$*" >&8; }
die() { say "ERROR: $*"; exit 1; }
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
absolute() {
    case $1 in *[[:space:]]*) die "no white space in DIR, please" ;; esac
    case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac
}

# packages NAME...: installs those that are missing. RUNLEVEL=1 keeps Debian's own services from being started by the
# installation where there is no systemd.
packages() {
    local missing=() sudo=() p try
    for p in "$@"; do
        dpkg-query -Wf '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "packages missing (${missing[*]}) and not root"
        sudo=(sudo)
        [ -t 2 ] || sudo+=(-n) # nobody there to type a password
    fi
    say "installing ${missing[*]}"
    for try in 1 2; do
        if "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 timeout 900 apt-get install -y -q \
            --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" >"$dir/apt.log" 2>&1; then
            say "installed"
            return 0
        fi
        # the lists may be missing or old
        [ "$try" = 2 ] || "${sudo[@]}" timeout 300 apt-get update -q >>"$dir/apt.log" 2>&1 || true
    done
    tail -5 "$dir/apt.log" >&2
    die "could not install ${missing[*]}"
}

# A pid file holds "PID START": START is the kernel's start time of that process, so a pid that was given to another
# process in the meantime is never taken for ours. A process that ended but was not reaped yet (state Z) counts as gone.
start_time() { [ -r "/proc/$1/stat" ] && sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'; }
pid_of() { # NAME: prints the pid when that process runs
    local pid start now
    [ -s "$dir/$1.pid" ] || return 1
    read -r pid start <"$dir/$1.pid" || return 1
    now=$(start_time "$pid") && [ -n "$now" ] && [ "$now" = "$start" ] || return 1
    echo "$pid"
}
launch() { # NAME COMMAND...: in a session of its own, without our lock
    local name=$1 pid
    shift
    critical=1 # a time-out waits until the pid is on file
    setsid "$@" >"$dir/$name.out" 2>&1 </dev/null 8>&- 9>&- &
    pid=$!
    sleep 0.03 # until setsid has become the command
    echo "$pid $(start_time "$pid")" >"$dir/$name.pid"
    critical=
    [ -z "$gave_up" ] || die "gave up"
}
stop() { # NAME [SIGNAL [SECONDS]]: asks, waits, then kills
    local name=$1 pid i
    pid=$(pid_of "$name") || { rm -f "$dir/$name.pid"; return 0; }
    kill -"${2:-TERM}" "$pid" 2>/dev/null || true
    for ((i = 0; i < ${3:-3} * 10; i++)); do
        pid_of "$name" >/dev/null || break
        sleep 0.1
    done
    if pid_of "$name" >/dev/null; then
        kill -KILL "$pid" 2>/dev/null || true
        sleep 0.1
    fi
    say "stopped $name ($pid)"
    rm -f "$dir/$name.pid"
}

free_ports() { # N: ports below the ephemeral range that nobody listens on
    python3 - "$1" <<'PY'
import random, socket, sys
want, got = int(sys.argv[1]), []
while len(got) < want:
    p = random.randrange(20000, 32000)
    if p in got:
        continue
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", p))
        except OSError:
            continue
    got.append(p)
print(*got)
PY
}
random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; } # N bytes

lock() { # SECONDS: one program at a time in a folder
    mkdir -p "$dir"
    exec 9>"$dir/lock"
    flock -w "$1" 9 || die "another $prog works in $dir"
}
# within SECONDS UNDO FUNCTION: runs FUNCTION; when it fails or takes longer, runs UNDO and exits 1
within() {
    local limit=$1 undo=$2
    shift 2
    SECONDS=0
    trap 'gave_up=1; [ -n "$critical" ] || die "gave up"' TERM INT
    (
        trap - EXIT TERM INT
        exec 8>&- 9>&- >/dev/null 2>&1
        sleep "$limit" &
        trap 'kill $!; exit' TERM
        wait $!
        kill -TERM $$
    ) &
    watcher=$!
    # shellcheck disable=SC2064
    trap "kill \$watcher 2>/dev/null || true; $undo" EXIT
    "$@"
    kill "$watcher" 2>/dev/null || true
    trap - EXIT TERM INT
}
