import { globSync, readFileSync } from 'node:fs';
import type { KnipConfig } from 'knip';

/** What AWS, npm or a child process starts: nothing imports these files. */
const started = [
  ...globSync('functions/*/*.ts').filter((file) => /^export const handler\b/m.test(readFileSync(file, 'utf8'))),
  'service/main.ts',
  'examples/node/server.ts',
  'infra/{build,deploy,bin/app}.ts',
  'local/{break,demo,local,push,screenshots,signup,unpack-browser}.ts',
  'operations/{status,redrive,abandon,replay,verify,suspend,resume,restore,release,preflight,teardown}.ts',
  'operations/ops.ts',
  'operations/console/console.ts',
  'operations/console/page/{main.tsx,domain-to-ascii.ts}',
  'test/bench/{bench,bare-script,cdk-per-tenant-app}.ts',
  'test/faults/faults.ts',
  'test/redeploy/redeploy-drill.ts',
  'test/releases/release-drill.ts',
  'test/sabotage/sabotage.ts',
  'test/support/{record,write-stage-templates}.ts',
];

/** Finds files, exports and dependencies that nothing uses; a part of `npm run check`. */
const config: KnipConfig = {
  entry: started,
  project: ['**/*.{ts,tsx,js,cjs}'],
  // The type of a parameter or a result belongs to its function, though nobody names it yet.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // Each action has a schema of its input and of its output, even where two are equal.
  rules: { duplicates: 'off' },
  // A program: infra/deploy.ts starts `cdk`.
  ignoreDependencies: ['aws-cdk'],
};

export default config;
