import { Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IManagedPolicy, IRole } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { CellOutputsSchema } from '../../functions/contract/outputs';
import { cellCapacity } from '../config/cell-capacity';
import { requireConnections } from '../config/connection-budget';
import type { CellConfig, StageConfig } from '../config/stages';
import { AccessLogBucket } from '../constructs/access-log-bucket';
import { CELL_TAG } from '../constructs/platform-names';
import { declareOutputs } from '../constructs/stack-outputs';
import { CellAlarms } from './cell-alarms';
import { CellDescriptor } from './cell-descriptor';
import { CellLoadBalancer } from './cell-load-balancer';
import { CellNetwork } from './cell-network';
import { CellService } from './cell-service';
import { DatabaseFunctions } from './database-functions';
import { DecoyTenant } from './decoy-tenant';
import { LiveColour } from './live-colour';
import { RingZero } from './ring-zero';
import { ServiceTask } from './service-task';
import { WebAcl } from './web-acl';

export interface CellStackProps extends StackProps {
  readonly config: StageConfig;
  readonly cell: CellConfig;
  readonly table: ITable;
  readonly topic: ITopic;
  readonly boundary: IManagedPolicy;
  readonly trustedRoles: readonly IRole[];
  readonly seedCell: IFunction;
  readonly seedTasks: IFunction;
  readonly seedRingZero: IFunction;
  /** It puts the page of ring 0 into the decoy's bucket. */
  readonly seedRingZeroRole: IRole;
  /** Where the load balancer answers; by default its DNS name. */
  readonly loadBalancerUrl?: string;
}

/** Compute that up to `capacity` tenants share. */
export class CellStack extends Stack {
  private readonly zones: readonly string[];

  constructor(scope: Construct, id: string, props: CellStackProps) {
    super(scope, id, props);
    this.zones = props.config.availabilityZones;
    const { config, cell, table, topic, boundary } = props;
    requireConnections(cell);
    const { vpc, appRouteTableIds } = new CellNetwork(this, 'Network', { config, cell });
    const logs = new AccessLogBucket(this, 'AccessLogs', { config });
    logs.admitTenants();
    const accessLogs = logs.bucket;
    const balancer = new CellLoadBalancer(this, 'Door', { config, cell, vpc, accessLogs });
    if (config.webAcl)
      new WebAcl(this, 'WebAcl', { ...config.webAcl, cell: cell.name, loadBalancer: balancer.loadBalancer });
    const task = new ServiceTask(this, 'Task', { config, cell, table });
    const { cluster, colours } = new CellService(this, 'Service', {
      ...{ config, cell, vpc, balancer, task },
      seedTasks: props.seedTasks,
    });
    new DatabaseFunctions(this, 'Databases', { config, cell, vpc });
    const decoy = new DecoyTenant(this, 'Decoy', {
      cellName: cell.name,
      taskRole: task.taskRole,
      trustedRoleArns: [...props.trustedRoles.map((role) => role.roleArn), props.seedRingZeroRole.roleArn],
      boundary,
    });
    // The role of tenants' stacks may not change a security group with this tag.
    Tags.of(this).add(CELL_TAG, cell.name, { includeResourceTypes: ['AWS::EC2::SecurityGroup'] });
    const alarms = new CellAlarms(this, 'Alarms', { config, topic, loadBalancer: balancer.loadBalancer, colours });
    const live = new LiveColour(this, 'LiveColour', { cell, cluster, colours, seedCell: props.seedCell });
    const ringZero = new RingZero(this, 'RingZero', {
      ...{ config, cell, listener: balancer.listener, colours, decoy },
      ...{ live, seedRingZero: props.seedRingZero },
    });
    const descriptor = new CellDescriptor(this, 'Descriptor', {
      name: cell.name,
      capacity: cellCapacity(cell, config),
      maxRules: cell.quotas.rulesPerLoadBalancer,
      tenantRange: cell.tenantRange,
      firstPriority: cell.firstPriority,
      vpcId: vpc.vpcId,
      availabilityZones: [...config.availabilityZones],
      appCidr: cell.appCidr,
      routeTableIds: [...appRouteTableIds],
      clusterName: cluster.clusterName,
      services: { blue: colours.blue.service.serviceName, green: colours.green.service.serviceName },
      targetGroupArns: {
        blue: colours.blue.targetGroup.targetGroupArn,
        green: colours.green.targetGroup.targetGroupArn,
      },
      listenerArn: balancer.listener.listenerArn,
      loadBalancerArn: balancer.loadBalancer.loadBalancerArn,
      loadBalancerUrl: props.loadBalancerUrl ?? `${config.urlScheme}://${balancer.loadBalancer.loadBalancerDnsName}`,
      loadBalancerDnsName: balancer.loadBalancer.loadBalancerDnsName,
      loadBalancerZoneId: balancer.loadBalancer.loadBalancerCanonicalHostedZoneId,
      liveTasks: cell.service.liveTasks,
      alarmNames: [...alarms.names],
      ringZero: { host: ringZero.host, ruleArn: ringZero.ruleArn },
      taskRoleArn: task.taskRole.roleArn,
      accessLogBucketName: accessLogs.bucketName,
      decoy: {
        tenantId: decoy.tenantId,
        bucketName: decoy.bucketName,
        keyArn: decoy.keyArn,
        secretArn: decoy.secretArn,
        roleArn: decoy.roleArn,
        externalId: decoy.externalId,
      },
    });

    // A cell takes tenants only after it has a live colour, and a release its page. And SeedCell recognizes an existing
    // cell by its descriptor.
    descriptor.node.addDependency(live, ringZero);

    declareOutputs(this, CellOutputsSchema, {
      loadBalancerDnsName: balancer.loadBalancer.loadBalancerDnsName,
      loadBalancerArn: balancer.loadBalancer.loadBalancerArn,
      listenerArn: balancer.listener.listenerArn,
      taskRoleArn: task.taskRole.roleArn,
      liveTargetGroupArn: live.targetGroupArn,
    });
  }

  /**
   * The zones of the stage's configuration. A look-up would make synthesis depend on credentials.
   */
  override get availabilityZones(): string[] {
    return [...this.zones];
  }
}
