import type { GrantListEntry } from '@aws-sdk/client-kms';
import { grantViolations } from '../../../functions/isolation/grants';
import { ACCOUNT_ID, REGION } from '../../support/builders';

const terms = {
  keyUsers: ['backup.amazonaws.com/AWSServiceRoleForBackup'],
  accountId: ACCOUNT_ID,
  databaseIds: ['db-PRIMARY', 'db-REPLICA', undefined],
};
const volumes = `arn:aws:sts::${ACCOUNT_ID}:assumed-role/aws:ec2-infrastructure/i-0123456789abcdef0`;
const bound = (id: string) => ({ Constraints: { EncryptionContextSubset: { 'aws:rds:db-id': id } } });
const ofDatabase = (grant: GrantListEntry, database = 'db-PRIMARY'): GrantListEntry => ({
  GrantId: 'g-1',
  Operations: ['Decrypt', 'CreateGrant'],
  ...bound(database),
  ...grant,
});

test.each<[string, GrantListEntry]>([
  ['RDS as the principal', ofDatabase({ GranteePrincipal: `rds.${REGION}.amazonaws.com` })],
  [
    'RDS, which retires it itself',
    ofDatabase({ GranteePrincipal: 'rds.amazonaws.com', RetiringPrincipal: `rds.${REGION}.amazonaws.com` }),
  ],
  ['RDS as the service principal', ofDatabase({ GranteeServicePrincipal: 'rds.amazonaws.com' }, 'db-REPLICA')],
  [
    'a service-linked role that the stage lists',
    {
      GranteePrincipal: `arn:aws:iam::${ACCOUNT_ID}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup`,
    },
  ],
  ['EC2 for a volume', ofDatabase({ GranteePrincipal: volumes })],
  [
    'RDS, the context being equal',
    {
      GranteeServicePrincipal: 'rds.amazonaws.com',
      Constraints: { EncryptionContextEquals: { 'aws:rds:db-id': 'db-PRIMARY', 'aws:ebs:id': 'vol-1' } },
    },
  ],
])('K1: accepts a harmless grant: %s', (_, grant) => {
  expect(grantViolations(grant, terms)).toEqual([]);
});

test.each<[string, GrantListEntry, string]>([
  [
    'a grant of RDS that a stranger may retire',
    ofDatabase({ GranteePrincipal: 'rds.amazonaws.com', RetiringPrincipal: 'arn:aws:iam::444455556666:root' }),
    'grant g-1 may be retired by arn:aws:iam::444455556666:root',
  ],
  [
    'a role whose name ends like a service',
    ofDatabase({ GranteePrincipal: `arn:aws:iam::${ACCOUNT_ID}:role/backup.amazonaws.com` }),
    'role/backup.amazonaws.com the operations Decrypt, CreateGrant',
  ],
  [
    'another account’s service-linked role',
    ofDatabase({
      GranteePrincipal: 'arn:aws:iam::444455556666:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup',
    }),
    'gives arn:aws:iam::444455556666',
  ],
  [
    'a service-linked role that the stage does not list',
    ofDatabase({
      GranteePrincipal: `arn:aws:iam::${ACCOUNT_ID}:role/aws-service-role/dms.amazonaws.com/AWSServiceRoleForDMS`,
    }),
    'AWSServiceRoleForDMS the operations',
  ],
  [
    'another account’s session that ends like a service',
    ofDatabase({ GranteePrincipal: 'arn:aws:sts::444455556666:assumed-role/x/rds.amazonaws.com' }),
    'gives arn:aws:sts::444455556666',
  ],
  [
    'another account’s volumes',
    ofDatabase({ GranteePrincipal: volumes.replace(ACCOUNT_ID, '444455556666') }),
    'gives arn:aws:sts::444455556666',
  ],
  [
    'a role that is called like the one for volumes',
    ofDatabase({ GranteePrincipal: `arn:aws:sts::${ACCOUNT_ID}:assumed-role/ec2-infrastructure/i-1` }),
    'assumed-role/ec2-infrastructure/i-1 the operations',
  ],
  [
    'a role beside a service',
    ofDatabase({ GranteeServicePrincipal: 'rds.amazonaws.com', GranteePrincipal: `arn:aws:iam::${ACCOUNT_ID}:root` }),
    'root the operations',
  ],
  ['nobody that is named', ofDatabase({}), 'a principal without a name'],
  ['a service without a constraint', { GrantId: 'g-1', GranteePrincipal: 'rds.amazonaws.com' }, 'is not bound'],
  [
    'a service for another database',
    ofDatabase({ GranteeServicePrincipal: 'rds.amazonaws.com' }, 'db-OTHER'),
    'rds.amazonaws.com is bound to the database db-OTHER, not to one of this tenant',
  ],
])('K1: reports a harmful grant: %s', (_, grant, evidence) => {
  expect(grantViolations(grant, terms)).toEqual([expect.stringContaining(evidence)]);
});
