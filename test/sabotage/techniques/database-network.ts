import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  DescribeSubnetsCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { CreateDBSubnetGroupCommand, DeleteDBSubnetGroupCommand } from '@aws-sdk/client-rds';
import { anotherGroup, changing, databaseOf, groupOf, modified } from '../database-changes';
import { type AttackTechnique, inTurn } from '../technique';

export const DATABASE_NETWORK_TECHNIQUES: readonly AttackTechnique[] = [
  changing(
    'make the database public',
    'database.private',
    () => ({ PubliclyAccessible: true }),
    () => ({ PubliclyAccessible: false }),
    () => 'public access is true',
  ),
  {
    name: 'move the database into the cell’s VPC',
    check: 'database.subnet-group',
    detonate: async (scene) => {
      const { subject } = scene;
      const { ec2, rds } = scene.root;
      const { InstanceId, SubnetGroupName } = databaseOf(subject);
      const Filters = [{ Name: 'vpc-id', Values: [subject.cell.vpcId] }];
      const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
      const group = { DBSubnetGroupName: 'in-the-cell' };
      const revert = await inTurn(
        async () => {
          const SubnetIds = Subnets.map(({ SubnetId = '' }) => SubnetId);
          await rds.send(
            new CreateDBSubnetGroupCommand({ ...group, DBSubnetGroupDescription: 'in the cell', SubnetIds }),
          );
          return () => rds.send(new DeleteDBSubnetGroupCommand(group));
        },
        async () => {
          await modified(scene, InstanceId, group);
          return () => modified(scene, InstanceId, { DBSubnetGroupName: SubnetGroupName });
        },
      );
      return { expectedEvidence: `the subnet group’s VPC is ${subject.cell.vpcId}`, revert };
    },
  },
  {
    name: 'put another security group on the database',
    check: 'database.security-group',
    detonate: async (scene) => {
      const { InstanceId } = databaseOf(scene.subject);
      const own = groupOf(scene.subject);
      const { GroupId, remove } = await anotherGroup(scene);
      const revert = await inTurn(
        async () => remove,
        async () => {
          await modified(scene, InstanceId, { VpcSecurityGroupIds: [own, GroupId] });
          return () => modified(scene, InstanceId, { VpcSecurityGroupIds: [own] });
        },
      );
      return { expectedEvidence: `security group ${GroupId} is unexpected`, revert };
    },
  },
  {
    name: 'let another security group in',
    check: 'database.door',
    detonate: async (scene) => {
      const { ec2 } = scene.root;
      const { GroupId, remove } = await anotherGroup(scene);
      const permission = { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId }] };
      const rule = { GroupId: groupOf(scene.subject), IpPermissions: [permission] };
      const revert = await inTurn(
        async () => remove,
        async () => {
          await ec2.send(new AuthorizeSecurityGroupIngressCommand(rule));
          return () => ec2.send(new RevokeSecurityGroupIngressCommand(rule));
        },
      );
      return { expectedEvidence: `${GroupId} on tcp 5432 is unexpected`, revert };
    },
  },
  {
    name: 'let the database out to everywhere',
    check: 'database.door',
    detonate: async ({ subject, root: { ec2 } }) => {
      const permission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
      const rule = { GroupId: groupOf(subject), IpPermissions: [permission] };
      await ec2.send(new AuthorizeSecurityGroupEgressCommand(rule));
      return {
        expectedEvidence: 'it allows outbound traffic to 0.0.0.0/0',
        revert: () => ec2.send(new RevokeSecurityGroupEgressCommand(rule)),
      };
    },
  },
  {
    name: 'shut the cell out of the database',
    check: 'database.door',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { appCidr } = subject.cell;
      const permission = {
        IpProtocol: 'tcp',
        FromPort: 5432,
        ToPort: 5432,
        IpRanges: [{ CidrIp: appCidr, Description: 'The shared service of the cell' }],
      };
      const rule = { GroupId: groupOf(subject), IpPermissions: [permission] };
      await ec2.send(new RevokeSecurityGroupIngressCommand(rule));
      return {
        expectedEvidence: `inbound rule ${appCidr} on tcp 5432 is missing`,
        revert: () => ec2.send(new AuthorizeSecurityGroupIngressCommand(rule)),
      };
    },
  },
];
