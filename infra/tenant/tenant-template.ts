import {
  CfnOutput,
  CfnParameter,
  type CfnParameterProps,
  type IStackSynthesizer,
  LegacyStackSynthesizer,
  Stack,
  StackSynthesizer,
  Tags,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { TENANT_ID_PATTERN, TENANT_TAG } from '../../functions/contract/naming';
import type { STACK_PARAMETERS, StackKind, StackOutputs } from '../../functions/contract/stacks';

export type StackParameter<K extends StackKind> = (typeof STACK_PARAMETERS)[K][number];

const CIDR = { allowedPattern: String.raw`(\d{1,3}\.){3}\d{1,3}/\d{1,2}`, constraintDescription: 'an IPv4 CIDR block' };
const ARN = { allowedPattern: 'arn:.+', constraintDescription: 'an ARN' };
const ROUTE_TABLE = { description: 'A route table of the cell', allowedPattern: 'rtb-[0-9a-f]+' };

const ZONE = { description: 'An availability zone of the cell', allowedPattern: '[a-z]{2}(-[a-z0-9]+)+' };

/** Description and constraints of each parameter, the same in every template that declares it. */
const PARAMETERS: Record<StackParameter<StackKind>, CfnParameterProps> = {
  TenantId: { description: 'The tenant that owns the stack', allowedPattern: TENANT_ID_PATTERN.source },
  KeyArn: { description: 'The KMS key of the tenant', ...ARN },
  VpcCidr: { description: 'The block of the slot, a /24', ...CIDR },
  CellVpcId: { description: 'The VPC of the cell', allowedPattern: 'vpc-[0-9a-f]+' },
  ZoneA: ZONE,
  ZoneB: ZONE,
  CellAppCidr: { description: 'The block that covers the application subnets of the cell', ...CIDR },
  CellRouteTableIdA: ROUTE_TABLE,
  CellRouteTableIdB: ROUTE_TABLE,
  CellRouteTableIdC: ROUTE_TABLE,
  BoundaryArn: { description: 'The permission boundary that every role of a tenant must carry', ...ARN },
  DatabaseSubnetIds: { description: 'Subnets of the database, in two zones', type: 'CommaDelimitedList' },
  DatabaseSecurityGroupId: { description: 'The security group of the database', allowedPattern: 'sg-[0-9a-f]+' },
  InstanceClass: { description: 'Size of the instances', allowedPattern: String.raw`db\..+` },
  AllocatedStorage: { description: 'Storage at creation, GiB', type: 'Number', minValue: 20 },
  MaxAllocatedStorage: { description: 'Ceiling of storage autoscaling, GiB', type: 'Number', minValue: 22 },
  MultiAz: { description: 'Whether a standby in a second zone exists', allowedValues: ['true', 'false'] },
  ReplicaCount: { description: 'Read replicas', allowedValues: ['0', '1'] },
  BackupRetentionDays: { description: 'Days that backups are kept', type: 'Number', minValue: 1, maxValue: 35 },
  AlarmTopicArn: { description: 'The topic that gets the alarms', ...ARN },
  RunbookUrl: { description: 'Where people read the runbook to which alarms link' },
  MonitoringRoleArn: {
    description: 'The role of enhanced monitoring; none: this stack makes it',
    allowedPattern: 'none|arn:.+',
  },
  BucketName: { description: 'The bucket of the tenant', allowedPattern: 'tenant-.+', maxLength: 63 },
  AccessRoleArn: { description: 'The only role that may read and write the data; it may not exist yet', ...ARN },
  AccessLogBucketName: { description: 'The bucket of the cell that gets the access logs' },
  SecretArn: { description: 'The secret with the credentials of the database', ...ARN },
  DatabaseResourceId: {
    description: 'The resource ID by which rds-db:connect names the database',
    allowedPattern: 'db-[A-Z0-9]+',
  },
  ReplicaResourceId: {
    description: 'The resource ID of the read replica; without a replica that of the database',
    allowedPattern: 'db-[A-Z0-9]+',
  },
  ExternalId: {
    description: 'The external ID that a caller must give to assume the role',
    allowedPattern: 'x[0-9a-z]+',
  },
  TrustedRoleArns: { description: 'The roles that may assume the tenant role', type: 'CommaDelimitedList' },
};

/**
 * Under exactOptionalPropertyTypes CDK's classes do not match CDK's interface; this guard narrows
 * the type.
 */
const isSynthesizer = (made: unknown): made is IStackSynthesizer => made instanceof StackSynthesizer;

/** A synthesizer for templates that any account can launch: no assets, no bootstrap stack. */
function plainSynthesizer(): IStackSynthesizer {
  const made: unknown = new LegacyStackSynthesizer();
  if (!isSynthesizer(made)) throw new TypeError('LegacyStackSynthesizer is not a StackSynthesizer');
  return made;
}

/**
 * A stack that is synthesized once and launched for every tenant: no environment, no assets, no
 * bootstrap version. The stack declares a parameter when a construct first reads it. The contract
 * names its outputs.
 */
export abstract class TenantTemplate<K extends StackKind> extends Stack {
  protected readonly tenantId: string;
  protected readonly keyArn: string;

  protected constructor(scope: Construct, kind: K, description: string) {
    super(scope, kind, {
      description,
      analyticsReporting: false,
      synthesizer: plainSynthesizer(),
    });
    this.tenantId = this.declare('TenantId').valueAsString;
    this.keyArn = this.declare('KeyArn').valueAsString;
    // CloudFormation cannot resolve parameters in the tags of the stack itself; LaunchStack sets those.
    Tags.of(this).add(TENANT_TAG, this.tenantId, { excludeResourceTypes: ['aws:cdk:stack'] });
  }

  protected text(name: StackParameter<K>): string {
    return this.declare(name).valueAsString;
  }

  protected number(name: StackParameter<K>): number {
    return this.declare(name).valueAsNumber;
  }

  protected list(name: StackParameter<K>): string[] {
    return this.declare(name).valueAsList;
  }

  /**
   * An output may have the name of a parameter, but a construct may not. So only the output's
   * logical id has the name from the contract.
   */
  protected output(name: keyof StackOutputs<K> & string, value: string): CfnOutput {
    const output = new CfnOutput(this, `Output${name}`, { value });
    output.overrideLogicalId(name);
    return output;
  }

  private declare(name: StackParameter<StackKind>): CfnParameter {
    const declared = this.node.tryFindChild(name);
    return declared instanceof CfnParameter ? declared : new CfnParameter(this, name, PARAMETERS[name]);
  }
}
