import * as z from 'zod';
import type { CataloguedEvent } from '../functions/contract/event-catalogue';

/**
 * AsyncAPI uses `draft-7`. EventBridge's schema registry accepts draft 4
 * ("AWS::EventSchemas::Schema").
 */
export type SchemaDraft = 'draft-7' | 'draft-4';

const zodTarget = { 'draft-7': 'draft-07', 'draft-4': 'draft-04' } as const;
const DRAFT_URL = {
  'draft-7': 'http://json-schema.org/draft-07/schema#',
  'draft-4': 'http://json-schema.org/draft-04/schema#',
} as const;

type JsonSchema = Record<string, unknown>;

/** Name of an event in files and in the registry. A new version is a new schema beside the old one. */
export const versionedName = ({ type, version }: CataloguedEvent) => `${type}.v${version}`;

/**
 * JSON Schema of an event's detail, in its input form: it allows additional fields.
 *
 * JSON Schema cannot express what zod checks with functions; the descriptions say it. `format:
 * email` would refuse internationalized addresses that the platform accepts. Draft 7 has
 * `idn-email` for them, draft 4 has only the pattern.
 */
function detailSchema(event: CataloguedEvent, draft: SchemaDraft): JsonSchema {
  const {
    $schema: _,
    properties,
    ...rest
  } = z.toJSONSchema(event.detail, {
    io: 'input',
    target: zodTarget[draft],
    override: ({ jsonSchema }) => {
      // The format says the same; zod's pattern for dates does not help a reader.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      if (jsonSchema.format !== 'email') return;
      if (draft === 'draft-7') jsonSchema.format = 'idn-email';
      else delete jsonSchema.format;
    },
  });
  const described = Object.entries(properties ?? {}).map(([name, schema]) => [
    name,
    { description: event.fields[name], ...(typeof schema === 'object' && schema) },
  ]);
  return { ...rest, properties: Object.fromEntries(described) };
}

/** The detail's JSON Schema as a document of its own. */
export const detailDocument = (event: CataloguedEvent): JsonSchema => ({
  $schema: DRAFT_URL['draft-7'],
  title: versionedName(event),
  description: event.summary,
  ...detailSchema(event, 'draft-7'),
});

const TEXT = { type: 'string' };

/**
 * JSON Schema of the whole event as EventBridge delivers it ("Event structure").
 *
 * @param detail the detail's schema, or a reference to it
 */
export const envelopeSchema = ({ source, type }: CataloguedEvent, detail: JsonSchema): JsonSchema => ({
  type: 'object',
  required: ['id', 'source', 'detail-type', 'time', 'detail'],
  properties: {
    version: TEXT,
    id: { ...TEXT, description: 'Id that EventBridge gave the event.' },
    source: { ...TEXT, enum: [source] },
    'detail-type': { ...TEXT, enum: [type] },
    account: TEXT,
    region: TEXT,
    time: { ...TEXT, format: 'date-time', description: 'When EventBridge received the event.' },
    resources: { type: 'array', items: TEXT },
    detail,
  },
});

/**
 * Document for the schema registry. EventBridge uses the `x-amazon-events-` fields in its own
 * schemas.
 */
export const registryDocument = (event: CataloguedEvent): JsonSchema => ({
  $schema: DRAFT_URL['draft-4'],
  title: versionedName(event),
  description: event.summary,
  'x-amazon-events-source': event.source,
  'x-amazon-events-detail-type': event.type,
  ...envelopeSchema(event, detailSchema(event, 'draft-4')),
});
