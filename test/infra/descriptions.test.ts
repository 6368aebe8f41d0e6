import { STACK_KINDS } from '../../functions/contract/stacks';
import { STAGES } from '../../infra/config/stages';
import { stageTemplates } from '../support/stage-templates';
import { tenantTemplate } from '../support/tenant-template';

/** "CreateSecurityGroup", and the same of its rules ("IpRange"). */
const OF_SECURITY_GROUPS = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{0,255}$/;
/** "CreateRole" takes Latin-1, "CreateWebACL" word characters and a few marks; other services print what is not ASCII as `?`. */
const ASCII = /^[\x20-\x7e]*$/;

const SECURITY_GROUP = /^AWS::EC2::SecurityGroup/;

/** Every text of a resource that people read: properties whose names end so, at any depth. */
function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    /(?:Description|Comment|DisplayName)$/.test(name) ? wordsIn(inner) : textsIn(inner),
  );
}
const wordsIn = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap(wordsIn);

const templates = [
  ...STAGES.flatMap((stage) => stageTemplates(stage).all),
  ...STACK_KINDS.map((kind) => tenantTemplate(kind)),
];

test('D11: no description contains a character that AWS refuses', () => {
  const texts = templates.flatMap((template) =>
    Object.values(template.toJSON().Resources as Record<string, { Type: string; Properties?: unknown }>).flatMap(
      ({ Type, Properties }) => textsIn(Properties).map((text) => ({ Type, text })),
    ),
  );
  expect(texts.length).toBeGreaterThan(150);
  expect(texts.filter(({ Type }) => SECURITY_GROUP.test(Type)).length).toBeGreaterThan(5);
  const refused = texts.filter(
    ({ Type, text }) => !(SECURITY_GROUP.test(Type) ? OF_SECURITY_GROUPS : ASCII).test(text),
  );
  expect(refused).toEqual([]);
});
