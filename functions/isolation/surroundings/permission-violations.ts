import * as z from 'zod';
import { settled } from '../../shared/settled';
import { expectEqual } from '../check';
import { policyDifferences } from '../comparison/policy-difference';
import type { ExpectedResource } from '../release/resolve-template';
import { attachedPolicy, functionPolicy, ofType, permissionsOf } from './expected-of';
import { actionOf, functionsIn } from './function-violations';
import { harmlessDenials } from './harmless-denials';
import type { PermissionAdded } from './permissions-added';
import type { QueueSettings } from './policy-facts';
import type { Surroundings } from './surroundings';
import type { SurroundingsFacts } from './surroundings-facts';

const TargetsSchema = z.array(
  z.object({ Arn: z.string(), DeadLetterConfig: z.object({ Arn: z.string() }).optional() }),
);

/** Queues that hold signups: where a rule of the platform’s bus sends events, or what could not start an onboarding. */
function queuesOfBus(resources: readonly ExpectedResource[]) {
  const sentTo = ofType(resources, 'AWS::Events::Rule')
    .filter(({ properties }) => properties.EventBusName !== undefined)
    .flatMap(({ properties }) => TargetsSchema.parse(properties.Targets))
    .map(({ Arn, DeadLetterConfig }) => (Arn.includes(':sqs:') ? Arn : DeadLetterConfig?.Arn));
  return ofType(resources, 'AWS::SQS::Queue').filter(({ physicalId = '' }) =>
    sentTo.some((arn) => arn?.split(':').at(-1) === physicalId.split('/').at(-1)),
  );
}

const QueueSchema = z.object({
  KmsMasterKeyId: z.string().optional(),
  /** "Amazon SQS queue parameters": four days, and encryption by SQS. */
  MessageRetentionPeriod: z.number().default(345_600),
  SqsManagedSseEnabled: z.boolean().default(true),
  /** Of a queue made before 2025; one made since takes a MiB. */
  MaximumMessageSize: z.number().default(262_144),
  DelaySeconds: z.number().default(0),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string() }).optional(),
});
const RedriveSchema = z.object({ deadLetterTargetArn: z.string() });

/** How a queue forgets what it has got, or hands it on, otherwise than its template says. Longer is no violation. */
function queueViolations(queue: string, actual: QueueSettings, properties: ExpectedResource['properties']): string[] {
  const expected = QueueSchema.parse(properties);
  const { MessageRetentionPeriod: seconds = expected.MessageRetentionPeriod, RedrivePolicy: redrive } = actual;
  const movedTo = redrive ? RedriveSchema.parse(JSON.parse(redrive)).deadLetterTargetArn : undefined;
  const isPlain = expected.SqsManagedSseEnabled && !actual.KmsMasterKeyId && actual.SqsManagedSseEnabled === 'false';
  return [
    ...(Number(seconds) < expected.MessageRetentionPeriod
      ? [`${queue} forgets what it has got after ${seconds} s, not ${expected.MessageRetentionPeriod} s`]
      : []),
    ...expectEqual(`the key of ${queue}`, actual.KmsMasterKeyId || undefined, expected.KmsMasterKeyId),
    ...(isPlain ? [`${queue} is not encrypted`] : []),
    // What is larger than that is refused, and EventBridge forgets it.
    ...(Number(actual.MaximumMessageSize ?? expected.MaximumMessageSize) < expected.MaximumMessageSize
      ? [`${queue} takes no more than ${actual.MaximumMessageSize} bytes, not ${expected.MaximumMessageSize}`]
      : []),
    ...expectEqual(
      `the delay of ${queue}`,
      Number(actual.DelaySeconds ?? expected.DelaySeconds),
      expected.DelaySeconds,
    ),
    ...expectEqual(`where ${queue} moves what nobody takes`, movedTo, expected.RedrivePolicy?.deadLetterTargetArn),
  ];
}

/** A policy to compare: of a function, or of one of its versions or aliases. */
interface Asked {
  readonly name: string;
  readonly qualifier?: string | undefined;
}

const sameAs = (one: Asked) => (other: Asked) => one.name === other.name && one.qualifier === other.qualifier;

/** Permissions that no template makes. Whoever has taken one away again is asked about, too. */
const unexpectedIn = (
  additions: readonly PermissionAdded[],
  resources: readonly ExpectedResource[],
  arnOf: (each: Asked) => string,
): Asked[] =>
  additions.filter(
    (addition) =>
      !permissionsOf(resources, arnOf(addition)).some(
        ({ Action, Principal, SourceArn, SourceAccount }) =>
          Action === addition.permission.action &&
          Principal === addition.permission.principal &&
          SourceArn === addition.permission.sourceArn &&
          SourceAccount === addition.permission.sourceAccount,
      ),
  );

/**
 * How the resource policies of functions, of their versions and aliases, and of queues differ from the templates. The
 * event history tells which policies somebody has added to; these are read and compared.
 */
export async function permissionViolations(surroundings: Surroundings, facts: SurroundingsFacts): Promise<string[]> {
  const { accountId, region } = surroundings;
  const { policies, stacks } = facts;
  const [controlPlane, cell, additions, harmless] = await settled([
    stacks.controlPlane(),
    stacks.cell(),
    policies.permissionsAdded(),
    harmlessDenials(surroundings, facts),
  ]);
  const resources = [...controlPlane, ...cell];
  const arnOf = ({ name, qualifier }: Asked) =>
    [`arn:aws:lambda:${region}:${accountId}:function:${name}`, qualifier].filter(Boolean).join(':');
  const functions = functionsIn(resources);
  const ours = additions.filter(({ name }) => functions.some((each) => each.name === name));
  const asked = unexpectedIn(ours, resources, arnOf);
  const once = asked.filter((each, n) => asked.findIndex(sameAs(each)) === n);
  const ofFunctions = once.map(async ({ name, qualifier }) => {
    const action = functions.filter((each) => each.name === name).map(actionOf);
    const expected = functionPolicy(resources, arnOf({ name, qualifier }));
    const what = [...action, qualifier].filter(Boolean).join(':');
    return policyDifferences(`the policy of function ${what}`, await policies.ofFunction(name, qualifier), expected);
  });
  const ofQueues = queuesOfBus(controlPlane).map(async ({ physicalId = '', properties }) => {
    const expected = attachedPolicy(controlPlane, 'AWS::SQS::QueuePolicy', 'Queues', physicalId);
    return [
      ...policyDifferences(
        `the policy of ${physicalId}`,
        await policies.ofQueue(physicalId),
        expected,
        harmless.at(`arn:aws:sqs:${region}:${accountId}:${physicalId.split('/').at(-1)}`),
      ),
      ...queueViolations(physicalId, await policies.queueSettings(physicalId), properties),
    ];
  });
  return (await settled([...ofFunctions, ...ofQueues])).flat();
}
