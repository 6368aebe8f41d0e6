import { SOLE_ACCESS_CHECKS } from '../../../functions/isolation/checks/sole-access';
import { testBreaches } from '../../support/breaches';
import { aCell } from '../../support/builders';
import { policyOf } from '../../support/isolated-tenant';

const { decoy } = aCell();
const added = (Action: string) => policyOf({ Sid: 'Added', Principal: { AWS: decoy.roleArn }, Action, Resource: '*' });
const who = `AWS:${decoy.roleArn}`;

testBreaches(SOLE_ACCESS_CHECKS, [
  ['identity.sole-access', 'by the key', ({ facts }) => facts.key.policy.push(...added('kms:Decrypt')), who],
  [
    'identity.sole-access',
    'by a grant',
    ({ facts }) => facts.key.grants.push({ GrantId: 'g-1', GranteePrincipal: decoy.roleArn }),
    `grant g-1 gives ${decoy.roleArn}`,
  ],
  ['identity.sole-access', 'by the bucket', ({ facts }) => facts.storage.policy.push(...added('s3:GetObject')), who],
  [
    'identity.sole-access',
    'past the bucket’s denial',
    ({ facts }) => facts.storage.policy.pop(),
    'other principals’ access to objects',
  ],
  ['identity.sole-access', 'by the secret', ({ facts }) => facts.secrets.policy.push(...added('*')), who],
]);
