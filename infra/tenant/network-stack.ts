import {
  Aws,
  CfnDeletionPolicy,
  aws_ec2 as ec2,
  Fn,
  aws_iam as iam,
  aws_logs as logs,
  Tags,
  Validations,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { tenantNames } from '../../functions/contract/naming';
import { monitoringRole } from './database-monitoring';
import { tenantServiceRole } from './service-role';
import { TenantTemplate } from './tenant-template';

const FLOW_LOG_RETENTION_DAYS = 365;

/**
 * The tenant's own VPC: two database subnets in two zones and nothing else. It has no internet or
 * NAT gateway. Traffic can leave it only over the peering to the tenant's cell, and through a
 * gateway endpoint to the tenant's bucket.
 *
 * CloudFormation accepts a peering between two VPCs of one account and region by itself
 * ("AWS::EC2::VPCPeeringConnection": PeerRoleArn is for another account). The VPC's default
 * security group keeps its two rules, which no template can remove; no resource uses it.
 */
export class NetworkStack extends TenantTemplate<'network'> {
  constructor(scope: Construct) {
    super(scope, 'network', 'Network of one tenant: private database subnets, peered to the cell');
    const vpc = new ec2.CfnVPC(this, 'Vpc', {
      cidrBlock: this.text('VpcCidr'),
      enableDnsSupport: true,
      enableDnsHostnames: true,
    });
    Tags.of(vpc).add('Name', `tenant-${this.tenantId}`);
    // One block covers both subnets, so each route table of the cell needs only one route per
    // tenant.
    const databaseCidr = Fn.select(0, Fn.cidr(this.text('VpcCidr'), 2, '7'));
    const routeTable = new ec2.CfnRouteTable(this, 'RouteTable', { vpcId: vpc.attrVpcId });
    const subnets = [this.subnet('A', 0, vpc, routeTable), this.subnet('B', 1, vpc, routeTable)];
    const peering = this.peering(vpc, routeTable, databaseCidr);
    this.bucketEndpoint(vpc, routeTable);

    this.output('VpcId', vpc.attrVpcId);
    this.output('DatabaseSubnetIds', Fn.join(',', subnets));
    this.output('DatabaseCidr', databaseCidr);
    this.output('DatabaseSecurityGroupId', this.securityGroup(vpc));
    this.output('RouteTableId', routeTable.attrRouteTableId);
    this.output('PeeringConnectionId', peering);
    this.output('FlowLogId', this.flowLog(vpc));
    // RDS refuses a role that is only seconds old. Made here, the role is as old as the network
    // stack's launch takes.
    this.output('MonitoringRoleArn', monitoringRole(this, this.tenantId, this.text('BoundaryArn')).attrArn);
  }

  private subnet(letter: 'A' | 'B', index: number, vpc: ec2.CfnVPC, routeTable: ec2.CfnRouteTable): string {
    const subnet = new ec2.CfnSubnet(this, `DatabaseSubnet${letter}`, {
      vpcId: vpc.attrVpcId,
      availabilityZone: this.text(letter === 'A' ? 'ZoneA' : 'ZoneB'),
      cidrBlock: Fn.select(index, Fn.cidr(this.text('VpcCidr'), 2, '6')),
      mapPublicIpOnLaunch: false,
    });
    new ec2.CfnSubnetRouteTableAssociation(this, `DatabaseSubnet${letter}Routes`, {
      subnetId: subnet.attrSubnetId,
      routeTableId: routeTable.attrRouteTableId,
    });
    return subnet.attrSubnetId;
  }

  private peering(vpc: ec2.CfnVPC, routeTable: ec2.CfnRouteTable, databaseCidr: string): string {
    const peering = new ec2.CfnVPCPeeringConnection(this, 'Peering', {
      vpcId: vpc.attrVpcId,
      peerVpcId: this.text('CellVpcId'),
    });
    const route = (id: string, routeTableId: string, destinationCidrBlock: string) =>
      new ec2.CfnRoute(this, id, { routeTableId, destinationCidrBlock, vpcPeeringConnectionId: peering.ref });
    route('RouteToCell', routeTable.attrRouteTableId, this.text('CellAppCidr'));
    route('RouteFromCellA', this.text('CellRouteTableIdA'), databaseCidr);
    route('RouteFromCellB', this.text('CellRouteTableIdB'), databaseCidr);
    route('RouteFromCellC', this.text('CellRouteTableIdC'), databaseCidr);
    return peering.ref;
  }

  private bucketEndpoint(vpc: ec2.CfnVPC, routeTable: ec2.CfnRouteTable): void {
    const bucketArn = `arn:${Aws.PARTITION}:s3:::${tenantNames.bucket(this.tenantId, Aws.ACCOUNT_ID, Aws.REGION)}`;
    new ec2.CfnVPCEndpoint(this, 'BucketEndpoint', {
      vpcId: vpc.attrVpcId,
      vpcEndpointType: 'Gateway',
      serviceName: `com.amazonaws.${Aws.REGION}.s3`,
      routeTableIds: [routeTable.attrRouteTableId],
      policyDocument: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({
            sid: 'OwnBucketOnly',
            principals: [new iam.AnyPrincipal()],
            actions: ['s3:ListBucket', 's3:GetObject', 's3:PutObject', 's3:DeleteObject'],
            resources: [bucketArn, `${bucketArn}/*`],
            conditions: { StringEquals: { 'aws:PrincipalAccount': Aws.ACCOUNT_ID } },
          }),
        ],
      }),
    });
  }

  /**
   * EC2 adds an egress rule to everywhere when there is none. A rule to the loopback address
   * prevents that (EC2's advice).
   */
  private securityGroup(vpc: ec2.CfnVPC): string {
    const group = new ec2.CfnSecurityGroup(this, 'DatabaseSecurityGroup', {
      groupDescription: 'PostgreSQL from the application subnets of the cell, nothing else',
      vpcId: vpc.attrVpcId,
      securityGroupIngress: [
        {
          ipProtocol: 'tcp',
          fromPort: 5432,
          toPort: 5432,
          cidrIp: this.text('CellAppCidr'),
          description: 'The shared service of the cell',
        },
      ],
      securityGroupEgress: [{ ipProtocol: '-1', cidrIp: '127.0.0.1/32', description: 'Nowhere' }],
    });
    Validations.of(group).acknowledge({
      id: 'AwsSolutions-EC23',
      reason: "The one source is a parameter: the block of the cell's application subnets.",
    });
    return group.attrGroupId;
  }

  private flowLog(vpc: ec2.CfnVPC): string {
    const logGroup = new logs.CfnLogGroup(this, 'FlowLogGroup', {
      logGroupName: `/tenants/${this.tenantId}/flow-logs`,
      kmsKeyId: this.keyArn,
      retentionInDays: FLOW_LOG_RETENTION_DAYS,
    });
    logGroup.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
    const role = tenantServiceRole(this, 'FlowLogRole', {
      tenantId: this.tenantId,
      boundaryArn: this.text('BoundaryArn'),
      purpose: 'flow-logs',
      service: 'vpc-flow-logs.amazonaws.com',
      sourceArn: `arn:${Aws.PARTITION}:ec2:${Aws.REGION}:${Aws.ACCOUNT_ID}:vpc-flow-log/*`,
      statements: [
        // No CreateLogGroup: the service must not create the group again after the stack has
        // deleted it.
        new iam.PolicyStatement({
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
          resources: [logGroup.attrArn],
        }),
      ],
    });
    return new ec2.CfnFlowLog(this, 'FlowLog', {
      resourceType: 'VPC',
      resourceId: vpc.attrVpcId,
      trafficType: 'ALL',
      logDestinationType: 'cloud-watch-logs',
      logGroupName: logGroup.ref,
      deliverLogsPermissionArn: role.attrArn,
    }).ref;
  }
}
