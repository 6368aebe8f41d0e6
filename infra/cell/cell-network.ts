import { Tags, Validations } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { CellConfig, StageConfig } from '../config/stages';
import { asInterface } from '../constructs/cdk-interface';
import { CELL_TAG } from '../constructs/platform-names';

export interface CellNetworkProps {
  readonly config: StageConfig;
  readonly cell: CellConfig;
}

/**
 * A cell's VPC over three zones. The application subnets, and space for a fourth, fill the first
 * quarter of the block. So one CIDR covers them all; tenants' route tables and security groups
 * admit this CIDR. The public subnets hold only the load balancer and lie outside of it.
 */
export class CellNetwork extends Construct {
  readonly vpc: IVpc;
  /**
   * Route tables of the application subnets, one per zone. Each tenant of the cell adds a route to
   * each.
   */
  readonly appRouteTableIds: readonly [string, string, string];

  constructor(scope: Construct, id: string, props: CellNetworkProps) {
    super(scope, id);
    const { config, cell } = props;
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cell.vpcCidr),
      maxAzs: 3,
      natGateways: cell.natGateways,
      // Restricting it would take a custom resource, and nothing uses the default group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        {
          name: 'App',
          subnetType: cell.natGateways > 0 ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PRIVATE_ISOLATED,
          cidrMask: 20,
        },
        { name: 'Reserve', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 20, reserved: true },
        { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      ],
    });
    vpc.addFlowLog('FlowLog', {
      trafficType: FlowLogTrafficType.ALL,
      destination: FlowLogDestination.toCloudWatchLogs(
        new LogGroup(this, 'FlowLogs', { retention: config.logRetention, removalPolicy: config.removalPolicy }),
      ),
    });
    // Pages and routes then cause no charge of the NAT gateway. Each endpoint takes one route of
    // each route table.
    const subnets = [{ subnetGroupName: 'App' }];
    vpc.addGatewayEndpoint('Objects', { service: GatewayVpcEndpointAwsService.S3, subnets });
    vpc.addGatewayEndpoint('Routes', { service: GatewayVpcEndpointAwsService.DYNAMODB, subnets });
    const [a, b, c] = vpc
      .selectSubnets({ subnetGroupName: 'App' })
      .subnets.map((subnet) => subnet.routeTable.routeTableId);
    if (!a || !b || !c) throw new Error(`cell ${cell.name} needs application subnets in three zones`);
    Validations.of(vpc).acknowledge({
      id: 'CloudFormation-Validate::W3010',
      reason: "Zones come from the stage's configuration, so that a cell's zones never change under it.",
    });
    this.vpc = asInterface<IVpc>(vpc);
    this.appRouteTableIds = [a, b, c];
    Tags.of(this).add(CELL_TAG, cell.name);
  }
}
