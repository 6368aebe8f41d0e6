import { Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { actionsOf, type Workflow } from '../../functions/contract/workflows';
import { aslJson, distributedMapsOf } from '../asl-file';
import type { StageConfig } from '../config/stages';
import { type Grant, policyOf } from './grant';
import type { PlatformFunction } from './platform-function';
import { platformArns } from './platform-names';

/**
 * "Logging in CloudWatch Logs" of the Step Functions guide: these actions of log delivery have no
 * resource.
 */
const DELIVER_LOGS: Grant = {
  actions: [
    'logs:CreateLogDelivery',
    'logs:GetLogDelivery',
    'logs:UpdateLogDelivery',
    'logs:DeleteLogDelivery',
    'logs:ListLogDeliveries',
    'logs:PutResourcePolicy',
    'logs:DescribeResourcePolicies',
    'logs:DescribeLogGroups',
  ],
  resources: ['*'],
  wildcardBecause:
    'CloudWatch Logs supports no resources for log delivery (Step Functions guide, "Logging in CloudWatch Logs").',
};

const TRACE: Grant = {
  actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets'],
  resources: ['*'],
  wildcardBecause: 'X-Ray has no resource to name for trace segments (Step Functions guide, "Tracing with AWS X-Ray").',
};

export interface AslMachineProps {
  readonly config: StageConfig;
  readonly workflow: Workflow;
  /**
   * Functions of the platform, those of the workflow included. The machine may call only the
   * workflow's.
   */
  readonly functions: readonly PlatformFunction[];
  /** Values for placeholders that are no actions. A file need not use all of them. */
  readonly settings: Readonly<Record<string, string>>;
}

/** @throws Error when an action of the workflow has no function of its name */
function functionsOf({ workflow, functions }: AslMachineProps): PlatformFunction[] {
  return actionsOf(workflow).map((action) => {
    const found = functions.find(({ node }) => node.id === action);
    if (!found) throw new Error(`no function is named ${action}, but workflow ${workflow.name} calls it`);
    return found;
  });
}

/**
 * A distributed Map starts a child execution of its own machine per item ("IAM policies for using
 * Distributed Map states").
 */
function runChildren(stack: Stack, workflow: Workflow, labels: readonly string[]): Grant[] {
  if (labels.length === 0) return [];
  const arns = platformArns(stack);
  return [
    { actions: ['states:StartExecution'], resources: [arns.machine(workflow)] },
    {
      actions: ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution'],
      resources: [arns.executions(workflow), ...labels.map((label) => arns.itemExecutions(workflow, label))],
      wildcardBecause: 'Executions have random names.',
    },
  ];
}

/**
 * The state machine of a workflow. The template contains the definition, so `cdk diff` shows
 * changes.
 *
 * The definition names a published version of each function. A run keeps the definition that it
 * began with, at a redrive too ("Restarting state machine executions with redrive"), and therefore
 * the code: no deployment changes either under it.
 */
export class AslMachine extends Construct {
  readonly machine: StateMachine;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: AslMachineProps) {
    super(scope, id);
    const { config, workflow, settings } = props;
    const functions = functionsOf(props);
    const definition = aslJson(workflow);
    const invoke: Grant = {
      actions: ['lambda:InvokeFunction'],
      resources: functions.flatMap(({ lambda }) => [lambda.functionArn, `${lambda.functionArn}:*`]),
      wildcardBecause: 'A run of an earlier release calls the versions of that release, and none of another function.',
    };
    const children = runChildren(Stack.of(this), workflow, distributedMapsOf(JSON.parse(definition)));
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: `Calls the functions of ${workflow.name}`,
      inlinePolicies: {
        Grants: policyOf(this, [invoke, ...children, DELIVER_LOGS, ...(config.tracing ? [TRACE] : [])]),
      },
    });
    // With this prefix Step Functions needs no entry in the account's resource policy for logs,
    // whose size is limited.
    this.logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${workflow.name}`,
      retention: config.logRetention,
      removalPolicy: config.removalPolicy,
    });
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: workflow.name,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(definition),
      definitionSubstitutions: {
        ...Object.fromEntries(functions.map((each) => [each.node.id, each.releasedArn])),
        ...Object.fromEntries(Object.entries(settings).filter(([name]) => definition.includes(`\${${name}}`))),
      },
      role: role.withoutPolicyUpdates(),
      logs: {
        destination: this.logGroup,
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
      tracingEnabled: config.tracing,
    });
  }
}
