import { failureReport } from '../../../functions/contract/failure-report';
import { tenantIdOf } from '../../../functions/contract/naming';
import type { TenantRecord } from '../../../functions/contract/records';
import type { TenantStatus } from '../../../functions/contract/tenant';
import {
  ActResultsSchema,
  ActsPageSchema,
  PreviewSchema,
  SignupStartedSchema,
} from '../../../operations/console/api/acts';
import { ApiErrorSchema } from '../../../operations/console/api/error';
import { RunSchema } from '../../../operations/console/api/runs';
import { TenantDetailSchema } from '../../../operations/console/api/tenant';
import { TenantsPageSchema } from '../../../operations/console/api/tenants';
import { anExecution, aSignup, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { awsError } from '../../support/fake-client';
import { ConsoleInTest, tenantItem } from '../../support/running-console';

let running: ConsoleInTest | undefined;
afterEach(() => running?.stop());
async function start(...given: Parameters<typeof ConsoleInTest.start>): Promise<ConsoleInTest> {
  await running?.stop();
  running = await ConsoleInTest.start(...given);
  return running;
}

function aTenantCalled(subdomain: string, status: TenantStatus, more: Partial<TenantRecord> = {}): TenantRecord {
  const signupId = `sub_${subdomain}`;
  const names = { subdomain, companyName: `${subdomain} GmbH`, executionArn: anExecution(subdomain) };
  return aTenantRecord({ ...aTenant(), tenantId: tenantIdOf(signupId), signupId, ...names, status, ...more });
}

const many = (count: number, status: TenantStatus) =>
  Array.from({ length: count }, (_, n) => aTenantCalled(`${status.toLowerCase().replace('_', '-')}-${n}`, status));

async function page(console: ConsoleInTest, parameters: string) {
  const { status, json } = await console.ask(`/api/tenants?${parameters}`);
  expect(status).toBe(200);
  return TenantsPageSchema.parse(json);
}

async function everyPage(console: ConsoleInTest, parameters: string, from = '') {
  const subdomains: (string | undefined)[] = [];
  for (let cursor: string | undefined = from; cursor !== undefined && subdomains.length < 50; ) {
    const { tenants, next } = await page(console, `${parameters}${cursor && `&cursor=${cursor}`}`);
    subdomains.push(...tenants.map(({ subdomain }) => subdomain));
    cursor = next;
  }
  return subdomains;
}

const error = async (console: ConsoleInTest, path: string, body?: unknown) => {
  const { status, json } = await console.ask(path, body);
  return { status, ...ApiErrorSchema.parse(json) };
};

describe('tenants', () => {
  const all = [...many(7, 'ACTIVE'), ...many(3, 'FAILED'), ...many(2, 'HELD'), ...many(1, 'ONBOARDING')];

  it('shows those first that need attention, each once, page by page', async () => {
    const console = await start(all);
    const shown = await everyPage(console, 'limit=2');
    expect(shown.map((subdomain) => subdomain?.split('-')[0])).toEqual([
      ...['held', 'held', 'onboarding', 'failed', 'failed', 'failed'],
      ...Array(7).fill('active'),
    ]);
    expect(new Set(shown).size).toBe(all.length);
  });

  it('reads for the first page one page of each status only', async () => {
    const console = await start(all);
    await page(console, 'status=ACTIVE&limit=2');
    expect(console.table.calls[0]).toBe('QueryCommand');
    const { tenants, total } = await page(console, 'status=ACTIVE&limit=2');
    expect(tenants).toHaveLength(2);
    expect(total).toBe(7);
  });

  it('pages the same way from memory as from the table', async () => {
    const console = await start(all);
    const { next, tenants } = await page(console, 'limit=5');
    await page(console, 'q=gmbh');
    const rest = await everyPage(console, 'limit=5', next);
    expect([...tenants.map(({ subdomain }) => subdomain), ...rest]).toEqual(await everyPage(console, 'limit=13'));
  });

  it('is not led astray by damaged items', async () => {
    const console = await start(all);
    const damaged = many(3, 'FAILED').map((record) => ({ ...tenantItem(record), executionArn: 7 }));
    for (const item of damaged) console.table.put(item);
    const first = await page(console, 'limit=4');
    expect(first.unreadable).toHaveLength(3);
    expect(await everyPage(console, 'limit=4')).toHaveLength(all.length - 3);
  });

  it.each([
    ['q=ACTIVE-3', ['active-3']],
    ['q=sub_held-1', ['held-1']],
    ['status=HELD&status=ONBOARDING', ['held-0', 'held-1', 'onboarding-0']],
    ['sort=company&order=desc&limit=2', ['onboarding-0', 'held-1']],
  ])('filters and sorts by %s', async (parameters, subdomains) => {
    const console = await start(all);
    const { tenants } = await page(console, parameters);
    expect(tenants.map(({ subdomain }) => subdomain).sort()).toEqual([...subdomains].sort());
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['status=BROKEN', 'status.0'],
    ['stauts=FAILED', 'stauts'],
    ['cursor=nonsense', 'cursor'],
    ['sort=password', 'sort'],
  ])('names the parameter that is wrong in %s', async (parameters, field) => {
    expect(await error(await start(all), `/api/tenants?${parameters}`)).toMatchObject({ status: 400, field });
  });
});

describe('a tenant', () => {
  const failure = { step: 'LaunchDatabase', error: 'StackFailed', reason: 'no <b>capacity</b>' };
  const failed = aTenantCalled('broken', 'FAILED', {
    slot: undefined,
    failure: { ...failureReport({ executionArn: anExecution(), failure, outcome: 'rolled-back' }), at: NOW },
  });

  it('is told with its failure in AWS’s words and the runbook’s advice', async () => {
    const described = { status: 'FAILED', redriveStatus: 'REDRIVABLE' };
    const console = await start([failed], { sfn: { DescribeExecutionCommand: described } });
    const { json } = await console.ask(`/api/tenants/${failed.tenantId}`);
    const detail = TenantDetailSchema.parse(json);
    expect(detail).toMatchObject({ subdomain: 'broken', acts: ['redrive'], confirm: 'broken', refused: false });
    expect(detail.failure).toMatchObject({ ...failure, advice: expect.stringMatching(/\w/) });
    expect(detail.resources).toEqual([]);
  });

  it('is not found by a name that nobody has', async () => {
    expect(await error(await start(), '/api/tenants/nobody')).toMatchObject({ status: 404 });
    expect(await error(await start(), '/api/tenants/%E0%A4')).toMatchObject({ status: 400, field: 'path' });
  });

  it('gives no report of another tenant', async () => {
    const console = await start([failed, aTenantCalled('other', 'ACTIVE')]);
    const key = `tenants/${tenantIdOf('sub_other')}/20300101T120000000Z-x.json`;
    const path = `/api/tenants/${failed.tenantId}/report?key=${encodeURIComponent(key)}`;
    expect(await error(console, path)).toMatchObject({ status: 400, field: 'key' });
  });

  it('offers what suits its status', async () => {
    const acts = async (status: TenantStatus, run: string) => {
      const record = aTenantCalled('acme', status);
      const console = await start([record], {
        sfn: { DescribeExecutionCommand: { status: run }, GetExecutionHistoryCommand: { events: [] } },
      });
      const { json } = await console.ask(`/api/tenants/${record.tenantId}`);
      return TenantDetailSchema.parse(json).acts;
    };
    expect(await acts('ACTIVE', 'SUCCEEDED')).toEqual(['verify', 'suspend', 'retry-move']);
    expect(await acts('SUSPENDED', 'SUCCEEDED')).toEqual(['verify', 'resume']);
    expect(await acts('HELD', 'FAILED')).toEqual(['redrive', 'abandon']);
    expect(await acts('ONBOARDING', 'ABORTED')).toEqual(['redrive', 'abandon']);
    expect(await acts('ONBOARDING', 'RUNNING')).toEqual([]);
  });
});

it('tells a run by its states, and reads only news of it the second time', async () => {
  const executionArn = anExecution();
  const entered = (id: number, name: string) => ({ id, timestamp: new Date(NOW), stateEnteredEventDetails: { name } });
  const events = [entered(1, 'BeginAttempt'), entered(2, 'CreateTenantKey')];
  const history = ({ reverseOrder }: { reverseOrder?: boolean }) => ({
    events: reverseOrder ? events.toReversed() : [...events],
  });
  const console = await start([], { sfn: { GetExecutionHistoryCommand: history } });
  const path = `/api/run?execution=${encodeURIComponent(executionArn)}`;
  const states = async () => {
    const run = RunSchema.parse((await console.ask(path)).json);
    return run.states.filter(({ status }) => status === 'running').map(({ state }) => state);
  };
  expect(await states()).toEqual(['CreateTenantKey']);
  events.push(entered(3, 'LaunchNetwork'));
  expect(await states()).toEqual(['CreateTenantKey', 'LaunchNetwork']);
  expect(console.sfn.inputs('GetExecutionHistoryCommand').map(({ reverseOrder }) => reverseOrder)).toEqual([
    undefined,
    true,
  ]);
});

it.each(['arn:aws:states:eu-central-1:1:execution:Other:x', 'nonsense'])('knows no run %s', async (execution) => {
  const path = `/api/run?execution=${encodeURIComponent(execution)}`;
  expect(await error(await start(), path)).toMatchObject({ status: 400, field: 'execution' });
});

it('tells a run that AWS has deleted', async () => {
  const console = await start([], { sfn: { GetExecutionHistoryCommand: awsError('ExecutionDoesNotExist') } });
  const { json } = await console.ask(`/api/run?execution=${encodeURIComponent(anExecution())}`);
  expect(RunSchema.parse(json)).toMatchObject({ status: 'deleted', workflow: 'TenantOnboarding' });
});

/** PerformAct, which does what it is asked for and answers what the test says. */
function performing(answers: Readonly<Record<string, object>>) {
  const performed: { kind: string; tenant?: string; reason?: string }[] = [];
  const invoke = ({ Payload }: { Payload: string }) => {
    const { act } = JSON.parse(JSON.parse(Payload).request);
    performed.push(act);
    const answer = { id: 'x', by: 'arn:jane', ...answers[act.kind] };
    return { Payload: { transformToString: () => JSON.stringify(answer) } };
  };
  return { performed, lambda: { InvokeCommand: invoke } };
}

describe('acts', () => {
  const active = aTenantCalled('acme', 'ACTIVE');
  const held = [aTenantCalled('one', 'HELD'), aTenantCalled('two', 'HELD')];
  const suspended = { tenantId: active.tenantId, host: active.host, suspendedAt: NOW };

  it('shows whom an act would touch, whom not and why, and touches nobody', async () => {
    const { performed, lambda } = performing({});
    const console = await start([active, ...held], { lambda, sfn: { DescribeExecutionCommand: { status: 'FAILED' } } });
    const { json } = await console.ask('/api/acts/preview', { act: 'redrive', query: {} });
    const preview = PreviewSchema.parse(json);
    expect(preview.targets.map(({ subdomain }) => subdomain).sort()).toEqual(['one', 'two']);
    expect(preview).toMatchObject({ confirm: '2 tenants', left: [] });
    const wrong = await console.ask('/api/acts/preview', { act: 'redrive', tenants: ['acme'] });
    expect(wrong.json).toMatchObject({ targets: [], left: [{ tenant: active.tenantId, because: 'it is ACTIVE' }] });
    const named = await console.ask('/api/acts/preview', { act: 'abandon', tenants: ['one', 'nobody'] });
    expect(named.json).toMatchObject({ confirm: 'one', needsReason: true, left: [{ tenant: 'nobody' }] });
    expect(performed).toEqual([]);
  });

  it('leaves a tenant that a redrive cannot help, and says why', async () => {
    const failure = { step: 'ReserveTenant', error: 'InvalidSignup', reason: 'plan: expected a plan' };
    const report = { ...failureReport({ executionArn: anExecution(), failure, outcome: 'refused' }), at: NOW };
    const malformed = aTenantCalled('odd', 'FAILED', { slot: undefined, failure: report });
    const console = await start([malformed], { sfn: { DescribeExecutionCommand: { status: 'FAILED' } } });
    const { json } = await console.ask('/api/acts/preview', { act: 'redrive', tenants: ['odd'] });
    expect(json).toMatchObject({
      targets: [],
      left: [{ tenant: malformed.tenantId, because: expect.stringContaining('the signup is malformed') }],
    });
  });

  it('performs the act through PerformAct, once it is confirmed with the name', async () => {
    const { performed, lambda } = performing({ suspend: { outcome: 'done', answer: suspended } });
    const console = await start([active], { lambda });
    const order = { act: 'suspend', tenants: [active.tenantId], reason: 'unpaid', confirm: 'acme' };
    const { json } = await console.ask('/api/acts', order);
    expect(ActResultsSchema.parse(json).results).toMatchObject([{ tenantId: active.tenantId, outcome: 'done' }]);
    expect(performed).toEqual([{ kind: 'suspend', tenant: active.tenantId, reason: 'unpaid' }]);
  });

  it.each([
    ['another name', { confirm: 'acm' }, 'confirm'],
    ['a number where a name belongs', { confirm: '1 tenants' }, 'confirm'],
    ['no reason', { reason: undefined }, 'reason'],
    ['a blank reason', { reason: ' ' }, 'reason'],
    ['a name in place of an id', { tenants: ['acme'] }, 'tenants.0'],
    ['a tenant twice', { tenants: [active.tenantId, active.tenantId], confirm: '2 tenants' }, 'tenants.1'],
    ['nobody', { tenants: [] }, 'tenants'],
    ['an unknown act', { act: 'delete' }, 'act'],
    ['a query, which could match others by now', { query: {} }, 'query'],
  ])('does nothing with %s', async (_, wrong, field) => {
    const { performed, lambda } = performing({});
    const console = await start([active], { lambda });
    const order = { act: 'suspend', tenants: [active.tenantId], reason: 'unpaid', confirm: 'acme', ...wrong };
    expect(await error(console, '/api/acts', order)).toMatchObject({ status: 400, field });
    expect(performed).toEqual([]);
  });

  it('tells of each tenant what came of it: one that is refused stops no other', async () => {
    let calls = 0;
    const { lambda } = performing({
      get redrive() {
        calls += 1;
        return calls === 1
          ? { outcome: 'refused', error: 'ClaimLost', message: 'a newer run has it' }
          : { outcome: 'done', answer: { how: 'redriven', executionArn: 'arn:run' } };
      },
    });
    const console = await start(held, { lambda });
    const tenants = held.map(({ tenantId }) => tenantId);
    const { json } = await console.ask('/api/acts', { act: 'redrive', tenants, confirm: '2 tenants' });
    const { results } = ActResultsSchema.parse(json);
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['done', 'refused']);
    expect(results).toContainEqual(expect.objectContaining({ error: 'ClaimLost', advice: expect.any(String) }));
    expect(results).toContainEqual(expect.objectContaining({ executionArn: 'arn:run' }));
  });

  it('lists acts of a tenant and of a day', async () => {
    const console = await start([active]);
    const entry = { id: 'a', at: NOW, by: 'arn:jane', kind: 'suspend', tenantId: active.tenantId, reason: 'unpaid' };
    console.table.put({ pk: `TENANT#${active.tenantId}`, sk: `${NOW}#a#ASKED`, day: '2030-01-01', ...entry });
    for (const parameters of [`tenant=${active.tenantId}`, 'day=2030-01-01'])
      expect(ActsPageSchema.parse((await console.ask(`/api/acts?${parameters}`)).json).acts).toEqual([entry]);
    expect(await error(console, '/api/acts?day=yesterday')).toMatchObject({ status: 400, field: 'day' });
  });
});

