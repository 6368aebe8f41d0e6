import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AssociateVpcCidrBlockCommand,
  AttachVpnGatewayCommand,
  CreateNatGatewayCommand,
  CreateSubnetCommand,
  CreateVpnGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteSubnetCommand,
  DeleteVpnGatewayCommand,
  DetachVpnGatewayCommand,
  DisassociateAddressCommand,
  DisassociateVpcCidrBlockCommand,
  ModifySubnetAttributeCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { vpcOf } from '../../../functions/isolation/subject';
import {
  addressIn,
  anInterface,
  anInternetGateway,
  aVpc,
  FURTHER,
  firstSubnetOf,
  flowLogs,
  withMade,
} from '../network-changes';
import type { AttackTechnique } from '../technique';

export const NETWORK_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'give the VPC a second block',
    check: 'network.block',
    detonate: async ({ subject, root: { ec2 } }) => {
      const block = { VpcId: vpcOf(subject), CidrBlock: FURTHER };
      const { CidrBlockAssociation } = await ec2.send(new AssociateVpcCidrBlockCommand(block));
      const AssociationId = CidrBlockAssociation?.AssociationId;
      return {
        expectedEvidence: `block ${FURTHER} is unexpected`,
        revert: () => ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId })),
      };
    },
  },
  {
    name: 'give the VPC IPv6 addresses',
    check: 'network.block',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { Ipv6CidrBlockAssociation } = await ec2.send(
        new AssociateVpcCidrBlockCommand({ VpcId: vpcOf(subject), AmazonProvidedIpv6CidrBlock: true }),
      );
      const { AssociationId, Ipv6CidrBlock } = Ipv6CidrBlockAssociation ?? {};
      return {
        expectedEvidence: `the VPC has the IPv6 block ${Ipv6CidrBlock ?? ''}`,
        revert: () => ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId })),
      };
    },
  },
  {
    name: 'make another VPC with the slot’s block',
    check: 'network.no-overlap',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { cidr } = subject.tenant.slot;
      const { id, remove } = await aVpc(ec2, cidr);
      return { expectedEvidence: `${id} overlaps with ${cidr}`, revert: remove };
    },
  },
  {
    name: 'make another VPC with a block around the slot’s',
    check: 'network.no-overlap',
    detonate: async ({ subject, root: { ec2 } }) => {
      const around = `${subject.tenant.slot.cidr.split('.').slice(0, 2).join('.')}.0.0/16`;
      const { id, remove } = await aVpc(ec2, around);
      return { expectedEvidence: `${id} overlaps with ${around}`, revert: remove };
    },
  },
  {
    name: 'add a subnet',
    check: 'network.subnets',
    detonate: async ({ subject, root: { ec2 } }) => {
      const CidrBlock = `${addressIn(subject.tenant.slot.cidr, 128)}/26`;
      const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpcOf(subject), CidrBlock }));
      const SubnetId = Subnet?.SubnetId;
      return {
        expectedEvidence: `subnet ${SubnetId} is unexpected`,
        revert: () => ec2.send(new DeleteSubnetCommand({ SubnetId })),
      };
    },
  },
  {
    name: 'let a subnet give public addresses',
    check: 'network.subnets',
    detonate: async ({ subject, root: { ec2 } }) => {
      const SubnetId = firstSubnetOf(subject);
      const giving = (Value: boolean) =>
        ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value } }));
      await giving(true);
      return { expectedEvidence: `${SubnetId} assigns public addresses`, revert: () => giving(false) };
    },
  },
  {
    name: 'attach an internet gateway',
    check: 'network.internet-gateway',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { id, remove } = await anInternetGateway(ec2, vpcOf(subject));
      return { expectedEvidence: `${id} is attached`, revert: remove };
    },
  },
  {
    name: 'make a NAT gateway',
    check: 'network.nat-gateway',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { NatGateway } = await ec2.send(
        new CreateNatGatewayCommand({ SubnetId: firstSubnetOf(subject), ConnectivityType: 'private' }),
      );
      const NatGatewayId = NatGateway?.NatGatewayId;
      return {
        expectedEvidence: `${NatGatewayId} is in the VPC`,
        revert: () => ec2.send(new DeleteNatGatewayCommand({ NatGatewayId })),
      };
    },
  },
  {
    name: 'attach a VPN gateway',
    check: 'network.vpn-gateway',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { VpnGateway } = await ec2.send(new CreateVpnGatewayCommand({ Type: 'ipsec.1' }));
      const VpnGatewayId = VpnGateway?.VpnGatewayId;
      const attachment = { VpnGatewayId, VpcId: vpcOf(subject) };
      await ec2.send(new AttachVpnGatewayCommand(attachment));
      const revert = async () => {
        await ec2.send(new DetachVpnGatewayCommand(attachment));
        await ec2.send(new DeleteVpnGatewayCommand({ VpnGatewayId }));
      };
      return { expectedEvidence: `${VpnGatewayId} is attached`, revert };
    },
  },
  {
    name: 'delete the flow log',
    check: 'network.flow-logs',
    detonate: async (scene) => {
      const { revert } = await flowLogs(scene);
      return { expectedEvidence: 'and the VPC has no other', revert };
    },
  },
  {
    name: 'log refused traffic alone',
    check: 'network.flow-logs',
    detonate: async (scene) => {
      const { instead, revert } = await flowLogs(scene, 'REJECT');
      return { expectedEvidence: `${instead[0]} is ACTIVE and sends REJECT`, revert };
    },
  },
  {
    name: 'put a jump host’s interface into the VPC',
    check: 'network.interfaces',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { id, remove } = await anInterface(ec2, firstSubnetOf(subject), 'jump host');
      return { expectedEvidence: `${id} does not belong to RDS: jump host`, revert: remove };
    },
  },
  {
    name: 'give an interface in the VPC a public address',
    check: 'network.interfaces',
    detonate: async ({ subject, root: { ec2 } }) => {
      const made = await anInterface(ec2, firstSubnetOf(subject), 'jump host');
      const revert = await withMade(made, async (NetworkInterfaceId) => {
        const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
        const { AssociationId } = await ec2.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId }));
        return async () => {
          await ec2.send(new DisassociateAddressCommand({ AssociationId }));
          await ec2.send(new ReleaseAddressCommand({ AllocationId }));
        };
      });
      return { expectedEvidence: `${made.id} has a public address`, revert };
    },
  },
];
