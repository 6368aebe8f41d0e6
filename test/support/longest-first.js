const { basename } = require('node:path');

/**
 * Longest first: what is left at the end is short, and no worker is without work for long. Before that, what needs
 * no deployment: one is being recorded meanwhile (record-deployment.js).
 */
const ORDER = ['check', 'infra', 'integration', 'emulator', 'statemachine', 'unit'];
/** The unit tests of more than five seconds. In the order of their names the first of them would end last, alone. */
const LONG = ['saga', 'aws-probes', 'aligned-rules', 'commands'];

/** Smaller is sooner. */
function rank({ context, path }) {
  const project = ORDER.indexOf(context.config.displayName?.name);
  const long = LONG.indexOf(basename(path, '.test.ts'));
  return project + (long < 0 ? 0.9 : long / 10);
}

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
