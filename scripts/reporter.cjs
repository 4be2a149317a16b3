/**
 * mocha's `dot` (or, with KUBETS_TEST_TITLES, `spec`) reporter, which also writes mocha's JSON report to the file named
 * by KUBETS_TEST_REPORT: people read the one, scripts/test.sh the other.
 */
const { reporters } = require('mocha');

const ForPeople = process.env.KUBETS_TEST_TITLES ? reporters.Spec : reporters.Dot;

module.exports = class extends ForPeople {
  constructor(runner, options) {
    super(runner, options);
    const output = process.env.KUBETS_TEST_REPORT;
    if (output) this.json = new reporters.JSON(runner, { ...options, reporterOption: { output }, reporterOptions: { output } });
  }
};
