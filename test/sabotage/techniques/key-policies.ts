import { CreateGrantCommand, RevokeGrantCommand } from '@aws-sdk/client-kms';
import { accountOf, allowing } from '../key-changes';
import { adding, changed, conditioned, keyPolicy } from '../policies';
import { type AttackTechnique, STRANGERS_ROOT } from '../technique';

export const KEY_POLICY_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'let another tenant’s role decrypt by the key’s policy',
    check: 'key.policy',
    detonate: async ({ subject, root }) => {
      const { roleArn } = subject.cell.decoy;
      const revert = await keyPolicy(root, subject.key.keyArn, adding(allowing('Backdoor', roleArn, 'kms:Decrypt')));
      return { expectedEvidence: `Allow Backdoor grants AWS:${roleArn} kms:`, revert };
    },
  },
  {
    name: 'let the whole account use the key',
    check: 'key.policy',
    detonate: async ({ subject, root }) => {
      const account = accountOf(subject);
      const revert = await keyPolicy(root, subject.key.keyArn, adding(allowing('EnableIamPolicies', account, 'kms:*')));
      return { expectedEvidence: `Allow EnableIamPolicies grants AWS:${account} kms:`, revert };
    },
  },
  {
    name: 'take the tenant’s role out of the condition of its statement',
    check: 'key.policy',
    detonate: async ({ subject, root }) => {
      const revert = await keyPolicy(root, subject.key.keyArn, conditioned({}, 'TenantsRoleUses'));
      return { expectedEvidence: `Allow TenantsRoleUses grants AWS:${accountOf(subject)} kms:`, revert };
    },
  },
  {
    name: 'take CloudWatch Logs out of the key’s policy',
    check: 'key.logs',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: 'no event is kept: the key’s policy does not let CloudWatch Logs kms:Encrypt',
      revert: await keyPolicy(root, subject.key.keyArn, (statements) =>
        statements.filter(({ Sid }) => Sid !== 'LogsOfThisTenant'),
      ),
    }),
  },
  {
    name: 'deny CloudWatch Logs the key',
    check: 'key.logs',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: 'no event is kept: statement Deny Support denies CloudWatch Logs kms:',
      revert: await keyPolicy(
        root,
        subject.key.keyArn,
        adding({
          ...{ Sid: 'Support', Effect: 'Deny', Action: ['kms:Encrypt*', 'kms:GenerateDataKey*'], Resource: '*' },
          Principal: { Service: `logs.${subject.region}.amazonaws.com` },
        }),
      ),
    }),
  },
  {
    name: 'leave the account no more than a look at the key',
    check: 'key.usable',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: 'the key’s policy does not let the account kms:PutKeyPolicy',
      revert: await keyPolicy(
        root,
        subject.key.keyArn,
        changed('AccountAdministers', (each) => ({ ...each, Action: ['kms:Describe*', 'kms:Get*', 'kms:List*'] })),
      ),
    }),
  },
  {
    name: 'let the stacks’ role use the key through any service',
    check: 'key.policy',
    detonate: async ({ subject, root }) => {
      const any = { StringLike: { 'kms:ViaService': '*.amazonaws.com' } };
      const revert = await keyPolicy(root, subject.key.keyArn, conditioned(any, 'StacksUseThroughServices'));
      return { expectedEvidence: `Allow StacksUseThroughServices grants AWS:${subject.stackRoleArn} kms:`, revert };
    },
  },
  {
    name: 'let CloudWatch Logs use the key for every log group',
    check: 'key.policy',
    detonate: async ({ subject, root }) => {
      const any = { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:*:${subject.accountId}:*` } };
      const revert = await keyPolicy(root, subject.key.keyArn, conditioned(any, 'LogsOfThisTenant'));
      return {
        expectedEvidence: `Allow LogsOfThisTenant grants Service:logs.${subject.region}.amazonaws.com kms:`,
        revert,
      };
    },
  },
  {
    name: 'let another account look at the key',
    check: 'key.policy-account',
    detonate: async ({ subject, root }) => {
      const statement = allowing('Partner', STRANGERS_ROOT, 'kms:DescribeKey');
      const revert = await keyPolicy(root, subject.key.keyArn, adding(statement));
      return { expectedEvidence: `the key’s policy allows AWS:${STRANGERS_ROOT}`, revert };
    },
  },
  {
    name: 'let the shared service create grants',
    check: 'key.grant-makers',
    detonate: async ({ subject, root }) => {
      const { taskRoleArn } = subject.cell;
      const statement = allowing('Delegates', taskRoleArn, 'kms:CreateGrant');
      const revert = await keyPolicy(root, subject.key.keyArn, adding(statement));
      return { expectedEvidence: `Allow Delegates lets AWS:${taskRoleArn} create grants`, revert };
    },
  },
  {
    name: 'let the stacks’ role create grants for anybody',
    check: 'key.grant-makers',
    detonate: async ({ subject, root }) => {
      const revert = await keyPolicy(root, subject.key.keyArn, conditioned({}, 'StacksLetServicesHoldGrants'));
      return {
        expectedEvidence: `Allow StacksLetServicesHoldGrants lets AWS:${subject.stackRoleArn} create grants`,
        revert,
      };
    },
  },
  {
    name: 'grant another tenant’s role the use of the key',
    check: 'key.grants',
    detonate: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      const GranteePrincipal = subject.cell.decoy.roleArn;
      const { GrantId } = await kms.send(new CreateGrantCommand({ KeyId, GranteePrincipal, Operations: ['Decrypt'] }));
      return {
        expectedEvidence: `grant ${GrantId} gives ${GranteePrincipal} the operations Decrypt`,
        revert: () => kms.send(new RevokeGrantCommand({ KeyId, GrantId })),
      };
    },
  },
  {
    name: 'let a stranger retire a grant of RDS',
    check: 'key.grants',
    detonate: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      const EncryptionContextSubset = { 'aws:rds:db-id': subject.stacks.database.outputs.ResourceId };
      const { GrantId } = await kms.send(
        new CreateGrantCommand({
          ...{ KeyId, GranteePrincipal: 'rds.amazonaws.com', Operations: ['Decrypt'] },
          ...{ RetiringPrincipal: STRANGERS_ROOT, Constraints: { EncryptionContextSubset } },
        }),
      );
      return {
        expectedEvidence: `grant ${GrantId} may be retired by ${STRANGERS_ROOT}`,
        revert: () => kms.send(new RevokeGrantCommand({ KeyId, GrantId })),
      };
    },
  },
];
