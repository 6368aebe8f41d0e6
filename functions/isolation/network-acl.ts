import type { NetworkAcl, NetworkAclEntry } from '@aws-sdk/client-ec2';

const EVERYWHERE = '0.0.0.0/0';
/** The last rule of every ACL, which nobody can change ("Network ACL rules"). */
const LAST_RULE = 32_767;

/** Ports of remote administration, which benchmarks have denied to everybody ("Security Hub controls for Amazon EC2": EC2.21). */
const ADMINISTRATION = [22, 3389];
const [TCP, UDP] = ['6', '17'];

/** Whether a rule is only about one of these ports. No database, no task and no load balancer listens there. */
const isOfAdministration = ({ Protocol, PortRange }: NetworkAclEntry) =>
  [TCP, UDP].some((each) => each === Protocol) &&
  PortRange?.From === PortRange?.To &&
  ADMINISTRATION.some((port) => port === PortRange?.From);

/**
 * What a network ACL refuses. Rules are asked in the order of their numbers: all traffic passes when the first one lets
 * all pass.
 *
 * @param matters whether the denial of this rule's block counts
 */
export function refusing(
  { NetworkAclId, Entries = [] }: NetworkAcl,
  matters: (rule: NetworkAclEntry) => boolean = () => true,
): string[] {
  return [false, true].flatMap((egress) => {
    const rules = Entries.filter((each) => each.Egress === egress && each.RuleNumber !== LAST_RULE).sort(
      (one, other) => (one.RuleNumber ?? 0) - (other.RuleNumber ?? 0),
    );
    const passing = rules.findIndex(
      ({ RuleAction, Protocol, CidrBlock }) => RuleAction === 'allow' && Protocol === '-1' && CidrBlock === EVERYWHERE,
    );
    const before = (passing < 0 ? rules : rules.slice(0, passing)).filter(
      (rule) => rule.RuleAction === 'deny' && !isOfAdministration(rule),
    );
    const way = egress ? 'outbound' : 'inbound';
    return [
      ...before
        .filter(matters)
        .map(
          (rule) => `network ACL ${NetworkAclId} denies ${way} traffic with ${rule.CidrBlock ?? rule.Ipv6CidrBlock}`,
        ),
      ...(passing < 0 ? [`network ACL ${NetworkAclId} does not let all ${way} traffic pass`] : []),
    ];
  });
}
