const { availableParallelism } = require('node:os');
require('./operations/require-node.cjs');

/** Jest runs TypeScript through swc; packages that ship as ES modules only are transformed too. */
const transform = {
  '^.+\\.(t|j|mj)s$': [
    '@swc/jest',
    { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
  ],
  '\\.sql$': '<rootDir>/test/support/text-module.js',
};

const project = ([displayName, folder = `test/${displayName}`]) => ({
  displayName,
  // A test that reads log lines asks for them (test/support/log-lines.ts).
  ...(displayName === 'unit' && { setupFiles: ['<rootDir>/test/support/silent-logger.ts'] }),
  ...(displayName === 'infra' && {
    globalSetup: '<rootDir>/test/support/synthesize-stages.js',
    globalTeardown: '<rootDir>/test/support/remove-synthesis.js',
  }),
  ...(displayName === 'integration' && {
    globalSetup: '<rootDir>/test/support/record-deployment.js',
    globalTeardown: '<rootDir>/test/support/forget-recorder.js',
    setupFilesAfterEnv: ['<rootDir>/test/support/await-deployment.js'],
  }),
  transform,
  moduleNameMapper: {
    // Their package.json know `import` alone.
    '^@middy/(core|util)$': '<rootDir>/node_modules/@middy/$1/index.js',
    // Nobody asks zod for another language, and fifty of them are half of what each test file loads of it.
    '^\\.\\./locales/index\\.cjs$': '<rootDir>/node_modules/zod/v4/locales/en.cjs',
  },
  transformIgnorePatterns: ['/node_modules/(?!(@middy|cookie|eventsource-parser)/)'],
  testEnvironment: 'node',
  testMatch: [`<rootDir>/${folder}/**/*.test.ts`],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/cdk.out', '<rootDir>/.local'],
});

// CloudFormation's rules take five seconds to load for every test that synthesizes. They are asked once for each stage
// (test/support/synthesize-stages.js).
process.env.CDK_VALIDATION = 'false';

module.exports = {
  projects: [['check'], ['unit'], ['statemachine'], ['infra'], ['emulator', 'emulator/test'], ['integration']].map(
    project,
  ),
  // An onboarding waits more than it works: one test file more than there are processors keeps them busy.
  maxWorkers: Math.min(availableParallelism(), 3) + 1,
  testSequencer: '<rootDir>/test/support/longest-first.js',
  // For a test that hangs; how long one takes depends on the machine.
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/test/support/summary-reporter.js'],
};
