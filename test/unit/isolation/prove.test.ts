import { itemKeys } from '../../../functions/contract/records';
import { REASON_MAX_LENGTH } from '../../../functions/contract/tenant';
import { callsOf } from '../../../functions/contract/time-limits';
import { CATALOGUE } from '../../../functions/isolation/catalogue';
import type { Sources } from '../../../functions/isolation/check';
import { examine, keepProof, type ProvingDeps } from '../../../functions/isolation/evidence/prove';
import type { Evidence } from '../../../functions/isolation/evidence-report';
import type { Subject } from '../../../functions/isolation/subject';
import { verifyIsolation } from '../../../functions/isolation/verify-isolation';
import { aCell, aKey, anExecution, aTenant, NOW, theStacks } from '../../support/builders';
import { aCheck } from '../../support/evidence';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeCompute } from '../../support/fake-compute';
import { aStage } from '../../support/isolated-tenant';

/** The step asks the whole catalogue; here it is two questions that answer as a test says. */
jest.mock('../../../functions/isolation/catalogue', () => ({ CATALOGUE: [] }));

const catalogueOf = (...checks: readonly ReturnType<typeof aCheck>[]) => {
  const catalogue = CATALOGUE as ReturnType<typeof aCheck>[];
  catalogue.splice(0, catalogue.length, ...checks);
};

const ask = (passed: boolean, evidence = 'wide open') =>
  catalogueOf(
    aCheck('storage.tls', async () => ({ passed: true, evidence: 'refused' })),
    aCheck('identity.trust', async () => ({ passed, evidence })),
  );

/** A session, an object that is written, read twice and removed, and one call to spare. */
const OBJECT_PROBE_CALLS = 6;

const prove = async (deps: ProvingDeps, subject: Subject, by: string) =>
  keepProof(deps, await examine(deps, subject), by);

function scene(answers: { readonly PutObjectCommand?: unknown; readonly UpdateCommand?: unknown } = {}) {
  const s3 = new FakeClient({ PutObjectCommand: answers.PutObjectCommand ?? {} });
  const table = new FakeClient({ BatchGetCommand: {}, UpdateCommand: answers.UpdateCommand ?? {} });
  const deps = {
    compute: new FakeCompute(),
    table: { name: 'tenants', client: table },
    stage: aStage(),
    proving: {
      sourcesFor: () => ({}) as Sources,
      evidence: { bucketName: 'evidence', client: s3 },
      codeVersion: '1.2.3+abc',
      now: () => new Date(NOW),
    },
  };
  const input = {
    executionArn: anExecution(),
    tenant: aTenant(),
    cell: aCell(),
    key: aKey(),
    stacks: theStacks(),
    route: { ruleArn: 'rule' },
  };
  const stored = () => JSON.parse(String(s3.inputs('PutObjectCommand')[0]?.Body)) as Evidence;
  return { s3, table, deps, input, stored, verify: () => verifyIsolation.run(deps, input) };
}

test('an onboarding reads the last audit and the route, and no live colour', async () => {
  ask(true);
  const { verify, table, input } = scene();
  await verify();
  const { host, slot } = input.tenant;
  expect(table.inputs('BatchGetCommand')).toMatchObject([
    { RequestItems: { tenants: { Keys: [itemKeys.route(host), itemKeys.surroundings(slot.cell)] } } },
  ]);
});

test.each(['VerifyIsolation', 'AuditTenant'])(
  'the timeout of %s covers the second look of a violation',
  async (name) => {
    let inARow = 0;
    catalogueOf(
      aCheck('storage.tls', async () => {
        inARow += OBJECT_PROBE_CALLS;
        return { passed: false, evidence: 'open' };
      }),
    );
    const { verify, table, deps } = scene();
    await expect(verify()).rejects.toMatchObject({ name: 'IsolationBreach' });
    const besides = table.sent.length + deps.proving.evidence.client.sent.length;
    expect(inARow).toBe(2 * OBJECT_PROBE_CALLS);
    expect(callsOf(name)).toBeGreaterThanOrEqual(inARow + besides);
  },
);

test('stores report and digest on a verified tenant’s record; the report names execution, code and templates', async () => {
  ask(true);
  const { verify, stored, table } = scene();
  const { digest, checks } = await verify();
  expect(checks).toBe(2);
  expect(stored()).toMatchObject({
    passed: true,
    verifiedBy: anExecution(),
    codeVersion: '1.2.3+abc',
    templateVersions: { network: '0123456789ab' },
  });
  const [update] = table.inputs('UpdateCommand');
  expect(update?.ExpressionAttributeValues).toMatchObject({
    ':verification': { digest, checks: 2, verifiedAt: NOW, report: expect.stringMatching(/^tenants\/.*\.json$/) },
  });
});

test('stores the report of a breach, and the error says where it is', async () => {
  ask(false);
  const { verify, stored, s3, table } = scene();
  const key = () => s3.inputs('PutObjectCommand')[0]?.Key;
  await expect(verify()).rejects.toMatchObject({
    name: 'IsolationBreach',
    message: expect.stringContaining('wide open'),
  });
  expect(stored()).toMatchObject({ passed: false });
  expect(table.inputs('UpdateCommand')).toEqual([]);
  await expect(verify()).rejects.toThrow(`report: ${key()}`);
});

test('shortens the text of a long breach, and still says where its report is', async () => {
  ask(false, 'wide open '.repeat(1000));
  const { verify } = scene();
  const thrown = await verify().catch((error: Error) => error);
  expect(String(Object(thrown).message)).toMatch(/; report: tenants\/\S+\.json$/);
  expect(String(Object(thrown).message).length).toBeLessThanOrEqual(REASON_MAX_LENGTH);
});

test('fails a verification whose evidence cannot be stored', async () => {
  ask(true);
  const { verify, table } = scene({ PutObjectCommand: awsError('AccessDenied') });
  await expect(verify()).rejects.toMatchObject({ name: 'AccessDenied' });
  expect(table.inputs('UpdateCommand')).toEqual([]);
});

test.each([true, false])('a transient fault of S3 is a transient error (isolated: %s)', async (passed) => {
  ask(passed);
  const { verify } = scene({ PutObjectCommand: awsError('SlowDown') });
  await expect(verify()).rejects.toMatchObject({ name: 'TransientThrottling' });
});

test('reports a breach although its evidence could not be stored, and names no report', async () => {
  ask(false);
  const { deps, input } = scene({ PutObjectCommand: awsError('AccessDenied') });
  const subject = { ...deps.stage, ...input, liveColour: 'blue' as const, routed: false };
  await expect(prove(deps.proving, subject, 'me')).rejects.toMatchObject({ name: 'IsolationBreach' });
});

test('stores nothing when a transient fault has left checks unanswered', async () => {
  catalogueOf(aCheck('key.policy', async () => Promise.reject(awsError('ThrottlingException'))));
  const { deps, input, s3 } = scene();
  const subject = { ...deps.stage, ...input, liveColour: 'blue' as const, routed: true };
  await expect(prove(deps.proving, subject, 'me')).rejects.toMatchObject({ name: 'TransientThrottling' });
  expect(s3.sent).toEqual([]);
});
