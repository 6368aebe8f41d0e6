import type {
  ContinuousBackupsDescription,
  ExportDescription,
  OnDemandThroughput,
  TableDescription,
} from '@aws-sdk/client-dynamodb';
import type { ObjectLockRule, PublicAccessBlockConfiguration } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { SERVICE_REPOSITORY } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { checksOf, expectEqual, finding, Unanswered } from '../check';
import { endsMore } from '../comparison/further-denials';
import { policyDifferences } from '../comparison/policy-difference';
import { type Statement, statementsOf } from '../policy-document';
import type { ExpectedResource } from '../release/resolve-template';
import { alarmViolations } from './alarm-violations';
import { attachedPolicy, idsOf, keyIdIn, ofType, resourceCalled, topicKeyId } from './expected-of';
import { codeViolations, functionViolations, machineViolations } from './function-violations';
import { harmlessDenials } from './harmless-denials';
import { imageViolations } from './image-violations';
import { permissionViolations } from './permission-violations';
import type { BusSettings } from './platform-facts';
import { PLATFORM_METADATA } from './platform-metadata';
import { reachViolations } from './reach-violations';
import { ruleViolations } from './rule-violations';
import { definitionOfTemplate } from './service-violations';
import { strangersIn } from './statements';
import type { Surroundings } from './surroundings';
import type { SurroundingsFacts } from './surroundings-facts';
import { subscriptionViolations } from './topic-violations';

/** How the policy of a key of the foundation differs from its template. The key is known by its description. */
async function keyViolations(what: string, description: RegExp, surroundings: Surroundings, facts: SurroundingsFacts) {
  const { policies, stacks } = facts;
  const key = ofType(await stacks.foundation(), 'AWS::KMS::Key').find(({ properties }) =>
    description.test(String(properties.Description)),
  );
  if (!key?.physicalId) throw new Unanswered(`the foundation’s stack makes no key of ${what}`);
  const [actual, harmless] = await settled([policies.ofKey(key.physicalId), harmlessDenials(surroundings, facts)]);
  const { accountId, region } = surroundings;
  return policyDifferences(
    `the policy of the key of ${what}`,
    actual,
    statementsOf(key.properties.KeyPolicy),
    harmless.atKey(`arn:aws:kms:${region}:${accountId}:key/${key.physicalId}`),
  );
}

const TableSchema = z.object({
  BillingMode: z.string().default('PROVISIONED'),
  OnDemandThroughput: z.object({ MaxReadRequestUnits: z.number().optional() }).optional(),
  SSESpecification: z.object({ KMSMasterKeyId: z.string().optional() }).default({}),
  DeletionProtectionEnabled: z.boolean().default(false),
  GlobalSecondaryIndexes: z
    .array(
      z.object({
        IndexName: z.string(),
        OnDemandThroughput: z.unknown().optional(),
        Projection: z.object({ ProjectionType: z.string().optional() }).default({}),
      }),
    )
    .default([]),
  PointInTimeRecoverySpecification: z
    .object({ PointInTimeRecoveryEnabled: z.boolean().default(false), RecoveryPeriodInDays: z.number().optional() })
    .default({ PointInTimeRecoveryEnabled: false }),
});
type ExpectedTable = z.output<typeof TableSchema>;

/** "PointInTimeRecoverySpecification": the default, and the most. */
const RECOVERY_DAYS = 35;

/** How a table's backups to a point in time fall short of its template. */
function recoveryViolations(
  backups: ContinuousBackupsDescription | undefined,
  { PointInTimeRecoverySpecification: expected }: ExpectedTable,
): string[] {
  if (!expected.PointInTimeRecoveryEnabled) return [];
  const { PointInTimeRecoveryStatus, RecoveryPeriodInDays = RECOVERY_DAYS } =
    backups?.PointInTimeRecoveryDescription ?? {};
  if (PointInTimeRecoveryStatus !== 'ENABLED') return ['the table cannot be brought back to a point in time'];
  const days = expected.RecoveryPeriodInDays ?? RECOVERY_DAYS;
  return RecoveryPeriodInDays < days
    ? [`the table can be brought back to the last ${RecoveryPeriodInDays} days only, not ${days}`]
    : [];
}

/** The policy that a template gives a table. */
const PolicySchema = z.object({ ResourcePolicy: z.object({ PolicyDocument: z.unknown() }) });

