import * as z from 'zod';

/** What the references of a template stand for, for one tenant. */
export interface TemplateValues {
  readonly parameters: Readonly<Record<string, string>>;
  readonly accountId: string;
  readonly region: string;
}

/** A resource as the template makes it for one tenant. */
export interface ExpectedResource {
  /** Its logical id. */
  readonly id: string;
  /** E.g. `AWS::S3::Bucket`. */
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

const TemplateSchema = z.object({
  Parameters: z.record(z.string(), z.looseObject({ Type: z.string() })).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Condition: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});
type Template = z.infer<typeof TemplateSchema>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textIn = (object: Readonly<Record<string, unknown>>, name: string) => {
  const value = object[name];
  return typeof value === 'string' ? value : '';
};

/**
 * What `Ref` gives of the resources whose names the templates choose ("Return values" of each type).
 */
const NAMES: Readonly<Record<string, string>> = {
  'AWS::S3::Bucket': 'BucketName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::RDS::DBInstance': 'DBInstanceIdentifier',
};

/**
 * Resolves the functions that the tenants' templates use. What AWS chooses itself, e.g. the id of a
 * VPC, becomes `<Vpc.VpcId>`: no check compares it.
 */
class Resolver {
  constructor(
    private readonly template: Template,
    private readonly values: TemplateValues,
  ) {}

  resources(): ExpectedResource[] {
    return Object.entries(this.template.Resources)
      .filter(([, { Condition }]) => Condition === undefined || this.holds(Condition))
      .map(([id, { Type: type, Properties }]) => ({ id, type, properties: this.object(Properties) }));
  }

  private object(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.value(each)]));
  }

  private value(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.value(each));
    if (!isObject(value)) return value;
    const [[name, argument] = ['', undefined], ...more] = Object.entries(value);
    if (more.length > 0) return this.object(value);
    if (name === 'Ref') return this.reference(String(argument));
    return name.startsWith('Fn::') && Array.isArray(argument) ? this.call(name, argument) : this.object(value);
  }

  private call(name: string, [first, ...rest]: readonly unknown[]): unknown {
    switch (name) {
      case 'Fn::Join': {
        const parts = this.value(rest[0]);
        return Array.isArray(parts) ? parts.join(String(first)) : parts;
      }
      case 'Fn::GetAtt':
        return this.attribute(String(first), String(rest[0]));
      case 'Fn::If':
        return this.value(this.holds(String(first)) ? rest[0] : rest[1]);
      default:
        return `<${name}>`;
    }
  }

  /** The templates' conditions compare a parameter with a text. */
  private holds(condition: string): boolean {
    const test = this.template.Conditions[condition];
    const sides = isObject(test) ? this.value(test['Fn::Equals']) : undefined;
    return Array.isArray(sides) && sides[0] === sides[1];
  }

  private reference(name: string): unknown {
    const { accountId, region, parameters } = this.values;
    const pseudo = { 'AWS::AccountId': accountId, 'AWS::Region': region, 'AWS::Partition': 'aws' };
    const known = new Map(Object.entries({ ...pseudo, ...parameters })).get(name);
    if (known === undefined) return this.nameOf(name) || `<${name}>`;
    return this.template.Parameters[name]?.Type === 'CommaDelimitedList' ? known.split(',') : known;
  }

  private nameOf(id: string): string {
    const { Type = '', Properties = {} } = this.template.Resources[id] ?? {};
    return String(this.value(Properties[NAMES[Type] ?? '']) ?? '');
  }

  private attribute(id: string, attribute: string): string {
    const { Type, Properties = {} } = this.template.Resources[id] ?? {};
    const { accountId, region } = this.values;
    const name = this.nameOf(id);
    if (attribute === 'Arn' && Type === 'AWS::S3::Bucket') return `arn:aws:s3:::${name}`;
    if (attribute === 'Arn' && Type === 'AWS::Logs::LogGroup')
      return `arn:aws:logs:${region}:${accountId}:log-group:${name}:*`;
    if (attribute === 'Arn' && Type === 'AWS::IAM::Role')
      return `arn:aws:iam::${accountId}:role${textIn(Properties, 'Path') || '/'}${name}`;
    return `<${id}.${attribute}>`;
  }
}

/**
 * The resources that a tenant's stack has when it was made from this template.
 *
 * @param text the template, JSON
 * @throws z.ZodError, SyntaxError when the text is no template
 */
export const resolveTemplate = (text: string, values: TemplateValues): ExpectedResource[] =>
  new Resolver(TemplateSchema.parse(JSON.parse(text)), values).resources();
