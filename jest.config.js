/** Jest runs TypeScript through swc; @middy/core ships as ES modules only, so it is transformed too. */
const transform = { '^.+\\.(t|j|mj)s$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }] };
const shared = { transform, transformIgnorePatterns: ['/node_modules/(?!@middy/)'], testEnvironment: 'node' };
module.exports = {
  projects: ['unit', 'infra', 'statemachine', 'integration'].map((kind) => ({
    ...shared,
    displayName: kind,
    testMatch: [`<rootDir>/test/${kind}/**/*.test.ts`],
  })),
  testTimeout: 60_000,
};