const exportViolations = (
  exports: readonly ExportDescription[],
  accountId: string,
  placed: Surroundings['placed'],
): string[] =>
  exports
    .filter(({ S3Bucket = '' }) => !placed.tableExports.includes(S3Bucket))
    .map(
      ({ ExportArn, S3Bucket, S3BucketOwner }) =>
        `export ${ExportArn?.split('/').at(-1)} writes the table to bucket ${S3Bucket} of ${S3BucketOwner ?? accountId}`,
    );

const ceilingsOf = ({ MaxReadRequestUnits = -1, MaxWriteRequestUnits = -1 }: OnDemandThroughput = {}) =>
  [MaxReadRequestUnits, MaxWriteRequestUnits].filter((units) => units > 0);

/** How key, protection and backups of the tenants table differ from its template. More protection is no violation. */
async function tableViolations(
  table: TableDescription | undefined,
  tableName: string,
  { platform, stacks }: SurroundingsFacts,
): Promise<string[]> {
  const backups = await platform.tableBackups();
  const resource = resourceCalled(await stacks.foundation(), 'AWS::DynamoDB::Table', tableName);
  const expected = TableSchema.parse(resource.properties);
  return [
    ...expectEqual(
      'the key of the table',
      table?.SSEDescription?.KMSMasterKeyArn,
      expected.SSESpecification.KMSMasterKeyId,
    ),
    ...(expected.DeletionProtectionEnabled && table?.DeletionProtectionEnabled !== true
      ? ['the table is not protected from deletion']
      : []),
    ...expectEqual(
      'how the table is paid',
      table?.BillingModeSummary?.BillingMode ?? 'PROVISIONED',
      expected.BillingMode,
    ),
    // Tenants are listed and waiting tasks are found by the indexes. Another one is nobody's way out.
    ...expected.GlobalSecondaryIndexes.filter(
      ({ IndexName }) => !table?.GlobalSecondaryIndexes?.some((each) => each.IndexName === IndexName),
    ).map(({ IndexName }) => `the table lacks the index ${IndexName}`),
    // An index made anew may show less of each item than those read who ask it.
    ...expected.GlobalSecondaryIndexes.flatMap(({ IndexName, Projection: { ProjectionType } }) => {
      const actual = table?.GlobalSecondaryIndexes?.find((each) => each.IndexName === IndexName);
      return actual?.Projection && ProjectionType
        ? expectEqual(`what the index ${IndexName} shows`, actual.Projection.ProjectionType, ProjectionType)
        : [];
    }),
    // "OnDemandThroughput": nothing but the platform's own requests would be refused. -1 takes a ceiling away.
    ...ceilingsOf(table?.OnDemandThroughput)
      .filter(() => expected.OnDemandThroughput === undefined)
      .map((units) => `the table takes no more than ${units} requests a second`),
    // An index that takes no write keeps the table from taking it, too.
    ...(table?.GlobalSecondaryIndexes ?? []).flatMap(({ IndexName = '', OnDemandThroughput }) =>
      expected.GlobalSecondaryIndexes.some((each) => each.IndexName === IndexName && each.OnDemandThroughput)
        ? []
        : ceilingsOf(OnDemandThroughput).map(
            (units) => `the index ${IndexName} takes no more than ${units} requests a second`,
          ),
    ),
    ...recoveryViolations(backups, expected),
  ];
}

const LockSchema = z.object({
  ObjectLockConfiguration: z.object({
    Rule: z.object({
      DefaultRetention: z.object({ Mode: z.string(), Days: z.number().default(0), Years: z.number().default(0) }),
    }),
  }),
});
const DAYS_OF_A_YEAR = 365;

/** How the default retention of the evidence falls short of its template. Longer is no violation. */
function lockViolations(lock: ObjectLockRule | undefined, bucket: ExpectedResource): string[] {
  const { Mode, Days = 0, Years = 0 } = lock?.DefaultRetention ?? {};
  if (Mode === undefined || Days + Years < 1) return ['the evidence bucket has no default retention'];
  const { DefaultRetention: expected } = LockSchema.parse(bucket.properties).ObjectLockConfiguration.Rule;
  const promised = expected.Days + expected.Years * DAYS_OF_A_YEAR;
  const days = Days + Years * DAYS_OF_A_YEAR;
  return [
    ...(days < promised ? [`each report is locked for ${days} days, not ${promised}`] : []),
    // Whoever has a permission may end a lock in the mode GOVERNANCE.
    ...(expected.Mode === 'COMPLIANCE' ? expectEqual('the mode of the lock', Mode, expected.Mode) : []),
  ];
}

