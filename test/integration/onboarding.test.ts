import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeRulesCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { control } from '../../emulator/control';
import { askedPatience } from '../../emulator/emulator';
import { tenantIdOf, tenantNames } from '../../functions/contract/naming';
import { itemKeys } from '../../functions/contract/records';
import { STACK_KINDS } from '../../functions/contract/stacks';
import { became, disappointments } from '../../local/expectations';
import { inventoryOf } from '../../local/inventory';
import { playMishap } from '../../local/mishap';
import { openPage } from '../../local/page';
import type { Platform } from '../../local/platform';
import { type Outcome, playScenario } from '../../local/scenario';
import { newSignup, Signups } from '../../local/signups';
import { StageClient } from '../../operations/client/stage-client';
import { localConnection, type StageConnection } from '../../operations/stage-connection';
import { startUnscheduled } from '../support/unscheduled-platform';

let platform: Platform;
let stage: StageConnection;
let client: StageClient;

beforeAll(async () => {
  platform = await startUnscheduled();
  stage = localConnection(platform.outputs);
  client = new StageClient(stage);
});
afterAll(() => platform?.stop());

const page = (subdomain: string) => openPage(platform.outputs.tenantUrl.replace('SUBDOMAIN', subdomain));

describe('the scenario of the demo', () => {
  let outcomes: Outcome[];
  const of = (label: string) => {
    const found = outcomes.find(({ applicant }) => applicant.label === label);
    if (!found) throw new Error(`nobody signed up as ${label}`);
    return found;
  };

  beforeAll(async () => {
    // What EventBridge may do with any event, it does with each signup.
    const twice = { source: 'billing', detailType: '*', deliveries: 2, times: 6 };
    await control(platform.emulator.endpointUrl, 'deliveries', twice);
    outcomes = await playScenario(stage);
  });

  test('each signup ends as expected', () => {
    expect(disappointments(outcomes)).toEqual([]);
    expect(outcomes.map((outcome) => `${outcome.applicant.label}: ${became(outcome)}`)).toEqual([
      'acme: ACTIVE',
      'mueller: ACTIVE',
      'fjordreiser: ACTIVE',
      'acme again: duplicate',
      'imitator: SubdomainTaken',
      'malformed: InvalidSignup',
    ]);
  });

  test.each(['acme', 'mueller', 'fjordreiser'])(
    '%s has four stacks, a key, a rule, a record, a route',
    async (label) => {
      const { tenantId = '', inventory } = of(label);
      for (const kind of STACK_KINDS) {
        const { Stacks } = await new CloudFormationClient(platform.aws).send(
          new DescribeStacksCommand({ StackName: tenantNames.stack(tenantId, kind) }),
        );
        expect(
          Stacks?.map(({ StackStatus, EnableTerminationProtection }) => [StackStatus, EnableTerminationProtection]),
        ).toEqual([['CREATE_COMPLETE', true]]);
      }
      const { DBInstances = [] } = await new RDSClient(platform.aws).send(
        new DescribeDBInstancesCommand({
          Filters: [{ Name: 'db-instance-id', Values: [tenantNames.database(tenantId)] }],
        }),
      );
      // D6: the stack's protection does not stop a person who deletes the instance itself.
      expect(DBInstances.map(({ DeletionProtection }) => DeletionProtection)).toEqual([true]);
      const { KeyMetadata } = await new KMSClient(platform.aws).send(
        new DescribeKeyCommand({ KeyId: tenantNames.keyAlias(tenantId) }),
      );
      expect(KeyMetadata).toMatchObject({ KeyState: 'Enabled', Arn: inventory?.record?.keyArn });
      const { Rules } = await new ElasticLoadBalancingV2Client(platform.aws).send(
        new DescribeRulesCommand({ RuleArns: [inventory?.record?.ruleArn ?? ''] }),
      );
      expect(Rules?.[0]).toMatchObject({
        Priority: String(inventory?.record?.slot?.priority),
        Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [`${label}.${stage.domain}`] } }],
        Actions: [{ Type: 'forward', TargetGroupArn: platform.deployment.cells.c1?.liveTargetGroupArn }],
      });
      const table = DynamoDBDocumentClient.from(new DynamoDBClient(platform.aws));
      const { Item } = await table.send(
        new GetCommand({ TableName: stage.tenantsTableName, Key: itemKeys.route(`${label}.${stage.domain}`) }),
      );
      expect(Item).toMatchObject({ status: 'ACTIVE', tenantId, roleArn: inventory?.record?.roleArn });
      expect(inventory?.record).toMatchObject({ status: 'ACTIVE', verification: { digest: expect.any(String) } });
    },
  );

  test('each tenant has its own page, and an unknown host has none', async () => {
    expect(await page('acme')).toMatchObject({ status: 200, body: expect.stringContaining('<bdi>Acme GmbH</bdi>') });
    expect((await page('mueller')).body).toContain('<bdi>Bäckerei Müller &amp; Söhne</bdi>');
    expect((await page('nobody')).status).toBe(404);
  });

  test('no two tenants share a slot', () => {
    const slots = outcomes.flatMap(({ inventory }) => inventory?.record?.slot ?? []);
    expect(new Set(slots.map(({ cidr }) => cidr)).size).toBe(3);
    expect(new Set(slots.map(({ priority }) => priority)).size).toBe(3);
  });
});

