import { Duration } from 'aws-cdk-lib';
import type { IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnService, FargateService, type FargateTaskDefinition, type ICluster } from 'aws-cdk-lib/aws-ecs';
import {
  type ApplicationListener,
  ApplicationListenerRule,
  ApplicationProtocol,
  ApplicationTargetGroup,
  ListenerAction,
  ListenerCondition,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import type { Colour } from '../../functions/contract/cell';
import { colourFamily } from '../../functions/contract/naming';
import type { CellConfig, StageConfig } from '../config/stages';
import { cellName } from '../constructs/platform-names';
import { SERVICE_PORT } from './service-task';

export interface ColourServiceProps {
  readonly config: StageConfig;
  readonly cell: CellConfig;
  readonly colour: Colour;
  readonly vpc: IVpc;
  readonly cluster: ICluster;
  readonly definition: FargateTaskDefinition;
  /** The custom resource that registers the first task definition of the colour's family. */
  readonly seeding: Construct;
  readonly securityGroup: SecurityGroup;
  readonly listener: ApplicationListener;
  /** Priority of the colour's own rule. Tenants' rules begin at the cell's `firstPriority`. */
  readonly checkPriority: number;
}

/**
 * One of a cell's two services, with its target group. Both are equal, because the live colour is
 * run-time state: a template that knew it would reset both services at the first deployment after
 * a release. For the same reason the template sets no number of tasks. SeedCell gives a new cell
 * its live tasks and empties the other colour. Later deployments keep both numbers.
 *
 * The minimum applies to both colours as well. Scaling never takes a live colour below it. An idle
 * colour without tasks has no metric and stays empty: the minimum alone starts no task
 * ("Automatically scale your Amazon ECS service": below the minimum, only a scale-out activity
 * raises the desired count).
 */
export class ColourService extends Construct {
  readonly service: FargateService;
  readonly targetGroup: ApplicationTargetGroup;

  constructor(scope: Construct, id: string, props: ColourServiceProps) {
    super(scope, id);
    const { config, cell, colour, vpc } = props;
    this.targetGroup = new ApplicationTargetGroup(this, 'Targets', {
      targetGroupName: `${cellName(cell.name)}-${colour}`,
      vpc,
      port: SERVICE_PORT,
      protocol: ApplicationProtocol.HTTP,
      targetType: TargetType.IP,
      deregistrationDelay: config.drainTargetsFor,
      healthCheck: {
        path: '/healthz',
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
    });
    this.service = new FargateService(this, 'Service', {
      serviceName: colour,
      cluster: props.cluster,
      taskDefinition: props.definition,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      vpcSubnets: { subnetGroupName: 'App' },
      securityGroups: [props.securityGroup],
      healthCheckGracePeriod: Duration.seconds(60),
    });
    this.runFamily(colourFamily({ clusterName: cellName(cell.name) }, colour));
    this.service.node.addDependency(props.seeding);
    this.service.attachToApplicationTargetGroup(this.targetGroup);
    const check = this.checkRule(props);
    this.service.node.addDependency(check);
    this.scale(cell.service.liveTasks);
  }

  /**
   * The service names the task-definition family of its colour. The revision that it runs is
   * run-time state, as the live colour is: a template with a revision would bring its own image
   * back at the next deployment.
   */
  private runFamily(family: string): void {
    const service = this.service.node.defaultChild;
    if (!(service instanceof CfnService)) throw new Error('the service has no resource of its own');
    service.taskDefinition = family;
  }

  /**
   * A rule by which a release checks this colour's health before it moves a tenant. The rule also
   * attaches the target group to a load balancer, without which ECS refuses to create the service.
   */
  private checkRule({ config, cell, colour, listener, checkPriority }: ColourServiceProps): ApplicationListenerRule {
    return new ApplicationListenerRule(this, 'Check', {
      listener,
      priority: checkPriority,
      conditions: [
        // The host has two labels below the domain, so no tenant's host can be equal.
        ListenerCondition.hostHeaders([`${colour}.${cell.name}.${config.domain}`]),
        ListenerCondition.pathPatterns(['/healthz']),
      ],
      action: ListenerAction.forward([this.targetGroup]),
    });
  }

  private scale(tasks: { readonly min: number; readonly max: number }): void {
    const scaling = this.service.autoScaleTaskCount({ minCapacity: tasks.min, maxCapacity: tasks.max });
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 60, scaleInCooldown: Duration.minutes(5) });
    scaling.scaleOnRequestCount('Requests', {
      targetGroup: this.targetGroup,
      requestsPerTarget: 1000,
      scaleInCooldown: Duration.minutes(5),
    });
  }
}
