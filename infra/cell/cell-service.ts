import { CustomResource, Duration } from 'aws-cdk-lib';
import { type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerInsights, type ICluster } from 'aws-cdk-lib/aws-ecs';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Colour } from '../../functions/contract/cell';
import type { CellConfig, StageConfig } from '../config/stages';
import { asInterface } from '../constructs/cdk-interface';
import { cellName } from '../constructs/platform-names';
import type { CellLoadBalancer } from './cell-load-balancer';
import { ColourService } from './colour-service';
import { SERVICE_PORT, type ServiceTask } from './service-task';

export interface CellServiceProps {
  readonly config: StageConfig;
  readonly cell: CellConfig;
  readonly vpc: IVpc;
  readonly balancer: CellLoadBalancer;
  readonly task: ServiceTask;
  readonly seedTasks: IFunction;
}

/** The shared service of a cell, twice: a release moves tenants from one colour to the other by changing their rules. */
export class CellService extends Construct {
  readonly cluster: ICluster;
  readonly colours: Readonly<Record<Colour, ColourService>>;

  constructor(scope: Construct, id: string, props: CellServiceProps) {
    super(scope, id);
    const { config, cell, vpc, balancer, task } = props;
    this.cluster = asInterface<ICluster>(
      new Cluster(this, 'Cluster', {
        clusterName: cellName(cell.name),
        vpc,
        containerInsightsV2: ContainerInsights.ENABLED,
      }),
    );
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'The load balancer of the cell, to the shared service',
      allowAllOutbound: false,
    });
    // STS, CloudWatch Logs and the image's registry have no fixed addresses. Security groups do not filter DNS.
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'The APIs of AWS');
    securityGroup.addEgressRule(Peer.ipv4(cell.tenantRange), Port.POSTGRES, 'Databases of tenants');
    securityGroup.connections.allowFrom(balancer.loadBalancer, Port.tcp(SERVICE_PORT), 'Requests of tenants');
    const seeding = new CustomResource(this, 'Tasks', {
      resourceType: 'Custom::ColourTasks',
      serviceToken: props.seedTasks.functionArn,
      serviceTimeout: Duration.minutes(10),
      properties: { ClusterName: this.cluster.clusterName, TaskDefinition: task.definition.taskDefinitionArn },
    });
    const inColour = (colour: Colour, checkPriority: number) =>
      new ColourService(this, colour === 'blue' ? 'Blue' : 'Green', {
        config,
        cell,
        colour,
        checkPriority,
        vpc,
        securityGroup,
        listener: balancer.listener,
        cluster: this.cluster,
        definition: task.definition,
        seeding,
      });
    this.colours = { blue: inColour('blue', 1), green: inColour('green', 2) };
  }
}
