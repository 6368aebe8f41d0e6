import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { RDSClient } from '@aws-sdk/client-rds';
import { SNSClient } from '@aws-sdk/client-sns';
import { outputName, StageOutputsSchema } from '../../../functions/contract/outputs';
import { ENGINE, SIZINGS } from '../../../functions/contract/plans';
import { STACK_KINDS } from '../../../functions/contract/stacks';
import { type StageConfig, stages } from '../../../infra/config/stages';
import { accountFindings, bootstrapFindings, imageFindings } from '../../../infra/preflight/account';
import { databaseFindings } from '../../../infra/preflight/database-offers';
import { deployedStageFindings } from '../../../infra/preflight/deployed-stage';
import type { Finding } from '../../../infra/preflight/finding';
import { awsError, FakeClient } from '../../support/fake-client';

/** A paginator takes only a client of its own service. */
const answering = <C extends { send: unknown }>(client: C, answers: Record<string, unknown>) =>
  Object.assign(client, { send: new FakeClient(answers).send });

const verdicts = (findings: readonly Finding[]) => findings.map(({ verdict }) => verdict);
const { prod } = stages;

describe('D9: the account', () => {
  test.each([
    [prod.env.account, 'ok'],
    ['999999999999', 'failed'],
  ])('%s is %s', async (Account, verdict) => {
    const sts = new FakeClient({ GetCallerIdentityCommand: { Account, Arn: 'arn:aws:iam::1:user/jane' } });
    expect(verdicts(await accountFindings(sts, prod))).toEqual([verdict]);
  });

  test.each([
    ['6', { Parameter: { Value: '6' } }, 'ok'],
    ['5', { Parameter: { Value: '5' } }, 'failed'],
    ['nothing', awsError('ParameterNotFound'), 'failed'],
  ])('whose bootstrap has version %s: %#', async (_, answer, verdict) => {
    const findings = await bootstrapFindings(new FakeClient({ GetParameterCommand: answer }), prod);
    expect(verdicts(findings)).toEqual([verdict]);
    if (verdict === 'failed') expect(findings[0]?.says).toContain('npx cdk bootstrap');
  });

  test('gives no verdict when it does not allow anybody to read the bootstrap version', async () => {
    const ssm = new FakeClient({ GetParameterCommand: awsError('AccessDeniedException') });
    await expect(bootstrapFindings(ssm, prod)).rejects.toThrow('AccessDenied');
  });
});

describe('D9: the image', () => {
  const uri = '444455556666.dkr.ecr.eu-central-1.amazonaws.com/team/service:1.2';
  const asking = (answer: unknown, image = uri) => {
    const ecr = new FakeClient({ DescribeImagesCommand: answer });
    const config: StageConfig = { ...prod, image: { from: 'registry', uri: image } };
    const regions: string[] = [];
    const registryOf = (region: string) => {
      regions.push(region);
      return ecr;
    };
    return { ecr, regions, findings: imageFindings(registryOf, config) };
  };

  test('is looked up by registry, repository and tag or digest', async () => {
    const { ecr, findings } = asking({});
    expect(verdicts(await findings)).toEqual(['ok']);
    const asked = { registryId: '444455556666', repositoryName: 'team/service' };
    expect(ecr.inputs('DescribeImagesCommand')).toMatchObject([{ ...asked, imageIds: [{ imageTag: '1.2' }] }]);
    const byDigest = asking({}, uri.replace(':1.2', '@sha256:abc'));
    await byDigest.findings;
    expect(byDigest.ecr.inputs('DescribeImagesCommand')).toMatchObject([{ imageIds: [{ imageDigest: 'sha256:abc' }] }]);
  });

  test('is looked up in the Region of its registry, whatever that of the stage', async () => {
    const { regions, findings } = asking({}, uri.replace('eu-central-1', 'us-west-2'));
    expect(verdicts(await findings)).toEqual(['ok']);
    expect(regions).toEqual(['us-west-2']);
  });

  test.each(['ImageNotFoundException', 'RepositoryNotFoundException'])('is reported missing: %s', async (name) => {
    expect(verdicts(await asking(awsError(name)).findings)).toEqual(['failed']);
  });
});

