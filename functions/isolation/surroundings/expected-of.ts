import * as z from 'zod';
import { Unanswered } from '../check';
import { type Statement, statementsOf } from '../policy-document';
import type { ExpectedResource } from '../release/resolve-template';

type Resources = readonly ExpectedResource[];

export const ofType = (resources: Resources, type: string) => resources.filter((each) => each.type === type);

/** Physical ids of the resources of a type. */
export const idsOf = (resources: Resources, type: string): string[] =>
  ofType(resources, type).flatMap(({ physicalId }) => physicalId ?? []);

/** @throws Unanswered when no template makes such a resource */
export function resourceCalled(resources: Resources, type: string, physicalId: string): ExpectedResource {
  const found = ofType(resources, type).find((each) => each.physicalId === physicalId);
  if (!found) throw new Unanswered(`no template of the platform makes the ${type} ${physicalId}`);
  return found;
}

/** The id of a key, of which a topic may have the ARN, too. */
export const keyIdIn = (key: string | undefined) => key?.split(':key/').at(-1) || undefined;

const TopicSchema = z.object({ KmsMasterKeyId: z.string().optional() });

/** The id of the key that a template gives a topic. */
export const topicKeyId = ({ properties }: ExpectedResource) => keyIdIn(TopicSchema.parse(properties).KmsMasterKeyId);

const AttributesSchema = z.array(z.object({ Key: z.string(), Value: z.coerce.string() })).default([]);

/** `LoadBalancerAttributes`, `TargetGroupAttributes` or `ListenerAttributes` of a template, by key. */
export const attributesIn = (attributes: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(AttributesSchema.parse(attributes ?? []).map(({ Key, Value }) => [Key, Value]));

/** The statements of a policy that is a resource of its own, and names what it is attached to in a property. */
export function attachedPolicy(
  resources: Resources,
  type: string,
  property: string,
  physicalId: string | undefined,
): Statement[] {
  return ofType(resources, type)
    .filter(({ properties }) => [properties[property]].flat().includes(physicalId))
    .flatMap(({ properties }) => statementsOf(properties.PolicyDocument));
}

const PermissionSchema = z.object({
  FunctionName: z.string(),
  Action: z.string(),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
});

/** What the `AWS::Lambda::Permission`s of a template permit at a function, a version or an alias, by its ARN or name. */
export function permissionsOf(resources: Resources, functionArn: string) {
  const named = [functionArn, functionArn.split(':function:').at(-1)];
  return ofType(resources, 'AWS::Lambda::Permission')
    .map(({ properties }) => PermissionSchema.parse(properties))
    .filter(({ FunctionName }) => named.includes(FunctionName));
}

/** The resource policy that they give it. */
export const functionPolicy = (resources: Resources, functionArn: string): Statement[] =>
  permissionsOf(resources, functionArn)
    .map(({ Action, Principal, SourceArn, SourceAccount }) => ({
      Effect: 'Allow',
      Action,
      Principal: /\.amazonaws\.com$/.test(Principal) ? { Service: Principal } : { AWS: Principal },
      Resource: functionArn,
      Condition: {
        ...(SourceArn && { ArnLike: { 'AWS:SourceArn': SourceArn } }),
        ...(SourceAccount && { StringEquals: { 'AWS:SourceAccount': SourceAccount } }),
      },
    }))
    .flatMap((statement) => statementsOf({ Statement: statement }));
