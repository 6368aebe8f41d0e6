#!/usr/bin/env bash
# Behaviour: acknowledging the id of a rule works for a rule with one finding per resource (S1). Of a
# rule with several findings per resource (IAM5) the bare id is taken and counts for nothing: each
# finding needs its own id, `AwsSolutions-IAM5[Resource::*]`.
# Version:   cdk-nag 3.0.2 with aws-cdk-lib 2.276.0
# One would guess: the id of a rule acknowledges the rule, and an id that acknowledges nothing is an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund cdk-nag@3.0.2 aws-cdk-lib@2.276.0 constructs@10.8.1
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';

function findingsWith(ids) {
  const app = new App({ autoSynth: false, analyticsReporting: false });
  const stack = new Stack(app, 'Stack');
  const statement = new PolicyStatement({ actions: ['s3:ListAllMyBuckets'], resources: ['*'] });
  const policy = new ManagedPolicy(stack, 'Policy', { statements: [statement] });
  const bucket = new Bucket(stack, 'Bucket', { enforceSSL: true });
  for (const id of ids)
    Validations.of(id.startsWith('AwsSolutions-S') ? bucket : policy).acknowledge({ id, reason: 'for a reason' });
  const found = new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName);
  console.log('acknowledged', ids, 'found', found);
  return found;
}

const granular = 'AwsSolutions-IAM5[Resource::*]';
assert.deepEqual(findingsWith([]), [granular, 'AwsSolutions-S1']);
assert.deepEqual(findingsWith(['AwsSolutions-S1']), [granular]);
assert.deepEqual(findingsWith(['AwsSolutions-S1', 'AwsSolutions-IAM5']), [granular]);
assert.deepEqual(findingsWith(['AwsSolutions-S1', granular]), []);
CODE
node ask.mjs
