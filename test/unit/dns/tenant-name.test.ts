import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { isTransient } from '../../../functions/contract/errors';
import { type HostedZone, hostedZone } from '../../../functions/dns/hosted-zone';
import {
  claimName,
  removeName,
  requireFreeName,
  requireResolving,
  withdrawName,
} from '../../../functions/dns/tenant-name';
import { translateError } from '../../../functions/shared/error-translation';
import { aCell, aTenant } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeZone } from '../../support/fake-zone';

const tenant = aTenant();
const { host, tenantId } = tenant;
const other = aTenant({ signupId: 'sub_globex' });
const foreign: [string, ResourceRecordSet][] = [
  ['an address', { Name: host, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] }],
  ['an alias', { Name: host, Type: 'CNAME', TTL: 60, ResourceRecords: [{ Value: 'elsewhere.example' }] }],
  ['a text', { Name: host, Type: 'TXT', TTL: 60, ResourceRecords: [{ Value: '"v=spf1 -all"' }] }],
];

describe('D1: a tenant’s name in the hosted zone', () => {
  it('points to the load balancer of the tenant’s cell and names its owner, in one batch', async () => {
    const zone = new FakeZone();
    await expect(claimName(zone, tenant, aCell())).resolves.toEqual({ changeId: '/change/C1', created: true });
    expect(zone.at(host, 'A')?.AliasTarget).toEqual({
      DNSName: 'cell1.eu-central-1.elb.amazonaws.com.',
      HostedZoneId: 'Z215JYRZR1TBD5',
      EvaluateTargetHealth: false,
    });
    expect(zone.at(host, 'TXT')?.ResourceRecords).toEqual([{ Value: `"tenant-onboarding tenantId=${tenantId}"` }]);
    expect(zone.commands).toEqual(['ChangeResourceRecordSetsCommand']);
  });

  it('is claimed again after a crash, and points to the load balancer that the cell has now', async () => {
    const zone = new FakeZone();
    await claimName(zone, tenant, aCell());
    const again = await claimName(zone, tenant, aCell({ loadBalancerDnsName: 'moved.elb.amazonaws.com' }));
    expect(again).toEqual({ changeId: '/change/C2', created: false });
    expect(zone.records).toHaveLength(2);
    expect(zone.at(host, 'A')?.AliasTarget?.DNSName).toBe('moved.elb.amazonaws.com.');
  });

  it.each(foreign)(
    'is refused where somebody else has %s at this host, before anything is built and later',
    async (_, record) => {
      const zone = new FakeZone();
      zone.put(record);
      const before = structuredClone(zone.records);
      await expect(requireFreeName(zone, tenant)).rejects.toMatchObject({ name: 'NameOccupied' });
      await expect(claimName(zone, tenant, aCell())).rejects.toMatchObject({
        name: 'NameOccupied',
        message: expect.stringContaining(`(${record.Type}) at ${host}`),
      });
      await expect(removeName(zone, tenant)).resolves.toBe(false);
      await expect(withdrawName(zone, tenant, aCell())).resolves.toBe(false);
      expect(zone.records).toEqual(before);
    },
  );

  it('is refused where another tenant has it; the error names that tenant', async () => {
    const zone = new FakeZone();
    await claimName(zone, other, aCell());
    const before = structuredClone(zone.records);
    const named = expect.stringContaining(`tenant ${other.tenantId}`);
    await expect(requireFreeName(zone, tenant)).rejects.toMatchObject({ name: 'NameOccupied', message: named });
    await expect(claimName(zone, tenant, aCell())).rejects.toMatchObject({ name: 'NameOccupied', message: named });
    await removeName(zone, tenant);
    expect(zone.records).toEqual(before);
  });

  it('is free where only other hosts have records, and where this tenant has it already', async () => {
    const zone = new FakeZone();
    zone.put({ Name: `zz.${host}`, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] });
    zone.put({ Name: '\\052.funnels.example', Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] });
    await requireFreeName(zone, tenant);
    await claimName(zone, tenant, aCell());
    await requireFreeName(zone, tenant);
  });

  it('is removed with both records in one batch, any number of times, also when it never existed', async () => {
    const zone = new FakeZone();
    await expect(removeName(zone, tenant)).resolves.toBe(false);
    await claimName(zone, tenant, aCell());
    await expect(withdrawName(zone, tenant, aCell())).resolves.toBe(true);
    expect(zone.records).toEqual([]);
    await expect(withdrawName(zone, tenant, aCell())).resolves.toBe(false);
    await expect(removeName(zone, tenant)).resolves.toBe(false);
  });

  it('is removed although its cell has another load balancer now; records of other types stay', async () => {
    const zone = new FakeZone();
    await claimName(zone, tenant, aCell());
    zone.put({ Name: host, Type: 'CAA', TTL: 60, ResourceRecords: [{ Value: '0 issue "amazon.com"' }] });
    const moved = aCell({ loadBalancerDnsName: 'moved.elb.amazonaws.com' });
    await expect(withdrawName(zone, tenant, moved)).resolves.toBe(false);
    await expect(removeName(zone, tenant)).resolves.toBe(true);
    expect(zone.records.map(({ Type }) => Type)).toEqual(['CAA']);
  });

  it('is removed by a retry when its records change during the removal', async () => {
    const zone = new FakeZone();
    await claimName(zone, tenant, aCell());
    zone.client.before = (command) => {
      if (command === 'ChangeResourceRecordSetsCommand') zone.records = zone.records.slice(0, 1);
    };
    await expect(removeName(zone, tenant)).rejects.toMatchObject({
      name: 'TransientConflict',
      message: expect.stringContaining('InvalidChangeBatch: '),
    });
  });

  it('is waited for by retries of the state machine, not inside the function, until all name servers know it', async () => {
    const zone = new FakeZone();
    zone.slow = true;
    const { changeId } = (await claimName(zone, tenant, aCell())) ?? {};
    await expect(requireResolving(zone, changeId)).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
    expect(zone.commands.filter((command) => command === 'GetChangeCommand')).toHaveLength(1);
    zone.pending.clear();
    await requireResolving(zone, changeId);
  });

  it('counts as known everywhere once Route 53 has forgotten its change', async () => {
    const client = new FakeClient({ GetChangeCommand: awsError('NoSuchChange') });
    await requireResolving({ id: 'Z', client }, '/change/C1');
  });

  it('is not managed where the stage has no hosted zone, or the cell is of an older release', async () => {
    const { loadBalancerDnsName: _, loadBalancerZoneId: __, ...older } = aCell();
    const zone = new FakeZone();
    for (const [where, cell] of [
      [undefined, aCell()],
      [zone, older],
    ] as const) {
      await expect(claimName(where, tenant, cell)).resolves.toBeUndefined();
      await expect(withdrawName(where, tenant, cell)).resolves.toBe(false);
      await requireResolving(where, undefined);
    }
    await requireFreeName(undefined, tenant);
    await expect(removeName(undefined, tenant)).resolves.toBe(false);
    expect(zone.records).toEqual([]);
  });

  it.each(['Throttling', 'ThrottlingException', 'PriorRequestNotComplete'])('treats %s as transient', async (name) => {
    const zone: HostedZone = { id: 'Z', client: new FakeClient({ ChangeResourceRecordSetsCommand: awsError(name) }) };
    const thrown = await claimName(zone, tenant, aCell()).catch((error: unknown) => error);
    expect(isTransient(translateError(thrown).name)).toBe(true);
  });

  it('is looked up in the hosted zone that the environment names', () => {
    expect(hostedZone()).toBeUndefined();
    process.env.HOSTED_ZONE_ID = 'Z1';
    expect(hostedZone()?.id).toBe('Z1');
    delete process.env.HOSTED_ZONE_ID;
  });
});
