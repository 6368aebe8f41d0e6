import type { Grant } from '../../constructs/grant';
import type { PlatformArns } from '../../constructs/platform-names';
import { onAnyTenant } from '../functions/context';

export function databaseGrants(arns: PlatformArns): Grant[] {
  return [
    onAnyTenant(
      [
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
      arns.rds('db'),
      arns.rds('pg'),
      arns.rds('subgrp'),
      arns.defaultOptionGroups,
    ),
    {
      actions: ['rds:DescribeDBEngineVersions', 'rds:DescribeEngineDefaultParameters'],
      resources: ['*'],
      wildcardBecause: "RDS's catalogue has no resources.",
    },
    {
      actions: ['rds:DescribeDBSnapshots', 'rds:DescribeEvents'],
      resources: ['*'],
      wildcardBecause: 'CloudFormation asks for the list of them, not for one by name; both only read.',
    },
    {
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [arns.rdsServiceLinkedRole],
      conditions: { StringEquals: { 'iam:AWSServiceName': 'rds.amazonaws.com' } },
    },
  ];
}
