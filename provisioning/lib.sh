# What `try` and `test` share: sourced, never run.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }
fail() { say "$(basename "$0"): $*"; exit 1; }

# Before a command that needs root: nothing for root, sudo for everybody else.
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)

# Debian packages of the given kinds (run, build, test) that are not installed yet.
missing_packages() {
    local kinds="$1" kind package
    while read -r kind package; do
        case "$kind" in '' | '#'*) continue ;; esac
        case " $kinds " in *" $kind "*) ;; *) continue ;; esac
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
    done < "$root/provisioning/packages.txt"
}

# Installs what is missing, after saying what it is. Nothing missing: no network, no root.
install_packages() {
    local packages attempt
    packages="$(missing_packages "$1")"
    [ -n "$packages" ] || return 0
    command -v apt-get >/dev/null || fail "needs the packages $packages and knows only Debian's apt-get to install them"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "needs root to install $packages; run it as root, or install sudo"
    say "Installing Debian packages: $packages"
    for attempt in 1 2 3 4; do
        # A download can break, and another apt may hold the lock or be cut off half-way: finish that and try again.
        # shellcheck disable=SC2086
        if "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=540 update >&2 &&
            "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=540 -o Acquire::Retries=3 \
                install --no-install-recommends $packages >/dev/null; then
            return 0
        fi
        say "apt-get failed (try $attempt of 4)"
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive dpkg --configure -a >&2 || true
    done
    fail "could not install $packages; see the messages above"
}

require_swift() {
    command -v swift >/dev/null ||
        fail "Swift is missing. Install Swift 6.2 or later for $(. /etc/os-release && printf '%s' "$PRETTY_NAME") from https://www.swift.org/install/linux, then run this again"
    local version
    version="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)"
    [ "$(printf '%s\n6.2\n' "$version" | sort -V | head -n 1)" = 6.2 ] ||
        fail "Swift $version is too old; MeshCam needs 6.2 or later (https://www.swift.org/install/linux)"
}

# The programs of a node: itself, and those that speak to its storage targets. Options go to `swift build`.
build_programs() {
    local product
    for product in meshcam meshcam-directory meshcam-smb; do
        swift build "$@" --product "$product" >&2 || fail "the build of $product failed; its messages are above"
    done
}

# The bus that Avahi's clients use: the system's where avahi-daemon answers on it, else a private pair of dbus-daemon and
# avahi-daemon of our own, which stop_avahi ends. They have sessions of their own, so that Ctrl-C leaves them to the nodes until
# these have stopped.
avahi_directory=
avahi_pids=
start_avahi() {
    if dbus-send --system --print-reply --dest=org.freedesktop.Avahi / org.freedesktop.Avahi.Server.GetVersionString >/dev/null 2>&1; then
        return 0
    fi
    avahi_directory="$(mktemp -d "${TMPDIR:-/tmp}/meshcam-avahi.XXXXXX")"
    say "No avahi-daemon runs here: starting a private one for mDNS."
    cat > "$avahi_directory/bus.conf" <<CONF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=$avahi_directory/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
    <allow send_requested_reply="true"/><allow receive_requested_reply="true"/><allow receive_type="signal"/>
    <allow send_destination="*"/><allow eavesdrop="false"/>
  </policy>
</busconfig>
CONF
    # Without wide-area DNS and without publishing this machine twice; its own run-time directory comes from a private mount.
    cat > "$avahi_directory/avahi.conf" <<CONF
[server]
use-ipv4=yes
use-ipv6=yes
allow-point-to-point=yes
[wide-area]
enable-wide-area=no
[publish]
publish-workstation=no
publish-hinfo=no
CONF
    "${sudo[@]}" setsid dbus-daemon --config-file="$avahi_directory/bus.conf" --nofork --nopidfile </dev/null >"$avahi_directory/dbus.log" 2>&1 &
    avahi_pids="$!"
    wait_for 50 test -S "$avahi_directory/bus" || fail "the private D-Bus did not start: $(tail -n 1 "$avahi_directory/dbus.log")"
    export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$avahi_directory/bus"
    # avahi-daemon insists on /run/avahi-daemon; in a mount namespace of its own that disturbs nobody.
    "${sudo[@]}" mkdir -p /run/avahi-daemon
    "${sudo[@]}" env DBUS_SYSTEM_BUS_ADDRESS="$DBUS_SYSTEM_BUS_ADDRESS" setsid unshare --mount sh -c \
        'mount -t tmpfs tmpfs /run/avahi-daemon && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$0/avahi.conf"' \
        "$avahi_directory" </dev/null >"$avahi_directory/avahi.log" 2>&1 &
    avahi_pids="$! $avahi_pids"
    wait_for 100 dbus-send --bus="$DBUS_SYSTEM_BUS_ADDRESS" --print-reply --dest=org.freedesktop.Avahi / \
        org.freedesktop.Avahi.Server.GetVersionString >/dev/null 2>&1 ||
        say "The private avahi-daemon did not start ($(tail -n 1 "$avahi_directory/avahi.log")); nodes go on without mDNS."
}

# One that has not ended after 3 s is killed: nobody who typed Ctrl-C waits for a daemon of ours that hangs.
stop_avahi() {
    local pid
    for pid in $avahi_pids; do "${sudo[@]}" kill "$pid" 2>/dev/null || true; done
    for pid in $avahi_pids; do
        wait_for 30 has_ended "$pid" || "${sudo[@]}" kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    avahi_pids=
    [ -z "$avahi_directory" ] || "${sudo[@]}" rm -rf "$avahi_directory"
    avahi_directory=
}

# A process that is gone, or that nobody has to wait for any more (a zombie).
has_ended() {
    local state
    state="$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)" || return 0
    [ -z "$state" ] || [ "$state" = Z ]
}

# wait_for TENTHS COMMAND…: until COMMAND succeeds, at most so many tenths of a second.
wait_for() {
    local tenths="$1"
    shift
    while [ "$tenths" -gt 0 ]; do
        "$@" && return 0
        tenths=$((tenths - 1))
        sleep 0.1
    done
    return 1
}

# The Python that runs the tests, with their packages, as $venv.
make_venv() {
    venv="$root/.venv"
    local requirements="$root/Tests/requirements.txt" attempt
    [ -x "$venv/bin/pytest" ] && cmp -s "$requirements" "$venv/requirements.txt" && return 0
    say "Installing the Python packages of the tests…"
    python3 -m venv --clear "$venv"
    for attempt in 1 2 3 4; do
        "$venv/bin/pip" install --quiet --disable-pip-version-check --retries 5 -r "$requirements" && break
        [ "$attempt" -lt 4 ] || fail "pip could not install $requirements"
    done
    cp "$requirements" "$venv/requirements.txt"
}
