import { BackupClient } from '@aws-sdk/client-backup';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSClient } from '@aws-sdk/client-rds';
import { Route53Client } from '@aws-sdk/client-route-53';
import { Route53ResolverClient } from '@aws-sdk/client-route53resolver';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { WAFV2Client } from '@aws-sdk/client-wafv2';
import type { Compute } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { AuditSurroundingsInput, AuditSurroundingsOutput } from '../contract/audit';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions, withoutCallLog } from '../shared/clients';
import { env, optionalEnv } from '../shared/env';
import { logger } from '../shared/logger';
import { settled } from '../shared/settled';
import { tellNews } from '../tenants/changes';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { type Account, readAccount } from './facts/account-facts';
import { accountLists, type KeptLists, keepLists } from './facts/account-lists';
import { noteworthy } from './facts/noteworthy-principals';
import { placedByOrganization } from './placed';
import type { Answer } from './report';
import { askSurroundings, surroundingsFacts } from './surroundings/ask';
import { SURROUNDINGS_CHECKS } from './surroundings/checks';
import { keepAnswers } from './surroundings/last-answers';
import { resolverAssociations } from './surroundings/resolver-associations';
import { stacksUnderWay } from './surroundings/stacks-under-way';

export interface AuditSurroundingsDeps {
  readonly table: TenantsTable;
  readonly compute: Pick<Compute, 'cells'>;
  /** Begins to ask about the platform with these lists of the account, one cell after the other: all questions, or those with these ids. */
  readonly asking: (
    account: Account,
    lists: KeptLists,
    cells: readonly CellDescriptor[],
  ) => (cell: CellDescriptor, only?: readonly string[]) => Promise<Answer[]>;
  /** Stacks of the platform that a deployment is changing. */
  readonly underWay: () => Promise<readonly string[]>;
  /** Lists the account. */
  readonly account: () => Promise<Account>;
  /** Lists of the account that questions about each tenant are about. */
  readonly lists: () => Promise<KeptLists>;
  readonly boundaryArn: string;
  readonly now: () => Date;
}

const REASON_AT_MOST = 4_000;

const told = (answers: readonly Answer[]) =>
  answers
    .map(({ id, severity, evidence }) => `${id} (${severity}): ${evidence}`)
    .join('\n')
    .slice(0, REASON_AT_MOST);

/**
 * What fails is asked once more, over new answers of AWS. While a deployment changes the platform's stacks, templates and
 * resources are of two moments: then nothing is known.
 *
 * @throws PlatformError `TransientConflict` while a deployment is under way
 */
async function confirmed(
  { asking, account, lists, underWay }: AuditSurroundingsDeps,
  [cell, cells]: readonly [CellDescriptor, readonly CellDescriptor[]],
  answers: readonly Answer[],
): Promise<readonly Answer[]> {
  const bad = answers.filter(({ passed }) => !passed).map(({ id }) => id);
  if (bad.length === 0) return answers;
  const changing = await underWay();
  if (changing.length > 0)
    throw new PlatformError(
      'TransientConflict',
      `${bad.join(', ')}: a deployment is under way: ${changing.join(', ')}`,
    );
  const [listed, relisted] = await settled([account(), lists()]);
  const again = await asking(listed, relisted, cells)(cell, bad);
  return answers.map((answer) => again.find(({ id }) => id === answer.id) ?? answer);
}

/**
 * Asks once for each cell what all of its tenants share and trust: roles that their roles trust, the
 * cell's network and load balancer, table, bus, topic, evidence, alarms.
 *
 * 1. Lists the account's principals and what may copy a database or all logs, and asks every question of a cell.
 * 2. Keeps the answers, the principals that a question about a tenant can be about, the other lists, and the
 *    tenants' boundary, beside the cell's items. Every report of a tenant of the cell takes them from there: those of this audit, and
 *    those of onboardings until the next.
 * 3. Answers with one report for each cell where a check failed or has no answer, at a second look, too.
 *
 * It suspends nobody: what all tenants share does not get better by a 503.
 *
 * Throws `ConfigurationInvalid`, `Transient*`; of these `TransientConflict` when something fails while a deployment is under
 * way. The answers of the last audit stay until there are new ones.
 */
export const auditSurroundings: Action<
  typeof AuditSurroundingsInput,
  typeof AuditSurroundingsOutput,
  AuditSurroundingsDeps
