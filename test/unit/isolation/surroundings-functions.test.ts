import { askDatabaseName, platformStackName } from '../../../functions/contract/naming';
import { ACCOUNT_ID } from '../../support/builders';
import type { SurroundingsData as Data } from '../../support/healthy-surroundings';
import {
  type Breach,
  definition,
  denial,
  first,
  type Harmless,
  PERIMETER,
  STRANGER,
  stranger,
  testRoom,
} from '../../support/surroundings-tests';

const named = (action: string) => `${platformStackName('ControlPlane')}-${action}`;
const mapping = (name: string, EventSourceArn: string) => ({
  ...{ UUID: 'm1', FunctionArn: `arn:aws:lambda:r:1:function:${name}`, EventSourceArn },
});
const lambda = ({ policies }: Data) => first(policies.functions);

const BREACHES: Breach[] = [
  ['platform.functions', 'without time', (data) => (lambda(data).Timeout = 1), 'ends after 1 s, not 60 s'],
  [
    'platform.permissions',
    'called by a stranger',
    ({ policies }) => {
      policies.permissionsAdded.push({ name: named('SuspendTenant'), permission: { principal: STRANGER } });
      policies.ofFunction.push(...stranger('lambda:InvokeFunction'));
    },
    'the policy of function SuspendTenant has the statement Allow Support',
  ],
  [
    'platform.permissions',
    'a version called by a stranger',
    ({ policies }) => {
      const permission = { principal: STRANGER };
      policies.permissionsAdded.push({ name: named('DeleteStack'), qualifier: '7', permission });
      policies.ofFunction.push(...stranger('lambda:InvokeFunction'));
    },
    'the policy of function DeleteStack:7 has the statement Allow Support',
  ],
  [
    'platform.permissions',
    'a function of the cell called by a stranger',
    ({ policies }) => {
      policies.permissionsAdded.push({ name: askDatabaseName('cell1'), permission: { principal: '*' } });
      policies.ofFunction.push(...stranger('lambda:InvokeFunction'));
    },
    'the policy of function AskDatabase-cell1 has the statement Allow Support',
  ],
  [
    'platform.permissions',
    'a queue for others',
    ({ policies }) => policies.ofQueue.push(...stranger('sqs:ReceiveMessage')),
    'the policy of https://sqs/queue has the statement',
  ],
  [
    'platform.permissions',
    'a queue that forgets',
    ({ policies }) => (policies.queueSettings.MessageRetentionPeriod = '60'),
    'https://sqs/queue forgets what it has got after 60 s, not 1209600 s',
  ],
  [
    'platform.permissions',
    'a queue that takes no signup',
    ({ policies }) => (policies.queueSettings.MaximumMessageSize = '1024'),
    'https://sqs/queue takes no more than 1024 bytes, not 262144',
  ],
  [
    'platform.permissions',
    'a queue that hands nothing out for a quarter of an hour',
    ({ policies }) => (policies.queueSettings.DelaySeconds = '900'),
    'the delay of https://sqs/queue is 900, not 0',
  ],
  [
    'platform.permissions',
    'a queue that moves signups elsewhere',
    ({ policies }) =>
      (policies.queueSettings.RedrivePolicy =
        '{"deadLetterTargetArn":"arn:aws:sqs:r:999999999999:q","maxReceiveCount":1}'),
    'where https://sqs/queue moves what nobody takes is arn:aws:sqs:r:999999999999:q',
  ],
  [
    'platform.permissions',
    'a queue under a stranger’s key',
    ({ policies }) => (policies.queueSettings.KmsMasterKeyId = 'arn:aws:kms:r:999999999999:key/theirs'),
    'the key of https://sqs/queue is arn:aws:kms:r:999999999999:key/theirs',
  ],
  [
    'platform.permissions',
    'a queue that is not encrypted',
    ({ policies }) => (policies.queueSettings.SqsManagedSseEnabled = 'false'),
    'https://sqs/queue is not encrypted',
  ],
  [
    'platform.functions',
    'another variable',
    (data) => (lambda(data).Environment.Variables.TABLE_NAME = 'theirs'),
    'TABLE_NAME=theirs is unexpected',
  ],
  [
    'platform.functions',
    'a layer',
    (data) => lambda(data).Layers.push({ Arn: 'arn:theirs' }),
    'arn:theirs is unexpected',
  ],
  ['platform.functions', 'an old runtime', (data) => (lambda(data).Runtime = 'nodejs16.x'), 'is nodejs16.x, not'],
  [
    'platform.functions',
    'a log elsewhere',
    (data) => (lambda(data).LoggingConfig.LogGroup = '/theirs'),
    'the log group of',
  ],
  [
    'platform.functions',
    'a file system',
    (data) => (lambda(data).FileSystemConfigs = [{ Arn: 'arn:theirs' }]),
    'mounts the file system arn:theirs',
  ],
  ['platform.functions', 'another role', (data) => (lambda(data).Role = 'arn:theirs'), 'arn:theirs'],
  ['platform.functions', 'gone', ({ policies }) => policies.functions.splice(0, 1), 'does not exist'],
  [
    'platform.functions',
    'silent',
    (data) => (lambda(data).LoggingConfig.ApplicationLogLevel = 'FATAL'),
    'PerformAct logs only what is FATAL or worse',
  ],
  [
    'platform.functions',
    'variables under a stranger’s key',
    (data) => (lambda(data).KMSKeyArn = 'arn:aws:kms:r:999999999999:key/theirs'),
    'PerformAct is arn:aws:kms:r:999999999999:key/theirs, not undefined',
  ],
  [
    'platform.functions',
    'failed events for a stranger',
    ({ policies }) =>
      Object.assign(policies.functions[1] ?? {}, { DeadLetterConfig: { TargetArn: 'arn:aws:sqs:r:999999999999:q' } }),
    'SuspendTenant is arn:aws:sqs:r:999999999999:q, not undefined',
  ],
  [
    'platform.functions',
    'failed events for nobody',
    (data) => Object.assign(lambda(data), { DeadLetterConfig: undefined }),
    'PerformAct is absent, not arn:aws:sqs:',
  ],
  [
    'platform.functions',
    'records of a stranger’s stream',
    ({ policies }) => policies.eventSources.push(mapping(named('PerformAct'), 'arn:aws:kinesis:r:1:stream/theirs')),
    'mapping m1 calls TenantOnboarding-ControlPlane-PerformAct with the records of arn:aws:kinesis:r:1:stream/theirs',
  ],
  [
    'platform.functions',
    'a stranger’s function that reads a queue',
    ({ policies }) => policies.eventSources.push(mapping('theirs', 'arn:aws:sqs:r:1:queue')),
    'mapping m1 calls theirs with the records of arn:aws:sqs:r:1:queue',
  ],
  [
    'platform.images',
    'one that no release has brought',
    (data) => (first(definition(data).containerDefinitions).image = 'registry/tenant-onboarding/service@sha256:2'),
    'cell-blue runs registry/tenant-onboarding/service@sha256:2, which no release has brought here',
  ],
  [
    'platform.images',
    'one by its tag',
    (data) => (first(definition(data).containerDefinitions).image = 'registry/tenant-onboarding/service:1'),
    'cell-blue runs registry/tenant-onboarding/service:1, which no',
  ],
  [
    'platform.images',
    'another one of the template’s repository',
    (data) => (first(definition(data).containerDefinitions).image = 'registry/seed@sha256:3'),
    'cell-blue runs registry/seed@sha256:3, which no release has brought here',
  ],
  [
    'platform.images',
    'a repository for others',
    ({ images }) => images.repositoryPolicy.push(...stranger('ecr:PutImage')),
    'the policy of tenant-onboarding/service has the statement Allow',
  ],
  [
    'platform.functions',
    'less memory',
    (data) => (lambda(data).MemorySize = 128),
    'PerformAct has 128 MB of memory, not 512 MB',
  ],
  [
    'platform.functions',
    'one that nobody has released, in the role of another',
    ({ policies }) => policies.functions.push({ ...first(policies.functions), FunctionName: 'support' }),
    'function support, which no template makes, runs as arn:aws:iam::',
  ],
];