describe('a signup', () => {
  const { version: _, signupId, ...signup } = aSignup();

  it('starts an onboarding, and names the tenant before it exists', async () => {
    const { performed, lambda } = performing({ signup: { outcome: 'done', answer: { executionArn: 'arn:run' } } });
    const console = await start([], { lambda });
    const { json } = await console.ask('/api/signups', { ...signup, signupId, reason: 'by hand' });
    expect(SignupStartedSchema.parse(json)).toEqual({
      signupId,
      tenantId: tenantIdOf(signupId),
      executionArn: 'arn:run',
    });
    expect(performed).toEqual([{ kind: 'signup', signup: aSignup(), reason: 'by hand' }]);
    const again = SignupStartedSchema.parse((await console.ask('/api/signups', signup)).json);
    expect(again.signupId).not.toBe(signupId);
  });

  it.each([
    ['subdomain', { subdomain: 'Not A Label' }],
    ['contactEmail', { contactEmail: 'nobody' }],
    ['plan', { plan: 'free' }],
    ['companyName', { companyName: '' }],
  ])('is refused for a wrong %s, before anything is started', async (field, wrong) => {
    const { performed, lambda } = performing({});
    const console = await start([], { lambda });
    expect(await error(console, '/api/signups', { ...signup, ...wrong })).toMatchObject({ status: 400, field });
    expect(performed).toEqual([]);
  });

  it('has a published schema', async () => {
    const { json } = await (await start()).ask('/api/signup-schema');
    expect(json).toMatchObject({ title: 'TenantSignedUp.v1', properties: { subdomain: expect.anything() } });
  });
});

it('tells a failure of AWS as such, with the runbook’s advice', async () => {
  const console = await start([aTenantCalled('acme', 'ACTIVE')], {
    sfn: { DescribeExecutionCommand: awsError('AccessDeniedException', 'not authorized to perform states:Describe') },
  });
  const denied = await error(console, '/api/tenants/acme');
  expect(denied).toMatchObject({ status: 409, error: 'AccessDeniedException', advice: expect.any(String) });
});
