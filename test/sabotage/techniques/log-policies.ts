import {
  DeleteAccountPolicyCommand,
  DeleteDataProtectionPolicyCommand,
  DeleteResourcePolicyCommand,
  PutAccountPolicyCommand,
  PutDataProtectionPolicyCommand,
  PutResourcePolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { logGroupsOf, type Subject } from '../../../functions/isolation/subject';
import { type AttackTechnique, STRANGERS_ROOT } from '../technique';

type ArnOf = (subject: Subject) => string;
const flowLogs = (subject: Subject) => logGroupsOf(subject)[0] ?? '';
const ofDatabase = (subject: Subject) => logGroupsOf(subject)[1] ?? '';
const arnOf = ({ region, accountId }: Subject, group: string) =>
  `arn:aws:logs:${region}:${accountId}:log-group:${group}:*`;
const stranger = { AWS: STRANGERS_ROOT };

const documentOf = (statement: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'Support', Effect: 'Allow', ...statement }] });

/** A policy of all of CloudWatch Logs' resources in the account. */
const granted = (name: string, Action: string | string[], Principal: object, Resource: ArnOf): AttackTechnique => ({
  name,
  check: 'logs.resource-policies',
  detonate: async ({ subject, root: { logs } }) => {
    const policyName = name.replaceAll(/\W+/g, '-').slice(0, 60);
    const policyDocument = documentOf({ Action, Principal, Resource: Resource(subject) });
    await logs.send(new PutResourcePolicyCommand({ policyName, policyDocument }));
    return {
      expectedEvidence: `policy ${policyName} has the statement Allow Support`,
      revert: () => logs.send(new DeleteResourcePolicyCommand({ policyName })),
    };
  },
});

const protection = (name: string, destination: object): string =>
  JSON.stringify({
    Name: name,
    Version: '2021-06-01',
    Statement: [
      {
        Sid: 'audit',
        DataIdentifier: ['arn:aws:dataprotection::aws:data-identifier/EmailAddress'],
        Operation: { Audit: { FindingsDestination: destination } },
      },
      {
        Sid: 'mask',
        DataIdentifier: ['arn:aws:dataprotection::aws:data-identifier/EmailAddress'],
        Operation: { Deidentify: { MaskConfig: {} } },
      },
    ],
  });

const findings = (name: string, destination: object, evidence: string): AttackTechnique => ({
  name,
  check: 'logs.account-policies',
  detonate: async ({ root: { logs } }) => {
    const policy = { policyName: evidence.replaceAll(/\W+/g, '-'), policyType: 'DATA_PROTECTION_POLICY' as const };
    const policyDocument = protection('all', destination);
    await logs.send(new PutAccountPolicyCommand({ ...policy, policyDocument }));
    return {
      expectedEvidence: `policy ${policy.policyName} sends what it finds in all logs of the account to ${evidence}`,
      revert: () => logs.send(new DeleteAccountPolicyCommand(policy)),
    };
  },
});

const protectedGroup = (name: string, group: ArnOf, destination: object): AttackTechnique => ({
  name,
  check: 'logs.data-protection',
  detonate: async ({ subject, root: { logs } }) => {
    const logGroupIdentifier = group(subject);
    const policyDocument = protection('own', destination);
    await logs.send(new PutDataProtectionPolicyCommand({ logGroupIdentifier, policyDocument }));
    return {
      expectedEvidence: `log group ${logGroupIdentifier} has a data protection policy`,
      revert: () => logs.send(new DeleteDataProtectionPolicyCommand({ logGroupIdentifier })),
    };
  },
});

export const LOG_POLICY_TECHNIQUES: readonly AttackTechnique[] = [
  granted('let another account read the flow logs', 'logs:GetLogEvents', stranger, (s) => arnOf(s, flowLogs(s))),
  granted('let everybody search all logs of databases', ['logs:FilterLogEvents'], { AWS: '*' }, (s) =>
    arnOf(s, '/aws/rds/instance/*'),
  ),
  granted('let a service do all with all logs', 'logs:*', { Service: 'opensearch.amazonaws.com' }, () => '*'),
  granted('let another account forge events', 'logs:PutLogEvents', stranger, (s) => arnOf(s, ofDatabase(s))),
  {
    name: 'give the flow logs a policy of their own for a stranger',
    check: 'logs.resource-policies',
    detonate: async ({ subject, root: { logs } }) => {
      const resourceArn = arnOf(subject, flowLogs(subject));
      const policyDocument = documentOf({ Action: 'logs:StartQuery', Principal: stranger, Resource: resourceArn });
      const { revisionId } = await logs.send(new PutResourcePolicyCommand({ resourceArn, policyDocument }));
      return {
        expectedEvidence: 'has the statement Allow Support',
        revert: () => logs.send(new DeleteResourcePolicyCommand({ resourceArn, expectedRevisionId: revisionId })),
      };
    },
  },
  findings('send findings in all logs into a bucket', { S3: { Bucket: 'support' } }, 'S3 {"Bucket":"support"}'),
  findings(
    'send findings in all logs into a stream',
    { Firehose: { DeliveryStream: 'support' } },
    'Firehose {"DeliveryStream":"support"}',
  ),
  findings(
    'send findings in all logs into another log group',
    { CloudWatchLogs: { LogGroup: 'support' } },
    'CloudWatchLogs {"LogGroup":"support"}',
  ),
  protectedGroup('send findings in the flow logs into a bucket', flowLogs, { S3: { Bucket: 'support' } }),
  protectedGroup('mask the flow logs', flowLogs, {}),
  protectedGroup('send findings in the flow logs into a stream', flowLogs, { Firehose: { DeliveryStream: 'x' } }),
];
