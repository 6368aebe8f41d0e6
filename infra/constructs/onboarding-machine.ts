import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { type Grant, policyOf } from './grant';
import type { OnboardingFunction } from './onboarding-function';
import { MACHINE_NAME } from './platform-names';

export const ASL_FILE = join(__dirname, '../../statemachines/tenant-onboarding.asl.json');

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

export interface OnboardingMachineProps {
  readonly config: StageConfig;
  /** Those whose names are placeholders of the file. */
  readonly functions: readonly OnboardingFunction[];
}

/** The state machine of statemachines/tenant-onboarding.asl.json, as text: template and `cdk diff` show what AWS runs. */
export class OnboardingMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: OnboardingMachineProps) {
    super(scope, id);
    const { config, functions } = props;
    const invoke: Grant = {
      actions: ['lambda:InvokeFunction'],
      resources: functions.map(({ lambda }) => lambda.functionArn),
    };
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: 'Calls the functions of the onboarding',
      inlinePolicies: { Grants: policyOf(this, [invoke, DELIVER_LOGS, ...(config.tracing ? [TRACE] : [])]) },
    });
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: MACHINE_NAME,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(readFileSync(ASL_FILE, 'utf8')),
      definitionSubstitutions: {
        ...Object.fromEntries(functions.map(({ node, lambda }) => [node.id, lambda.functionArn])),
        OnFailure: config.onFailure,
      },
      role: role.withoutPolicyUpdates(),
      logs: {
        // Step Functions may write to this prefix without growing a resource policy that has a size limit.
        destination: new LogGroup(this, 'Logs', {
          logGroupName: `/aws/vendedlogs/states/${MACHINE_NAME}`,
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
