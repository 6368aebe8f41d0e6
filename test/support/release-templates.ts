import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { STACK_KINDS, type StackKind } from '../../functions/contract/stacks';

const ROOT = join(__dirname, '../..');
const SOURCES = ['infra/tenant/*.ts', 'functions/contract/*.ts', 'package-lock.json'];

/** Changes whenever the templates may. */
function digestOfSources(): string {
  const hash = createHash('sha256');
  for (const file of SOURCES.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).sort())
    hash.update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 16);
}

/**
 * The folder of the tenants' templates, synthesized once for all test files of a run: CDK takes
 * seconds to load. It is in the clone, as another user of the machine cannot read what this one has made.
 */
function synthesized(): string {
  const templates = join(ROOT, '.local/tenant-templates');
  const folder = join(templates, digestOfSources());
  if (existsSync(folder)) return folder;
  mkdirSync(templates, { recursive: true });
  const unfinished = mkdtempSync(join(templates, 'unfinished-'));
  const {
    synthesizeTenantTemplates,
  }: typeof import('../../infra/tenant/synthesize') = require('../../infra/tenant/synthesize');
  synthesizeTenantTemplates(unfinished);
  try {
    renameSync(unfinished, folder);
  } catch {
    // Another test file was faster.
    rmSync(unfinished, { recursive: true });
  }
  return folder;
}

let read: Record<StackKind, string> | undefined;

/** Text of each template of this release. */
export function releaseTemplates(): Record<StackKind, string> {
  read ??= readTemplates();
  return read;
}

/** The version of each, as a deployment publishes it. */
export const releaseVersion = (kind: StackKind) =>
  createHash('sha256').update(releaseTemplates()[kind]).digest('hex').slice(0, 12);

function readTemplates(): Record<StackKind, string> {
  const folder = synthesized();
  const [network = '', database = '', storage = '', access = ''] = STACK_KINDS.map((kind) =>
    readFileSync(join(folder, `${kind}.template.json`), 'utf8'),
  );
  return { network, database, storage, access };
}
