import { CATALOGUE } from '../../functions/isolation/catalogue';
import type { AwsCall } from '../../local/aws-call';
import type { Platform } from '../../local/platform';
import { historyOf } from '../../operations/client/executions';
import { Callers } from '../faults/caller';
import type { Figure } from '../support/figures';
import { invoked } from './audit';
import { functionUsage, watchCalls } from './deployed-functions';
import { stateTransitions } from './execution-history';
import { LIST_PRICES, PRICE_REGION } from './list-prices';
import type { Onboardings } from './onboardings';
import { priceList, priceOf, sumOf, usageOf } from './price-model';

const cents = (usd: number) => `${(usd * 100).toPrecision(2)} cent`;

/** How many of the calls each action has made, by its name. StackSettled, which answers an action, counts for itself. */
async function callsByAction({ emulator }: Platform, calls: readonly AwsCall[]): Promise<ReadonlyMap<string, number>> {
  const callers = new Callers(emulator.endpointUrl);
  const states = await Promise.all(calls.map(async ({ traceRoot = '' }) => (await callers.of(traceRoot))?.state));
  const counts = new Map<string, number>();
  for (const state of states) {
    const [action = 'others'] = (state ?? '').split(' ').filter(Boolean);
    counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  return counts;
}

/** Of the last of two onboardings: its process has read templates and organization, and tried the decoy's own doors. */
async function callsOfFurtherVerification(platform: Platform, onboardings: Onboardings): Promise<number> {
  const twice = async () => {
    await onboardings.run();
    await onboardings.run();
  };
  const { calls } = await watchCalls(platform, twice);
  const callers = new Callers(platform.emulator.endpointUrl);
  const by = await Promise.all(calls.map(({ traceRoot = '' }) => callers.of(traceRoot)));
  const ofVerifications = by.filter((caller) => caller?.state === 'VerifyIsolation');
  const last = ofVerifications.at(-1)?.tenantId;
  return ofVerifications.filter((caller) => caller?.tenantId === last).length;
}

/**
 * What one onboarding costs on AWS: its transitions out of the execution history, the functions' time out of their logs,
 * every request to AWS as a proxy sees it, and list prices. The tenant's own infrastructure is not in it: a database or a
 * key is paid by the month, whoever makes it.
 *
 * Functions run as fast as they do here, but every one of them starts cold.
 */
export async function priceFigures(platform: Platform, onboardings: Onboardings): Promise<Figure[]> {
  // As in every stage, an audit of the last day has listed what onboardings ask of the account.
  await invoked(platform, 'AuditSurroundings', { executionArn: onboardings.client.stage.auditMachineArn }, 1);
  const since = Date.now();
  const { result, calls } = await watchCalls(platform, () => onboardings.run());
  const events = await historyOf(onboardings.client.sfn, result.executionArn);
  const transitions = stateTransitions(events);
  const usage = sumOf([
    // The machine logs its history; the signup and one trace come with every execution.
    { stateTransitions: transitions, customEvents: 1, traces: 1 },
    { logGigabytes: Buffer.byteLength(JSON.stringify(events)) / 1e9 },
    await functionUsage(platform, since),
    ...calls.map(usageOf),
  ]);
  const { VerifyIsolation: ofVerification = 0, ...others } = Object.fromEntries(await callsByAction(platform, calls));
  const dearest = priceList(usage).slice(0, 3);
  const further = await callsOfFurtherVerification(platform, onboardings);
  return [
    {
      name: 'state transitions of one onboarding',
      value: transitions,
      unit: 'transitions',
      limit: { below: 30 },
      note: 'execution history',
    },
    {
      name: 'price of one onboarding on AWS',
      value: priceOf(usage),
      unit: 'USD',
      limit: { below: 0.001 },
      note: `${PRICE_REGION}, without the tenant's infrastructure; ${dearest
        .map(({ meter, units, usd }) => `${Number(units.toPrecision(3))} ${meter} ${cents(usd)}`)
        .join(', ')} (${[...new Set(dearest.map(({ meter }) => LIST_PRICES[meter].page))].join(', ')})`,
    },
    {
      name: 'calls to AWS of one onboarding',
      value: calls.length,
      unit: 'calls',
      note: `in ${usage.lambdaRequests ?? 0} invocations`,
    },
    {
      name: 'calls of a verification',
      value: further,
      unit: 'calls',
      limit: { atMost: 110 },
      note: `${CATALOGUE.length} checks, the day's audit has been; ${ofVerification} in a process that has just started, as above`,
    },
    {
      name: 'calls of its other actions',
      value: calls.length - ofVerification,
      unit: 'calls',
      limit: { atMost: 67 },
      note: Object.entries(others)
        .map(([action, count]) => `${action} ${count}`)
        .join(', '),
    },
  ];
}