describe('D9: databases', () => {
  const option = (change: object = {}) => ({
    EngineVersion: `${ENGINE.majorVersion}.4`,
    StorageType: 'gp3',
    MultiAZCapable: true,
    ReadReplicaCapable: true,
    AvailabilityZones: prod.availabilityZones.map((Name) => ({ Name })),
    ...change,
  });
  const failed = async (change: object) => {
    const answers = { DescribeOrderableDBInstanceOptionsCommand: { OrderableDBInstanceOptions: [option(change)] } };
    const findings = await databaseFindings(answering(new RDSClient({}), answers), prod);
    return findings.filter(({ verdict }) => verdict !== 'ok').map(({ subject }) => subject);
  };
  const plans = (wanted: (sizing: (typeof SIZINGS)[keyof typeof SIZINGS]) => boolean) =>
    Object.entries(SIZINGS)
      .filter(([, sizing]) => wanted(sizing))
      .map(([plan]) => `database of plan ${plan}`);

  test.each([
    ['all that the plans have', {}, plans(() => false)],
    ['another major version', { EngineVersion: '11.22' }, plans(() => true)],
    ['another storage', { StorageType: 'gp2' }, plans(() => true)],
    ['no standby', { MultiAZCapable: false }, plans(({ multiAz }) => multiAz)],
    ['no replica', { ReadReplicaCapable: false }, plans(({ replicas }) => replicas > 0)],
    ['one zone of the stage', { AvailabilityZones: [{ Name: prod.availabilityZones[0] }] }, plans(() => true)],
  ])('when RDS offers %s', async (_, change, expected) => {
    expect(await failed(change)).toEqual(expected);
  });

  test('of which RDS tells one plan nothing: the others are told', async () => {
    const plan = plans(() => true)[0] ?? '';
    const throttled = (_: unknown, before: number) =>
      before === 0 ? awsError('ThrottlingException') : { OrderableDBInstanceOptions: [option()] };
    const answers = { DescribeOrderableDBInstanceOptionsCommand: throttled };
    const findings = await databaseFindings(answering(new RDSClient({}), answers), prod);
    expect(findings.map(({ subject, verdict }) => [subject, verdict])).toEqual(
      plans(() => true).map((each) => [each, each === plan ? 'unknown' : 'ok']),
    );
  });
});

describe('D9: a deployed stage', () => {
  const outputs = Object.keys(StageOutputsSchema.shape).map((key) => ({
    OutputKey: outputName(key),
    OutputValue: key.endsWith('Url') ? 'https://sqs.acme.io/queue' : 'arn:aws:x',
  }));
  const stageWith = async (subscriptions: string[], told = outputs) => {
    const cloudformation = answering(new CloudFormationClient({}), {
      DescribeStacksCommand: { Stacks: [{ Outputs: told }] },
      ListStackResourcesCommand: { StackResourceSummaries: [] },
    });
    const Subscriptions = subscriptions.map((SubscriptionArn) => ({ SubscriptionArn, Endpoint: 'ops@acme.io' }));
    const sns = answering(new SNSClient({}), { ListSubscriptionsByTopicCommand: { Subscriptions } });
    // A first deployment has stopped before LaunchStack.
    const lambda = new FakeClient({});
    return await deployedStageFindings({ cloudformation, lambda, s3: new FakeClient({}), sns });
  };
  const subscriber = async (...subscriptions: string[]) => {
    const findings = await stageWith(subscriptions);
    return findings.find(({ subject }) => subject === 'alarm subscriber')?.verdict;
  };

  test('whose LaunchStack names no template is reported for each of the templates', async () => {
    const found = (await stageWith([])).filter(({ subject }) => subject.startsWith('template '));
    expect(found).toHaveLength(4);
    for (const { verdict, says } of found)
      expect([verdict, says]).toEqual(['failed', expect.stringContaining('deploy')]);
  });

  test('of an earlier release, whose stack lacks an output, is asked about its subscriber and its templates', async () => {
    const older = outputs.filter(({ OutputKey }) => OutputKey !== outputName('migrationMachineArn'));
    expect((await stageWith([], older)).map(({ subject }) => subject)).toEqual([
      'alarm subscriber',
      ...STACK_KINDS.map((kind) => `template ${kind}`),
    ]);
  });

  test('has a subscriber who has confirmed the subscription', async () => {
    expect(await subscriber('arn:aws:sns:eu-central-1:1:topic:2')).toBe('ok');
    expect(await subscriber('PendingConfirmation')).toBe('failed');
    expect(await subscriber()).toBe('failed');
  });
});
