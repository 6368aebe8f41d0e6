import { setTimeout as pause } from 'node:timers/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import { ConcludeAuditOutput } from '../../functions/contract/audit';
import type { AwsCall } from '../../local/aws-call';
import { type Platform, startPlatform } from '../../local/platform';
import type { Figure } from '../support/figures';
import { grown } from './burst';
import { deployedFunctions, watchCalls } from './deployed-functions';
import { fill } from './growth';
import { type Memory, memoryOf } from './memory';
import type { Onboardings } from './onboardings';

/** As the stage prod has it. */
const AT_ONCE = 8;
const SAMPLE_MS = 2_000;
/** Of one process: the first reads the templates and the organization, too. */
const VERIFICATIONS = 4;

/** Lets the audit verify so many tenants at the same time. @returns sets it back */
async function atOnce({ aws }: Platform, stateMachineArn: string): Promise<() => Promise<unknown>> {
  const sfn = new SFNClient(aws);
  const { definition = '' } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const wider = definition.replace(/("MaxConcurrency":\s*)"\{% \d+ %\}"/g, `$1"{% ${AT_ONCE} %}"`);
  if (wider === definition) throw new Error('the audit has no MaxConcurrency to change');
  await sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: wider }));
  return () => sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition }));
}

/** Calls a function as the machine does, so often. @throws Error when it fails */
export async function invoked(platform: Platform, name: string, payload: object, times: number): Promise<void> {
  const [called] = await deployedFunctions(platform, [name]);
  const lambda = new LambdaClient(platform.aws);
  for (let n = 0; n < times; n++) {
    const Payload = Buffer.from(JSON.stringify(payload));
    const answer = await lambda.send(new InvokeCommand({ FunctionName: called?.arn, Payload }));
    if (answer.FunctionError) throw new Error(`${name} failed: ${Buffer.from(answer.Payload ?? []).toString()}`);
  }
}

async function watched(platform: Platform, name: string, payload: object, times: number): Promise<AwsCall[]> {
  return (await watchCalls(platform, () => invoked(platform, name, payload, times), [name])).calls;
}

/** On a platform of one cell. */
async function callsOf(platform: Platform, name: string, payload: object, times: number): Promise<number> {
  const calls = await watched(platform, name, payload, times);
  // To watch a function changes it, which AuditSurroundings finds, and looks again: it begins with the stacks under way.
  const secondLook = calls.findIndex(({ action }) => action === 'ListStacks');
  return secondLook < 0 ? calls.length : secondLook + calls.slice(secondLook).filter(isKept).length;
}

/** One write keeps the answers of a cell. */
const isKept = ({ service, action }: AwsCall) => service === 'dynamodb' && action === 'PutItem';

const AUDIT = { executionArn: 'arn:aws:states:eu-central-1:000000000000:execution:TenantIsolationAudit:bench' };

/** Of the platform and one cell: each further cell is asked about itself. */
async function sharedCalls(): Promise<number> {
  const platform = await startPlatform({ patience: 0, cells: 1 });
  try {
    // The first audit after a deployment reads the packages of functions, too.
    await invoked(platform, 'AuditSurroundings', AUDIT, 1);
    return await callsOf(platform, 'AuditSurroundings', AUDIT, 1);
  } finally {
    await platform.stop();
  }
}

/** Samples of the functions' memory until the work is done. */
async function sampled<T>(platform: Platform, work: Promise<T>): Promise<{ result: T; samples: Memory[] }> {
  const samples: Memory[] = [];
  let done = false;
  const end = work.finally(() => {
    done = true;
  });
  while (!done) {
    samples.push(await memoryOf(platform));
    await Promise.race([pause(SAMPLE_MS), end.catch(() => undefined)]);
  }
  return { result: await end, samples };
}

/** One audit of all tenants, with AWS's token buckets and at AWS's pace. */
async function audited(platform: Platform, { client }: Onboardings) {
  const { auditMachineArn: stateMachineArn } = client.stage;
  const setBack = await atOnce(platform, stateMachineArn);
  await platform.emulator.setPatience(1);
  try {
    const began = performance.now();
    const work = async () => await client.follow(await client.start({}, { stateMachineArn }));
    const { result, samples } = await sampled(platform, work());
    if (result.status !== 'SUCCEEDED') throw new Error(`the audit ended ${result.status}: ${result.failure?.reason}`);
    const totals = ConcludeAuditOutput.parse(result.output);
    return { totals, samples, seconds: (performance.now() - began) / 1000 };
  } finally {
    await platform.emulator.setPatience(0);
    await setBack();
  }
}

/**
 * What an audit costs, and whether it gets an answer about every tenant although AWS throttles. Memory is
 * compared between the first quarter of the audit and its end.
 */
export async function auditFigures(platform: Platform, onboardings: Onboardings, tenants: number): Promise<Figure[]> {
  const shared = await sharedCalls();
  await invoked(platform, 'AuditSurroundings', AUDIT, 1);
  const few = (await watched(platform, 'AuditSurroundings', AUDIT, 1)).length;
  // The bench had changed the function, and the audit has kept that: onboardings to come would be refused for it.
  await invoked(platform, 'AuditSurroundings', AUDIT, 1);
  await fill(onboardings, tenants, Math.max(1, tenants / 5));
  const many = (await watched(platform, 'AuditSurroundings', AUDIT, 1)).length;
  const [first] = (await onboardings.client.tenants({ status: ['ACTIVE'] })).tenants;
  const asked = { tenant: first?.tenantId, verifiedBy: AUDIT.executionArn, audit: AUDIT.executionArn };
  const cold = await callsOf(platform, 'AuditTenant', asked, 1);
  const own = ((await callsOf(platform, 'AuditTenant', asked, VERIFICATIONS)) - cold) / (VERIFICATIONS - 1);
  const { totals, samples, seconds } = await audited(platform, onboardings);
  // As above.
  await invoked(platform, 'AuditSurroundings', AUDIT, 1);
  const [early, late] = [samples[Math.floor(samples.length / 4)], samples.at(-1)];
  if (!early || !late) throw new Error('the audit was over before its memory could be measured');
  return [
    {
      name: 'calls of an audit about the platform and one cell',
      value: shared,
      unit: 'calls',
      limit: { atMost: 60 },
    },
    {
      name: `calls about what ${tenants} tenants share, against those of few`,
      value: many / few,
      unit: 'times',
      limit: { atMost: 1.05 },
      note: `${many}, ${few}; with a second look, as the bench has changed the function`,
    },
    {
      name: 'calls of an audit about one tenant',
      value: own,
      unit: 'calls',
      limit: { atMost: 110 },
      note: `${cold} in a process that has read neither templates nor organization`,
    },
    {
      name: `tenants that an audit of ${tenants} at ${AT_ONCE} at once left without an answer`,
      value: tenants - totals.isolated - totals.drifted,
      unit: 'tenants',
      limit: { atMost: 0 },
      note: `${totals.isolated} isolated, ${totals.drifted} drifted, ${seconds.toFixed(0)} s under AWS's token buckets`,
    },
    { name: 'memory of the functions during the audit', ...grown('functions', early, late), limit: { atMost: 1.2 } },
  ];
}
