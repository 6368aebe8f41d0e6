/**
 * Longest first: what is left at the end is short, and no worker is without work for long. Before that, what needs
 * no deployment: one is being recorded meanwhile (record-deployment.js).
 */
const ORDER = ['check', 'infra', 'integration', 'emulator', 'statemachine', 'unit'];
const rank = ({ context }) => ORDER.indexOf(context.config.displayName?.name);

/** The order of Jest's test files, which by itself puts the largest files first: those of the unit tests. */
module.exports = class LongestFirst {
  sort(tests) {
    return [...tests].sort((one, other) => rank(one) - rank(other) || one.path.localeCompare(other.path));
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
};
