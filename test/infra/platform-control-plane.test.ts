import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { EVENT_CATALOGUE } from '../../functions/contract/event-catalogue';
import { TELLING_STATUSES } from '../../functions/contract/stacks';
import { functionSeconds, stateSeconds } from '../../functions/contract/time-limits';
import { actionsOf, WORKFLOWS, workflowNamed } from '../../functions/contract/workflows';
import { clientOptions, REQUEST_LIMITS } from '../../functions/shared/clients';
import { LAUNCH_LEASE } from '../../functions/stacks/launch-stack';
import { aslJson } from '../../infra/asl-file';
import { STAGES, stages } from '../../infra/config/stages';
import { functionSources } from '../../infra/function-bundles';
import { machineOf, placeholdersOf, tasksOf } from '../support/asl';
import {
  listed,
  machineNamed,
  type Resource,
  resourcesOf,
  stageTemplates,
  statementsIn,
} from '../support/stage-templates';

const onboarding = workflowNamed('TenantOnboarding');
const FUNCTIONS = [
  ...new Set(WORKFLOWS.flatMap(actionsOf)),
  ...[
    'AlarmRaised',
    'DeploymentSettled',
    'KeepCells',
    'Orphans',
    'PerformAct',
    'RestoreDatabase',
    'ResumeTenant',
    'RetryMove',
    'RotateMasterSecret',
    'SeedCell',
    'SeedRingZero',
    'SeedTasks',
    'StackSettled',
    'Sweep',
    'Watchdog',
  ],
].sort();

