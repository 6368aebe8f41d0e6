import type { Rule, Target } from '@aws-sdk/client-eventbridge';
import * as z from 'zod';
import { ruleNameOf } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { expectEqual, expectExactly } from '../check';
import { sortedText } from '../sorted-text';
import { ofType } from './expected-of';
import type { PlatformSurroundings } from './surroundings';
import type { SurroundingsFacts } from './surroundings-facts';

const TargetSchema = z.looseObject({ Arn: z.string(), RoleArn: z.string().optional() });
const RuleSchema = z.object({
  State: z.string().default('ENABLED'),
  EventBusName: z.string().optional(),
  EventPattern: z.unknown().optional(),
  ScheduleExpression: z.string().optional(),
  Targets: z.array(TargetSchema).default([]),
});

/** All that a target is told, and what becomes of an event that does not reach it. Its id is a name within the rule. */
const inWords = ({ Id: _, Arn, RoleArn, ...rest }: z.output<typeof TargetSchema> | Target) =>
  [
    ...[Arn, RoleArn && `as ${RoleArn}`],
    ...Object.entries(rest)
      .filter(([, value]) => value !== undefined)
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([name, value]) => `with ${name} ${typeof value === 'string' ? value : sortedText(value)}`),
  ]
    .filter(Boolean)
    .join(' ');

/** Targets cost a request each: those are asked about that start a workflow. */
const startsMachine = ({ Targets }: z.output<typeof RuleSchema>) => Targets.some(({ Arn }) => Arn.includes(':states:'));

function changes(
  actual: Rule,
  targets: readonly Target[] | z.output<typeof RuleSchema>['Targets'],
  expected: z.output<typeof RuleSchema>,
) {
  const name = actual.Name;
  return [
    ...expectEqual(`the state of rule ${name}`, actual.State, expected.State),
    ...expectEqual(`the schedule of rule ${name}`, actual.ScheduleExpression, expected.ScheduleExpression),
    ...expectEqual(
      `the pattern of rule ${name}`,
      sortedText(actual.EventPattern && JSON.parse(actual.EventPattern)),
      sortedText(expected.EventPattern),
    ),
    ...expectExactly(`target of rule ${name}:`, targets.map(inWords), expected.Targets.map(inWords)),
  ];
}

const PatternSchema = z.looseObject({
  source: z.array(z.unknown()).optional(),
  'detail-type': z.array(z.unknown()).optional(),
});
const PrefixSchema = z.strictObject({ prefix: z.string() });
/** Whether a pattern's values may match a text. One that is neither a text nor a prefix may ("Creating Amazon EventBridge event patterns"). */
const mayMatch = (values: readonly unknown[] | undefined, text: string) =>
  values === undefined ||
  values.some((each) => {
    if (typeof each === 'string') return each === text;
    const { prefix } = PrefixSchema.safeParse(each).data ?? {};
    return prefix === undefined || text.startsWith(prefix);
  });

/** "Automating Step Functions event delivery": such an event has the input of the execution, a signup's or a tenant's. */
function mayTellExecutions({ EventPattern, State, ManagedBy }: Rule): boolean {
  if (EventPattern === undefined || State === 'DISABLED' || ManagedBy !== undefined) return false;
  const { source, 'detail-type': type } = PatternSchema.parse(JSON.parse(EventPattern));
  return mayMatch(source, 'aws.states') && mayMatch(type, 'Step Functions Execution Status Change');
}

/** Where the events of executions leave the account, by a rule of whomever: a bus of another account, or any address. */
async function executionsTold(
  rules: readonly Rule[],
  { accountId, placed }: PlatformSurroundings,
  { policies }: Pick<SurroundingsFacts, 'policies'>,
): Promise<string[]> {
  const told = rules.filter(mayTellExecutions).map(async ({ Name = '' }) => {
    const leaving = (await policies.targets(Name)).filter(
      ({ Arn = '' }) =>
        !placed.eventTargets.includes(Arn) && (Arn.split(':')[4] !== accountId || Arn.includes(':api-destination/')),
    );
    return leaving.map(({ Arn }) => `rule ${Name} sends the executions’ events, with their inputs, to ${Arn}`);
  });
  return (await settled(told)).flat();
}

/** "Creating event archives": EventBridge takes the events of an archive by a rule of this name, which it manages itself. */
const ARCHIVE = /^Events-Archive-/;
/** "Making applications Regional-fault tolerant with global endpoints": by such a rule all events go to a bus of another Region, too. */
const REPLICATION = /^GlobalEndpointManagedRule-/;
const isKnown = (name: string) => ARCHIVE.test(name) || REPLICATION.test(name);

/** Rules that are gone, disabled or changed, and rules of the platform's bus that no template makes. */
export async function ruleViolations(surroundings: PlatformSurroundings, facts: SurroundingsFacts): Promise<string[]> {
  const { busName } = surroundings;
  const { policies, stacks } = facts;
  const [ofDefault, ofBus, resources] = await settled([
    policies.rules(),
    policies.rules(busName),
    stacks.controlPlane(),
  ]);
  const expected = ofType(resources, 'AWS::Events::Rule').map(({ physicalId, properties }) => ({
    ...{ name: ruleNameOf(physicalId), rule: RuleSchema.parse(properties) },
  }));
  const names = expected.map(({ name }) => name);
  const changed = await settled(
    expected.map(async ({ name, rule }) => {
      const actual = (rule.EventBusName ? ofBus : ofDefault).find(({ Name }) => Name === name);
      if (!actual) return [`rule ${name} does not exist`];
      return changes(
        actual,
        startsMachine(rule) ? await policies.targets(name, rule.EventBusName) : rule.Targets,
        rule,
      );
    }),
  );
  const others = ofDefault.filter(({ Name = '' }) => !names.includes(Name));
  return [
    ...changed.flat(),
    ...(await executionsTold(others, surroundings, facts)),
    ...ofBus
      .filter(({ Name = '' }) => ARCHIVE.test(Name))
      .map(({ Name = '' }) => `archive ${Name.replace(ARCHIVE, '')} keeps the events of ${busName}, to be replayed`),
    ...ofBus
      .filter(({ Name = '' }) => REPLICATION.test(Name))
      .map(({ Name }) => `rule ${Name} replicates the events of ${busName} to another Region`),
    // A managed rule is one of an AWS service ("Rule": ManagedBy).
    ...ofBus
      .filter(({ Name = '', ManagedBy }) => !names.includes(Name) && ManagedBy === undefined && !isKnown(Name))
      .map(({ Name, EventPattern }) => `rule ${Name} of ${busName} takes events like ${EventPattern}`),
  ];
}
