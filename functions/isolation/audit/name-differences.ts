import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { CellDescriptor } from '../../contract/cell';
import { hostIn } from '../../dns/name-records';

/** A host, and the cell whose listener serves it. */
export interface ServedHost {
  readonly host: string;
  readonly cell: Pick<CellDescriptor, 'name' | 'loadBalancerDnsName'>;
}

/**
 * Types of record by which a visitor, or a visitor's resolver, is led ("Supported DNS record types"): to an address, to
 * another name, or to other name servers.
 */
const LEADING = ['A', 'AAAA', 'CNAME', 'NS', 'HTTPS', 'SVCB'];

/** Route 53 answers with a final dot; its console puts `dualstack.` before the name of a load balancer. */
const plain = (name = '') =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^dualstack\./, '');

const targetOf = ({ AliasTarget, ResourceRecords = [] }: ResourceRecordSet) =>
  AliasTarget ? plain(AliasTarget.DNSName) : ResourceRecords.map(({ Value }) => plain(Value)).join(', ');

/**
 * "HTTPS DNS record" (RFC 9460): one that names the host itself and says by which protocols to speak to it. An alias names
 * another record, and every other parameter may hold an address, a port or a key.
 */
const OF_ITSELF = /^[1-9]\d* (\S+)(?: (?:alpn=\S+|no-default-alpn))*$/;
const staysAtHost = (record: ResourceRecordSet) => {
  const { Type, AliasTarget, ResourceRecords = [] } = record;
  const itself = ['', plain(hostIn(record))];
  const named = ResourceRecords.map(({ Value = '' }) => OF_ITSELF.exec(Value)?.[1]);
  return (
    (Type === 'HTTPS' || Type === 'SVCB') &&
    AliasTarget === undefined &&
    named.length > 0 &&
    named.every((name) => name !== undefined && itself.includes(plain(name)))
  );
};

/** Types of record by which somebody else answers for a name. What an authority asks for itself is a TXT record. */
const HANDING_OVER = ['CNAME', 'NS'];
/**
 * Names where a certificate of a host, or of all hosts of a domain, is proven to public authorities ("DNS Challenge", RFC 8555): who
 * answers for one gets it. A wildcard below the host answers for the challenge, too.
 */
const challengeOf = (domain: string) => `_acme-challenge.${domain}`;
const belowOf = (domain: string) => `\\052.${domain}`;
const domainOf = (host: string) => host.slice(host.indexOf('.') + 1);
const domainsAbove = (host: string) =>
  host
    .split('.')
    .slice(1)
    .map((_, n, labels) => labels.slice(n).join('.'));

/**
 * Holds the records of the hosted zone against the hosts that cells serve: who changes a tenant's record has all of its
 * visitors. A host without records of its own may be served by a wildcard, which people have made.
 *
 * @returns a sentence for each record that leads elsewhere, and for each host that no record leads anywhere
 */
export function nameDifferences(records: readonly ResourceRecordSet[], served: readonly ServedHost[]): string[] {
  const leading = Map.groupBy(
    records.filter((each) => LEADING.includes(each.Type ?? '') && !staysAtHost(each)),
    hostIn,
  );
  const handedOver = (name: string) => (leading.get(name) ?? []).filter(({ Type = '' }) => HANDING_OVER.includes(Type));
  const provers = (names: readonly string[], own: readonly string[], whose: string) =>
    names
      .flatMap(handedOver)
      .filter((record) => !own.includes(targetOf(record)))
      .map(
        (record) =>
          `the ${record.Type} record of ${hostIn(record)} lets ${targetOf(record)} get certificates of ${whose}`,
      );
  const domains = [...new Set(served.map(({ host }) => domainOf(host)))];
  // Whoever answers for a domain answers for all names below it, whatever the zone has under them. The apex, where the SOA is, has
  // the zone's own name servers.
  const apexes = records.filter(({ Type }) => Type === 'SOA').map(hostIn);
  const delegated = [...new Set(served.flatMap(({ host }) => domainsAbove(host)))]
    .filter((name) => !apexes.includes(name))
    .flatMap((name) => (leading.get(name) ?? []).filter(({ Type }) => Type === 'NS'));
  const ofHosts = served.flatMap(({ host, cell }) => {
    const balancer = cell.loadBalancerDnsName;
    // A descriptor of an older release names no load balancer.
    if (balancer === undefined) return [];
    const found = leading.get(host) ?? leading.get(belowOf(domainOf(host))) ?? [];
    if (found.length === 0) return [`no record of the hosted zone leads ${host} to cell ${cell.name}`];
    return [
      ...found
        .filter((record) => targetOf(record) !== plain(balancer))
        .map(
          (record) => `the ${record.Type} record of ${hostIn(record)} leads to ${targetOf(record)}, not to ${balancer}`,
        ),
      ...provers([challengeOf(host), belowOf(host)], [plain(host), plain(balancer)], 'the host'),
    ];
  });
  return [
    ...ofHosts,
    ...delegated.map((record) => `the NS record of ${hostIn(record)} leads all hosts below it to ${targetOf(record)}`),
    ...domains.flatMap((domain) => provers([challengeOf(domain)], [], `all hosts of ${domain}`)),
  ];
}
