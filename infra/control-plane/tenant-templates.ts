import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssetHashType, Stack } from 'aws-cdk-lib';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { releaseVersion, STACK_KINDS, type StackKind } from '../../functions/contract/stacks';
import { synthesizeTenantTemplates } from '../tenant/synthesize';

/**
 * The tenants' templates, published once per deployment: nothing is synthesized at run time. Each
 * object is named after its version. So the checks also find the template of a tenant of an
 * earlier release (published-template.ts).
 */
export class TenantTemplates extends Construct {
  /** JSON of PublishedTemplates. */
  readonly published: string;
  /**
   * Every template in the assets bucket: a run of an earlier release launches that release's
   * templates.
   */
  readonly objectArns: readonly string[];

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const directory = mkdtempSync(join(tmpdir(), 'published-templates-'));
    const written = synthesizeTenantTemplates(directory);
    const assets = STACK_KINDS.map((kind): [StackKind, Asset] => [
      kind,
      new Asset(this, kind, {
        path: written[kind].file,
        assetHash: written[kind].version,
        assetHashType: AssetHashType.CUSTOM,
      }),
    ]);
    const together = join(directory, 'release.json');
    const texts = STACK_KINDS.map((kind) => [kind, readFileSync(written[kind].file, 'utf8')] as const);
    writeFileSync(together, JSON.stringify(Object.fromEntries(texts)));
    const { network, database, storage, access } = written;
    // A verification reads the four of them by one request.
    new Asset(this, 'release', {
      path: together,
      assetHash: releaseVersion({
        network: network.version,
        database: database.version,
        storage: storage.version,
        access: access.version,
      }),
      assetHashType: AssetHashType.CUSTOM,
    });
    // The assembly has copies of the assets now.
    rmSync(directory, { recursive: true });
    this.published = Stack.of(this).toJsonString(
      Object.fromEntries(assets.map(([kind, { httpUrl: url }]) => [kind, { url, version: written[kind].version }])),
    );
    const objects = (pattern: string) => [...new Set(assets.map(([, { bucket }]) => bucket.arnForObjects(pattern)))];
    this.objectArns = objects('*.json');
  }
}
