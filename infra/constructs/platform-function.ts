import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { CODE_DIGEST, functionRoleName } from '../../functions/contract/naming';
import { functionSeconds } from '../../functions/contract/time-limits';
import type { EnvName } from '../../functions/shared/env';
import { version } from '../../package.json';
import type { StageConfig } from '../config/stages';
import { FUNCTIONS_DIRECTORY, isLayered, packageFile } from '../function-bundles';
import { codeLayer } from './code-layer';
import { type Grant, policyOf } from './grant';

export interface PlatformFunctionProps {
  readonly config: StageConfig;
  /** The function's environment variables; the grants of its role stand beside them. */
  readonly environment: Partial<Record<EnvName, string>>;
  readonly grants: readonly Grant[];
  readonly memoryMiB?: number;
  /** Network of a function of which each cell has its own. */
  readonly inCell?: {
    readonly name: string;
    readonly vpc: IVpc;
    readonly securityGroup: ISecurityGroup;
    readonly subnetGroupName: string;
  };
  /** For a function that others name before it exists, or after it was replaced. */
  readonly hasFixedName?: true;
  /** For a function that events invoke: the queue for events that it failed on three times. */
  readonly deadLetters?: Queue;
}

/**
 * Permissions of "Giving Lambda functions access to resources in an Amazon VPC". Lambda itself
 * uses them. EC2 cannot name a network interface before it exists.
 */
const USE_NETWORK: Grant = {
  actions: [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ],
  resources: ['*'],
  wildcardBecause:
    'Lambda makes the interfaces of a function in a VPC, and AWS documents the grant without a resource.',
};

const TRACE: Grant = {
  actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
  resources: ['*'],
  wildcardBecause:
    'X-Ray has no resource to name for trace segments ("Actions, resources, and condition keys for AWS X-Ray").',
};

/**
 * The code version in reports: the release and a digest of the bundle, in the form of a semantic
 * version with a build. The bundle names each layer file by a digest of its content, so the digest
 * covers the layer too.
 */
export function codeVersion(id: string): string {
  const bundle = readFileSync(join(FUNCTIONS_DIRECTORY, id, 'index.js'));
  return `${version}+${createHash('sha256').update(bundle).digest('hex').slice(0, 12)}`;
}

/** SHA-256 of the package, base64: as Lambda has it of the code that it runs ("FunctionConfiguration": CodeSha256). */
const codeDigest = (id: string) =>
  createHash('sha256')
    .update(readFileSync(packageFile(id)))
    .digest('base64');

/**
 * A Lambda function with a role and a log group of its own. The construct's id is the action's
 * name.
 */
export class PlatformFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: PlatformFunctionProps) {
    super(scope, id);
    const { config, grants, environment, deadLetters, inCell } = props;
    const name = inCell ? `${id}-${inCell.name}` : id;
    this.logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/tenant-onboarding/${name}`,
      retention: config.logRetention,
      removalPolicy: config.removalPolicy,
    });
    const writeLogs: Grant = {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [this.logGroup.logGroupArn],
      wildcardBecause: "A log group's ARN ends in :*, its streams.",
    };
    const keepFailed: Grant[] = deadLetters
      ? [{ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }]
      : [];
    const ofItsOwn = [writeLogs, ...keepFailed, ...(inCell ? [USE_NETWORK] : []), ...(config.tracing ? [TRACE] : [])];
    this.role = new Role(this, 'Role', {
      roleName: functionRoleName(name),
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Grants of the function ${name}`,
      inlinePolicies: { Grants: policyOf(this, [...grants, ...ofItsOwn]) },
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(packageFile(id)),
      layers: isLayered(id) ? [codeLayer(this)] : [],
      handler: 'index.handler',
      memorySize: props.memoryMiB ?? 512,
      timeout: Duration.seconds(functionSeconds(id)),
      environment: { ...environment },
      role: this.role.withoutPolicyUpdates(),
      logGroup: this.logGroup,
      tracing: config.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      ...(deadLetters && { deadLetterQueue: deadLetters }),
      ...((props.hasFixedName || inCell) && { functionName: functionRoleName(name) }),
      ...(inCell && {
        vpc: inCell.vpc,
        vpcSubnets: { subnetGroupName: inCell.subnetGroupName },
        securityGroups: [inCell.securityGroup],
      }),
      // infra/past-versions.ts deletes versions that no run can need.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    const made = this.lambda.node.defaultChild;
    if (made instanceof CfnResource) made.addMetadata(CODE_DIGEST, codeDigest(id));
  }

  /**
   * ARN of a published version of this release's code and configuration. No later deployment
   * changes or removes it. The version is published when this is first read.
   */
  get releasedArn(): string {
    return this.lambda.currentVersion.functionArn;
  }
}
