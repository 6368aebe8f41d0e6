import { join } from 'node:path';
import { Stack, Validations } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  LogDriver,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SERVICE_REPOSITORY, taskFamily } from '../../functions/contract/naming';
import type { CellConfig, ServiceImage, StageConfig } from '../config/stages';
import { policyOf } from '../constructs/grant';
import { cellName, platformArns } from '../constructs/platform-names';

export const SERVICE_PORT = 8080;
const ROOT = join(__dirname, '../..');
/**
 * The build context: only the files that service/Dockerfile copies. A directory must be listed
 * before the files in it.
 */
const IMAGE_SOURCES = [
  ...['!package*.json', '!functions', 'functions/*', '!service/**'],
  ...['contract', 'shared', 'tenants'].map((room) => `!functions/${room}/**`),
];

export interface ServiceTaskProps {
  readonly config: StageConfig;
  readonly cell: CellConfig;
  readonly table: ITable;
}

function imageOf(image: ServiceImage): ContainerImage {
  return image.from === 'registry'
    ? ContainerImage.fromRegistry(image.uri)
    : ContainerImage.fromAsset(ROOT, {
        file: 'service/Dockerfile',
        platform: Platform.LINUX_ARM64,
        exclude: ['**', ...IMAGE_SOURCES],
      });
}

/**
 * A task of the shared service. Its own role may read routes and assume tenants' roles. The
 * service does everything else for a tenant with that tenant's role.
 */
export class ServiceTask extends Construct {
  readonly definition: FargateTaskDefinition;
  readonly taskRole: Role;

  constructor(scope: Construct, id: string, props: ServiceTaskProps) {
    super(scope, id);
    const { config, cell, table } = props;
    const policy = policyOf(this, [
      {
        actions: ['sts:AssumeRole', 'sts:TagSession'],
        resources: [platformArns(Stack.of(this)).assumableTenantRoles],
        wildcardBecause: "Tenants come and go without a deployment; each role's trust policy names this cell's role.",
      },
      {
        actions: ['dynamodb:GetItem'],
        resources: [table.tableArn],
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['ROUTE#*'] } },
      },
    ]);
    this.taskRole = new Role(this, 'TaskRole', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: 'Reads routes and assumes the roles of tenants, nothing else.',
      inlinePolicies: { Grants: policy },
    });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: config.logRetention,
      removalPolicy: config.removalPolicy,
    });
    this.definition = new FargateTaskDefinition(this, 'Definition', {
      family: taskFamily({ clusterName: cellName(cell.name) }),
      cpu: cell.service.cpu,
      memoryLimitMiB: cell.service.memoryMiB,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
      taskRole: this.taskRole.withoutPolicyUpdates(),
    });
    this.definition.addContainer('Service', {
      image: imageOf(config.image),
      portMappings: [{ containerPort: SERVICE_PORT }],
      readonlyRootFilesystem: true,
      environment: { TABLE_NAME: table.tableName, DOMAIN: config.domain, PORT: String(SERVICE_PORT) },
      logging: LogDriver.awsLogs({ logGroup, streamPrefix: 'service' }),
    });
    // Releases register the same task definition with other images of this repository.
    Repository.fromRepositoryName(this, 'Images', SERVICE_REPOSITORY).grantPull(this.definition.obtainExecutionRole());
    Validations.of(this.definition).acknowledge(
      { id: 'AwsSolutions-ECS2', reason: 'The variables name a table, a domain and a port; none is a secret.' },
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'ecr:GetAuthorizationToken has no resource; the execution role pulls the image.',
      },
    );
  }
}
