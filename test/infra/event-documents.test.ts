import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { EVENT_CATALOGUE } from '../../functions/contract/event-catalogue';
import { SignupSchema } from '../../functions/contract/signup';
import { EVENT_BUS_NAME } from '../../infra/constructs/platform-names';
import { eventDocuments } from '../../infra/event-documents';
import { resourcesOf, stageTemplates } from '../support/stage-templates';

const DIRECTORY = join(__dirname, '../../docs/events');
const FIXTURES = join(__dirname, '../fixtures/events');
const textOf = (file: string) => readFileSync(join(DIRECTORY, file), 'utf8');
const README = textOf('README.md');

test('docs/events is up to date with the code’s schemas; `npm run events` writes it', () => {
  const documents = eventDocuments();
  expect(readdirSync(DIRECTORY).sort()).toEqual([...Object.keys(documents), 'README.md'].sort());
  for (const [file, text] of Object.entries(documents)) expect([file, textOf(file)]).toEqual([file, text]);
});

const schemaOf = (type: string) => z.fromJSONSchema(JSON.parse(textOf(`${type}.v1.schema.json`)));
const kebab = (type: string) => type.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase();

describe.each(EVENT_CATALOGUE.map((event) => [event.type, event] as const))('the schema of %s', (type, event) => {
  const published = readdirSync(FIXTURES)
    .filter((file) => file.startsWith(`${kebab(type)}.v`))
    .map((file) => JSON.parse(readFileSync(join(FIXTURES, file), 'utf8')))
    .map((content) => content.detail ?? content);

  test('accepts every published event, with additional fields', () => {
    expect(published.length).toBeGreaterThan(0);
    for (const detail of published) schemaOf(type).parse({ ...detail, ofTomorrow: true });
  });

  test('refuses an event without one of the required fields', () => {
    const required = z.toJSONSchema(event.detail, { io: 'input' }).required ?? [];
    expect(required.length).toBeGreaterThan(5);
    for (const name of required) {
      const { [name]: _, ...without } = published[0];
      expect([name, schemaOf(type).safeParse(without).success]).toEqual([name, false]);
    }
  });

  test('describes each field', () => {
    const { properties } = JSON.parse(textOf(`${type}.v1.schema.json`));
    expect(Object.keys(properties)).toEqual(Object.keys(event.detail.shape));
    for (const [name, field] of Object.entries<{ description?: string }>(properties))
      expect([name, (field.description ?? '').length > 15]).toEqual([name, true]);
  });
});

test('the published schema accepts every e-mail address that the code accepts', () => {
  const { contactEmail } = JSON.parse(textOf('TenantSignedUp.v1.schema.json')).properties;
  for (const address of ['billing&ops@acme.example', 'jörg@müller.example', 'a=b@acme.example']) {
    expect(SignupSchema.shape.contactEmail.safeParse(address).success).toBe(true);
    expect(address).toMatch(new RegExp(contactEmail.pattern, 'u'));
  }
  // `email` is for ASCII addresses ("JSON Schema Validation", 7.3.2).
  expect(contactEmail.format).toBe('idn-email');
});

