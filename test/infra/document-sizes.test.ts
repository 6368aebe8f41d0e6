import { STACK_KINDS } from '../../functions/contract/stacks';
import { STAGES } from '../../infra/config/stages';
import { listed, resourcesOf, stageTemplates } from '../support/stage-templates';
import { tenantTemplate } from '../support/tenant-template';

/** The longest of each that a stage can have; AWS appends twelve characters and a dash to names that it makes up. */
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Region': 'ap-southeast-2',
  'AWS::AccountId': '444455556666',
  'AWS::Partition': 'aws',
};
const madeUp = (id: string) => `TenantOnboarding-ControlPlane-${id}-${'X'.repeat(12)}`;
/** AWS cuts a role's name at 64 characters. Others' ARNs are of the longest kind. */
const arnOf = (id: string) =>
  /Role[\dA-F]{8}/.test(id)
    ? `arn:aws:iam::444455556666:role/${madeUp(id).padEnd(64, 'X').slice(0, 64)}`
    : `arn:aws:elasticloadbalancing:ap-southeast-2:444455556666:loadbalancer/${madeUp(id)}`;

/** As many roles as the decoy trusts: the parameter of tenants' templates lists the same. */
const [cell] = stageTemplates('prod').cells;
const [[, decoysRole] = []] = cell
  ? resourcesOf(cell, 'AWS::IAM::Role').filter(([id]) => /^DecoyAccessRole/.test(id))
  : [];
const TRUSTED = listed<unknown>(decoysRole?.Properties.AssumeRolePolicyDocument.Statement[0].Principal.AWS).map(
  (_, number) => `Role${number}0000000`,
);

/** A template's text as CloudFormation would send it, with names that are no shorter than those of a deployed stage. */
function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  const [[name, argument] = [], ...others] = Object.entries(value);
  if (others.length > 0) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner)]));
  if (argument === 'TrustedRoleArns') return TRUSTED.map(arnOf);
  if (name === 'Ref') return PSEUDO[argument] ?? madeUp(argument);
  if (name === 'Fn::GetAtt') return arnOf(listed<string>(argument).join('.'));
  if (name === 'Fn::ImportValue') return arnOf(JSON.stringify(argument));
  if (name === 'Fn::Join') return listed<unknown>(argument[1]).map(resolved).join(argument[0]);
  if (name?.startsWith('Fn::')) return arnOf(JSON.stringify(argument));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner)]));
}

/** What a variable's or a parameter's value takes. */
const textOf = (value: unknown) => {
  const text = resolved(value);
  return typeof text === 'string' ? text : JSON.stringify(text);
};
const bytesOf = (value: unknown) => Buffer.byteLength(textOf(value));
/** IAM does not count white space ("IAM and AWS STS quotas"). */
const unspaced = (value: unknown) => textOf(value).replace(/\s/g, '').length;

const templates = [
  ...STAGES.flatMap((stage) => stageTemplates(stage).all),
  ...STACK_KINDS.map((kind) => tenantTemplate(kind)),
];
const ofType = (type: string) => templates.flatMap((template) => resourcesOf(template, type));

/** All inline policies of each role together, those of `AWS::IAM::Policy` included. */
function inlinePolicies(): [id: string, size: number][] {
  return templates.flatMap((template) =>
    resourcesOf(template, 'AWS::IAM::Role').map(([id, { Properties }]): [string, number] => {
      const attached = resourcesOf(template, 'AWS::IAM::Policy').filter(([, policy]) =>
        listed<{ Ref?: string }>(policy.Properties.Roles).some(({ Ref }) => Ref === id),
      );
      const documents = [...(Properties.Policies ?? []), ...attached.map(([, policy]) => policy.Properties)];
      return [id, documents.reduce((sum, { PolicyDocument }) => sum + unspaced(PolicyDocument), 0)];
    }),
  );
}

const sized = (type: string, size: (properties: Record<string, unknown>) => number) => () =>
  ofType(type).map(([id, { Properties }]): [string, number] => [id, size(Properties)]);

const variables = ({ Environment }: Record<string, unknown>) =>
  Object.entries((Environment as { Variables?: object } | undefined)?.Variables ?? {}).reduce(
    (sum, [name, value]) => sum + name.length + bytesOf(value),
    0,
  );

/** By the titles of AWS's pages of quotas. */
const QUOTAS: readonly [what: string, most: number, sizes: () => [id: string, size: number][]][] = [
  ['inline policies of a role ("IAM and AWS STS quotas")', 10_240, inlinePolicies],
  [
    'trust policy of a role ("IAM and AWS STS quotas")',
    2048,
    sized('AWS::IAM::Role', ({ AssumeRolePolicyDocument }) => unspaced(AssumeRolePolicyDocument)),
  ],
  [
    'managed policy ("IAM and AWS STS quotas")',
    6144,
    sized('AWS::IAM::ManagedPolicy', ({ PolicyDocument }) => unspaced(PolicyDocument)),
  ],
  ['environment of a function ("Lambda quotas")', 4096, sized('AWS::Lambda::Function', variables)],
  [
    'pattern of a rule ("Amazon EventBridge quotas")',
    2048,
    sized('AWS::Events::Rule', ({ EventPattern = '' }) => bytesOf(EventPattern)),
  ],
  [
    'policy of a bucket ("Bucket policies for Amazon S3")',
    20_480,
    sized('AWS::S3::BucketPolicy', ({ PolicyDocument }) => bytesOf(PolicyDocument)),
  ],
  [
    'policy of a key ("Quotas - AWS Key Management Service")',
    32_768,
    sized('AWS::KMS::Key', ({ KeyPolicy }) => bytesOf(KeyPolicy)),
  ],
  [
    'policy of an endpoint ("AWS PrivateLink quotas")',
    20_480,
    sized('AWS::EC2::VPCEndpoint', ({ PolicyDocument = '' }) => bytesOf(PolicyDocument)),
  ],
  [
    'standard parameter ("Managing parameter tiers")',
    4096,
    sized('AWS::SSM::Parameter', ({ Value }) => bytesOf(Value)),
  ],
  [
    'definition of a state machine ("Step Functions service quotas")',
    1_048_576,
    sized('AWS::StepFunctions::StateMachine', ({ DefinitionString, Definition }) =>
      bytesOf(DefinitionString ?? Definition),
    ),
  ],
];

describe('AWS takes what the templates make, whatever the names of a stage', () => {
  test.each(QUOTAS)('%s: at most %d', (_, most, sizes) => {
    const all = sizes();
    expect(all.length).toBeGreaterThan(0);
    expect(all.filter(([, size]) => !(size <= most))).toEqual([]);
  });

  test('a stack has at most 500 resources, 200 outputs and 200 parameters in 1 MB ("CloudFormation quotas")', () => {
    for (const template of templates) {
      const body = template.toJSON();
      const numbers = ['Resources', 'Outputs', 'Parameters'].map((part) => Object.keys(body[part] ?? {}).length);
      const [resources = 0, outputs = 0, parameters = 0] = numbers;
      expect(resources).toBeLessThanOrEqual(500);
      expect(Math.max(outputs, parameters)).toBeLessThanOrEqual(200);
      expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThanOrEqual(1_000_000);
    }
  });
});
