#!/usr/bin/env bash
# Behaviour: `cdk synth --context FLAG=false` switches the feature flag on. The command line hands each context value to the app as a
# text, and the library takes every text that is not empty for true. The same `false` in cdk.json switches the flag off.
# Version:   aws-cdk 2.1148.1 and aws-cdk-lib 2.276.0
# One would guess: `false` on the command line means what it means in cdk.json, which it overrides.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CDK_DISABLE_CLI_TELEMETRY=1 AWS_EC2_METADATA_DISABLED=true
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund aws-cdk@2.1148.1 aws-cdk-lib@2.276.0 constructs@10.8.1
# Two statements about one bucket, which the flag `minimizePolicies` makes one.
cat > app.mjs <<'CODE'
import { App, aws_iam as iam, Stack } from 'aws-cdk-lib';

const stack = new Stack(new App(), 'Example');
const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
for (const action of ['s3:GetObject', 's3:PutObject'])
  role.addToPolicy(new iam.PolicyStatement({ actions: [action], resources: ['arn:aws:s3:::example/*'] }));
CODE
cat > show.mjs <<'CODE'
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const FLAG = '@aws-cdk/aws-iam:minimizePolicies';

/** Number of statements in the synthesized policy: one where the flag is on. */
function statements(context, words) {
  writeFileSync('cdk.json', JSON.stringify({ app: 'node app.mjs', context }));
  const run = ['synth', '--json', '--no-notices', ...words];
  const output = execFileSync('node_modules/.bin/cdk', run, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const policies = Object.values(JSON.parse(output).Resources).filter(({ Type }) => Type === 'AWS::IAM::Policy');
  return policies[0].Properties.PolicyDocument.Statement.length;
}

const seen = {
  'no flag': statements({}, []),
  'cdk.json: false': statements({ [FLAG]: false }, []),
  'cdk.json: false, --context FLAG=false': statements({ [FLAG]: false }, ['--context', `${FLAG}=false`]),
};
console.table(seen);
assert.deepEqual(Object.values(seen), [2, 2, 1]);
CODE
node show.mjs
