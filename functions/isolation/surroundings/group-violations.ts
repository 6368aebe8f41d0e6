import type { IpPermission, SecurityGroup, VpcEndpoint } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { expectExactly } from '../check';
import { policyDifferences } from '../comparison/policy-difference';
import { parsePolicy, statementsOf } from '../policy-document';
import type { ExpectedResource } from '../release/resolve-template';
import { idsOf, ofType } from './expected-of';
import type { HarmlessDenials } from './harmless-denials';

const RuleSchema = z.object({
  IpProtocol: z.string(),
  FromPort: z.number().optional(),
  ToPort: z.number().optional(),
  CidrIp: z.string().optional(),
  CidrIpv6: z.string().optional(),
  SourceSecurityGroupId: z.string().optional(),
  DestinationSecurityGroupId: z.string().optional(),
  SourcePrefixListId: z.string().optional(),
  DestinationPrefixListId: z.string().optional(),
});
type Rule = z.output<typeof RuleSchema>;
const GroupSchema = z.object({
  SecurityGroupIngress: z.array(RuleSchema).default([]),
  SecurityGroupEgress: z.array(RuleSchema).optional(),
});
const ofGroup = z.looseObject({ GroupId: z.string() });

const inWords = (protocol: string | undefined, from: number | undefined, to: number | undefined, other: string) =>
  `${protocol} ${from ?? 'any'}-${to ?? 'any'} ${other}`;

const ofTemplate = (rule: Rule) =>
  inWords(
    rule.IpProtocol,
    rule.FromPort,
    rule.ToPort,
    rule.CidrIp ??
      rule.CidrIpv6 ??
      rule.SourceSecurityGroupId ??
      rule.DestinationSecurityGroupId ??
      rule.SourcePrefixListId ??
      rule.DestinationPrefixListId ??
      '',
  );

const inForce = (permissions: readonly IpPermission[] = []) =>
  permissions.flatMap(({ IpProtocol, FromPort, ToPort, ...others }) =>
    [
      ...(others.IpRanges ?? []).map(({ CidrIp = '' }) => CidrIp),
      ...(others.Ipv6Ranges ?? []).map(({ CidrIpv6 = '' }) => CidrIpv6),
      ...(others.UserIdGroupPairs ?? []).map(({ GroupId = '' }) => GroupId),
      ...(others.PrefixListIds ?? []).map(({ PrefixListId = '' }) => PrefixListId),
    ].map((other) => inWords(IpProtocol, FromPort, ToPort, other)),
  );

function rulesOf(resources: readonly ExpectedResource[], id: string) {
  const group = ofType(resources, 'AWS::EC2::SecurityGroup').find(({ physicalId }) => physicalId === id);
  if (!group) return undefined;
  const apart = (type: string) =>
    ofType(resources, type)
      .filter(({ properties }) => ofGroup.parse(properties).GroupId === id)
      .map(({ properties }) => RuleSchema.parse(properties));
  const { SecurityGroupIngress, SecurityGroupEgress } = GroupSchema.parse(group.properties);
  return {
    ingress: [...SecurityGroupIngress, ...apart('AWS::EC2::SecurityGroupIngress')].map(ofTemplate),
    // A template that says nothing about it leaves the rule of EC2, which lets all traffic out.
    egress: SecurityGroupEgress && [...SecurityGroupEgress, ...apart('AWS::EC2::SecurityGroupEgress')].map(ofTemplate),
  };
}

/** The default group of a VPC lets its own members in, and has none ("Default security groups"). */
function violationsOf(group: SecurityGroup, resources: readonly ExpectedResource[]): string[] {
  const { GroupId: id = '', GroupName, IpPermissions, IpPermissionsEgress } = group;
  const expected = rulesOf(resources, id);
  if (expected)
    return [
      ...expectExactly(`inbound rule of ${id}:`, inForce(IpPermissions), expected.ingress),
      ...(expected.egress
        ? expectExactly(`outbound rule of ${id}:`, inForce(IpPermissionsEgress), expected.egress)
        : []),
    ];
  if (GroupName !== 'default') return [`security group ${id} (${GroupName}) is in the cell’s network`];
  return inForce(IpPermissions)
    .filter((rule) => !rule.endsWith(` ${id}`))
    .map((rule) => `inbound rule of the default group ${id}: ${rule} is unexpected`);
}

/** Security groups and rules that the cell's stack does not make. `cell.network` judges endpoints, and so their groups. */
export function groupViolations(
  groups: readonly SecurityGroup[],
  endpoints: readonly VpcEndpoint[],
  resources: readonly ExpectedResource[],
): string[] {
  const ofEndpoints = endpoints.flatMap(({ Groups = [] }) => Groups.map(({ GroupId }) => GroupId));
  return groups
    .filter(({ GroupId }) => rulesOf(resources, GroupId ?? '') !== undefined || !ofEndpoints.includes(GroupId))
    .flatMap((group) => violationsOf(group, resources));
}

const EndpointSchema = z.object({
  PolicyDocument: z.unknown().optional(),
  RouteTableIds: z.array(z.string()).default([]),
});
/** "Control access to VPC endpoints using endpoint policies": that of an endpoint which got none. */
const FULL_ACCESS = { Statement: { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } };

/** How the policy of an endpoint, and the routes that lead to it, differ from the cell's stack. */
function changesOf(
  endpoint: VpcEndpoint,
  resources: readonly ExpectedResource[],
  { atEndpoint }: Pick<HarmlessDenials, 'atEndpoint'>,
): string[] {
  const { VpcEndpointId: id, ServiceName, PolicyDocument, RouteTableIds = [] } = endpoint;
  const made = ofType(resources, 'AWS::EC2::VPCEndpoint').find(({ physicalId }) => physicalId === id);
  if (!made) return [];
  const expected = EndpointSchema.parse(made.properties);
  return [
    ...(PolicyDocument
      ? policyDifferences(
          `the policy of endpoint ${id}`,
          parsePolicy(PolicyDocument),
          statementsOf(expected.PolicyDocument ?? FULL_ACCESS),
          atEndpoint(ServiceName),
        )
      : []),
    ...expectExactly(`route table of endpoint ${id}`, RouteTableIds, expected.RouteTableIds),
  ];
}

/** Endpoints that neither the cell's stack nor the stage's organization has placed. */
export function endpointViolations(
  endpoints: readonly VpcEndpoint[],
  resources: readonly ExpectedResource[],
  placed: readonly string[],
  harmless: Pick<HarmlessDenials, 'atEndpoint'>,
): string[] {
  const own = idsOf(resources, 'AWS::EC2::VPCEndpoint');
  const strange = endpoints
    .filter(({ VpcEndpointId = '', ServiceName = '', VpcEndpointType, State = '' }) => {
      const isPlaced = VpcEndpointType === 'Interface' && placed.includes(ServiceName);
      return !own.includes(VpcEndpointId) && !isPlaced && !/^delet/i.test(State);
    })
    .map(({ VpcEndpointId, ServiceName }) => `endpoint ${VpcEndpointId} leads to ${ServiceName}`);
  // Without it buckets and tables are reached over the internet, or not at all.
  const gone = own.filter(
    (id) => !endpoints.some(({ VpcEndpointId, State = '' }) => VpcEndpointId === id && !/^delet/i.test(State)),
  );
  return [
    ...strange,
    ...gone.map((id) => `endpoint ${id} of the cell’s stack does not exist`),
    ...endpoints.flatMap((each) => changesOf(each, resources, harmless)),
  ];
}
