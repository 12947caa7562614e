/* Runs a declarative Jenkinsfile without Jenkins: each section is an object that knows exactly what
 * Jenkins allows in it, and everything else is an error. `sh` runs for real, as `sh -xe`.
 *
 *   Runner.groovy JENKINSFILE [env.NAME=VALUE | param.NAME=VALUE | cred.ID=USER:PASSWORD]…
 *
 * Status 0: success, 1: the build failed, 2: the file is not valid. What it does not know, it
 * refuses; scripts in sandboxes and the controller's serialisation are not modelled. */

class StepFailed extends RuntimeException {
    StepFailed(String message) { super(message) }
}

class Invalid extends RuntimeException {
    Invalid(String message) { super(message) }
}

class Controller {
    Map env = [:], params = [:], credentials = [:], secrets = [:]

    /* Runs a command, shows its output, and gives [status, standard output]. */
    List shell(String command) {
        def builder = new ProcessBuilder('sh', '-xe', '-c', command)
        def variables = builder.environment()
        params.each { name, value -> variables[name as String] = value as String }
        (env + secrets).each { name, value -> variables[name as String] = value as String }
        def process = builder.start()
        process.outputStream.close()
        def out = new StringBuilder(), err = new StringBuilder()
        process.waitForProcessOutput(out, err)
        (err.toString() + out).readLines().each { println "    | $it" }
        return [process.exitValue(), out.toString()]
    }
}

/* A section of the file. Closures see it and nothing else. */
abstract class Section {
    Controller controller
    private Set seen = []

    Section(Controller controller) { this.controller = controller }

    def evaluate(Closure body) {
        body.delegate = this
        body.resolveStrategy = Closure.DELEGATE_ONLY
        body.call()
    }

    void once(String name) {
        if (!seen.add(name)) throw new Invalid("two '$name' in ${this.class.simpleName}")
    }

    void keys(Map given, List allowed) {
        def bad = given.keySet() - allowed
        if (bad) throw new Invalid("unknown keys $bad in ${this.class.simpleName}")
    }

    def getEnv() { controller.env }
    def getParams() { controller.params }

    def methodMissing(String name, arguments) {
        throw new Invalid("'$name' is not allowed in ${this.class.simpleName}")
    }

    def propertyMissing(String name) {
        if (controller.params.containsKey(name)) return controller.params[name]
        throw new Invalid("unknown name '$name' in ${this.class.simpleName}")
    }
}

class Agent extends Section {
    Agent(Controller controller) { super(controller) }
    def label(String name) {}
}

class Options extends Section {
    Options(Controller controller) { super(controller) }
    def disableConcurrentBuilds() { once('disableConcurrentBuilds') }
    def timestamps() { once('timestamps') }
    def logRotator(Map values) { keys(values, ['numToKeepStr', 'daysToKeepStr']); values }
    def buildDiscarder(Map rotator) { once('buildDiscarder') }
    def timeout(Map values) {
        once('timeout')
        keys(values, ['time', 'unit'])
        if (!(values.unit in ['SECONDS', 'MINUTES', 'HOURS'])) throw new Invalid("unit ${values.unit}")
    }
}

class Parameters extends Section {
    Parameters(Controller controller) { super(controller) }
    private add(Map values) {
        keys(values, ['name', 'defaultValue', 'description', 'trim'])
        if (!values.name) throw new Invalid('a parameter without a name')
        controller.params.putIfAbsent(values.name, values.defaultValue)
    }
    def booleanParam(Map values) { add(values) }
    def string(Map values) { add(values) }
}

class When extends Section {
    int conditions = 0
    boolean holds = true
    When(Controller controller) { super(controller) }
    private add(boolean value) { conditions++; holds = holds && value }
    def beforeAgent(boolean value) {}
    def branch(String name) { add(controller.env.BRANCH_NAME == name) }
    def expression(Closure body) { add(evaluate(body) as boolean) }
    def allOf(Closure body) { add(nested(body)) }
    def not(Closure body) { add(!nested(body)) }
    private boolean nested(Closure body) { decide(new When(controller), body) }
    static boolean decide(When when, Closure body) {
        when.evaluate(body)
        if (when.conditions == 0) throw new Invalid('a when without a condition')
        return when.holds
    }
}

