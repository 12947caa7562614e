# Installs Debian packages that are missing; sourced by ./run, ./test and bench/run. Needs root or
# sudo only when something is missing.

build_packages=(gcc libc6-dev meson ninja-build pkg-config python3 python3-yaml libmicrohttpd-dev
    libsodium-dev libsqlite3-dev libjansson-dev libcurl4-openssl-dev libssl-dev ca-certificates)
web_packages=(python3-venv ca-certificates) # tools/node.sh
test_packages=(libcmocka-dev clang clang-format clang-tidy git universal-ctags curl openssl
    faketime)
browser_packages=(chromium fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji)

APT_LOCK_SECONDS=300

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

is_installed() {
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# apt_get ARGUMENT…: apt-get, heard only when it fails
apt_get() {
    local said status=0
    said=$(as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq \
        -o DPkg::Lock::Timeout=$APT_LOCK_SECONDS "$@" 2>&1) || status=$?
    [ $status = 0 ] || echo "$said" >&2
    return $status
}

# install_packages NAME…
install_packages() {
    local missing=() name
    command -v dpkg-query >/dev/null || {
        echo "This is not Debian: $0 takes it that you have installed the like of $*" >&2
        return 0
    }
    for name in "$@"; do
        is_installed "$name" || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return 0
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        echo "You are neither root nor have sudo. Have an administrator run:" >&2
        echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
        return 1
    fi
    echo "Installing ${missing[*]}"
    if [ -z "${package_lists_are_new:-}" ]; then
        apt_get update || return 1
        package_lists_are_new=yes
    fi
    apt_get install -y --no-install-recommends "${missing[@]}" || return 1
}

# Java and Maven, for DynamoDB Local and for Groovy: any that are there will do.
install_java() {
    command -v java >/dev/null && command -v mvn >/dev/null && return 0
    install_packages default-jre-headless maven
}

# libFuzzer and clang's sanitizers are a package of each clang version; once clang is there.
install_clang_runtime() {
    local version
    version=$(clang -dumpversion) || return 1
    install_packages "libclang-rt-${version%%.*}-dev"
}
