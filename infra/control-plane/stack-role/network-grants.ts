import { TENANT_TAG } from '../../../functions/contract/naming';
import type { Grant } from '../../constructs/grant';
import { CELL_TAG, type PlatformArns } from '../../constructs/platform-names';

const RANDOM_IDS = 'EC2 gives each resource a random id, so a type is as close as an ARN can name it.';
const ofTenants = { Null: { [`aws:ResourceTag/${TENANT_TAG}`]: 'false' } };
const ofCells = { Null: { [`aws:ResourceTag/${CELL_TAG}`]: 'false' } };
const ofNoCell = { [`aws:ResourceTag/${CELL_TAG}`]: 'true' };

const CREATES_IN_A_VPC = [
  'CreateFlowLogs',
  'CreateRouteTable',
  'CreateSecurityGroup',
  'CreateSubnet',
  'CreateVpcEndpoint',
  'CreateVpcPeeringConnection',
];

/**
 * A new EC2 resource has no tag to which a permission could be bound. So the VPC in which it is
 * created must carry the tenants' tag, and later every resource that is changed or deleted must.
 * The tag itself must not be freely available: a resource gets it at its creation ("Grant
 * permission to tag Amazon EC2 resources during creation"), or has it already.
 *
 * Security groups are the exception. It is not documented whether CloudFormation tags one at its
 * creation or afterwards (issue 714 of its coverage roadmap). So for security groups it is enough
 * not to belong to a cell.
 */
export function networkGrants(arns: PlatformArns): Grant[] {
  const on = (...types: string[]) => ({ resources: types.map(arns.ec2), wildcardBecause: RANDOM_IDS });
  const madeInAVpc = ['subnet', 'route-table', 'security-group', 'vpc-endpoint', 'vpc-flow-log'];
  const tagged = [...madeInAVpc, 'vpc', 'vpc-peering-connection'];
  const creates = CREATES_IN_A_VPC.map((action) => `ec2:${action}`);
  const peered = { ...on('vpc-peering-connection'), conditions: betweenOwnVpcs(arns) };
  return [
    { ...on('vpc'), actions: ['ec2:CreateVpc'] },
    { ...on(...madeInAVpc), actions: creates.filter((action) => action !== 'ec2:CreateVpcPeeringConnection') },
    { ...on('vpc', 'route-table'), actions: creates, conditions: ofTenants },
    ...tagging(on, tagged),
    {
      ...on('security-group'),
      actions: [
        'ec2:AuthorizeSecurityGroupEgress',
        'ec2:AuthorizeSecurityGroupIngress',
        'ec2:RevokeSecurityGroupEgress',
      ],
      conditions: { Null: ofNoCell },
    },
    // A stack that fails right after it has created its group deletes a group without a tag.
    { ...on('security-group'), actions: ['ec2:DeleteSecurityGroup'], conditions: { Null: ofNoCell } },
    // CloudFormation tags a peering also after its creation: allowed for one between VPCs of this
    // account that has no cell's tag.
    {
      ...on('vpc-peering-connection'),
      actions: ['ec2:CreateTags'],
      conditions: {
        Null: { ...ofNoCell, [`aws:RequestTag/${TENANT_TAG}`]: 'false' },
        ArnLike: { ...betweenOwnVpcs(arns).ArnLike, 'ec2:RequesterVpc': arns.ec2('vpc') },
      },
    },
    {
      ...on(...tagged),
      actions: [
        'ec2:AssociateRouteTable',
        'ec2:DeleteFlowLogs',
        'ec2:DeleteRouteTable',
        'ec2:DeleteSecurityGroup',
        'ec2:DeleteSubnet',
        'ec2:DeleteTags',
        'ec2:DeleteVpc',
        'ec2:DeleteVpcEndpoints',
        'ec2:DeleteVpcPeeringConnection',
        'ec2:DisassociateRouteTable',
        'ec2:ModifySubnetAttribute',
        'ec2:ModifyVpcAttribute',
        'ec2:ModifyVpcEndpoint',
        'ec2:ModifyVpcPeeringConnectionOptions',
        'ec2:ReplaceRouteTableAssociation',
        'ec2:RevokeSecurityGroupIngress',
      ],
      conditions: ofTenants,
    },
    { ...peered, actions: ['ec2:CreateVpcPeeringConnection', 'ec2:AcceptVpcPeeringConnection'] },
    { ...on('vpc'), actions: ['ec2:AcceptVpcPeeringConnection'], conditions: ofCells },
    ...[ofTenants, ofCells].map((conditions) => ({
      ...on('route-table'),
      actions: ['ec2:CreateRoute', 'ec2:DeleteRoute'],
      conditions,
    })),
    describing(),
  ];
}

/**
 * The requester VPC of CreateVpcPeeringConnection must be a tenant's, and the accepter VPC of
 * AcceptVpcPeeringConnection a cell's. The peering connection itself names both by their ARNs
 * ("Identity and access management for VPC peering").
 */
const betweenOwnVpcs = (arns: PlatformArns) => ({ ArnLike: { 'ec2:AccepterVpc': arns.ec2('vpc') } });

/** @returns grants for the three ways in which a resource may get a tag */
function tagging(on: (...types: string[]) => Omit<Grant, 'actions'>, types: readonly string[]): Grant[] {
  const actions = ['ec2:CreateTags'];
  return [
    {
      ...on(...types),
      actions,
      conditions: { StringEquals: { 'ec2:CreateAction': ['CreateVpc', ...CREATES_IN_A_VPC] } },
    },
    { ...on(...types), actions, conditions: ofTenants },
    {
      ...on('security-group'),
      actions,
      conditions: { Null: { ...ofNoCell, [`aws:RequestTag/${TENANT_TAG}`]: 'false' } },
    },
  ];
}

const describing = (): Grant => ({
  actions: [
    'ec2:DescribeAccountAttributes',
    'ec2:DescribeAvailabilityZones',
    'ec2:DescribeFlowLogs',
    'ec2:DescribeInstances',
    'ec2:DescribeInternetGateways',
    'ec2:DescribeNetworkAcls',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeRouteTables',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeTags',
    'ec2:DescribeVpcAttribute',
    'ec2:DescribeVpcEncryptionControls',
    'ec2:DescribeVpcEndpoints',
    'ec2:DescribeVpcPeeringConnections',
    'ec2:DescribeVpcs',
  ],
  resources: ['*'],
  wildcardBecause: 'EC2 names no resource for its Describe actions.',
});
