import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SERVICE_DIRECTORY } from '../../infra/build';
import { CONTROL_PLANE, cellStackName, DELIVERY, FOUNDATION } from '../../infra/config/stack-names';
import { type Stage, stages } from '../../infra/config/stages';
import { FUNCTIONS_DIRECTORY, functionSources, LAYER_DIRECTORY } from '../../infra/function-bundles';
import { platform } from '../../infra/platform';

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation properties, read by tests
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}

export interface StageTemplates {
  readonly app: App;
  readonly foundation: Template;
  readonly controlPlane: Template;
  readonly cells: readonly Template[];
  /** Undefined where the stage has no pipeline. */
  readonly delivery: Template | undefined;
  readonly all: readonly Template[];
}

const ROOT = join(__dirname, '../..');

export function ensureBundles(): void {
  const bundles = Object.keys(functionSources()).map((name) => join(FUNCTIONS_DIRECTORY, name, 'index.js'));
  if ([...bundles, LAYER_DIRECTORY, join(SERVICE_DIRECTORY, 'server.js')].every(existsSync)) return;
  execFileSync(join(ROOT, 'node_modules/.bin/tsx'), ['infra/build.ts'], { cwd: ROOT, stdio: 'pipe' });
}

const synthesized = new Map<Stage, StageTemplates>();

/** The templates of a stage, synthesized once per test file. */
export function stageTemplates(stage: Stage): StageTemplates {
  const known = synthesized.get(stage);
  if (known) return known;
  ensureBundles();
  const outdir = mkdtempSync(join(tmpdir(), `platform-${stage}-`));
  const app = platform(stage, { outdir });
  const assembly = app.synth();
  const templateOf = (name: string) => Template.fromJSON(assembly.getStackByName(name).template);
  const foundation = templateOf(FOUNDATION);
  const controlPlane = templateOf(CONTROL_PLANE);
  const cells = stages[stage].cells.map(({ name }) => templateOf(cellStackName(name)));
  const delivery = stages[stage].pipeline && templateOf(DELIVERY);
  rmSync(outdir, { recursive: true });
  const all = [foundation, controlPlane, ...cells, ...(delivery ? [delivery] : [])];
  const templates = { app, foundation, controlPlane, cells, delivery, all };
  synthesized.set(stage, templates);
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
