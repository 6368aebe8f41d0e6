import {
  CloudFormationClient,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  type CompositeAlarm,
  type MetricAlarm,
  paginateDescribeAlarms,
} from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { ruleNameOf } from '../../functions/contract/naming';
import { STATE_INDEX, stateKeys } from '../../functions/contract/records';
import { isNamed } from '../../functions/shared/is-named';
import { once } from '../../functions/shared/once';
import { everyItem, pages } from '../../functions/shared/paging';
import { settled } from '../../functions/shared/settled';
import { madeResources } from '../../functions/stacks/made-resources';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import { CONTROL_PLANE, cellOfStack, cellStackName, DELIVERY } from '../../infra/config/stack-names';
import { deployedStageFindings } from '../../infra/preflight/deployed-stage';
import { asked, type Finding, failed, ok } from '../../infra/preflight/finding';
import type { StageConnection } from '../stage-connection';
import type { FaultyCell, ListedCell } from './cell-list';
import type { QueueDepth } from './queue-depths';

/**
 * Milliseconds. A stack that takes longer than a Multi-AZ database with its replica needs an
 * operator.
 */
const LONG_WAIT = 3 * 3_600_000;
/** Prefix of the names of all platform stacks. */
const PREFIX = 'TenantOnboarding-';
/** CDK names a composite alarm by its path, without hyphens. */
const ALARM_PREFIX = 'TenantOnboarding';
const MADE_AGAIN = 'docs/runbook.md#surroundings says how the stack makes it again';

const WaitingSchema = z.object({ stackName: z.string(), since: z.string() });

/** What CloudFormation has made. The stack of the delivery is not there in every stage. */
async function resourcesOf(client: CloudFormationClient, StackName: string): Promise<StackResourceSummary[]> {
  try {
    const pages = paginateListStackResources({ client }, { StackName });
    return await everyItem(pages, ({ StackResourceSummaries }) => StackResourceSummaries);
  } catch (thrown) {
    if (StackName === DELIVERY && isNamed(thrown, 'ValidationError')) return [];
    throw thrown;
  }
}

/** The resources of the control plane and the delivery, which are listed once, and of cells. */
export function stackResources(client: CloudFormationClient) {
  const of = async (stacks: readonly string[]) =>
    (await settled(stacks.map((stack) => resourcesOf(client, stack)))).flat();
  const ofPlatform = once(() => of([CONTROL_PLANE, DELIVERY]));
  return async (cells: readonly string[] = []) => (await settled([ofPlatform(), of(cells.map(cellStackName))])).flat();
}

/**
 * The rules of all of the platform's stacks: that of the delivery starts the pipeline when an image is pushed. CloudFormation
 * knows those that somebody has deleted.
 */
export async function ruleFindings(
  events: Pick<EventBridgeClient, 'send'>,
  eventBusName: string,
  resources: () => Promise<readonly StackResourceSummary[]>,
): Promise<Finding[]> {
  const on = (EventBusName: string) => {
    const ask = (NextToken?: string) =>
      events.send(new ListRulesCommand({ EventBusName, NamePrefix: PREFIX, NextToken }));
    return everyItem(pages(ask, 'NextToken'), ({ Rules }) => Rules);
  };
  const [listed, ...found] = await settled([resources(), on('default'), on(eventBusName)]);
  const made = madeResources(listed, 'AWS::Events::Rule').map(ruleNameOf);
  const rules = found.flat();
  const off = rules.filter(({ State }) => State === 'DISABLED').map(({ Name }) => Name);
  const gone = made.filter((name) => !rules.some(({ Name }) => Name === name));
  const faults = [
    ...(off.length > 0
      ? [failed('event rules', `disabled: ${off.join(', ')}; enable them: a deployment of the same template does not`)]
      : []),
    ...(gone.length > 0 ? [failed('event rules', `deleted: ${gone.join(', ')}; ${MADE_AGAIN}`)] : []),
  ];
  if (faults.length > 0) return faults;
  return [
    rules.length > 0
      ? ok('event rules', `${rules.length} enabled`)
      : failed('event rules', 'the stacks have made none; deploy the stage'),
  ];
}

type PlatformAlarm = MetricAlarm | CompositeAlarm;

/**
 * The alarms of the platform's stacks, metric alarms and composite ones.
 *
 * "DescribeAlarms" (CloudWatch API Reference): without AlarmTypes it answers metric alarms only.
 */
export function platformAlarms(client: CloudWatchClient): Promise<PlatformAlarm[]> {
  return everyItem(
    paginateDescribeAlarms(
      { client },
      { AlarmNamePrefix: ALARM_PREFIX, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] },
    ),
    ({ MetricAlarms = [], CompositeAlarms = [] }) => [...MetricAlarms, ...CompositeAlarms],
  );
}

/**
 * The alarms that ring, those that somebody has silenced, and those that somebody has deleted. One without an action is part
 * of a composite alarm, and by itself no fault: that of the idle colour always rings.
 *
 * "AWS::CloudWatch::CompositeAlarm" (CloudFormation): its id is its name, as that of a metric alarm.
 */
