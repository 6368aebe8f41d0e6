import {
  DeleteAccountPolicyCommand,
  DeleteResourcePolicyCommand,
  PutAccountPolicyCommand,
  PutResourcePolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkAclCommand,
  CreateNetworkAclEntryCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  CreateVpcEndpointCommand,
  CreateVpcPeeringConnectionCommand,
  DeleteNetworkAclCommand,
  DeleteSecurityGroupCommand,
  DeleteTagsCommand,
  DeleteVpcEndpointsCommand,
  DeleteVpcPeeringConnectionCommand,
  DescribeVpcPeeringConnectionsCommand,
} from '@aws-sdk/client-ec2';
import { CreateServiceLinkedRoleCommand, DeleteServiceLinkedRoleCommand } from '@aws-sdk/client-iam';
import { CreateGrantCommand, RevokeGrantCommand } from '@aws-sdk/client-kms';
import { tenantIdOf, vpcOf } from '../../../functions/isolation/subject';
import { aPeering, aVpc, ELSEWHERE, FURTHER, firstSubnetOf, governedBy, networkOf } from '../network-changes';
import { inTurn, tenantTags } from '../technique';
import type { BenignChange } from './benign-change';

/** What security products, backup services and the account's other users do beside a tenant. */
export const CHANGES_BY_THE_ORGANIZATION: readonly BenignChange[] = [
  {
    name: 'let GuardDuty make its endpoint and its group in the tenant’s VPC',
    make: async ({ subject, root: { ec2 } }) => {
      const Tags = [{ Key: 'GuardDutyManaged', Value: 'true' }];
      const { GroupId } = await ec2.send(
        new CreateSecurityGroupCommand({
          GroupName: `GuardDutyManagedSecurityGroup-${vpcOf(subject)}`,
          Description: 'Associated with VPC-endpoint and managed by GuardDuty',
          VpcId: vpcOf(subject),
          TagSpecifications: [{ ResourceType: 'security-group', Tags }],
        }),
      );
      const IpRanges = [{ CidrIp: subject.tenant.slot.cidr }];
      const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges }];
      await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
      const { VpcEndpoint } = await ec2.send(
        new CreateVpcEndpointCommand({
          VpcId: vpcOf(subject),
          VpcEndpointType: 'Interface',
          ServiceName: `com.amazonaws.${subject.region}.guardduty-data`,
          SubnetIds: [firstSubnetOf(subject) ?? ''],
          SecurityGroupIds: [GroupId ?? ''],
          TagSpecifications: [{ ResourceType: 'vpc-endpoint', Tags }],
        }),
      );
      const revert = async () => {
        await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpoint?.VpcEndpointId ?? ''] }));
        await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
      };
      return { revert };
    },
  },
  {
    name: 'let AWS Backup hold a grant in its service-linked role',
    make: async ({ subject, root: { kms, iam } }) => {
      const { Role } = await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: 'backup.amazonaws.com' }));
      const KeyId = subject.key.keyArn;
      const { GrantId } = await kms.send(
        new CreateGrantCommand({ KeyId, GranteePrincipal: Role?.Arn, Operations: ['Decrypt', 'DescribeKey'] }),
      );
      const revert = async () => {
        await kms.send(new RevokeGrantCommand({ KeyId, GrantId }));
        await iam.send(new DeleteServiceLinkedRoleCommand({ RoleName: Role?.RoleName }));
      };
      return { revert };
    },
  },
  {
    name: 'ask to peer with the tenant’s VPC, and get no answer',
    make: async ({ subject, root: { ec2 } }) => {
      const stranger = await aVpc(ec2, ELSEWHERE);
      const { VpcPeeringConnection } = await ec2.send(
        new CreateVpcPeeringConnectionCommand({ VpcId: stranger.id, PeerVpcId: vpcOf(subject) }),
      );
      const { VpcPeeringConnectionId } = VpcPeeringConnection ?? {};
      const revert = await inTurn(
        async () => stranger.remove,
        async () => () => ec2.send(new DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId })),
      );
      return { revert };
    },
  },
  {
    name: 'ask to peer with the tenant’s VPC, and withdraw the request',
    make: async ({ subject, root: { ec2 } }) => {
      const stranger = await aVpc(ec2, ELSEWHERE);
      const { VpcPeeringConnection } = await ec2.send(
        new CreateVpcPeeringConnectionCommand({ VpcId: stranger.id, PeerVpcId: vpcOf(subject) }),
      );
      const { VpcPeeringConnectionId } = VpcPeeringConnection ?? {};
      await ec2.send(new DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));
      return { revert: stranger.remove };
    },
  },
  {
    name: 'make VPCs elsewhere in the account, and peer them',
    make: async ({ root: { ec2 } }) => {
      const [one, other] = [await aVpc(ec2, ELSEWHERE), await aVpc(ec2, FURTHER)];
      const peering = await aPeering(ec2, one.id, other.id);
      const revert = async () => {
        await peering.remove();
        await one.remove();
        await other.remove();
      };
      return { revert };
    },
  },
  {
    name: 'tag the tenant’s VPC, subnet and peering for cost allocation',
    make: async ({ subject, root: { ec2 } }) => {
      const Resources = [vpcOf(subject), firstSubnetOf(subject) ?? '', networkOf(subject).PeeringConnectionId];
      await ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: 'CostCenter', Value: '4711' }] }));
      const revert = () => ec2.send(new DeleteTagsCommand({ Resources, Tags: [{ Key: 'CostCenter' }] }));
      return { revert };
    },
  },
  {
    name: 'let Firewall Manager place a network ACL in the tenant’s VPC, and tag it as the VPC',
    make: async (scene) => {
      const { subject, root } = scene;
      const { ec2 } = root;
      const Tags = tenantTags(tenantIdOf(subject));
      const { NetworkAcl: { NetworkAclId } = {} } = await ec2.send(
        new CreateNetworkAclCommand({
          VpcId: vpcOf(subject),
          TagSpecifications: [{ ResourceType: 'network-acl', Tags }],
        }),
      );
      for (const Egress of [false, true]) {
        const rule = { NetworkAclId, Egress, Protocol: '-1', CidrBlock: '0.0.0.0/0' };
        await ec2.send(new CreateNetworkAclEntryCommand({ ...rule, RuleNumber: 1_000, RuleAction: 'allow' }));
      }
      const giveBack = await governedBy(scene, NetworkAclId);
      const revert = async () => {
        await giveBack();
        await ec2.send(new DeleteNetworkAclCommand({ NetworkAclId }));
      };
      return { revert };
    },
  },
  {
    name: 'let RDS hold a further grant for the tenant’s database',
    make: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      const { GrantId } = await kms.send(
        new CreateGrantCommand({
          KeyId,
          GranteePrincipal: `rds.${subject.region}.amazonaws.com`,
          Operations: ['Decrypt', 'GenerateDataKey', 'DescribeKey'],
          Constraints: { EncryptionContextSubset: { 'aws:rds:db-id': subject.stacks.database.outputs.ResourceId } },
        }),
      );
      return { revert: () => kms.send(new RevokeGrantCommand({ KeyId, GrantId })) };
    },
  },
  {
    name: 'have AWS list a peering that ended long ago',
    make: async ({ subject, root: { ec2 } }) => {
      const stranger = await aVpc(ec2, ELSEWHERE);
      const peering = await aPeering(ec2, vpcOf(subject), stranger.id);
      await peering.remove();
      await stranger.remove();
      const Filters = [{ Name: 'requester-vpc-info.vpc-id', Values: [vpcOf(subject)] }];
      return { revert: () => ec2.send(new DescribeVpcPeeringConnectionsCommand({ Filters })) };
    },
  },
  {
    name: 'let Route 53 and load balancers bring their logs, and mask addresses in all logs',
    make: async ({ root: { logs } }) => {
      const policyName = 'services';
      const bring = (service: string, Resource: string) => ({
        ...{ Effect: 'Allow', Principal: { Service: service }, Resource },
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      });
      const Statement = [
        bring('route53.amazonaws.com', 'arn:aws:logs:*:*:log-group:/aws/route53/*'),
        bring('delivery.logs.amazonaws.com', '*'),
      ];
      const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      await logs.send(new PutResourcePolicyCommand({ policyName, policyDocument }));
      const masking = { policyName: 'mask', policyType: 'DATA_PROTECTION_POLICY' as const };
      const masks = [{ Sid: 'mask', DataIdentifier: [], Operation: { Deidentify: { MaskConfig: {} } } }];
      await logs.send(
        new PutAccountPolicyCommand({ ...masking, policyDocument: JSON.stringify({ Statement: masks }) }),
      );
      const revert = async () => {
        await logs.send(new DeleteAccountPolicyCommand(masking));
        await logs.send(new DeleteResourcePolicyCommand({ policyName }));
      };
      return { revert };
    },
  },
];
