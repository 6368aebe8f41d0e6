import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { PERMANENT_ERRORS, TRANSIENT_ERRORS } from '../../functions/contract/errors';
import { TenantOnboardedSchema, TenantOnboardingFailedSchema } from '../../functions/contract/events';
import {
  itemKeys,
  RefusedSignupSchema,
  RouteRecordSchema,
  SignupClaimSchema,
  TenantRecordSchema,
  WaitingTaskSchema,
} from '../../functions/contract/records';
import { SignupSchema } from '../../functions/contract/signup';
import { CATALOGUE } from '../../functions/isolation/catalogue';
import { EvidenceSchema } from '../../functions/isolation/evidence-report';
import { PlatformOutputsSchema } from '../../operations/outputs';
import published from '../fixtures/interface.v0.1.json';
import { resourcesOf, stageTemplates } from '../support/stage-templates';

/**
 * What others hold on to: auditors (check ids), alarms and runbooks (error names, log codes, metrics), billing (events),
 * a table with tenants in it (records, keys), operators' scripts (outputs, commands). The fixture was taken from version
 * 0.1; whatever comes later may add to it, and must not take from it or spell it otherwise.
 */
const ROOT = join(__dirname, '../..');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const sources = (pattern: string) =>
  globSync(pattern, { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');

const keeps = (now: Iterable<string>, before: readonly string[]) => {
  const names = new Set(now);
  expect(before.filter((name) => !names.has(name))).toEqual([]);
};

test('every published check id still exists', () =>
  keeps(
    CATALOGUE.map(({ id }) => id),
    published.checks,
  ));

test('every published error name still exists', () => {
  keeps(TRANSIENT_ERRORS, published.errors.transient);
  keeps(PERMANENT_ERRORS, published.errors.permanent);
});

interface ObjectSchema {
  readonly properties?: Record<string, unknown>;
  readonly required?: readonly string[];
}
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A schema without the members and values, at any depth, that the published one does not have: they came later. */
function sameMembers(now: unknown, before: unknown, areProperties = true): unknown {
  if (Array.isArray(now) && Array.isArray(before)) return before.filter((each) => now.includes(each));
  if (!isObject(now) || !isObject(before)) return now;
  return Object.fromEntries(
    Object.entries(now)
      .filter(([name]) => !areProperties || name in before)
      .map(([name, schema]) => [name, sameMembers(schema, before[name], !areProperties && name === 'properties')]),
  );
}

const schemaOf = (schema: z.ZodType, io: 'input' | 'output') =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as ObjectSchema;

const WRITTEN: [name: string, now: z.ZodType, before: ObjectSchema][] = [
  ['event TenantOnboarded', TenantOnboardedSchema, published.events.out.TenantOnboarded],
  ['event TenantOnboardingFailed', TenantOnboardingFailedSchema, published.events.out.TenantOnboardingFailed],
  ['record of a tenant', TenantRecordSchema, published.records.tenant],
  ['record of a refused signup', RefusedSignupSchema, published.records.refused],
  ['route', RouteRecordSchema, published.records.route],
  ['claim of a signup', SignupClaimSchema, published.records.signupClaim],
  ['waiting task', WaitingTaskSchema, published.records.waitingTask],
  ['report of an isolation check', EvidenceSchema, published.records.evidence],
];

test.each(WRITTEN)('%s has every member that it had', (_, schema, before) => {
  const now = schemaOf(schema, 'output');
  expect(sameMembers(now.properties, before.properties)).toEqual(before.properties);
  keeps(now.required ?? [], before.required ?? []);
});

test('event TenantSignedUp requires no more fields than before', () => {
  const now = schemaOf(SignupSchema, 'input');
  const before: ObjectSchema = published.events.in.TenantSignedUp;
  expect(Object.keys(before.properties ?? {}).filter((name) => !(name in (now.properties ?? {})))).toEqual([]);
  keeps(before.required ?? [], [...(now.required ?? [])]);
});

test('the keys of the table’s items are the same', () => {
  const { signup, tenant, subdomain, lastOf, route, openCell, cell, freeSlot, takenSlot, waitingTask } = itemKeys;
  expect({
    signup: signup('s'),
    tenant: tenant('t'),
    subdomain: subdomain('d'),
    lastOf: lastOf('d'),
    route: route('h'),
    openCell: openCell(),
    cell: cell('c'),
    freeSlot: freeSlot('c', 42),
    takenSlot: takenSlot('c', 42),
    waitingTask: waitingTask('s'),
  }).toEqual(published.keys);
});

const { all, named } = stageTemplates('local');

test.each(Object.entries(published.outputs))('stack %s still has its published outputs', (stackName, before) => {
  keeps(Object.keys(named[stackName]?.toJSON().Outputs ?? {}), before);
});

test('.local/outputs.json still has its published entries', () =>
  keeps(Object.keys(PlatformOutputsSchema.shape), published.localOutputs));

test('every published log group still exists', () => {
  const names = all.flatMap((template) =>
    resourcesOf(template, 'AWS::Logs::LogGroup').map(([, { Properties }]) => Properties.LogGroupName),
  );
  keeps(names, published.logGroups);
});

test('every published state machine and state still exists', () => {
  const machines = all.flatMap((template) =>
    resourcesOf(template, 'AWS::StepFunctions::StateMachine').map(([, { Properties }]) => Properties),
  );
  for (const [name, states] of published.machines as [string, string[]][]) {
    const machine = machines.find(({ StateMachineName }) => StateMachineName === name);
    keeps(Object.keys(JSON.parse(machine?.DefinitionString ?? '{"States":{}}').States), states);
  }
});

test('every published metric and log code still exists', () => {
  const text = sources('functions/**/*.ts');
  const told = [...text.matchAll(/'([A-Za-z.-]+)'|`(tenant\.)\$\{verdict\}`/g)].map(
    ([, name, prefix]) => name ?? prefix,
  );
  const verdicts = told.includes('tenant.') ? ['tenant.isolated', 'tenant.drifted'] : [];
  keeps([...told.filter((name) => name !== undefined), ...verdicts], [...published.logCodes, ...published.metrics]);
});

/** test/unit/commands.test.ts has the options of the commands: it starts each of them. */
test('every published npm script still exists', () => keeps(Object.keys(scripts), published.scripts));
