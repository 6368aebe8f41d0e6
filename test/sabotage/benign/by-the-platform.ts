import {
  AddTagsCommand,
  CreateRuleCommand,
  DeleteRuleCommand,
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
  RemoveTagsCommand,
  type RuleCondition,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  GetRolePolicyCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateRoleDescriptionCommand,
} from '@aws-sdk/client-iam';
import { CreateGrantCommand, DisableKeyCommand, EnableKeyCommand, RevokeGrantCommand } from '@aws-sdk/client-kms';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { eventually } from '../../support/running-stage';
import { roleNameOf } from '../identity-changes';
import { answered } from '../probe-changes';
import type { Scene } from '../technique';
import { VERIFIER } from '../verified-tenant';
import type { BenignChange, Made } from './benign-change';

const pathIs = (...Values: string[]): RuleCondition => ({ Field: 'path-pattern', PathPatternConfig: { Values } });
const hostIs = (...Values: string[]): RuleCondition => ({ Field: 'host-header', HostHeaderConfig: { Values } });

async function ruleOf({ subject, root: { elb } }: Scene, condition: RuleCondition, status: string): Promise<Made> {
  const { Rules } = await elb.send(
    new CreateRuleCommand({
      ListenerArn: subject.cell.listenerArn,
      Priority: 9,
      Conditions: [condition],
      Actions: [answered(status)],
    }),
  );
  return { revert: () => elb.send(new DeleteRuleCommand({ RuleArn: Rules?.[0]?.RuleArn })) };
}

/** Takes one action out of what the verifying function may do. */
async function verifierWithout({ root: { iam } }: Scene, action: string): Promise<Made> {
  const { PolicyNames: [PolicyName] = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: VERIFIER }));
  const policy = { RoleName: VERIFIER, PolicyName };
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand(policy));
  const before = decodeURIComponent(PolicyDocument);
  const spoilt = before.replace(`"${action}"`, '"s3:GetBucketLocation"');
  if (spoilt === before) throw new Error(`${VERIFIER} has no grant of ${action}`);
  await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument: spoilt }));
  return { revert: () => iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument: before })) };
}

/** What releases, restarts, operators and neighbours do. */
export const CHANGES_BY_THE_PLATFORM: readonly BenignChange[] = [
  {
    name: 'release a version that trusts one more function',
    found: ['identity.release'],
    make: async ({ subject }) => {
      const further = `arn:aws:iam::${subject.accountId}:role/tenant-onboarding-FurtherFunction`;
      return {
        subject: { ...subject, trustedRoleArns: [...subject.trustedRoleArns, further] },
        revert: async () => undefined,
      };
    },
  },
  {
    name: 'restart the shared service while the audit asks',
    leavesOpen: true,
    make: async ({ subject, root: { elb } }) => {
      const TargetGroupArn = subject.cell.targetGroupArns[subject.liveColour];
      const { TargetHealthDescriptions = [] } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
      const Targets = TargetHealthDescriptions.flatMap(({ Target }) => (Target ? [Target] : []));
      await elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets }));
      const revert = async () => {
        await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }));
        await eventually('a healthy target', async () => {
          const { TargetHealthDescriptions: now = [] } = await elb.send(
            new DescribeTargetHealthCommand({ TargetGroupArn }),
          );
          return now.some(({ TargetHealth }) => TargetHealth?.State === 'healthy') || undefined;
        });
      };
      return { revert };
    },
  },
  {
    name: 'disable the decoy’s key',
    leavesOpen: true,
    make: async ({ subject, root: { kms } }) => {
      const KeyId = subject.cell.decoy.keyArn;
      await kms.send(new DisableKeyCommand({ KeyId }));
      return { revert: () => kms.send(new EnableKeyCommand({ KeyId })) };
    },
  },
  {
    name: 'take the verifier’s right to list grants',
    leavesOpen: true,
    make: (scene) => verifierWithout(scene, 'kms:ListGrants'),
  },
  {
    name: 'take the verifier’s right to read bucket policies',
    leavesOpen: true,
    make: (scene) => verifierWithout(scene, 's3:GetBucketPolicy'),
  },
  {
    name: 'take the verifier’s right to describe listener rules',
    leavesOpen: true,
    make: (scene) => verifierWithout(scene, 'elasticloadbalancing:DescribeRules'),
  },
  { name: 'refuse /wp-admin for all hosts', make: (scene) => ruleOf(scene, pathIs('/wp-admin', '/wp-admin/*'), '403') },
  { name: 'refuse dotfiles for all hosts', make: (scene) => ruleOf(scene, pathIs('/.env', '/.git/*'), '404') },
  {
    name: 'refuse a crawler for all hosts',
    make: (scene) => {
      const HttpHeaderConfig = { HttpHeaderName: 'User-Agent', Values: ['*crawler.example*'] };
      return ruleOf(scene, { Field: 'http-header', HttpHeaderConfig }, '403');
    },
  },
  {
    name: 'refuse an attacker’s addresses for all hosts',
    make: (scene) => ruleOf(scene, { Field: 'source-ip', SourceIpConfig: { Values: ['203.0.113.0/24'] } }, '403'),
  },
  {
    name: 'take on a neighbour, with a rule of its own',
    make: (scene) => {
      const { host, subdomain } = scene.subject.tenant;
      return ruleOf(scene, hostIs(`neighbour${host.slice(subdomain.length)}`), '503');
    },
  },
  {
    name: 'tag the tenant’s rule for cost allocation',
    make: async ({ subject, root: { elb } }) => {
      const ResourceArns = [subject.route.ruleArn];
      await elb.send(new AddTagsCommand({ ResourceArns, Tags: [{ Key: 'CostCenter', Value: '4711' }] }));
      return { revert: () => elb.send(new RemoveTagsCommand({ ResourceArns, TagKeys: ['CostCenter'] })) };
    },
  },
  {
    name: 'tag the tenant’s role for cost allocation',
    make: async ({ subject, root: { iam } }) => {
      const RoleName = roleNameOf(subject);
      await iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: 'CostCenter', Value: '4711' }] }));
      return { revert: () => iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['CostCenter'] })) };
    },
  },
  {
    name: 'describe the tenant’s role in other words',
    make: async ({ subject, root: { iam } }) => {
      const RoleName = roleNameOf(subject);
      const describe = (Description: string) => iam.send(new UpdateRoleDescriptionCommand({ RoleName, Description }));
      await describe('Role of a tenant');
      return { revert: () => describe(`Role of tenant ${subject.tenant.tenantId}`) };
    },
  },
  {
    name: 'let the decoy’s database hold a grant on the decoy’s key',
    make: async ({ subject, root: { kms } }) => {
      const KeyId = subject.cell.decoy.keyArn;
      const { GrantId } = await kms.send(
        new CreateGrantCommand({
          KeyId,
          GranteePrincipal: `rds.${subject.region}.amazonaws.com`,
          Operations: ['Decrypt'],
          Constraints: { EncryptionContextSubset: { 'aws:rds:db-id': 'db-DECOY', [TENANT_TAG]: 'decoy' } },
        }),
      );
      return { revert: () => kms.send(new RevokeGrantCommand({ KeyId, GrantId })) };
    },
  },
];