test('an execution started by hand with the detail alone onboards as an event does', async () => {
  const run = await new Signups(stage).onboard(newSignup({ companyName: 'By Hand', subdomain: 'by-hand' }));
  expect(run).toMatchObject({ status: 'SUCCEEDED', failure: undefined });
  expect((await page('by-hand')).body).toContain('By Hand');
});

test('a failed database stack is rolled back with everything else; redriven after the repair, the run ends ACTIVE', async () => {
  // Each failed attempt is counted: nothing else may fail in passing.
  await platform.emulator.setPatience(0);
  const outcomes = await playMishap(stage);
  await platform.emulator.setPatience(askedPatience());
  expect(disappointments(outcomes)).toEqual([]);
  expect(outcomes.map(became)).toEqual(['StackFailed', 'ACTIVE']);
  const [failed] = outcomes;
  expect(failed.run.visits.filter((visit) => visit.failed).map(({ state }) => state)).toEqual([
    'LaunchDatabase',
    'ConcludeFailure',
  ]);
  expect(failed.inventory?.record).toMatchObject({
    status: 'FAILED',
    failure: { step: 'ProvisionStacks', error: 'StackFailed', outcome: 'rolled-back' },
  });
});

describe('without one permission of one function', () => {
  const role = { RoleName: 'tenant-onboarding-RegisterTenant', PolicyName: 'Grants' };
  const iam = () => new IAMClient(platform.aws);
  let policy: string;

  beforeAll(async () => {
    const { PolicyDocument = '' } = await iam().send(new GetRolePolicyCommand(role));
    policy = decodeURIComponent(PolicyDocument);
    const { Statement, ...rest } = JSON.parse(policy);
    const left = Statement.filter(({ Action }: { Action: unknown }) => Action !== 'elasticloadbalancing:CreateRule');
    expect(left.length).toBe(Statement.length - 1);
    const without = JSON.stringify({ ...rest, Statement: left });
    await iam().send(new PutRolePolicyCommand({ ...role, PolicyDocument: without }));
    await platform.emulator.settle();
  });

  test('the onboarding fails with AccessDenied there, is undone, and ends ACTIVE when redriven with the permission', async () => {
    const signup = newSignup({ companyName: 'Without Grant', subdomain: 'without-grant' });
    const tenantId = tenantIdOf(signup.signupId);
    const failed = await new Signups(stage).onboard(signup);
    const { executionArn } = failed;
    expect(failed).toMatchObject({ status: 'FAILED', failure: { error: 'AccessDenied' } });
    expect(failed.failure?.reason).toMatch(/^RegisterTenant: .*elasticloadbalancing:CreateRule/);
    await platform.emulator.settle();
    const gone = await inventoryOf(stage, tenantId);
    expect(gone).toMatchObject({
      stacks: [],
      keyState: undefined,
      record: { status: 'FAILED', failure: { step: 'RegisterTenant', error: 'AccessDenied', outcome: 'rolled-back' } },
    });

    await iam().send(new PutRolePolicyCommand({ ...role, PolicyDocument: policy }));
    await platform.emulator.settle();
    await client.redrive({ executionArn });
    expect(await client.follow(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await inventoryOf(stage, tenantId)).record?.status).toBe('ACTIVE');
    expect((await page('without-grant')).status).toBe(200);
  });
});