const HARMLESS: Harmless[] = [
  [
    'platform.permissions',
    'a denial of other organizations at a queue',
    ({ policies }) => policies.ofQueue.push(...PERIMETER),
  ],
  [
    'platform.permissions',
    'a queue that nobody may delete',
    ({ policies }) => policies.ofQueue.push(...denial('sqs:DeleteQueue', {})),
  ],
  [
    'platform.images',
    'a denial of other organizations at the repository',
    ({ images }) => images.repositoryPolicy.push(...PERIMETER),
  ],
  [
    'platform.permissions',
    'a queue that takes messages of a MiB',
    ({ policies }) => Object.assign(policies.queueSettings, { MaximumMessageSize: '1048576', DelaySeconds: '0' }),
  ],
  [
    'platform.functions',
    'another team’s function that reads its own queue',
    ({ policies }) => policies.eventSources.push(mapping('team', 'arn:aws:sqs:r:1:team')),
  ],
  [
    'platform.images',
    'the image before, to which a release was brought back',
    (data) => (first(definition(data).containerDefinitions).image = 'registry/tenant-onboarding/service@sha256:0'),
  ],
  [
    'platform.images',
    'the image of the stack, where there was no release',
    (data) => (first(definition(data).containerDefinitions).image = 'registry/seed:1'),
  ],
  [
    'platform.images',
    'the image of an earlier stack, which no release has followed yet',
    (data) => {
      const [made] = data.stacks.cell.filter(({ type }) => type === 'AWS::ECS::TaskDefinition');
      Object.assign(made ?? {}, { updatedAt: new Date('2026-03-02T12:00:00Z') });
      first(definition(data).containerDefinitions).image = 'registry/seed:0';
    },
  ],
  ['platform.functions', 'more in the log', (data) => (lambda(data).LoggingConfig.ApplicationLogLevel = 'DEBUG')],
  [
    'platform.functions',
    'variables under a key of the account',
    (data) => (lambda(data).KMSKeyArn = `arn:aws:kms:r:${ACCOUNT_ID}:key/ours`),
  ],
  ['platform.functions', 'more memory', (data) => (lambda(data).MemorySize = 2048)],
  [
    'platform.functions',
    'another team’s function',
    ({ policies }) =>
      policies.functions.push({ ...first(policies.functions), FunctionName: 'team', Role: 'arn:aws:iam::1:role/team' }),
  ],
  ['platform.functions', 'more time', (data) => (lambda(data).Timeout = 600)],
];

testRoom('functions', BREACHES, HARMLESS);