/** The policy of the platform’s bus, by its template. */
const busPolicyOf = ({ properties }: { properties: Readonly<Record<string, unknown>> }): Statement[] =>
  properties.Policy === undefined ? [] : statementsOf(properties.Policy);

const BusSchema = z.object({
  KmsKeyIdentifier: z.string().optional(),
  DeadLetterConfig: z.object({ Arn: z.string().optional() }).default({}),
  LogConfig: z.unknown().optional(),
});

/** Whoever has the bus's key can stop it, and whoever has its dead-letter queue reads what was not delivered. */
function busViolations(
  { KmsKeyIdentifier, DeadLetterConfig, LogConfig: log }: BusSettings,
  { properties }: ExpectedResource,
): string[] {
  const expected = BusSchema.parse(properties);
  return [
    ...expectEqual('the key of the bus', KmsKeyIdentifier || undefined, expected.KmsKeyIdentifier),
    ...expectEqual(
      'the dead-letter queue of the bus',
      DeadLetterConfig?.Arn || undefined,
      expected.DeadLetterConfig.Arn,
    ),
    // "Logging events": without details a log has no event in it, and tells why one was not delivered.
    ...(expected.LogConfig === undefined && (log?.Level ?? 'OFF') !== 'OFF' && log?.IncludeDetail === 'FULL'
      ? [`the bus logs events (${log.Level}, details: ${log.IncludeDetail})`]
      : []),
  ];
}

const PUBLIC_ACCESS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'] as const;
const PublicAccessSchema = z.object({
  PublicAccessBlockConfiguration: z.partialRecord(z.enum(PUBLIC_ACCESS), z.boolean()).default({}),
});

/** What of the template's walls against public access the evidence bucket lacks. */
function publicAccessViolations(
  actual: PublicAccessBlockConfiguration | undefined,
  { properties }: ExpectedResource,
): string[] {
  const { PublicAccessBlockConfiguration: expected } = PublicAccessSchema.parse(properties);
  return PUBLIC_ACCESS.filter((each) => expected[each] === true && actual?.[each] !== true).map(
    (each) => `${each} of the evidence bucket is off`,
  );
}

/** Alarms of tenants' stacks are each tenant's question. */
const ALARMS = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'];

