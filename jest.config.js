/** Jest runs TypeScript through swc; packages that ship as ES modules only are transformed too. */
const transform = {
  '^.+\\.(t|j|mj)s$': [
    '@swc/jest',
    { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
  ],
};

const project = (displayName) => ({
  displayName,
  // A test that reads log lines asks for them (test/support/log-lines.ts).
  ...(displayName === 'unit' && { setupFiles: ['<rootDir>/test/support/silent-logger.ts'] }),
  transform,
  // Their package.json know `import` alone.
  moduleNameMapper: { '^@middy/(core|util)$': '<rootDir>/node_modules/@middy/$1/index.js' },
  transformIgnorePatterns: ['/node_modules/(?!(@middy|get-port|cookie)/)'],
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/cdk.out', '<rootDir>/.local'],
});

module.exports = {
  projects: ['unit', 'statemachine', 'infra', 'integration'].map(project),
  maxWorkers: 2,
  // For a test that hangs; how long one takes depends on the machine.
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/test/support/summary-reporter.js'],
};
