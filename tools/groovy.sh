# Groovy, which the tests of the Jenkinsfile run it with; sourced by ./test. One jar of Maven
# Central's, kept in .cache.

groovy_artifact=org.apache.groovy:groovy:5.0.8
groovy_jar=.cache/jars/groovy-5.0.8.jar

install_groovy() {
    [ -f "$groovy_jar" ] && return 0
    mvn -q -B -ntp -Dmaven.repo.local="$PWD/.cache/maven" dependency:copy \
        -Dartifact="$groovy_artifact" -DoutputDirectory="$PWD/.cache/jars"
}