> = {
  name: 'AuditSurroundings',
  input: AuditSurroundingsInput,
  output: AuditSurroundingsOutput,
  run: async (deps) => {
    const { table, compute, asking, account, lists: readLists, boundaryArn, now } = deps;
    const reports = [];
    await tellNews(table, 'audits');
    const [listed, lists] = await settled([account(), readLists()]);
    const principals = noteworthy(listed.principals);
    const boundary = listed.policies.get(boundaryArn);
    const cells = await compute.cells();
    const ask = asking(listed, lists, cells);
    for (const cell of cells) {
      const answers = await confirmed(deps, [cell, cells], await ask(cell));
      await keepAnswers(table, cell.name, {
        ...{ at: now().toISOString(), answers, principals, boundary, lists },
      });
      const bad = answers.filter(({ passed }) => !passed);
      logger.info('surroundings.audited', { cell: cell.name, failed: bad.map(({ id }) => id) });
      if (bad.length > 0)
        reports.push({ verdict: 'surroundings' as const, cell: cell.name, reason: told(bad), suspend: false as const });
    }
    return { reports, failing: reports.length };
  },
};

const realDeps = (): AuditSurroundingsDeps => {
  const ssm = new SSMClient(clientOptions);
  const clients = {
    cloudformation: withoutCallLog(new CloudFormationClient(clientOptions)),
    iam: withoutCallLog(new IAMClient(clientOptions)),
    ec2: withoutCallLog(new EC2Client(clientOptions)),
    table: tenantsTable(),
    ecr: withoutCallLog(new ECRClient(clientOptions)),
    ecs: withoutCallLog(new ECSClient(clientOptions)),
    elb: withoutCallLog(new ElasticLoadBalancingV2Client(clientOptions)),
    s3: withoutCallLog(new S3Client(clientOptions)),
    dynamodb: withoutCallLog(new DynamoDBClient(clientOptions)),
    events: withoutCallLog(new EventBridgeClient(clientOptions)),
    sns: withoutCallLog(new SNSClient(clientOptions)),
    cloudtrail: withoutCallLog(new CloudTrailClient(clientOptions)),
    cloudwatch: withoutCallLog(new CloudWatchClient(clientOptions)),
    backup: withoutCallLog(new BackupClient(clientOptions)),
    kms: withoutCallLog(new KMSClient(clientOptions)),
    logs: withoutCallLog(new CloudWatchLogsClient(clientOptions)),
    rds: withoutCallLog(new RDSClient(clientOptions)),
    lambda: withoutCallLog(new LambdaClient(clientOptions)),
    route53: withoutCallLog(new Route53Client(clientOptions)),
    wafv2: withoutCallLog(new WAFV2Client(clientOptions)),
    sfn: withoutCallLog(new SFNClient(clientOptions)),
    sqs: withoutCallLog(new SQSClient(clientOptions)),
  };
  const resolver = withoutCallLog(new Route53ResolverClient(clientOptions));
  const now = () => new Date();
  return {
    table: clients.table,
    compute: ssmCells(ssm),
    asking: (listed, lists, cells) => {
      const platform = {
        accountId: env('ACCOUNT_ID'),
        region: env('AWS_REGION'),
        tableName: env('TABLE_NAME'),
        topicArn: env('ALARM_TOPIC_ARN'),
        busName: env('EVENT_BUS_NAME'),
        evidenceBucketName: env('EVIDENCE_BUCKET_NAME'),
        billingAccountId: env('BILLING_ACCOUNT_ID'),
        organizationId: optionalEnv('ORGANIZATION_ID'),
        placed: placedByOrganization(env),
      };
      const factsOf = surroundingsFacts(
        clients,
        platform,
        async () => listed,
        async () => lists,
        cells,
      );
      return (cell, only) => {
        const checks = only && SURROUNDINGS_CHECKS.filter(({ id }) => only.includes(id));
        return askSurroundings({ ...platform, cell }, factsOf(cell), now, checks);
      };
    },
    underWay: () => stacksUnderWay(clients.cloudformation),
    account: () => readAccount(clients.iam),
    lists: () => keepLists(accountLists({ ...clients, resolver: () => resolverAssociations(resolver) })),
    get boundaryArn() {
      return env('TENANT_BOUNDARY_ARN');
    },
    now,
  };
};

export const handler = actionHandler(auditSurroundings, realDeps());
