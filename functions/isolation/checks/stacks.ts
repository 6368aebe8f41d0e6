import type { Stack } from '@aws-sdk/client-cloudformation';
import { tenantNames } from '../../contract/naming';
import { STACK_KINDS, type StackKind } from '../../contract/stacks';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEqual, finding, restingOn } from '../check';
import type { Facts } from '../facts/facts';
import { parametersOf } from '../facts/release-facts';
import { STACKS_METADATA } from '../metadata/stacks';
import { isBackupPlaced } from '../placed';
import { isVersionOf } from '../release/published-template';
import { isInService, type Subject, tenantIdOf } from '../subject';

/** Ends of a creation, an import or an update. After a rollback of an update the stack is as it was before. */
const COMPLETE: readonly (string | undefined)[] = [
  ...['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'],
  ...['IMPORT_COMPLETE', 'IMPORT_ROLLBACK_COMPLETE'],
];
/** "Stack status codes": all is made, and what was replaced is being removed. */
const CLEANING = /^UPDATE_(?:ROLLBACK_)?COMPLETE_CLEANUP_IN_PROGRESS$/;
/** An update of a tenant in service, or its rollback: each ends complete or failed by itself. */
const UPDATING = /^UPDATE_(?:ROLLBACK_)?IN_PROGRESS$/;

async function ofEach({ stacks }: Facts, violationsOf: (stack: Stack, kind: StackKind) => string[]): Promise<string[]> {
  const all = await stacks.all();
  return STACK_KINDS.flatMap((kind) => {
    const stack = all[kind];
    return stack ? violationsOf(stack, kind) : [`the ${kind} stack does not exist`];
  });
}

/** The stack of a tenant that is older than a function of the platform does not name that function. */
const isFewer = (name: string, actual: string | undefined, expected: string) =>
  name === 'TrustedRoleArns' && (actual ?? '').split(',').every((arn) => expected.split(',').includes(arn));

/**
 * What tenants' stacks make, by service and type in its ARN, and what other checks judge by the tag, the name or the
 * key: databases and their snapshots, buckets, keys, secrets. AWS makes some of a network by itself, and who tags a VPC for
 * cost allocation gives its tags to all of it. What only watches or groups resources has no data of theirs.
 */
const KINDS: Readonly<Record<string, RegExp>> = {
  cloudwatch: /^alarm:/,
  ec2: /^(?:vpc|subnet|route-table|security-group|vpc-endpoint|vpc-peering-connection|vpc-flow-log|network-acl|network-interface|security-group-rule|dhcp-options)\//,
  elasticloadbalancing: /^listener-rule\//,
  // The index knows no roles yet. `identity.only-roles` judges them.
  iam: /^(?:role|user|group)\//,
  kms: /^key\//,
  logs: /^log-group:/,
  rds: /^(?:db|cluster|pg|subgrp|snapshot|auto-backup):/,
  'resource-groups': /^group\//,
  route53: /^healthcheck\//,
  servicecatalog: /^\/applications\//,
  s3: /^/,
  secretsmanager: /^secret:/,
};

/** A recovery point takes the tags of what it is of ("Copying tags": AWS Backup). */
const isOfBackup = (service: string, { placed }: Subject) => service === 'backup' && isBackupPlaced(placed);

function isMember(arn: string, subject: Subject): boolean {
  const [, , service = '', , , ...resource] = arn.split(':');
  const name = resource.join(':');
  if (service === 'cloudformation')
    return STACK_KINDS.some((kind) => name.startsWith(`stack/${tenantNames.stack(tenantIdOf(subject), kind)}/`));
  return KINDS[service]?.test(name) === true || isOfBackup(service, subject);
}

const CHECKS = checksOf(STACKS_METADATA, {
  'stacks.status': async (subject, { facts }) =>
    finding(
      await ofEach(facts, ({ StackStatus = '' }, kind) => {
        const isUpdated = isInService(subject) && UPDATING.test(StackStatus);
        return COMPLETE.includes(StackStatus) || CLEANING.test(StackStatus) || isUpdated
          ? []
          : [`the ${kind} stack is ${StackStatus}`];
      }),
      'all four stacks are complete',
    ),
  'stacks.protection': async (subject, { facts }) =>
    finding(
      isInService(subject)
        ? await ofEach(facts, ({ EnableTerminationProtection }, kind) =>
            expectEqual(`termination protection of the ${kind} stack`, EnableTerminationProtection, true),
          )
        : [],
      isInService(subject) ? 'all four stacks are protected' : 'the tenant is not in service yet',
    ),
  'stacks.template': async ({ stacks }, { facts }) => {
    const texts = await facts.stacks.templates();
    const changed = STACK_KINDS.filter((kind) => !isVersionOf(stacks[kind].templateVersion, texts[kind])).map(
      (kind) => `the ${kind} stack has another template than version ${stacks[kind].templateVersion} of its release`,
    );
    if (changed.length > 0) return finding(changed, '');
    await settled(STACK_KINDS.map((kind) => facts.release[kind]()));
    return finding([], `all four stacks have their release’s templates, by digest`);
  },
  'stacks.members': async (subject, { facts }) => {
    const tagged = await facts.tagged.arns();
    return finding(
      tagged.filter((arn) => !isMember(arn, subject)).map((arn) => `${arn} has the tenant’s tag`),
      `${tagged.length} resources with the tenant’s tag, all of kinds that its stacks make`,
    );
  },
  'stacks.parameters': async (subject, { facts }) =>
    finding(
      await ofEach(facts, ({ Parameters = [], RoleARN = subject.stackRoleArn, NotificationARNs = [] }, kind) => {
        const actual = new Map(Parameters.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]));
        return [
          ...Object.entries(parametersOf(subject, kind)).flatMap(([name, expected]) =>
            // A template of an earlier release has not every parameter.
            !actual.has(name) || isFewer(name, actual.get(name), expected)
              ? []
              : expectEqual(`parameter ${name} of the ${kind} stack`, actual.get(name), expected),
          ),
          // The next update runs in this role, and whoever is notified learns each of its properties.
          ...expectEqual(`the role of the ${kind} stack`, RoleARN, subject.stackRoleArn),
          ...NotificationARNs.map((arn) => `events of the ${kind} stack go to ${arn}`),
        ];
      }),
      'all four stacks have this tenant’s parameters and the platform’s role',
    ),
});

/** CloudFormation may show the end of the youngest stack a little late, and that stack makes the tenant's role. */
export const STACKS_CHECKS: readonly Check[] = CHECKS.map((check) =>
  check.id === 'stacks.status' ? { ...check, run: restingOn('role', check.run) } : check,
);
