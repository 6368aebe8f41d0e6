import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { type Grant, policyOf } from './grant';
import type { PlatformFunction } from './platform-function';

const FOLDER = join(__dirname, '../../statemachines');

/** "Logging in CloudWatch Logs" of the Step Functions guide: delivery of vended logs is granted for all or for none. */
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
  readonly machineName: string;
  /** Of the folder statemachines/. */
  readonly file: string;
  /** Those whose names are placeholders of the file; the machine may call them and no others. */
  readonly functions: readonly PlatformFunction[];
  /** The other placeholders. */
  readonly substitutions: Readonly<Record<string, string>>;
  readonly grants?: readonly Grant[];
}

/** A state machine of a file, as text: template and `cdk diff` show what AWS runs. */
export class AslMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: AslMachineProps) {
    super(scope, id);
    const { config, machineName, functions, grants = [] } = props;
    const invoke: Grant = {
      actions: ['lambda:InvokeFunction'],
      resources: functions.map(({ lambda }) => lambda.functionArn),
    };
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: `Calls the functions of ${machineName}`,
      inlinePolicies: {
        Grants: policyOf(this, [invoke, ...grants, DELIVER_LOGS, ...(config.tracing ? [TRACE] : [])]),
      },
    });
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: machineName,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(readFileSync(join(FOLDER, props.file), 'utf8')),
      definitionSubstitutions: {
        ...Object.fromEntries(functions.map(({ node, lambda }) => [node.id, lambda.functionArn])),
        ...props.substitutions,
      },
      role: role.withoutPolicyUpdates(),
      logs: {
        // Step Functions may write to this prefix without growing a resource policy that has a size limit.
        destination: new LogGroup(this, 'Logs', {
          logGroupName: `/aws/vendedlogs/states/${machineName}`,
          retention: config.logRetention,
          removalPolicy: config.removalPolicy,
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
      tracingEnabled: config.tracing,
    });
  }
}
