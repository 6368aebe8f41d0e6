import * as z from 'zod';

/** What the references of a template stand for, for one tenant. */
export interface TemplateValues {
  readonly parameters: Readonly<Record<string, string>>;
  readonly accountId: string;
  readonly region: string;
  /** Of a stack that is there: the names of its resources, by logical id. */
  readonly physicalIds?: ReadonlyMap<string, string>;
  /** What other stacks export, by the name of the export. */
  readonly exports?: ReadonlyMap<string, string>;
}

/** A resource as the template makes it: for one tenant, or for the platform. */
export interface ExpectedResource {
  /** Its logical id. */
  readonly id: string;
  /** Its name in AWS, where the stack is there. */
  readonly physicalId?: string | undefined;
  /** When the stack has made or updated it last, where the stack is there. */
  readonly updatedAt?: Date | undefined;
  /** E.g. `AWS::S3::Bucket`. */
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** What the template says about it besides, where it says something. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
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
      Metadata: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  Outputs: z
    .record(z.string(), z.looseObject({ Value: z.unknown(), Export: z.object({ Name: z.string() }).optional() }))
    .default({}),
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

const lastOf = (path: string) => path.split(/[/|]/).at(-1) ?? '';

/** "Return values" of each type: its ARN, by its physical id. A queue's id is its URL, a rule's may begin with its bus. */
const ARNS: Readonly<Record<string, (id: string, { region, accountId }: TemplateValues) => string>> = {
  'AWS::S3::Bucket': (id) => `arn:aws:s3:::${id}`,
  'AWS::KMS::Key': (id, { region, accountId }) => `arn:aws:kms:${region}:${accountId}:key/${id}`,
  'AWS::DynamoDB::Table': (id, { region, accountId }) => `arn:aws:dynamodb:${region}:${accountId}:table/${id}`,
  'AWS::Lambda::Function': (id, { region, accountId }) => `arn:aws:lambda:${region}:${accountId}:function:${id}`,
  'AWS::CloudWatch::Alarm': (id, { region, accountId }) => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${id}`,
  'AWS::SQS::Queue': (id, { region, accountId }) => `arn:aws:sqs:${region}:${accountId}:${lastOf(id)}`,
  'AWS::Events::EventBus': (id, { region, accountId }) => `arn:aws:events:${region}:${accountId}:event-bus/${id}`,
  'AWS::WAFv2::WebACL': (id, { region, accountId }) => {
    const [name, uuid, scope = ''] = id.split('|');
    return `arn:aws:wafv2:${region}:${accountId}:${scope.toLowerCase()}/webacl/${name}/${uuid}`;
  },
  'AWS::Logs::LogGroup': (id, { region, accountId }) => `arn:aws:logs:${region}:${accountId}:log-group:${id}:*`,
};

/** "Return values" of each type: the attribute that is a part of the physical id. */
const IN_PHYSICAL_ID: Readonly<Record<string, (id: string) => string>> = {
  'AWS::EC2::SecurityGroup.GroupId': (id) => id,
  'AWS::SecretsManager::Secret.Id': (id) => id,
  'AWS::ECS::Service.Name': lastOf,
  'AWS::SQS::Queue.QueueName': lastOf,
};

/**
 * Resolves the functions that our templates use. What AWS chooses itself, e.g. the id of a VPC, is the
 * physical id where the stack is there. Otherwise it becomes `<Vpc.VpcId>`: no check compares it.
 */
class Resolver {
  constructor(
    private readonly template: Template,
    private readonly values: TemplateValues,
  ) {}

  resources(): ExpectedResource[] {
    return Object.entries(this.template.Resources)
      .filter(([, { Condition }]) => Condition === undefined || this.holds(Condition))
      .map(([id, { Type: type, Properties, Metadata: metadata }]) => ({
        ...{ id, type, properties: this.object(Properties) },
        ...(metadata && { metadata }),
        ...(this.values.physicalIds && { physicalId: this.values.physicalIds.get(id) }),
      }));
  }

  exports(): ReadonlyMap<string, string> {
    return new Map(
      Object.values(this.template.Outputs).flatMap(({ Value, Export }) =>
        Export ? [[Export.Name, String(this.value(Value))] as const] : [],
      ),
    );
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
    if (name === 'Fn::Sub') return this.substituted(String(argument));
    if (name === 'Fn::ImportValue') return this.values.exports?.get(String(argument)) ?? `<${String(argument)}>`;
    return name.startsWith('Fn::') && Array.isArray(argument) ? this.call(name, argument) : this.object(value);
  }

  private substituted(text: string): string {
    return text.replace(/\$\{([\w:]+)(?:\.(\w+))?\}/g, (_, name: string, attribute?: string) =>
      attribute ? this.attribute(name, attribute) : String(this.reference(name)),
    );
  }

  private call(name: string, [first, ...rest]: readonly unknown[]): unknown {
    switch (name) {
      case 'Fn::Join': {
        const parts = this.value(rest[0]);
        return Array.isArray(parts) ? parts.join(String(first)) : parts;
      }
      case 'Fn::Split': {
        const text = this.value(rest[0]);
        return typeof text === 'string' ? text.split(String(first)) : text;
      }
      case 'Fn::Select': {
        const among = this.value(rest[0]);
        return Array.isArray(among) ? among[Number(first)] : among;
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
    const pseudo = {
      'AWS::AccountId': accountId,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
    };
    const known = new Map(Object.entries({ ...pseudo, ...parameters })).get(name) ?? this.values.physicalIds?.get(name);
    if (known === undefined) return this.nameOf(name) || `<${name}>`;
    return this.template.Parameters[name]?.Type === 'CommaDelimitedList' ? known.split(',') : known;
  }

  private nameOf(id: string): string {
    const { Type = '', Properties = {} } = this.template.Resources[id] ?? {};
    return String(this.value(Properties[NAMES[Type] ?? '']) ?? '');
  }

  private attribute(id: string, attribute: string): string {
    const { Type = '', Properties = {} } = this.template.Resources[id] ?? {};
    const physicalId = this.values.physicalIds?.get(id);
    const name = physicalId ?? this.nameOf(id);
    if (attribute === 'Arn' && Type === 'AWS::IAM::Role')
      return `arn:aws:iam::${this.values.accountId}:role${textIn(Properties, 'Path') || '/'}${name}`;
    if (attribute === 'Arn' && Type === 'AWS::Events::Rule') return this.ruleArn(Properties, name);
    const arn = attribute === 'Arn' && name ? ARNS[Type]?.(name, this.values) : undefined;
    if (arn) return arn;
    return (physicalId && IN_PHYSICAL_ID[`${Type}.${attribute}`]?.(physicalId)) || `<${id}.${attribute}>`;
  }

  /** "CreateRule": a rule of the default bus has no bus in its ARN. */
  private ruleArn(properties: Readonly<Record<string, unknown>>, name: string): string {
    const bus = String(this.value(properties.EventBusName) ?? 'default');
    const path = bus === 'default' ? '' : `${lastOf(bus)}/`;
    return `arn:aws:events:${this.values.region}:${this.values.accountId}:rule/${path}${lastOf(name)}`;
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

const NamesSchema = z.object({ 'Fn::Join': z.tuple([z.literal('\n'), z.array(z.object({ Ref: z.string() }))]) });

/** The logical ids of the resources whose names each of these outputs tells, a line each. @throws see `resolveTemplate` */
export function namedInOutputs(text: string, prefix: string): ReadonlyMap<string, readonly string[]> {
  const { Outputs } = TemplateSchema.parse(JSON.parse(text));
  return new Map(
    Object.entries(Outputs)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { Value }]) => [name, NamesSchema.parse(Value)['Fn::Join'][1].map(({ Ref }) => Ref)]),
  );
}

/** What a stack that is there exports, by the name of the export. @throws see `resolveTemplate` */
export const exportsOfTemplate = (text: string, values: TemplateValues): ReadonlyMap<string, string> =>
  new Resolver(TemplateSchema.parse(JSON.parse(text)), values).exports();