/** Questions about what all tenants of all cells share and trust. */
export const PLATFORM_CHECKS = checksOf<(typeof PLATFORM_METADATA)[number]['id'], Surroundings, SurroundingsFacts>(
  PLATFORM_METADATA,
  {
    'identity.trustees': async (surroundings, facts) => {
      const { cell } = surroundings;
      const { trustees } = facts;
      const [expected, found, policies, inForce, harmless] = await settled([
        trustees.expected(),
        trustees.found(),
        trustees.expectedPolicies(),
        trustees.policies(),
        harmlessDenials(surroundings, facts),
      ]);
      if (!expected.some(({ role }) => cell.taskRoleArn.endsWith(`/${role}`)))
        throw new Unanswered(`no template makes the task role ${cell.taskRoleArn}`);
      const violations = expected.flatMap(({ role, trust, inline, attached, boundary }, n) => {
        const actual = found[n];
        if (!actual) return [`role ${role} does not exist`];
        return [
          ...policyDifferences(`the trust of ${role}`, actual.trust, trust, harmless.anywhere),
          // What a role may not do any more it does not audit either.
          ...expectEqual(`the boundary of ${role}`, actual.boundary, boundary),
          ...policyDifferences(
            `the policy of ${role}`,
            actual.inline.filter(endsMore),
            inline,
            harmless.inRole(actual),
          ),
          ...actual.attached
            .filter((arn) => !attached.includes(arn))
            .map((arn) => `policy ${arn} is attached to ${role}`),
        ];
      });
      const ofPolicies = policies.flatMap(({ arn, statements }) => {
        const actual = inForce.get(arn);
        return actual
          ? policyDifferences(`the policy ${arn}`, actual, statements, harmless.anywhere)
          : [`policy ${arn} does not exist`];
      });
      return finding(
        [...violations, ...ofPolicies],
        `${expected.length} roles and ${policies.length} managed policies are as in the release, and no others`,
      );
    },
    'identity.reach': async (surroundings, { trustees, stacks }) => {
      const [others, ...resources] = await settled([
        trustees.others(),
        stacks.foundation(),
        stacks.controlPlane(),
        stacks.cell(),
      ]);
      return finding(
        reachViolations(others, resources.flat(), surroundings),
        `${others.length} other principals, none with a policy that names a tenant’s resource or the platform’s`,
      );
    },
    'platform.table': async (surroundings, facts) => {
      const { accountId, region, placed, tableName } = surroundings;
      const { platform, stacks } = facts;
      const [policy, streams, exports, table, key, resources, harmless] = await settled([
        platform.tablePolicy(tableName),
        platform.tableStreams(),
        platform.tableExports([tableName]),
        platform.table(),
        keyViolations('the tenants table', /tenants table/, surroundings, facts),
        stacks.foundation(),
        harmlessDenials(surroundings, facts),
      ]);
      const { properties } = resourceCalled(resources, 'AWS::DynamoDB::Table', tableName);
      const expected = PolicySchema.safeParse(properties).data?.ResourcePolicy.PolicyDocument;
      return finding(
        [
          ...strangersIn(policy, [accountId]),
          // Whoever of the account is let in by the table itself needs no policy of the own.
          ...policyDifferences(
            'the policy of the tenants table',
            policy,
            expected === undefined ? [] : statementsOf(expected),
            harmless.at(`arn:aws:dynamodb:${region}:${accountId}:table/${tableName}`),
          ),
          ...streams.map((stream) => `changes of the table go to ${stream}`),
          ...exportViolations(exports, accountId, placed),
          ...(table?.StreamSpecification?.StreamEnabled ? [`the table has the stream ${table.LatestStreamArn}`] : []),
          ...(table?.Replicas ?? []).map(({ RegionName }) => `the table has a replica in ${RegionName}`),
          ...(await tableViolations(table, tableName, facts)),
          ...key,
        ],
        'no policy for others, no stream, and no export but those of the organization',
      );
    },
    'platform.acts': async (surroundings, facts) => {
      const { accountId, region, placed, tableName } = surroundings;
      const { platform, stacks } = facts;
      const harmless = await harmlessDenials(surroundings, facts);
      const acts = ofType(await stacks.foundation(), 'AWS::DynamoDB::Table').filter(
        ({ physicalId }) => physicalId !== tableName,
      );
      if (acts.length === 0) throw new Unanswered('the foundation’s stack makes no table of acts');
      const violations = acts.map(async ({ physicalId = '', properties }) => {
        const [policy, exports] = await settled([
          platform.tablePolicy(physicalId),
          platform.tableExports([physicalId]),
        ]);
        const { ResourcePolicy } = PolicySchema.parse(properties);
        return [
          ...policyDifferences(
            'the policy of the table of acts',
            policy,
            statementsOf(ResourcePolicy.PolicyDocument),
            harmless.at(`arn:aws:dynamodb:${region}:${accountId}:table/${physicalId}`),
          ),
          ...exportViolations(exports, accountId, placed),
        ];
      });
      return finding(
        (await settled(violations)).flat(),
        'nobody changes or removes an act, PerformAct alone adds one, and none is exported but by the organization',
      );
    },
    'platform.bus': async (surroundings, facts) => {
      const { accountId, region, billingAccountId, busName } = surroundings;
      const { platform, stacks } = facts;
      const [policy, settings, resources, harmless] = await settled([
        platform.busPolicy(),
        platform.busSettings(),
        stacks.controlPlane(),
        harmlessDenials(surroundings, facts, billingAccountId),
      ]);
      const bus = resourceCalled(resources, 'AWS::Events::EventBus', busName);
      const expected = busPolicyOf(bus);
      return finding(
        [
          ...strangersIn(policy, [accountId, billingAccountId]),
          ...policyDifferences(
            `the policy of ${busName}`,
            policy,
            expected,
            harmless.at(`arn:aws:events:${region}:${accountId}:event-bus/${busName}`),
          ),
          ...busViolations(settings, bus),
        ],
        `the bus admits this account and ${billingAccountId} only`,
      );
    },
    'platform.topic': async (surroundings, facts) => {
      const { accountId, topicArn } = surroundings;
      const { platform, stacks } = facts;
      const [policy, key, subscriptions, resources, ofKey, harmless] = await settled([
        platform.topicPolicy(),
        platform.topicKey(),
        platform.subscriptions(),
        stacks.foundation(),
        keyViolations('the topic', /Messages/, surroundings, facts),
        harmlessDenials(surroundings, facts),
      ]);
      const expected = attachedPolicy(resources, 'AWS::SNS::TopicPolicy', 'Topics', topicArn);
      const ofTemplate = topicKeyId(resourceCalled(resources, 'AWS::SNS::Topic', topicArn));
      return finding(
        [
          ...strangersIn(policy, [accountId]),
          ...policyDifferences('the policy of the topic', policy, expected, harmless.at(topicArn)),
          ...expectEqual('the key of the topic', keyIdIn(key), ofTemplate),
          ...subscriptionViolations(subscriptions, resources, surroundings),
          ...ofKey,
        ],
        `${subscriptions.length} subscriptions, all of this account or on the stage’s list`,
      );
    },
    'platform.evidence': async (surroundings, facts) => {
      const { evidenceBucketName } = surroundings;
      const { platform, policies, stacks } = facts;
      const [lock, publicAccess, replication, policy, resources, key, harmless] = await settled([
        platform.evidenceLock(),
        platform.evidencePublicAccess(),
        platform.evidenceReplication(),
        policies.ofBucket(evidenceBucketName),
        stacks.foundation(),
        keyViolations('the evidence', /Reports/, surroundings, facts),
        harmlessDenials(surroundings, facts),
      ]);
      const { Mode, Days = 0, Years = 0 } = lock?.DefaultRetention ?? {};
      const bucket = resourceCalled(resources, 'AWS::S3::Bucket', evidenceBucketName);
      const expected = attachedPolicy(resources, 'AWS::S3::BucketPolicy', 'Bucket', evidenceBucketName);
      return finding(
        [
          ...lockViolations(lock, bucket),
          ...publicAccessViolations(publicAccess, bucket),
          ...policyDifferences(`the policy of ${evidenceBucketName}`, policy, expected, harmless.at()),
          ...replication.map(({ ID, Destination }) => `rule ${ID} replicates reports to ${Destination?.Bucket}`),
          ...key,
        ],
        `each report is locked for ${Years > 0 ? `${Years} years` : `${Days} days`} (${Mode})`,
      );
    },
    'platform.images': async (surroundings, facts) => {
      const { cell, images, stacks } = facts;
      const [definitions, policy, released, resources, ofCell, harmless] = await settled([
        cell.definitions(),
        images.repositoryPolicy(),
        images.released(),
        stacks.foundation(),
        stacks.cell(),
        harmlessDenials(surroundings, facts),
      ]);
      const { expected: template, updatedAt } = definitionOfTemplate(ofCell) ?? {};
      const ofTemplate = template?.ContainerDefinitions.map(({ Image }) => Image) ?? [];
      const repository = resourceCalled(resources, 'AWS::ECR::Repository', SERVICE_REPOSITORY);
      const { RepositoryPolicyText: expected } = repository.properties;
      return finding(
        [
          // Who builds and pushes images is of the delivery's stack, which nobody reads.
          ...policyDifferences(
            `the policy of ${SERVICE_REPOSITORY}`,
            policy,
            expected ? statementsOf(expected) : [],
            harmless.anywhere,
          ),
          ...imageViolations(definitions, { released, ofTemplate, updatedAt }),
        ],
        'the images in service are those of releases, and nobody else has their repository',
      );
    },
    'platform.permissions': async (surroundings, facts) =>
      finding(
        await permissionViolations(surroundings, facts),
        'functions, their versions and aliases, and queues have the policies of the release',
      ),
    'platform.functions': async (_, facts) =>
      finding(await functionViolations(facts), 'all functions have the settings of the release'),
    'audit.code': async (_, facts) =>
      finding(await codeViolations(facts), 'all functions run the packages of the release'),
    'audit.machines': async (_, facts) =>
      finding(await machineViolations(facts), 'the state machines have the definitions of the release'),
    'audit.rules': async (surroundings, facts) =>
      finding(await ruleViolations(surroundings, facts), `all rules are enabled; ${surroundings.busName} has no other`),
    'audit.alarms': async ({ topicArn }, { platform, stacks }) => {
      const resources = (await settled([stacks.controlPlane(), stacks.cell()])).flat();
      const names = ALARMS.flatMap((type) => idsOf(resources, type));
      const alarms = await platform.alarms(names);
      const ours = [...alarms.metric, ...alarms.composite].filter(({ AlarmName = '' }) => names.includes(AlarmName));
      const acting = ours.filter(({ AlarmActions = [] }) => AlarmActions.includes(topicArn));
      return finding(
        [
          ...(acting.length === 0 ? ['no alarm acts on the alarm topic'] : []),
          ...ours
            .filter(({ ActionsEnabled }) => ActionsEnabled === false)
            .map(({ AlarmName }) => `the actions of alarm ${AlarmName} are disabled`),
          ...alarmViolations(alarms, resources),
        ],
        `${acting.length} alarms act on the topic`,
      );
    },
  },
);
