// Asks the gate for a release: makes evidence, files it, and takes the verdict. The build
// goes on where the release is promoted, is UNSTABLE where it is held, and FAILS where it is
// rolled back or the step could not do its work. It returns the verdict.
//
//   twinspectGate service: 'catalog', digest: env.DIGEST, server: 'https://gate.example',
//     credentialsId: 'twinspect-gate',
//     diffRun: ['testdata/traffic.twin', '--base=http://base.example', '--branch=http://branch.example']
//
// Stages after one that is UNSTABLE run, unless the pipeline has the option
// skipStagesAfterUnstable(): a pipeline that deploys needs it.
//
// The agent has twinspect and twinspect-step (deploy/step) on its PATH. Needs the plugins
// JUnit and, for credentialsId, Credentials Binding.
import groovy.transform.Field

// The variables of twinspect-step by the names of the arguments.
@Field static final Map VARIABLES = [
    service: 'TWINSPECT_SERVICE', digest: 'TWINSPECT_DIGEST', baseDigest: 'TWINSPECT_BASE_DIGEST',
    server: 'TWINSPECT_GATE_URL', policy: 'TWINSPECT_POLICY', keys: 'TWINSPECT_KEYS',
    diffRun: 'TWINSPECT_DIFF_RUN', contractRun: 'TWINSPECT_CONTRACT_RUN', evidence: 'TWINSPECT_EVIDENCE',
    weight: 'TWINSPECT_WEIGHT', wait: 'TWINSPECT_WAIT', report: 'TWINSPECT_REPORT',
]
// What is a secret is a credential, and no argument.
@Field static final Map SECRETS = [credentialsId: 'TWINSPECT_GATE_TOKEN', signingCredentialsId: 'TWINSPECT_SIGNING_KEY']

String call(Map args) {
    for (name in args.keySet()) {
        if (!VARIABLES.containsKey(name) && !SECRETS.containsKey(name)) {
            error("twinspectGate: there is no argument ${name}; there are ${(VARIABLES.keySet() + SECRETS.keySet()).join(', ')}")
        }
    }
    String report = args.report ?: 'twinspect-report'
    List settings = ["TWINSPECT_REPORT=${report}".toString(), 'TWINSPECT_ON_HOLD=fail']
    for (name in VARIABLES.keySet()) {
        if (args[name] != null && name != 'report') {
            // A list is one argument a line.
            String value = args[name] instanceof List ? args[name].join('\n') : args[name].toString()
            settings.add("${VARIABLES[name]}=${value}".toString())
        }
    }
    List secrets = []
    for (name in SECRETS.keySet()) {
        if (args[name]) {
            secrets.add(string(credentialsId: args[name], variable: SECRETS[name]))
        }
    }
    int code = 2
    withEnv(settings) {
        if (secrets) {
            withCredentials(secrets) { code = ask() }
        } else {
            code = ask()
        }
    }
    // The verdict alone says what the build is, not the counts of a report.
    junit(testResults: "${report}/junit.xml", allowEmptyResults: true, skipMarkingBuildUnstable: true)
    archiveArtifacts(artifacts: "${report}/**", allowEmptyArchive: true)
    return conclude(code)
}

private int ask() {
    return sh(label: 'Ask the release gate', script: 'twinspect-step', returnStatus: true)
}

private String conclude(int code) {
    switch (code) {
        case 0:
            return 'promote'
        case 1:
            error('The gate rolls the release back.')
            return 'rollback'
        case 3:
            unstable('The gate holds the release.')
            return 'hold'
    }
    error("The gate could not be asked: twinspect-step ended with ${code}.")
    return 'hold'
}
