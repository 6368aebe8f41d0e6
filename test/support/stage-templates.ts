import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { CONTROL_PLANE, cellStackName, DELIVERY, FOUNDATION } from '../../infra/config/stack-names';
import { type Stage, stages } from '../../infra/config/stages';
import type { StageSynthesis } from './stage-synthesis';

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation properties, read by tests
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}

export interface StageTemplates {
  readonly foundation: Template;
  readonly controlPlane: Template;
  readonly cells: readonly Template[];
  readonly delivery: Template;
  readonly all: readonly Template[];
  /** By the stacks' names. */
  readonly named: Readonly<Record<string, Template>>;
}

/** A file beside those of the stages, when no more of them comes. */
export const SYNTHESIS_ENDED = 'ended';

function synthesisIn(file: string): StageSynthesis {
  const sleeping = new Int32Array(new SharedArrayBuffer(4));
  const ended = join(dirname(file), SYNTHESIS_ENDED);
  while (!existsSync(file) && !existsSync(ended)) Atomics.wait(sleeping, 0, 0, 50);
  if (!existsSync(file)) throw new Error(`the stages could not be synthesized: ${file} is missing`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** What the synthesis of a stage says, made once for all test files. */
export const stageSynthesis = (stage: Stage): StageSynthesis =>
  synthesisIn(join(process.env.STAGE_TEMPLATES ?? '', `${stage}.json`));

const read = new Map<Stage, StageTemplates>();

/** The templates of a stage, synthesized once for all test files. */
export function stageTemplates(stage: Stage): StageTemplates {
  const known = read.get(stage);
  if (known) return known;
  const { templates: byName } = stageSynthesis(stage);
  const named = Object.fromEntries(Object.entries(byName).map(([name, body]) => [name, Template.fromJSON(body)]));
  const templateOf = (name: string) => {
    const found = named[name];
    if (!found) throw new Error(`stage ${stage} has no stack ${name}`);
    return found;
  };
  const foundation = templateOf(FOUNDATION);
  const controlPlane = templateOf(CONTROL_PLANE);
  const cells = stages[stage].cells.map(({ name }) => templateOf(cellStackName(name)));
  const delivery = templateOf(DELIVERY);
  const all = [foundation, controlPlane, ...cells, delivery];
  const templates = { foundation, controlPlane, cells, delivery, all, named };
  read.set(stage, templates);
  return templates;
}

export const resourcesOf = (template: Template, type?: string): [id: string, resource: Resource][] =>
  Object.entries(template.toJSON().Resources as Record<string, Resource>).filter(
    ([, resource]) => type === undefined || resource.Type === type,
  );

/** The state machine of this name, with its logical id. */
export function machineNamed(template: Template, name: string): [id: string, resource: Resource] {
  const found = resourcesOf(template, 'AWS::StepFunctions::StateMachine').find(
    ([, { Properties }]) => Properties.StateMachineName === name,
  );
  if (!found) throw new Error(`the template has no machine ${name}`);
  return found;
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

export const listed = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** Every statement of every policy document in a resource, inline, managed or resource-based. */
export function statementsIn(value: unknown): Statement[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(statementsIn);
  const own = 'Statement' in value && Array.isArray(value.Statement) ? (value.Statement as Statement[]) : [];
  return [...own, ...Object.values(value).flatMap(statementsIn)];
}
