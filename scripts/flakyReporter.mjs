/**
 * A vitest reporter for the check of a commit, where a test may be tried again: names each test that passed only
 * then, so that it is mended and not forgotten. It prints nothing else.
 */
export default class FlakyReporter {
  flaky = [];

  onTestCaseResult(test) {
    if (test.diagnostic()?.flaky) this.flaky.push(`${test.module.relativeModuleId} > ${test.fullName}`);
  }

  onTestRunEnd() {
    for (const name of this.flaky) console.log(`FLAKY, passed at a further try: ${name}`);
  }
}
