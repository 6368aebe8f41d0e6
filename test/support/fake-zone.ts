import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { awsError, FakeClient } from './fake-client';

interface Change {
  readonly Action: 'CREATE' | 'UPSERT' | 'DELETE';
  readonly ResourceRecordSet: ResourceRecordSet;
}

const dotted = (name = '') => `${name.toLowerCase().replace(/\.$/, '')}.`;
/** As Route 53 keeps a record: names end with a dot. */
function kept({ Name, AliasTarget, ...record }: ResourceRecordSet): ResourceRecordSet {
  return {
    ...record,
    Name: dotted(Name),
    ...(AliasTarget && { AliasTarget: { ...AliasTarget, DNSName: dotted(AliasTarget.DNSName) } }),
  } as ResourceRecordSet;
}
const keyOf = ({ Name, Type }: ResourceRecordSet) => `${Name} ${Type}`;
const same = (one: ResourceRecordSet, other: ResourceRecordSet) => JSON.stringify(one) === JSON.stringify(other);

/** A hosted zone: batches count as a whole or not at all, a CNAME stands alone, changes are PENDING until they are not. */
export class FakeZone {
  readonly id = 'Z0FUNNELS';
  records: ResourceRecordSet[] = [];
  /** Changes that have not reached all name servers. */
  readonly pending = new Set<string>();
  /** Whether a new change is PENDING at first. */
  slow = false;
  private changes = 0;

  readonly client = new FakeClient({
    ChangeResourceRecordSetsCommand: ({ ChangeBatch }: { ChangeBatch: { Changes: Change[] } }) => {
      let after = this.records;
      for (const { Action, ResourceRecordSet } of ChangeBatch.Changes) {
        const record = kept(ResourceRecordSet);
        const before = after.find((each) => keyOf(each) === keyOf(record));
        const alone = after.some(
          ({ Name, Type }) => Name === record.Name && (Type === 'CNAME') !== (record.Type === 'CNAME'),
        );
        if (Action === 'CREATE' && (before || alone)) return awsError('InvalidChangeBatch');
        if (Action === 'DELETE' && !(before && same(before, record))) return awsError('InvalidChangeBatch');
        after = after.filter((each) => each !== before);
        if (Action !== 'DELETE') after = [...after, record];
      }
      this.records = after;
      const Id = `/change/C${++this.changes}`;
      if (this.slow) this.pending.add(Id);
      return { ChangeInfo: { Id, Status: 'PENDING' } };
    },
    ListResourceRecordSetsCommand: (input: {
      StartRecordName?: string;
      StartRecordType?: string;
      MaxItems?: number;
    }) => {
      const from = input.StartRecordName ? `${dotted(input.StartRecordName)} ${input.StartRecordType ?? ''}` : '';
      const all = this.records.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).filter((each) => keyOf(each) >= from);
      const size = Math.min(input.MaxItems ?? 2, all.length);
      const next = all[size];
      return {
        ResourceRecordSets: all.slice(0, size),
        IsTruncated: next !== undefined,
        ...(next && { NextRecordName: next.Name, NextRecordType: next.Type }),
      };
    },
    GetChangeCommand: ({ Id }: { Id: string }) => ({
      ChangeInfo: { Id, Status: this.pending.has(Id) ? 'PENDING' : 'INSYNC' },
    }),
  });

  /** As others make records, whatever the zone has. */
  put(record: ResourceRecordSet): void {
    this.records.push(kept(record));
  }

  at(host: string, type: string): ResourceRecordSet | undefined {
    return this.records.find(({ Name, Type }) => Name === dotted(host) && Type === type);
  }

  get commands(): string[] {
    return this.client.sent.map(({ command }) => command);
  }
}
