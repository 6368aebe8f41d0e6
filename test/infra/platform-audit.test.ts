import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { RESOURCE_NAMES } from '../../functions/contract/naming';
import { actionsOf as calledBy, workflowNamed } from '../../functions/contract/workflows';
import { namedInOutputs } from '../../functions/isolation/release/resolve-template';
import { aslJson } from '../../infra/asl-file';
import { STAGES, stages } from '../../infra/config/stages';
import { placeholdersOf } from '../support/asl';
import { listed, machineNamed, resourcesOf, stageTemplates, statementsIn } from '../support/stage-templates';

const audit = workflowNamed('TenantIsolationAudit');

/** What changes something in AWS, of a tenant or of anything else. */
const CHANGING = /:(?!Describe|Get|BatchGet|List|Head|AssumeRole|TagSession|Query)/;
/** What an asking function may change: its verdict on record, its report, its own log, trace and probes. */
const LEFT_BEHIND = [
  'dynamodb:UpdateItem',
  'kms:GenerateDataKey',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  's3:DeleteObjectVersion',
  's3:PutObject',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

const SURROUNDINGS = join(__dirname, '../../functions/isolation/surroundings');
/** Types of resources that questions about the surroundings are about. */
const ASKED_ABOUT = new Set(
  globSync('*.ts', { cwd: SURROUNDINGS }).flatMap(
    (file) => readFileSync(join(SURROUNDINGS, file), 'utf8').match(/(?<=')AWS::\w+::\w+(?=')/g) ?? [],
  ),
);
/** They are known by what they belong to. */
const WITHOUT_NAMES = ['AWS::IAM::Policy', 'AWS::Lambda::Permission', 'AWS::SQS::QueuePolicy'];

describe.each(STAGES)('the audit of stage %s', (stage) => {
  const { controlPlane } = stageTemplates(stage);
  const [machineId, machine] = machineNamed(controlPlane, 'TenantIsolationAudit');
  const { onBreach, auditsAtOnce } = stages[stage];
  const roleNamed = (name: string) =>
    resourcesOf(controlPlane, 'AWS::IAM::Role').find(([, { Properties }]) => Properties.RoleName === name)?.[1];
  const grantsOf = (name: string) => statementsIn(roleNamed(`tenant-onboarding-${name}`)?.Properties);
  const actionsOf = (name: string) => [...new Set(grantsOf(name).flatMap(({ Action }) => listed(Action)))].sort();

  test('runs the machine of statemachines/ with every placeholder filled', () => {
    const { DefinitionString, DefinitionSubstitutions } = machine.Properties;
    expect(DefinitionString).toBe(aslJson(audit));
    expect(Object.keys(DefinitionSubstitutions).sort()).toEqual(placeholdersOf(audit));
    expect(DefinitionSubstitutions).toMatchObject({ OnBreach: onBreach, AuditsAtOnce: String(auditsAtOnce) });
    expect(machine.Properties).toMatchObject({ StateMachineType: 'STANDARD', TracingConfiguration: { Enabled: true } });
  });

  test('learns the names of all resources that it asks about, by the outputs of their stack', () => {
    const template = controlPlane.toJSON();
    const told = [...namedInOutputs(JSON.stringify(template), RESOURCE_NAMES).values()].flat();
    const asked = Object.entries<{ Type: string }>(template.Resources).filter(
      ([, { Type }]) => ASKED_ABOUT.has(Type) && !WITHOUT_NAMES.includes(Type),
    );
    expect(asked.length).toBeGreaterThan(100);
    expect(asked.filter(([id]) => !told.includes(id))).toEqual([]);
  });

  test('starts once a day', () => {
    controlPlane.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'cron(0 3 * * ? *)',
      State: 'ENABLED',
      Targets: [Match.objectLike({ Arn: { Ref: machineId } })],
    });
  });

  test('may call its own functions and run child executions, and nothing else', () => {
    const role = controlPlane.toJSON().Resources[machine.Properties.RoleArn['Fn::GetAtt'][0]];
    const grants = statementsIn(role.Properties);
    const on = (action: string) =>
      grants.filter(({ Action }) => listed(Action).includes(action)).flatMap(({ Resource }) => listed(Resource));
    // Each function, and its versions.
    expect(on('lambda:InvokeFunction')).toHaveLength(2 * calledBy(audit).length);
    for (const action of ['states:StartExecution', 'states:DescribeExecution', 'states:RedriveExecution'])
      for (const resource of on(action)) expect(JSON.stringify(resource)).toContain(':TenantIsolationAudit');
    expect(on('states:StartExecution')).toHaveLength(1);
  });

  test('asks with the grants of VerifyIsolation, about alarms, those that find the tenant again, and lists the account for a person', () => {
    const more = actionsOf('AuditTenant').filter((action) => !actionsOf('VerifyIsolation').includes(action));
    expect(more).toEqual([
      'cloudwatch:DescribeAlarms',
      'iam:GetAccountAuthorizationDetails',
      'ssm:GetParametersByPath',
    ]);
  });

  test.each(['AuditTenant', 'VerifyIsolation'])('%s writes only evidence, verdict and log', (name) => {
    const changing = actionsOf(name).filter((action) => CHANGING.test(action) && action !== 'lambda:InvokeFunction');
    expect(changing).toEqual(LEFT_BEHIND);
  });

  test.each(['AuditTenant', 'VerifyIsolation'])('%s invokes the functions that try databases, and no other', (name) => {
    const invoked = grantsOf(name).filter(({ Action }) => listed(Action).includes('lambda:InvokeFunction'));
    expect(invoked.flatMap(({ Resource }) => listed(Resource)).map((arn) => JSON.stringify(arn))).toEqual([
      expect.stringMatching(/:function:[^*]*AskDatabase[^*]*\*?[^*]*"/),
    ]);
  });

  test.each(['SuspendTenant', 'ResumeTenant'])('%s changes route and record, and no data of the tenant', (name) => {
    expect(actionsOf(name).filter((action) => !/^(logs|xray):/.test(action) && CHANGING.test(action))).toEqual([
      'dynamodb:UpdateItem',
      'elasticloadbalancing:ModifyRule',
    ]);
  });

  test('operators get the name of a breached tenant, over a topic with its own key', () => {
    expect(actionsOf('ReportBreach')).toEqual(expect.arrayContaining(['kms:GenerateDataKey', 'sns:Publish']));
    expect(actionsOf('ReportBreach').filter((action) => !/^(logs|xray|sns|kms|sts):/.test(action))).toEqual([]);
  });

  test('tenants’ roles trust the functions that verify, activate and prepare the database, and no others', () => {
    const lambda = resourcesOf(controlPlane, 'AWS::Lambda::Function').find(([id]) => id.startsWith('LaunchStack'))?.[1];
    const trusted = JSON.stringify(lambda?.Properties.Environment.Variables.TRUSTED_ROLE_ARNS);
    const names = resourcesOf(controlPlane, 'AWS::IAM::Role')
      .filter(([id]) => trusted.includes(`"${id}"`))
      .map(([, { Properties }]) => Properties.RoleName);
    expect(names.sort()).toEqual(
      ['ActivateTenant', 'AuditTenant', 'PrepareDatabase', 'VerifyIsolation'].map(
        (name) => `tenant-onboarding-${name}`,
      ),
    );
  });

  test('a breach rings until an audit finds none; a missing audit rings after two days', () => {
    const alarm = (MetricName: string, expected: object) =>
      controlPlane.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName, ...expected });
    for (const name of ['TenantsDrifted', 'TenantsUnverified'])
      alarm(name, { Threshold: 1, TreatMissingData: 'ignore', Statistic: 'Sum' });
    alarm('AuditsDone', {
      Threshold: 1,
      Period: 86_400,
      EvaluationPeriods: 2,
      TreatMissingData: 'missing',
      ComparisonOperator: 'LessThanThreshold',
    });
  });
});

test('only dev suspends a tenant without a person', () => {
  expect(STAGES.filter((stage) => stages[stage].onBreach === 'suspend')).toEqual(['dev']);
});