describe.each(STAGES)('the control plane of stage %s', (stage) => {
  const { controlPlane, foundation } = stageTemplates(stage);
  const functions = resourcesOf(controlPlane, 'AWS::Lambda::Function');
  const roleOf = (lambda: Resource) => lambda.Properties.Role['Fn::GetAtt'][0] as string;
  const roleNameOf = (lambda: Resource) =>
    controlPlane.toJSON().Resources[roleOf(lambda)].Properties.RoleName as string;
  const nameOf = (lambda: Resource) => roleNameOf(lambda).replace('tenant-onboarding-', '');
  const roleNames = () => functions.map(([, lambda]) => roleNameOf(lambda));

  test('has the functions that workflows, events, schedules and operators call, and no others', () => {
    expect(roleNames().sort()).toEqual(FUNCTIONS.map((name) => `tenant-onboarding-${name}`));
  });

  test('gives each function a role of its own', () => {
    const roles = functions.map(([, lambda]) => roleOf(lambda));
    expect(new Set(roles).size).toBe(functions.length);
    expect(
      resourcesOf(controlPlane, 'AWS::IAM::Policy').flatMap(([, { Properties }]) =>
        (Properties.Roles as { Ref: string }[]).map(({ Ref }) => Ref).filter((role) => roles.includes(role)),
      ),
    ).toEqual([]);
  });

  test('runs every function on arm64 and the newest Node, with a log group that expires', () => {
    const groups = Object.fromEntries(resourcesOf(controlPlane, 'AWS::Logs::LogGroup'));
    for (const [id, { Properties }] of functions) {
      expect([id, Properties.Runtime, Properties.Architectures]).toEqual([id, 'nodejs24.x', ['arm64']]);
      const group = groups[Properties.LoggingConfig.LogGroup.Ref];
      expect([id, group?.Properties.RetentionInDays]).toEqual([id, stages[stage].logRetention]);
    }
  });

  test('ends a function before its state times out, so that the run names the function’s error', () => {
    const tasks = WORKFLOWS.map(machineOf).flatMap(tasksOf);
    for (const [, lambda] of functions) {
      const name = nameOf(lambda);
      for (const [state, { Arguments, TimeoutSeconds = 0 }] of tasks) {
        if (Arguments?.FunctionName !== `\${${name}}`) continue;
        expect([state, lambda.Properties.Timeout < TimeoutSeconds, TimeoutSeconds >= stateSeconds(name)]).toEqual([
          state,
          true,
          true,
        ]);
      }
    }
  });

  test('F7: gives every function enough time for its calls in a row, each as slow as its client allows', () => {
    const { connectionTimeout, requestTimeout } = REQUEST_LIMITS;
    expect(connectionTimeout).toBeLessThan(requestTimeout);
    const slowest = (clientOptions.maxAttempts * requestTimeout) / 1000;
    for (const [, lambda] of functions) {
      const [name, timeout] = [nameOf(lambda), lambda.Properties.Timeout];
      expect([name, timeout]).toEqual([name, functionSeconds(name)]);
      expect([name, timeout > slowest, timeout <= 900]).toEqual([name, true, true]);
    }
  });

  test('has a launch lease longer than the launching function’s timeout, and deletions that wait longer than the lease', () => {
    const [[, launchStack] = []] = functions.filter(([id]) => id.startsWith('LaunchStack'));
    expect(launchStack?.Properties.Timeout * 1000).toBeLessThan(LAUNCH_LEASE);
    const [, deletion] = tasksOf(machineOf(onboarding)).find(([name]) => name === 'DeleteNetwork') ?? [];
    const retrier = deletion?.Retry?.find(({ ErrorEquals }) => ErrorEquals.includes('TransientLaunchInFlight'));
    expect(retrier).toMatchObject({ BackoffRate: 1 });
    expect(retrier).not.toHaveProperty('JitterStrategy');
    const waits = (retrier?.IntervalSeconds ?? 0) * (retrier?.MaxAttempts ?? 0);
    expect(waits * 1000).toBeGreaterThan(LAUNCH_LEASE);
  });

  test('runs the machine of statemachines/ with every placeholder filled', () => {
    const [, machine] = machineNamed(controlPlane, 'TenantOnboarding');
    expect(machine.Properties.DefinitionString).toBe(aslJson(onboarding));
    expect(Object.keys(machine.Properties.DefinitionSubstitutions).sort()).toEqual(placeholdersOf(onboarding));
    expect(machine.Properties.DefinitionSubstitutions.OnFailure).toBe(stages[stage].onFailure);
    expect(machine.Properties).toMatchObject({
      StateMachineType: 'STANDARD',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    });
  });

  test('lets the state machine call its own functions and nothing else', () => {
    const [, machine] = machineNamed(controlPlane, 'TenantOnboarding');
    const role = controlPlane.toJSON().Resources[machine.Properties.RoleArn['Fn::GetAtt'][0]];
    const invoking = statementsIn(role.Properties).filter(({ Action }) =>
      listed(Action).includes('lambda:InvokeFunction'),
    );
    // Each function, and its versions.
    expect(invoking.flatMap(({ Resource }) => listed(Resource))).toHaveLength(2 * actionsOf(onboarding).length);
  });

  test('D2: calls published versions in every definition, and no deployment removes them', () => {
    const versions = new Map(resourcesOf(controlPlane, 'AWS::Lambda::Version'));
    for (const [, version] of versions)
      expect([version.DeletionPolicy, version.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    for (const workflow of WORKFLOWS) {
      const [, machine] = machineNamed(controlPlane, workflow.name);
      const called = actionsOf(workflow).map((action) => machine.Properties.DefinitionSubstitutions[action]);
      expect(called.filter(({ Ref }) => !versions.has(Ref))).toEqual([]);
    }
  });

  test('D2: lets a launch of an earlier release read that release’s templates', () => {
    const [, launchStack] = functions.find(([id]) => id.startsWith('LaunchStack')) ?? [];
    const role = launchStack && controlPlane.toJSON().Resources[roleOf(launchStack)];
    const reading = statementsIn(role?.Properties).filter(({ Action }) => listed(Action).includes('s3:GetObject'));
    expect(JSON.stringify(reading.map(({ Resource }) => Resource))).toMatch(/\/\*\.json/);
  });

  test('starts an onboarding for each signup, tries for a day, then keeps the event', () => {
    controlPlane.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['billing'], 'detail-type': ['TenantSignedUp'] },
      Targets: [
        Match.objectLike({
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
          DeadLetterConfig: { Arn: Match.anyValue() },
        }),
      ],
    });
  });

  test('keeps every event of its bus that is neither a signup nor its own event', () => {
    const published = EVENT_CATALOGUE.filter(({ direction }) => direction === 'out').map(({ type }) => type);
    const rules = resourcesOf(controlPlane, 'AWS::Events::Rule').map(([, { Properties }]) => Properties);
    const patterns = rules
      .filter(({ Targets: [target] }) => /^UnmatchedEvents/.test(target.Arn['Fn::GetAtt']?.[0]))
      .map(({ EventBusName, EventPattern }) => [EventBusName === undefined, EventPattern]);
    expect(patterns).toEqual([
      [false, { source: [{ 'anything-but': ['billing', 'tenant-onboarding'] }] }],
      [
        false,
        {
          $or: [
            { source: ['billing'], 'detail-type': [{ 'anything-but': ['TenantSignedUp'] }] },
            { source: ['tenant-onboarding'], 'detail-type': [{ 'anything-but': published }] },
          ],
        },
      ],
    ]);
  });

  test("receives the events of tenants' stacks alone, once they have settled", () => {
    controlPlane.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.cloudformation'],
        'detail-type': ['CloudFormation Stack Status Change'],
        detail: {
          'stack-id': [{ prefix: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('stack/tenant-$')])] } }],
          'status-details': { status: Match.arrayEquals([...TELLING_STATUSES]) },
        },
      },
      Targets: [Match.objectLike({ DeadLetterConfig: { Arn: Match.anyValue() } })],
    });
  });

  test('lets Sweep list the runs of watched workflows, and read and list no others', () => {
    const [[, sweep] = []] = functions.filter(([id]) => id.startsWith('Sweep'));
    const machines = JSON.stringify(sweep?.Properties.Environment.Variables.MACHINE_ARNS);
    expect([...machines.matchAll(/stateMachine:(\w+)/g)].map(([, name]) => name)).toEqual(
      WORKFLOWS.filter(({ watched }) => watched).map(({ name }) => name),
    );
    const role = controlPlane.toJSON().Resources[roleOf(sweep as Resource)];
    expect(JSON.stringify(statementsIn(role.Properties))).not.toContain('TenantIsolationAudit');
  });

  test('receives the ends of watched machines’ runs that have not succeeded', () => {
    const watched = WORKFLOWS.filter((workflow) => workflow.watched);
    const machines = watched.map(({ name }) => ({ Ref: machineNamed(controlPlane, name)[0] }));
    controlPlane.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: machines, status: ['FAILED', 'ABORTED', 'TIMED_OUT'] },
      },
      Targets: [Match.objectLike({ DeadLetterConfig: { Arn: Match.anyValue() } })],
    });
  });

  test.each(['StackSettled', 'Watchdog'])(
    'keeps an event that %s fails on in the dead-letter queue of its rule',
    (name) => {
      const [[id, lambda] = ['']] = functions.filter(([, each]) =>
        controlPlane.toJSON().Resources[roleOf(each)].Properties.RoleName.endsWith(`-${name}`),
      );
      const queue = lambda?.Properties.DeadLetterConfig.TargetArn;
      controlPlane.hasResourceProperties('AWS::Events::Rule', {
        Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [id, 'Arn'] }, DeadLetterConfig: { Arn: queue } })],
      });
      const role = controlPlane.toJSON().Resources[roleOf(lambda as Resource)];
      expect(statementsIn(role.Properties.Policies)).toContainEqual(
        expect.objectContaining({ Action: 'sqs:SendMessage', Resource: queue }),
      );
    },
  );

  test('keeps every event that one of its rules cannot deliver', () => {
    const rules = resourcesOf(controlPlane, 'AWS::Events::Rule').filter(
      ([, { Properties }]) => Properties.EventPattern,
    );
    expect(rules.length).toBeGreaterThanOrEqual(5);
    const withoutQueue = rules.filter(([, { Properties }]) =>
      Properties.Targets.some((target: { DeadLetterConfig?: unknown }) => !target.DeadLetterConfig),
    );
    expect(withoutQueue.map(([id]) => id)).toEqual([]);
  });

  test('sweeps every other minute, and rings when no sweep succeeds', () => {
    controlPlane.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(2 minutes)' });
    controlPlane.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'SweepsDone',
      Dimensions: [{ Name: 'service', Value: 'control-plane' }],
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'missing',
    });
  });

  test('searches for orphans every hour, and may delete only if the stage says so', () => {
    controlPlane.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 hour)' });
    const [, role] =
      resourcesOf(controlPlane, 'AWS::IAM::Role').find(
        ([, { Properties }]) => Properties.RoleName === 'tenant-onboarding-Orphans',
      ) ?? [];
    const actions = statementsIn(role?.Properties.Policies).flatMap(({ Action }) => listed(Action));
    const deleting = actions.filter((action) => /:(Delete|Disable|Schedule|Put(?!LogEvents|T))/.test(action));
    expect(actions).toContain('cloudformation:ListStacks');
    expect(deleting.length > 0).toBe(stages[stage].orphans === 'remove');
    expect(actions).not.toContain('rds:DeleteDBInstance');
    const ofSnapshots = statementsIn(role?.Properties.Policies).filter(({ Action }) =>
      listed(Action).includes('rds:DeleteDBSnapshot'),
    );
    for (const { Action, Condition } of ofSnapshots)
      expect([Action, Condition]).toEqual(['rds:DeleteDBSnapshot', { Null: { 'aws:ResourceTag/tenantId': 'false' } }]);
  });

  test('sends every alarm that is not part of another to the topic, with impact and an existing runbook section', () => {
    const runbook = readFileSync(join(__dirname, '../../docs/runbook.md'), 'utf8');
    const ofType = (type: string) => stageTemplates(stage).all.flatMap((template) => resourcesOf(template, type));
    const composites = ofType('AWS::CloudWatch::CompositeAlarm');
    const rules = JSON.stringify(composites.map(([, { Properties }]) => Properties.AlarmRule));
    const simple = ofType('AWS::CloudWatch::Alarm');
    const parts = simple.filter(([id]) => rules.includes(id));
    expect(parts).toHaveLength(2 * stages[stage].cells.length);
    const alarms = [...composites, ...simple.filter((alarm) => !parts.includes(alarm))];
    expect(alarms.length).toBeGreaterThanOrEqual(16);
    for (const [id, { Properties }] of alarms) {
      const text = /^Impact: .{20,} What to do: (\S+)\/runbook\.md#([a-z-]+)$/.exec(Properties.AlarmDescription);
      const heading = new RegExp(`^#+ ${text?.[2]?.replaceAll('-', '[ -]')}$`, 'im');
      expect([id, heading.test(runbook)]).toEqual([id, true]);
      // D10: whoever is woken on AWS has no clone of the repository.
      if (stage !== 'local') expect([id, URL.canParse(text?.[1] ?? '')]).toEqual([id, true]);
      expect(Properties.AlarmActions).toHaveLength(1);
    }
  });

  test.each(WORKFLOWS)('rings when an execution of $name fails or times out', ({ name }) => {
    const [machine = ''] =
      resourcesOf(controlPlane, 'AWS::StepFunctions::StateMachine').find(
        ([, { Properties }]) => Properties.StateMachineName === name,
      ) ?? [];
    const watched = resourcesOf(controlPlane, 'AWS::CloudWatch::Alarm')
      .filter(([, { Properties }]) => JSON.stringify(Properties.Dimensions)?.includes(`"${machine}"`))
      .map(([, { Properties }]) => Properties.MetricName);
    expect(watched).toEqual(expect.arrayContaining(['ExecutionsFailed', 'ExecutionsTimedOut']));
  });

  test('keeps the tenants table with point-in-time recovery, protected if the stage says so', () => {
    foundation.hasResourceProperties('AWS::DynamoDB::Table', {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: stages[stage].deletionProtection,
    });
  });
});

