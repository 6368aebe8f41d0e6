import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { STACK_KINDS, type StackKind } from '../../functions/contract/stacks';
import { AccessStack } from './access-stack';
import { DatabaseStack } from './database-stack';
import { NetworkStack } from './network-stack';
import { StorageStack } from './storage-stack';

export const TENANT_STACKS: Readonly<Record<StackKind, (scope: Construct) => Stack>> = {
  network: (scope) => new NetworkStack(scope),
  database: (scope) => new DatabaseStack(scope),
  storage: (scope) => new StorageStack(scope),
  access: (scope) => new AccessStack(scope),
};

/** An app that ignores the context and options of the CDK command line: every synthesis gives the same text. */
export function tenantApp(outdir: string): App {
  return new App({
    outdir,
    autoSynth: false,
    analyticsReporting: false,
    treeMetadata: false,
    postCliContext: { 'aws:cdk:enable-path-metadata': false, 'aws:cdk:enable-asset-metadata': false },
  });
}

/**
 * Writes the four templates to `outDir`, one file `KIND.template.json` each.
 *
 * @returns file and version of each. The version is a digest of the text: it changes only when the
 * template does.
 */
export function synthesizeTenantTemplates(outDir: string): Record<StackKind, { file: string; version: string }> {
  const assembly = mkdtempSync(join(tmpdir(), 'tenant-templates-'));
  try {
    const app = tenantApp(assembly);
    for (const kind of STACK_KINDS) TENANT_STACKS[kind](app);
    app.synth();
    mkdirSync(outDir, { recursive: true });
    const written = (kind: StackKind) => write(assembly, outDir, kind);
    return {
      network: written('network'),
      database: written('database'),
      storage: written('storage'),
      access: written('access'),
    };
  } finally {
    rmSync(assembly, { recursive: true, force: true });
  }
}

function write(assembly: string, outDir: string, kind: StackKind): { file: string; version: string } {
  const text = readFileSync(join(assembly, `${kind}.template.json`), 'utf8');
  const file = join(outDir, `${kind}.template.json`);
  writeFileSync(file, text);
  return { file, version: createHash('sha256').update(text).digest('hex').slice(0, 12) };
}
