/**
 * What CloudFormation calls, with the stack's role, to create, read and delete a resource of each type in infra/tenant: the
 * `handlers` of the type's schema in the CloudFormation registry (DescribeType; read in November 2026 from the copies that
 * the Terraform provider awscc keeps), without what only properties need that no template of ours has.
 *
 * AWS::S3::Bucket and AWS::SecretsManager::SecretTargetAttachment are left out: the schema of the first names the whole of
 * S3's configuration, whatever a bucket has of it; the second has none there.
 */
export const HANDLER_PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  'AWS::CloudWatch::Alarm': [
    'cloudwatch:DeleteAlarms',
    'cloudwatch:DescribeAlarms',
    'cloudwatch:ListTagsForResource',
    'cloudwatch:PutMetricAlarm',
    'cloudwatch:TagResource',
  ],
  'AWS::EC2::FlowLog': [
    'ec2:CreateFlowLogs',
    'ec2:CreateTags',
    'ec2:DeleteFlowLogs',
    'ec2:DescribeFlowLogs',
    'iam:PassRole',
    'logs:CreateLogDelivery',
    'logs:DeleteLogDelivery',
  ],
  'AWS::EC2::Route': ['ec2:CreateRoute', 'ec2:DeleteRoute', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeRouteTables'],
  'AWS::EC2::RouteTable': ['ec2:CreateRouteTable', 'ec2:CreateTags', 'ec2:DeleteRouteTable', 'ec2:DescribeRouteTables'],
  'AWS::EC2::SecurityGroup': [
    'ec2:AuthorizeSecurityGroupEgress',
    'ec2:AuthorizeSecurityGroupIngress',
    'ec2:CreateSecurityGroup',
    'ec2:CreateTags',
    'ec2:DeleteSecurityGroup',
    'ec2:DescribeInstances',
    'ec2:DescribeSecurityGroups',
    'ec2:RevokeSecurityGroupEgress',
  ],
  'AWS::EC2::Subnet': [
    'ec2:CreateSubnet',
    'ec2:CreateTags',
    'ec2:DeleteSubnet',
    'ec2:DescribeNetworkAcls',
    'ec2:DescribeSubnets',
    'ec2:ModifySubnetAttribute',
  ],
  'AWS::EC2::SubnetRouteTableAssociation': [
    'ec2:AssociateRouteTable',
    'ec2:DescribeRouteTables',
    'ec2:DescribeSubnets',
    'ec2:DisassociateRouteTable',
    'ec2:ReplaceRouteTableAssociation',
  ],
  // Without CreateVpcEncryptionControl: property VpcEncryptionControl.
  'AWS::EC2::VPC': [
    'ec2:CreateTags',
    'ec2:CreateVpc',
    'ec2:DeleteVpc',
    'ec2:DescribeNetworkAcls',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeVpcAttribute',
    'ec2:DescribeVpcEncryptionControls',
    'ec2:DescribeVpcs',
    'ec2:ModifyVpcAttribute',
  ],
  // Without vpc-lattice and vpce: endpoints of other types, and of other regions.
  'AWS::EC2::VPCEndpoint': [
    'ec2:CreateTags',
    'ec2:CreateVpcEndpoint',
    'ec2:DeleteTags',
    'ec2:DeleteVpcEndpoints',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcEndpoints',
    'ec2:DescribeVpcs',
  ],
  // Without sts:AssumeRole: property PeerRoleArn.
  'AWS::EC2::VPCPeeringConnection': [
    'ec2:AcceptVpcPeeringConnection',
    'ec2:CreateTags',
    'ec2:CreateVpcPeeringConnection',
    'ec2:DeleteVpcPeeringConnection',
    'ec2:DescribeVpcPeeringConnections',
  ],
  // Without AttachRolePolicy and DetachRolePolicy: property ManagedPolicyArns.
  'AWS::IAM::Role': [
    'iam:CreateRole',
    'iam:DeleteRole',
    'iam:DeleteRolePolicy',
    'iam:GetRole',
    'iam:GetRolePolicy',
    'iam:ListAttachedRolePolicies',
    'iam:ListRolePolicies',
    'iam:PutRolePolicy',
    'iam:TagRole',
    'iam:UntagRole',
  ],
  // TagResource and ListTagsForResource for TagLogGroup and ListTagsLogGroup, which they have replaced. Without what puts
  // and deletes policies, and its S3 and Firehose: property DataProtectionPolicy.
  'AWS::Logs::LogGroup': [
    'logs:CreateLogDelivery',
    'logs:CreateLogGroup',
    'logs:DeleteLogGroup',
    'logs:DescribeIndexPolicies',
    'logs:DescribeLogGroups',
    'logs:DescribeResourcePolicies',
    'logs:GetDataProtectionPolicy',
    'logs:ListTagsForResource',
    'logs:PutRetentionPolicy',
    'logs:TagResource',
  ],
  // Without clusters, replicated backups, restores, roles of the instance, a password that RDS keeps, a final snapshot, and
  // iam:ListRoles: other properties or policies.
  'AWS::RDS::DBInstance': [
    'ec2:DescribeAccountAttributes',
    'ec2:DescribeAvailabilityZones',
    'ec2:DescribeInternetGateways',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcAttribute',
    'ec2:DescribeVpcs',
    'iam:CreateServiceLinkedRole',
    'iam:GetRole',
    'iam:PassRole',
    'kms:CreateGrant',
    'kms:DescribeKey',
    'rds:AddTagsToResource',
    'rds:CreateDBInstance',
    'rds:CreateDBInstanceReadReplica',
    'rds:DeleteDBInstance',
    'rds:DescribeDBInstances',
    'rds:DescribeDBSnapshots',
    'rds:DescribeEvents',
    'rds:ModifyDBInstance',
    'rds:RebootDBInstance',
  ],
  'AWS::RDS::DBParameterGroup': [
    'rds:AddTagsToResource',
    'rds:CreateDBParameterGroup',
    'rds:DeleteDBParameterGroup',
    'rds:DescribeDBParameterGroups',
    'rds:DescribeDBParameters',
    'rds:DescribeEngineDefaultParameters',
    'rds:ListTagsForResource',
    'rds:ModifyDBParameterGroup',
    'rds:RemoveTagsFromResource',
  ],
  'AWS::RDS::DBSubnetGroup': [
    'rds:CreateDBSubnetGroup',
    'rds:DeleteDBSubnetGroup',
    'rds:DescribeDBSubnetGroups',
    'rds:ListTagsForResource',
  ],
  'AWS::S3::BucketPolicy': ['s3:DeleteBucketPolicy', 's3:GetBucketPolicy', 's3:PutBucketPolicy'],
  // Without ReplicateSecretToRegions and RemoveRegionsFromReplication: property ReplicaRegions.
  'AWS::SecretsManager::Secret': [
    'secretsmanager:CreateSecret',
    'secretsmanager:DeleteSecret',
    'secretsmanager:DescribeSecret',
    'secretsmanager:GetRandomPassword',
    'secretsmanager:GetSecretValue',
    'secretsmanager:TagResource',
  ],
};

/** Types whose handlers are not listed above. */
export const UNLISTED_TYPES = ['AWS::S3::Bucket', 'AWS::SecretsManager::SecretTargetAttachment'];
