import { tenantIdOf } from '../../../functions/contract/naming';
import type { TenantRecord } from '../../../functions/contract/records';
import type { Signup } from '../../../functions/contract/signup';
import { anExecution, aSignup, NOW } from '../../support/builders';
import { Reservations } from '../../support/reservations';

const signup = aSignup();
const tenantId = tenantIdOf(signup.signupId);
const { companyName: _, ...nameless } = signup;

/** What a second signup of one id can have other than the first, and the fields that then differ. */
const DIFFERENT: [what: string, signup: object, fields: string][] = [
  ['another subdomain', { ...signup, subdomain: 'other' }, 'subdomain'],
  ['another plan', { ...signup, plan: 'growth' }, 'plan'],
  [
    'another name and contact',
    { ...signup, companyName: 'B', contactEmail: 'b@b.example' },
    'companyName, contactEmail',
  ],
  ['a plan that does not exist', { ...signup, plan: 'free' }, 'plan'],
  ['a broken e-mail address', { ...signup, contactEmail: 'none' }, 'contactEmail'],
  ['another version', { ...signup, version: 2 }, 'version'],
  ['no name', nameless, 'companyName'],
];

/** How the first signup stands: its tenant's record, and its execution. */
const STANDING: [how: string, record: Partial<TenantRecord>, ending: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED'][] =
  [
    ['is in service', { status: 'ACTIVE', activatedAt: NOW }, 'SUCCEEDED'],
    ['is in service, its run having failed', { status: 'ACTIVE', activatedAt: NOW }, 'FAILED'],
    ['is suspended', { status: 'SUSPENDED', activatedAt: NOW }, 'SUCCEEDED'],
    ['is being onboarded', { status: 'ONBOARDING' }, 'RUNNING'],
    ['is being rolled back', { status: 'ROLLING_BACK' }, 'RUNNING'],
    ['is held', { status: 'HELD', keyRequestedAt: NOW }, 'FAILED'],
    ['is left by a stopped run', { status: 'ONBOARDING', keyRequestedAt: NOW }, 'ABORTED'],
  ];

async function standing(record: Partial<TenantRecord>, ending: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED') {
  const stage = new Reservations();
  await stage.reserve(signup);
  stage.become(tenantId, record);
  stage.endings[anExecution()] = ending;
  return stage;
}

describe.each(STANDING)('G6: the tenant of the signup id %s', (_how, record, ending) => {
  it.each(DIFFERENT)(
    'a signup with %s is a conflict that names the fields and changes nothing',
    async (_what, second, fields) => {
      const stage = await standing(record, ending);
      const before = structuredClone([...stage.table.items]);
      const told = stage.reserve(second, anExecution('second'));
      await expect(told).rejects.toMatchObject({
        name: 'SignupConflict',
        message: `signup sub_acme differs in ${fields} from the one of tenant ${tenantId}, which stays ${record.status}`,
      });
      expect([...stage.table.items]).toEqual(before);
    },
  );

  it('an equal signup with unknown extra fields is no conflict', async () => {
    const stage = await standing(record, ending);
    const outcome = await stage.reserve({ ...signup, ofTomorrow: true }, anExecution('second'));
    const goesOn = ['ABORTED', 'FAILED'].includes(ending) && !record.activatedAt;
    expect(outcome.outcome).toBe(goesOn ? 'reserved' : 'duplicate');
  });

  it('an equal signup that today is refused is no conflict and no failure', async () => {
    const stage = await standing(record, ending);
    const tooLong = { ...signup, ofTomorrow: 'x'.repeat(250_000) };
    const outcome = await stage.reserve(tooLong, anExecution('second'));
    const goesOn = ['ABORTED', 'FAILED'].includes(ending) && !record.activatedAt;
    expect(outcome.outcome).toBe(goesOn ? 'reserved' : 'duplicate');
  });

  it.each([
    ['null', null],
    ['a text', 'yes'],
    ['no reason', { by: 'arn:jane' }],
    ['a blank reason', { by: 'arn:jane', reason: ' ' }],
  ])('an abandonment by hand that is %s takes nothing over', async (_what, abandonment) => {
    const stage = await standing(record, ending);
    const before = structuredClone([...stage.table.items]);
    const told = stage.reserve({ ...signup, abandonment }, anExecution('second'));
    await expect(told).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringMatching(/^abandonment/),
    });
    expect([...stage.table.items]).toEqual(before);
  });
});

describe('G6: the tenant of the signup id failed and was rolled back', () => {
  async function rolledBack() {
    const stage = await standing({ status: 'ROLLING_BACK' }, 'FAILED');
    await stage.release(signup);
    stage.become(tenantId, { status: 'FAILED' });
    return stage;
  }

  it('a corrected signup is a new attempt, with the corrected fields', async () => {
    const stage = await rolledBack();
    const corrected: Signup = { ...signup, subdomain: 'other', plan: 'growth' };
    await expect(stage.reserve(corrected, anExecution('second'))).resolves.toMatchObject({
      outcome: 'reserved',
      tenant: { tenantId, subdomain: 'other', plan: 'growth' },
    });
    expect(stage.record(tenantId)).toMatchObject({ status: 'ONBOARDING', executionArn: anExecution('second') });
  });

  it('a malformed one is refused as malformed', async () => {
    const stage = await rolledBack();
    const refused = stage.reserve({ ...signup, plan: 'free' }, anExecution('second'));
    await expect(refused).rejects.toMatchObject({ name: 'InvalidSignup' });
    const tooLong = stage.reserve({ ...signup, ofTomorrow: 'x'.repeat(250_000) }, anExecution('third'));
    await expect(tooLong).rejects.toMatchObject({ name: 'InvalidSignup' });
  });

  it('the run in conflict before goes on with its own signup when it is redriven', async () => {
    const stage = await standing({ status: 'HELD' }, 'FAILED');
    const corrected = { ...signup, plan: 'growth' };
    await expect(stage.reserve(corrected, anExecution('second'))).rejects.toMatchObject({ name: 'SignupConflict' });
    stage.become(tenantId, { status: 'ROLLING_BACK' });
    await stage.release(signup);
    await expect(stage.reserve(corrected, anExecution('second'))).resolves.toMatchObject({ outcome: 'reserved' });
  });
});

describe('G9: an equal signup of a tenant that is ACTIVE', () => {
  it.each(['FAILED', 'ABORTED', 'TIMED_OUT', 'forgotten'] as const)(
    'announces the tenant when its run, which is %s, may not have announced it',
    async (ending) => {
      const stage = await standing({ status: 'ACTIVE', activatedAt: NOW }, 'RUNNING');
      stage.endings[anExecution()] = ending;
      await expect(stage.reserve(signup, anExecution('second'))).resolves.toMatchObject({
        outcome: 'duplicate',
        firstExecutionArn: anExecution(),
        tenant: { tenantId, slot: { number: 0 } },
      });
    },
  );

  it.each(['RUNNING', 'SUCCEEDED', 'PENDING_REDRIVE'] as const)(
    'leaves the announcement to its run, which is %s',
    async (ending) => {
      const stage = await standing({ status: 'ACTIVE', activatedAt: NOW }, 'RUNNING');
      stage.endings[anExecution()] = ending;
      await expect(stage.reserve(signup, anExecution('second'))).resolves.not.toHaveProperty('tenant');
    },
  );
});
