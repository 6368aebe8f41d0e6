import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Workflow } from '../functions/contract/workflows';

const FOLDER = join(__dirname, '../statemachines');

/** Keys of a file that hold what its states share. They are not part of Amazon States Language. */
const isShared = (key: string) => key.startsWith('x-');

/**
 * The YAML package refuses a file with many aliases, which may be an attack. These files are our
 * own.
 */
const OPTIONS = { merge: true, maxAliasCount: -1 } as const;

const DefinitionSchema = z.record(z.string(), z.unknown());

/** The text of a workflow's file, as it was written. */
export const aslSource = ({ file }: Pick<Workflow, 'file'>): string => readFileSync(join(FOLDER, file), 'utf8');

/**
 * A workflow's definition in the JSON that Step Functions takes. Aliases and merge keys are resolved,
 * placeholders are not.
 *
 * @throws YAMLParseError with line and column when the file is no YAML
 */
export function aslJson(workflow: Pick<Workflow, 'file'>): string {
  const definition = DefinitionSchema.parse(parse(aslSource(workflow), OPTIONS));
  const own = Object.entries(definition).filter(([key]) => !isShared(key));
  return `${JSON.stringify(Object.fromEntries(own), null, 2)}\n`;
}

const DistributedMapSchema = z.looseObject({
  Label: z.string(),
  ItemProcessor: z.looseObject({ ProcessorConfig: z.looseObject({ Mode: z.literal('DISTRIBUTED') }) }),
});

/** Labels of a definition's distributed Maps, however deep: ARNs of the Maps' executions have them. */
export function distributedMapsOf(definition: unknown): string[] {
  if (typeof definition !== 'object' || definition === null) return [];
  const map = DistributedMapSchema.safeParse(definition);
  return [...(map.success ? [map.data.Label] : []), ...Object.values(definition).flatMap(distributedMapsOf)];
}