test('every function has a source file, and every source file its function', () => {
  const sources = functionSources();
  // Each cell has its own of these.
  expect(Object.keys(sources).sort()).toEqual([...FUNCTIONS, 'AskDatabase', 'SetUpDatabase'].sort());
  for (const [name, file] of Object.entries(sources))
    expect([name, existsSync(join(__dirname, '../..', file))]).toEqual([name, true]);
});

test('prod keeps its data when a stack is deleted, and protects the stack itself', () => {
  const { foundation } = stageTemplates('prod');
  for (const type of ['AWS::DynamoDB::Table', 'AWS::KMS::Key'])
    for (const [, { DeletionPolicy }] of resourcesOf(foundation, type))
      expect(DeletionPolicy).toBe('RetainExceptOnCreate');
});

/** "DeletionPolicy attribute": what is retained although its creation was rolled back has its name for ever. */
test.each(STAGES)('D5: a failed first deployment of stage %s leaves no resource that blocks the second', (stage) => {
  const kept = stageTemplates(stage).all.flatMap((template) =>
    resourcesOf(template).filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain'),
  );
  // A version goes with its function; while an update is rolled back, runs that it has begun need it.
  expect(kept.map(([, { Type }]) => Type).filter((type) => type !== 'AWS::Lambda::Version')).toEqual([]);
});