class Steps extends Section {
    Steps(Controller controller) { super(controller) }
    def sh(String command) { sh(script: command) }
    def sh(Map values) {
        keys(values, ['script', 'returnStdout', 'returnStatus', 'label'])
        def (status, out) = controller.shell(values.script)
        if (values.returnStatus) return status
        if (status != 0) throw new StepFailed("sh gave status $status: ${values.script}")
        return values.returnStdout ? out : null
    }
    def echo(String message) { println "    $message" }
    def junit(String pattern) {}
    def script(Closure body) { evaluate(body) }
    def usernamePassword(Map values) {
        keys(values, ['credentialsId', 'usernameVariable', 'passwordVariable'])
        values
    }
    def withCredentials(List bindings, Closure body) {
        def before = controller.secrets
        bindings.each {
            def found = controller.credentials[it.credentialsId]
            if (found == null) throw new StepFailed("there are no credentials ${it.credentialsId}")
            controller.secrets = controller.secrets +
                [(it.usernameVariable): found[0], (it.passwordVariable): found[1]]
        }
        try {
            evaluate(body)
        } finally {
            controller.secrets = before
        }
    }
}

class Post extends Section {
    String result
    Post(Controller controller, String result) { super(controller); this.result = result }
    private perform(boolean due, Closure body) { if (due) new Steps(controller).evaluate(body) }
    def always(Closure body) { once('always'); perform(true, body) }
    def success(Closure body) { once('success'); perform(result == 'SUCCESS', body) }
    def failure(Closure body) { once('failure'); perform(result == 'FAILURE', body) }
}

class Stage extends Section {
    Closure stepsBody, whenBody, postBody
    Stage(Controller controller) { super(controller) }
    def when(Closure body) { once('when'); whenBody = body }
    def steps(Closure body) { once('steps'); stepsBody = body }
    def post(Closure body) { once('post'); postBody = body }

    void perform(String name) {
        if (stepsBody == null) throw new Invalid("stage '$name' has no steps")
        if (whenBody != null && !When.decide(new When(controller), whenBody)) {
            println "  stage $name: skipped"
            return
        }
        println "  stage $name"
        String result = 'FAILURE'
        try {
            new Steps(controller).evaluate(stepsBody)
            result = 'SUCCESS'
        } finally {
            if (postBody != null) new Post(controller, result).evaluate(postBody)
        }
    }
}

class Stages extends Section {
    Stages(Controller controller) { super(controller) }
    def stage(String name, Closure body) {
        once(name)
        def stage = new Stage(controller)
        stage.evaluate(body)
        stage.perform(name)
    }
}

class Pipeline extends Section {
    boolean hasAgent = false
    Closure stagesBody, postBody
    Pipeline(Controller controller) { super(controller) }
    def agent(Closure body) { once('agent'); hasAgent = true; new Agent(controller).evaluate(body) }
    def options(Closure body) { once('options'); new Options(controller).evaluate(body) }
    def parameters(Closure body) { once('parameters'); new Parameters(controller).evaluate(body) }
    def stages(Closure body) { once('stages'); stagesBody = body }
    def post(Closure body) { once('post'); postBody = body }

    String perform() {
        if (!hasAgent) throw new Invalid("the pipeline has no 'agent'")
        if (stagesBody == null) throw new Invalid("the pipeline has no 'stages'")
        String result = 'FAILURE'
        try {
            new Stages(controller).evaluate(stagesBody)
            result = 'SUCCESS'
        } catch (StepFailed e) {
            println "  failed: ${e.message}"
        } finally {
            if (postBody != null) new Post(controller, result).evaluate(postBody)
        }
        return result
    }
}

def controller = new Controller()
args.drop(1).each {
    def (name, value) = it.split('=', 2)
    def (kind, key) = name.split(/\./, 2)
    switch (kind) {
        case 'env': controller.env[key] = value; break
        case 'param': controller.params[key] = value in ['true', 'false'] ? value.toBoolean() : value; break
        case 'cred': controller.credentials[key] = value.split(':', 2) as List; break
        default: throw new IllegalArgumentException(it)
    }
}
def results = []
def binding = new Binding()
binding.pipeline = { Closure body ->
    def pipeline = new Pipeline(controller)
    pipeline.evaluate(body)
    results << pipeline.perform()
}
try {
    new GroovyShell(binding).evaluate(new File(args[0]))
    if (results.size() != 1) throw new Invalid("${results.size()} pipeline blocks")
} catch (Throwable problem) {
    println "INVALID ${problem.class.simpleName}: ${problem.message?.readLines()?.take(4)?.join(' ')}"
    System.exit(2)
}
println "RESULT ${results[0]}"
System.exit(results[0] == 'SUCCESS' ? 0 : 1)
