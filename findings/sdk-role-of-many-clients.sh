#!/usr/bin/env bash
# Behaviour: a provider of temporary credentials remembers nothing. Each client that gets it keeps credentials of its own: three clients
# with the same provider assume the role three times, and each call of the provider itself assumes it again. A service that makes
# clients per tenant and per AWS service multiplies its calls of STS, whose quota all of the account shares.
# Version:   @aws-sdk/credential-providers 3.1173.0, @aws-sdk/client-dynamodb 3.1164.0, @aws-sdk/client-s3 3.1173.0
# One would guess: one provider is one session, which all clients share until shortly before it ends.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund \
  @aws-sdk/credential-providers@3.1173.0 @aws-sdk/client-dynamodb@3.1164.0 @aws-sdk/client-s3@3.1173.0
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';

let sessions = 0;
const session = () => `<AssumeRoleResponse><AssumeRoleResult><Credentials>
  <AccessKeyId>SESSION${(sessions += 1)}</AccessKeyId><SecretAccessKey>example</SecretAccessKey>
  <SessionToken>example</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`;

/** Answers as STS, DynamoDB and S3 do, and remembers which session signed a request. */
const signers = [];
const server = createServer(async (request, response) => {
  const body = (await request.toArray()).join('');
  if (body.includes('Action=AssumeRole')) return response.end(session());
  signers.push(/Credential=(\w+)/.exec(request.headers.authorization)[1]);
  response.end(request.headers['x-amz-target'] ? '{"TableNames":[]}' : '<ListAllMyBucketsResult/>');
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const place = { region: 'eu-central-1', endpoint: `http://127.0.0.1:${server.address().port}` };
const credentials = fromTemporaryCredentials({
  masterCredentials: { accessKeyId: 'example', secretAccessKey: 'example' },
  params: { RoleArn: 'arn:aws:iam::111122223333:role/tenant' },
  clientConfig: place,
});

const tables = new DynamoDBClient({ ...place, credentials });
for (let request = 0; request < 3; request++) await tables.send(new ListTablesCommand({}));
const ofOneClient = sessions;
await new S3Client({ ...place, credentials }).send(new ListBucketsCommand({}));
await new DynamoDBClient({ ...place, credentials }).send(new ListTablesCommand({}));
const ofThreeClients = sessions;
await credentials();
await credentials();
console.log('three requests of one client: the role was assumed', ofOneClient, 'time');
console.log('three clients with the same provider:', ofThreeClients, 'times; requests were signed by', signers.join(' '));
console.log('the provider called twice more:', sessions, 'times');
server.close();
assert.deepEqual([ofOneClient, ofThreeClients, sessions], [1, 3, 5]);
assert.deepEqual(signers, ['SESSION1', 'SESSION1', 'SESSION1', 'SESSION2', 'SESSION3']);
CODE
node ask.mjs
