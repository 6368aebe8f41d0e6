import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import type { StackKind } from '../../functions/contract/stacks';
import { TENANT_STACKS, tenantApp } from '../../infra/tenant/synthesize';

/** The template of one of a tenant's stacks, synthesized in a folder of its own: test files run side by side. */
export function tenantTemplate(kind: StackKind): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'tenant-template-'));
  try {
    return Template.fromStack(TENANT_STACKS[kind](tenantApp(outdir)));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
