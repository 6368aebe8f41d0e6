import { TENANT_TAG } from '../../functions/contract/naming';
import type { Grant } from './grant';
import { CELL_TAG, type PlatformArns } from './platform-names';

const RANDOM_IDS = 'EC2 gives each resource a random id, so a type is as close as an ARN can name it.';
const ofTenants = { Null: { [`aws:ResourceTag/${TENANT_TAG}`]: 'false' } };
const ofCells = { Null: { [`aws:ResourceTag/${CELL_TAG}`]: 'false' } };

/**
 * What is made has no tags to bind to before; what is changed later or deleted must carry the tenants' tag, and a route
 * table that is no tenant's must be a cell's.
 */
export function networkGrants(arns: PlatformArns): Grant[] {
  const made = [
    'vpc',
    'subnet',
    'route-table',
    'security-group',
    'vpc-endpoint',
    'vpc-peering-connection',
    'vpc-flow-log',
  ];
  const all = { resources: made.map(arns.ec2), wildcardBecause: RANDOM_IDS };
  const routes = { actions: ['ec2:CreateRoute', 'ec2:DeleteRoute'], resources: [arns.ec2('route-table')] };
  return [
    {
      ...all,
      actions: [
        'ec2:AcceptVpcPeeringConnection',
        'ec2:AssociateRouteTable',
        'ec2:AuthorizeSecurityGroupEgress',
        'ec2:AuthorizeSecurityGroupIngress',
        'ec2:CreateFlowLogs',
        'ec2:CreateRouteTable',
        'ec2:CreateSecurityGroup',
        'ec2:CreateSubnet',
        'ec2:CreateTags',
        'ec2:CreateVpc',
        'ec2:CreateVpcEndpoint',
        'ec2:CreateVpcPeeringConnection',
        'ec2:ModifySubnetAttribute',
        'ec2:ModifyVpcAttribute',
      ],
    },
    {
      ...all,
      actions: [
        'ec2:DeleteFlowLogs',
        'ec2:DeleteRouteTable',
        'ec2:DeleteSecurityGroup',
        'ec2:DeleteSubnet',
        'ec2:DeleteTags',
        'ec2:DeleteVpc',
        'ec2:DeleteVpcEndpoints',
        'ec2:DeleteVpcPeeringConnection',
        'ec2:DisassociateRouteTable',
        'ec2:ModifyVpcEndpoint',
        'ec2:RevokeSecurityGroupEgress',
        'ec2:RevokeSecurityGroupIngress',
      ],
      conditions: ofTenants,
    },
    { ...routes, conditions: ofTenants, wildcardBecause: RANDOM_IDS },
    { ...routes, conditions: ofCells, wildcardBecause: RANDOM_IDS },
    {
      actions: [
        'ec2:DescribeAccountAttributes',
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeFlowLogs',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeTags',
        'ec2:DescribeVpcAttribute',
        'ec2:DescribeVpcEndpoints',
        'ec2:DescribeVpcPeeringConnections',
        'ec2:DescribeVpcs',
      ],
      resources: ['*'],
      wildcardBecause: 'EC2 names no resource for its Describe actions.',
    },
  ];
}

export function databaseGrants(arns: PlatformArns): Grant[] {
  return [
    {
      actions: [
        'rds:AddTagsToResource',
        'rds:CreateDBInstance',
        'rds:CreateDBInstanceReadReplica',
        'rds:CreateDBParameterGroup',
        'rds:CreateDBSubnetGroup',
        'rds:DeleteDBInstance',
        'rds:DeleteDBParameterGroup',
        'rds:DeleteDBSubnetGroup',
        'rds:DescribeDBInstances',
        'rds:DescribeDBParameterGroups',
        'rds:DescribeDBParameters',
        'rds:DescribeDBSubnetGroups',
        'rds:ListTagsForResource',
        'rds:ModifyDBInstance',
        'rds:ModifyDBParameterGroup',
        'rds:ModifyDBSubnetGroup',
        'rds:RebootDBInstance',
        'rds:RemoveTagsFromResource',
        'rds:ResetDBParameterGroup',
      ],
      resources: [arns.rds('db'), arns.rds('pg'), arns.rds('subgrp'), arns.defaultOptionGroups],
      wildcardBecause: 'The tenants of the next years have no ARNs yet; the prefix is theirs alone.',
    },
    {
      actions: ['rds:DescribeDBEngineVersions', 'rds:DescribeEngineDefaultParameters'],
      resources: ['*'],
      wildcardBecause: "RDS's catalogue has no resources.",
    },
    {
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [arns.rdsServiceLinkedRole],
      conditions: { StringEquals: { 'iam:AWSServiceName': 'rds.amazonaws.com' } },
    },
  ];
}