describe('the AsyncAPI document', () => {
  const api = parse(textOf('asyncapi.yaml'));

  const referencesIn = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : referencesIn(inner)));
  };
  // biome-ignore lint/suspicious/noExplicitAny: a document of any form, walked along a pointer
  const at = (pointer: string) => pointer.split('/').reduce((inner: any, key) => inner?.[key], api);

  test('refers only to objects that exist', () => {
    const references = referencesIn(api);
    const [inside, files] = [
      references.filter((to) => to.startsWith('#/')),
      references.filter((to) => /^\.\//.test(to)),
    ];
    expect(inside.length + files.length).toBe(references.length);
    expect(inside.filter((to) => at(to.slice(2)) === undefined)).toEqual([]);
    expect(files.filter((to) => !existsSync(join(DIRECTORY, to)))).toEqual([]);
    expect(files).toHaveLength(EVENT_CATALOGUE.length);
  });

  test('has the fields that AsyncAPI 3 requires, and no others at its top', () => {
    const { asyncapi, info, defaultContentType, servers, channels, operations, components, ...rest } = api;
    expect(rest).toEqual({});
    expect([asyncapi, defaultContentType]).toEqual(['3.0.0', 'application/json']);
    expect(info).toMatchObject({ title: expect.any(String), version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    for (const server of Object.values(servers))
      expect(server).toMatchObject({ host: expect.any(String), protocol: expect.any(String) });
    expect(Object.keys(channels)).toEqual(['platformBus']);
    expect(channels.platformBus.address).toBe(EVENT_BUS_NAME);
    for (const name of [...Object.keys(channels), ...Object.keys(operations), ...Object.keys(components.messages)])
      expect(name).toMatch(/^[A-Za-z0-9_.-]+$/);
  });

  test('has one operation for each event, from the platform’s point of view', () => {
    const found = Object.values<{ action: string; messages: { $ref: string }[] }>(api.operations).map(
      ({ action, messages: [message] }) => {
        const { payload } = at(at(`${message?.$ref.slice(2)}`).$ref.slice(2));
        const { source, 'detail-type': type } = payload.schema.properties;
        return [action, source.enum, type.enum];
      },
    );
    expect(found).toEqual(
      EVENT_CATALOGUE.map(({ direction, source, type }) => [direction === 'in' ? 'receive' : 'send', [source], [type]]),
    );
  });
});

describe('the page for the billing team', () => {
  const [entries, policy] = [...README.matchAll(/```json\n(.+?)```/gs)].map(([, text = '']) => JSON.parse(text));

  test('sends a signup that the platform accepts', () => {
    const [{ EventBusName, Source, DetailType, Detail }] = entries;
    expect([Source, DetailType]).toEqual(['billing', 'TenantSignedUp']);
    expect(EventBusName).toMatch(new RegExp(`:event-bus/${EVENT_BUS_NAME}$`));
    SignupSchema.parse(JSON.parse(Detail));
  });

  test('grants exactly what its example needs', () => {
    const [{ Effect, Action, Resource, Condition }, ...others] = policy.Statement;
    const [{ EventBusName, Source, DetailType }] = entries;
    expect(others).toEqual([]);
    expect([Effect, Action, Resource]).toEqual(['Allow', 'events:PutEvents', EventBusName]);
    expect(Condition).toEqual({ StringEquals: { 'events:source': Source, 'events:detail-type': DetailType } });
  });

  test.each(EVENT_CATALOGUE)('lists $type', ({ source, type, version, direction }) => {
    const row = README.split('\n').find((line) => line.includes(`| \`${source}\` | \`${type}\` |`));
    expect(row).toContain(direction === 'in' ? 'billing → platform' : 'platform → billing');
    expect(row).toContain(`(${type}.v${version}.schema.json)`);
  });
});

test('the schema registry has every event, in JSON Schema draft 4', () => {
  const { controlPlane } = stageTemplates('local');
  const schemas = resourcesOf(controlPlane, 'AWS::EventSchemas::Schema').map(([, { Properties }]) => Properties);
  expect(schemas.map(({ SchemaName }) => SchemaName)).toEqual(
    EVENT_CATALOGUE.map(({ source, type, version }) => `${source}@${type}.v${version}`),
  );
  for (const { Type, Content, SchemaName } of schemas) {
    expect(Type).toBe('JSONSchemaDraft4');
    expect(JSON.parse(Content).$schema).toBe('http://json-schema.org/draft-04/schema#');
    // Keywords of later drafts would say nothing there.
    expect([SchemaName, Content]).toEqual([SchemaName, expect.not.stringMatching(/"(const|examples|if|contains)":/)]);
    expect(Content.length).toBeLessThan(100_000);
  }
});
