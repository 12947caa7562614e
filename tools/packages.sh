# Installs Debian packages that are missing; sourced by ./run and ./test. Needs root or sudo only
# when something is missing.

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "missing packages, and neither root nor sudo to install them: $*" >&2
        return 1
    fi
}

# install_packages NAME…
install_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return 0
    command -v apt-get >/dev/null || {
        echo "this is not Debian: install the like of ${missing[*]} yourself" >&2
        return 1
    }
    echo "installing ${missing[*]}"
    as_root apt-get -q update >/dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
        "${missing[@]}" >/dev/null
}

build_packages=(gcc libc6-dev meson ninja-build pkg-config python3 python3-yaml libmicrohttpd-dev
    libsodium-dev libsqlite3-dev libjansson-dev libcurl4-openssl-dev libssl-dev)
test_packages=(libcmocka-dev clang clang-format clang-tidy libclang-rt-14-dev python3-venv git
    universal-ctags sqlite3 faketime binutils)
browser_packages=(chromium fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji)