export function alarmFindings(found: readonly PlatformAlarm[], resources: readonly StackResourceSummary[]): Finding[] {
  const made = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
    madeResources(resources, type),
  );
  const gone = made.filter((name) => !found.some(({ AlarmName }) => AlarmName === name));
  const alarms = found.filter(({ AlarmActions = [] }) => AlarmActions.length > 0);
  const findings = [
    ...alarms
      .filter(({ StateValue }) => StateValue === 'ALARM')
      .map(({ AlarmName = '', AlarmDescription = '' }) => failed(`alarm ${AlarmName}`, AlarmDescription)),
    ...alarms
      .filter(({ ActionsEnabled }) => ActionsEnabled === false)
      .map(({ AlarmName = '' }) =>
        failed(`alarm ${AlarmName}`, `tells nobody: aws cloudwatch enable-alarm-actions --alarm-names ${AlarmName}`),
      ),
    ...gone.map((name) => failed(`alarm ${name}`, `deleted; ${MADE_AGAIN}`)),
  ];
  return findings.length > 0 ? findings : [ok('alarms', 'none rings, and none is silenced or deleted')];
}

async function waitFindings(table: TenantsTable, now: Date): Promise<Finding[]> {
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.name,
      IndexName: STATE_INDEX,
      KeyConditionExpression: 'statePk = :waiting AND stateSk < :before',
      ExpressionAttributeValues: {
        ':waiting': stateKeys.waitingTask('').statePk,
        ':before': new Date(now.getTime() - LONG_WAIT).toISOString(),
      },
    }),
  );
  if (Items.length === 0) return [ok('waiting tasks', 'none has waited for more than three hours')];
  return Items.map((item) => {
    const waiting = WaitingSchema.safeParse(item).data;
    const says = waiting ? `waits since ${waiting.since}; docs/runbook.md#lost-stack-events` : 'an item is unreadable';
    return failed(`waiting task of ${waiting?.stackName ?? 'a stack'}`, says);
  });
}

const queueFinding = ({ queue, visible, hidden }: QueueDepth & { readonly queue: string }): Finding =>
  visible + hidden === 0
    ? ok(`queue ${queue}`, 'empty')
    : failed(`queue ${queue}`, `${visible + hidden} messages; docs/runbook.md says what to do with them`);

/**
 * Without what a cell's stack tells of it, and the live colour of the table, nobody becomes a tenant of it: somebody may have
 * deleted or damaged either. A full cell is no fault while another one has slots: a stage gets a further cell for that.
 */
export function cellFindings(cells: readonly (ListedCell | FaultyCell)[]): Finding[] {
  if (cells.length === 0) return [failed('cells', 'the stage has none; add one to its configuration, and deploy it')];
  const full = cells.every((cell) => 'fault' in cell || cell.left === 0);
  return cells.map((cell) => {
    const subject = `cell ${cell.name}`;
    if ('fault' in cell)
      return failed(subject, cell.fault.includes('docs/') ? cell.fault : `${cell.fault}; ${MADE_AGAIN}`);
    const { left, capacity, liveColour } = cell;
    return full
      ? failed(subject, `no slot of ${capacity} is left, as in all cells; docs/runbook.md#capacity-low`)
      : ok(subject, `${left} of ${capacity} slots left, ${liveColour} is live`);
  });
}

/** An alarm's name begins with that of its stack, and no cell's name has a hyphen. */
export const cellsWith = (alarms: readonly PlatformAlarm[]): string[] => [
  ...new Set(alarms.flatMap(({ AlarmName = '' }) => cellOfStack(AlarmName)?.split('-').slice(0, 1) ?? [])),
];

/**
 * Examines a deployed stage and changes nothing. A question that AWS does not answer gives
 * `unknown`.
 */
export async function examine(
  stage: StageConnection,
  table: TenantsTable,
  asking: {
    readonly queues: () => Promise<readonly (QueueDepth & { readonly queue: string })[]>;
    /** Those that are there, and what of these `deployed` ones is missing. */
    readonly cells: (deployed: readonly string[]) => Promise<readonly (ListedCell | FaultyCell)[]>;
  },
): Promise<readonly Finding[]> {
  const { aws, eventBusName } = stage;
  const cloudformation = new CloudFormationClient(aws);
  const resources = stackResources(cloudformation);
  const alarms = once(() => platformAlarms(new CloudWatchClient(aws)));
  const findings = await settled([
    asked('queues', async () => (await asking.queues()).map(queueFinding)),
    asked('cells', async () => cellFindings(await asking.cells(cellsWith(await alarms())))),
    asked('event rules', () => ruleFindings(new EventBridgeClient(aws), eventBusName, resources)),
    asked('waiting tasks', () => waitFindings(table, new Date())),
    asked('alarms', async () => {
      const found = await alarms();
      return alarmFindings(found, await resources(cellsWith(found)));
    }),
    asked('subscriber and templates', () =>
      deployedStageFindings({
        cloudformation,
        lambda: new LambdaClient(aws),
        s3: new S3Client({ ...aws, forcePathStyle: true }),
        sns: new SNSClient(aws),
      }),
    ),
  ]);
  return findings.flat();
}
