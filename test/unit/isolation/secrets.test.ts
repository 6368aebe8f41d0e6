import { SECRETS_CHECKS } from '../../../functions/isolation/checks/secrets';
import { testBreaches } from '../../support/breaches';
import { aKey } from '../../support/builders';
import { policyOf } from '../../support/isolated-tenant';

const OTHER_ACCOUNT = 'arn:aws:iam::999999999999:root';
const OTHER_KEY = aKey().keyArn.replace('1234abcd', 'ffffffff');
const anyOf = (Action: string, Principal: Record<string, string>) =>
  policyOf({ Sid: 'Added', Principal, Action, Resource: '*' });

testBreaches(SECRETS_CHECKS, [
  ['secrets.identity', 'another’s', ({ facts }) => (facts.secrets.description.Name = 'tenants/other'), 'tenants/other'],
  [
    'secrets.identity',
    'about to go',
    ({ facts }) => (facts.secrets.description.DeletedDate = new Date()),
    'scheduled for deletion',
  ],
  ['secrets.encryption', 'other key', ({ facts }) => (facts.secrets.description.KmsKeyId = OTHER_KEY), OTHER_KEY],
  ['secrets.encryption', 'account’s key', ({ facts }) => delete facts.secrets.description.KmsKeyId, 'is absent'],
  [
    'secrets.policy',
    'open to another account',
    ({ facts }) => facts.secrets.policy.push(...anyOf('secretsmanager:GetSecretValue', { AWS: OTHER_ACCOUNT })),
    `grants AWS:${OTHER_ACCOUNT}`,
  ],
  [
    'secrets.replicas',
    'replicated',
    ({ facts }) => (facts.secrets.description.ReplicationStatus = [{ Region: 'us-east-1' }]),
    'replicated to us-east-1',
  ],
  [
    'secrets.rotation-function',
    'read by a function',
    ({ facts }) => Object.assign(facts.secrets.description, { RotationEnabled: true, RotationLambdaARN: 'arn:lambda' }),
    'arn:lambda rotates the secret',
  ],
]);
