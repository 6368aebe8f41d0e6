import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { PutCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { itemKeys, stateKeys, type TenantRecord } from '../../../functions/contract/records';
import { type TenantStatus, TenantStatusSchema } from '../../../functions/contract/tenant';
import { allows, OPERATIONS, type Operation, type OperationName } from '../../../functions/tenants/lifecycle';
import { creation, permission, transition } from '../../../functions/tenants/transition';
import { anExecution, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { FakeTable } from '../../support/fake-table';

const NAMES = Object.keys(OPERATIONS) as OperationName[];
const rowOf = (name: OperationName): Operation => OPERATIONS[name];
const { tenantId } = aTenant();
const key = itemKeys.tenant(tenantId);

/** Operations that write the record as a whole, and those that only ask. */
const CREATES = ['reserve', 'refuse'] as const;
const ASKS = ['launchStack', 'deleteStack', 'removeOrphanedClaim'] as const;
/** Operations of people and of the audit on a tenant in service: all others belong to onboardings and rollbacks. */
const OF_SERVICE: readonly OperationName[] = ['recordVerdict', 'suspend', 'resume'];

/** What the operations must allow, said once more by hand: a table that allows more is wrong. */
const STEPS: Readonly<Record<TenantStatus | 'none', readonly TenantStatus[]>> = {
  none: ['ONBOARDING', 'FAILED'],
  ONBOARDING: ['ONBOARDING', 'ACTIVE', 'ROLLING_BACK', 'HELD', 'FAILED'],
  ROLLING_BACK: ['ONBOARDING', 'ROLLING_BACK', 'HELD', 'FAILED'],
  HELD: ['ONBOARDING', 'ROLLING_BACK', 'HELD', 'FAILED'],
  FAILED: ['ONBOARDING', 'HELD', 'FAILED'],
  ACTIVE: ['ACTIVE', 'SUSPENDED'],
  SUSPENDED: ['SUSPENDED', 'ACTIVE'],
};

interface Call {
  readonly name: OperationName;
  readonly owner: string;
  readonly status: TenantStatus;
  readonly digest: string;
  readonly slot: number;
}

const verification = (digest: string) => ({ verifiedAt: NOW, checks: 89, digest });
const failure = { step: 'RegisterTenant', error: 'SlotOccupied', reason: 'taken', at: NOW, outcome: 'unfinished' };

/** What each operation writes, as the functions have it write. */
function written({ name, owner, digest, status }: Call): object {
  const set: Partial<Record<OperationName, object>> = {
    takeOver: { executionArn: owner === anExecution() ? anExecution('second') : anExecution() },
    requestKey: { keyRequestedAt: NOW },
    activate: { activatedAt: NOW },
    recordVerification: { verification: verification(digest) },
    recordVerdict: { verification: verification(digest) },
    suspend: { suspension: { at: NOW, by: owner, reason: status } },
    beginRollback: { failure },
    fail: { failure },
    hold: { failure },
    noteEnd: { failure },
    replaceRule: { ruleArn: 'arn:rule/made-again' },
  };
  return set[name] ?? {};
}

const isOneOf = <T extends string>(names: readonly T[], name: string): name is T =>
  (names as readonly string[]).includes(name);

/** The request that an operation sends. */
function requestOf(table: FakeTable, call: Call): object {
  const { name, owner, status, digest, slot } = call;
  if (isOneOf(CREATES, name)) {
    const { slot: seat, ...rest } = aTenantRecord({ executionArn: owner });
    const record = name === 'reserve' ? { ...rest, ...(seat && { slot: { ...seat, number: slot } }) } : rest;
    const { Put } = creation(
      table,
      name,
      name === 'reserve' ? record : ({ ...record, refused: true, failure } as never),
    );
    return new PutCommand(Put as never);
  }
  const claim = { tenantId, owner, seen: { status, 'verification.digest': digest, 'slot.number': slot } };
  if (isOneOf(ASKS, name)) return new TransactWriteCommand({ TransactItems: [permission(table, name, claim)] });
  return new UpdateCommand(transition(table, name, { ...claim, at: NOW, set: written(call) } as never));
}

type Item = Record<string, unknown>;
const itemOf = (table: FakeTable): Item | undefined => structuredClone(table.get(key));
const statusOf = (item: Item | undefined) => (item?.status ?? 'none') as TenantStatus | 'none';

/** Does the operation, if its condition lets it. @returns whether it was let through */
async function attempt(table: FakeTable, call: Call): Promise<boolean> {
  try {
    await table.client.send(requestOf(table, call));
    return true;
  } catch (thrown) {
    const refused = ['ConditionalCheckFailedException', 'TransactionCanceledException'];
    if (thrown instanceof Error && refused.includes(thrown.name)) return false;
    throw thrown;
  }
}

const calls = fc.record<Call>({
  name: fc.constantFrom(...NAMES),
  owner: fc.constantFrom(anExecution(), anExecution('second')),
  status: fc.constantFrom(...TenantStatusSchema.options),
  digest: fc.constantFrom('d1', 'd2'),
  slot: fc.constantFrom(0, 1),
});
/** A run that goes well for a while, and then as chance has it: chance alone would seldom come far. */
const run = fc
  .tuple(calls, fc.integer({ min: 0, max: 5 }), fc.array(fc.constantFrom(...NAMES), { maxLength: 4 }))
  .map(([call, steps, others]): Call[] => {
    const forward = ['reserve', 'requestKey', 'register', 'recordVerification', 'activate'] as const;
    return [...forward.slice(0, steps), ...others].map((name) => ({ ...call, name }));
  });
const sequences = fc.array(fc.oneof(run, fc.array(calls, { maxLength: 4 }))).map((runs) => runs.flat());

/** Holds after every operation, whatever came before. */
function expectLawful(call: Call, before: Item | undefined, after: Item | undefined, done: boolean): void {
  const [from, to] = [statusOf(before), statusOf(after)];
  if (!done) expect(after).toEqual(before);
  if (from !== to) expect([from, call.name, STEPS[from]]).toEqual([from, call.name, expect.arrayContaining([to])]);
  expect(Boolean(after?.activatedAt)).toBe(to === 'ACTIVE' || to === 'SUSPENDED');
  if (after) expect(after).toMatchObject(stateKeys.tenant(to as TenantStatus, tenantId));
  if (before && rowOf(call.name).owned && call.owner !== before.executionArn) expect(after).toEqual(before);
  if (before?.slot && call.name !== 'release') expect(after).toMatchObject({ slot: before.slot });
  if (before && call.name === 'refuse') expect([call.name, before.refused === true || !done]).toEqual(['refuse', true]);
  if (done && call.name === 'release') expect(before).toMatchObject({ slot: { number: call.slot } });
  if (done && call.name === 'removeOrphanedClaim') expect([from, before?.slot]).toEqual(['FAILED', undefined]);
  if (!before?.activatedAt) return;
  const { activatedAt, executionArn, slot, ruleArn } = before;
  expect(after).toMatchObject({
    activatedAt,
    executionArn,
    ...(slot ? { slot } : {}),
    ...(ruleArn ? { ruleArn } : {}),
  });
  if (!OF_SERVICE.includes(call.name)) expect(to).toBe(from);
}

async function follow(list: readonly Call[], reached: Set<string>): Promise<void> {
  const table = new FakeTable();
  for (const call of list) {
    const before = itemOf(table);
    const done = await attempt(table, call);
    expectLawful(call, before, itemOf(table), done);
    reached.add(statusOf(itemOf(table)));
  }
}

test('no sequence of operations reaches a status that is not allowed, or takes a tenant that has been ACTIVE down', async () => {
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(sequences, (list) => follow(list, reached)),
    { numRuns: 300 },
  );
  expect(reached).toEqual(new Set(['none', ...TenantStatusSchema.options]));
}, 30_000);

const STATUSES = TenantStatusSchema.options;
const OPTIONS = [undefined, NOW] as const;
/** Records of every kind, those that should never be among them. */
const RECORDS: readonly (TenantRecord & { readonly refused?: true })[] = STATUSES.flatMap((status) =>
  OPTIONS.flatMap((activatedAt) =>
    [true, false].flatMap((slotted) =>
      ([undefined, true] as const).map((refused) => {
        const { slot, ...record } = aTenantRecord({ status, verification: verification('d1') });
        return {
          ...record,
          ...(activatedAt && { activatedAt }),
          ...(slotted && slot && { slot }),
          ...(refused && { refused }),
        };
      }),
    ),
  ),
);

/** The row of the table, asked of a record without DynamoDB. */
function lets({ name, owner, status, digest, slot }: Call, record: (typeof RECORDS)[number] | undefined): boolean {
  const { from, present = [], absent = [], asSeen = [] } = rowOf(name);
  if (!record) return from.includes('none');
  const asRead = {
    status: record.status === status,
    'verification.digest': record.verification?.digest === digest,
    'slot.number': record.slot?.number === slot,
    'failure.at': record.failure === undefined,
    keyRetiringUntil: record.keyRetiringUntil === undefined,
    ruleArn: record.ruleArn === undefined,
    announcedAt: record.announcedAt === undefined,
  };
  return (
    allows(name, record, owner) &&
    present.every((attribute) => record[attribute] !== undefined) &&
    absent.every((attribute) => record[attribute] === undefined) &&
    asSeen.every((what) => asRead[what])
  );
}

describe.each(NAMES)('%s', (name) => {
  const base = { name, owner: anExecution(), status: 'ACTIVE', digest: 'd1', slot: 0 } as const;
  const variants: Call[] = [
    ...STATUSES.map((status) => ({ ...base, status })),
    { ...base, owner: anExecution('second') },
    { ...base, digest: 'd2' },
    { ...base, slot: 1 },
  ];

  it('changes any record as its row of the table says, and nothing when the row refuses', async () => {
    for (const record of [undefined, ...RECORDS])
      for (const call of variants) {
        const table = new FakeTable(...(record ? [{ ...key, ...record }] : []));
        const before = itemOf(table);
        const done = await attempt(table, call);
        if (done !== lets(call, record)) throw new Error(`${name} of ${JSON.stringify([record, call])}: ${done}`);
        const { to, removes = [] } = rowOf(name);
        const after = itemOf(table);
        if (!done) {
          if (!isDeepStrictEqual(after, before)) expect(after).toEqual(before);
          continue;
        }
        expect(statusOf(after)).toBe(to ?? statusOf(before));
        if (to) expect(after).toMatchObject({ updatedAt: NOW, ...stateKeys.tenant(to, tenantId) });
        expect(removes.filter((attribute) => after && attribute in after)).toEqual([]);
      }
  });

  it('sends DynamoDB no unused name or value', () => {
    const { input } = requestOf(new FakeTable(), base) as { input: { TransactItems?: Item[] } };
    const request = (input.TransactItems?.[0]?.ConditionCheck ?? input) as Record<string, string | Item>;
    const text = `${request.ConditionExpression} ${request.UpdateExpression ?? ''}`;
    const terms = [
      ...Object.keys(request.ExpressionAttributeNames ?? {}),
      ...Object.keys(request.ExpressionAttributeValues ?? {}),
    ];
    expect(new Set(text.match(/[#:]\w+/g))).toEqual(new Set(terms));
  });
});

const UNDOS = ['beginRollback', 'deleteStack', 'retireKey', 'release', 'fail', 'hold'] as const;
const FORWARD = [
  'requestKey',
  'withdrawKeyRequest',
  'launchStack',
  'register',
  'recordVerification',
  'activate',
] as const;

test.each([...UNDOS, 'reserve', 'takeOver', 'refuse', 'removeOrphanedClaim'] as const)(
  '%s never touches a tenant that has been ACTIVE, whatever its status says',
  async (name) => {
    for (const record of RECORDS.filter(({ activatedAt }) => activatedAt))
      for (const status of STATUSES) {
        const table = new FakeTable({ ...key, ...record });
        expect(await attempt(table, { name, owner: record.executionArn, status, digest: 'd1', slot: 0 })).toBe(false);
      }
  },
);

test.each([...UNDOS, ...FORWARD, 'takeOver', 'noteEnd', 'forgetFailure'] as const)(
  '%s changes no tenant that another execution owns',
  async (name) => {
    for (const record of RECORDS) {
      const call = { name, owner: anExecution('second'), status: record.status, digest: 'd1', slot: 0 } as const;
      expect(await attempt(new FakeTable({ ...key, ...record }), call)).toBe(false);
    }
  },
);

test.each(FORWARD)('%s is refused once a rollback has begun', async (name) => {
  for (const record of RECORDS.filter(({ status }) => status !== 'ONBOARDING')) {
    const call = { name, owner: record.executionArn, status: record.status, digest: 'd1', slot: 0 } as const;
    expect(await attempt(new FakeTable({ ...key, ...record }), call)).toBe(false);
  }
});

test('keeps the time of a tenant’s first activation, and of the first request of its key', async () => {
  const record = { ...key, ...aTenantRecord({ verification: verification('d1') }) };
  const table = new FakeTable({ ...record, activatedAt: 'first', keyRequestedAt: 'first' });
  const base = { owner: anExecution(), status: 'ONBOARDING', digest: 'd1', slot: 0 } as const;
  await attempt(table, { ...base, name: 'requestKey' });
  await attempt(table, { ...base, name: 'activate' });
  expect(itemOf(table)).toMatchObject({ status: 'ACTIVE', activatedAt: 'first', keyRequestedAt: 'first' });
});

test('no other file of the product writes a tenant’s status, or reaches for its item', () => {
  const ROOT = join(__dirname, '../../..');
  const matching = (pattern: RegExp) =>
    globSync('{functions,service,operations,infra}/**/*.ts', { cwd: ROOT })
      .filter((file) => pattern.test(readFileSync(join(ROOT, file), 'utf8')))
      .sort();
  const [list, store, write] = ['every-tenant.ts', 'tenant-store.ts', 'transition.ts'].map(
    (file) => `functions/tenants/${file}`,
  );
  // `status` is a reserved word of DynamoDB: no expression can write it but under an alias.
  expect(matching(/#status|'#\w+': 'status'/)).toEqual([write]);
  expect(matching(/(?:itemKeys|stateKeys)\.tenant\b/)).toEqual([list, store, write]);
});
