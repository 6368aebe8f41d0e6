import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { TENANT_TAG } from '../../functions/contract/naming';
import type { FactClients } from '../../functions/isolation/facts/facts';
import type { AwsAccess } from '../../local/platform';
import type { Technique } from './together';
import type { RoutedSubject } from './verified-tenant';

/** A healthy ACTIVE tenant, and clients with every permission. */
export interface Scene {
  readonly subject: RoutedSubject;
  readonly root: FactClients & { readonly cloudwatch: CloudWatchClient };
  /** For clients that `root` does not hold. */
  readonly aws: AwsAccess;
}

/** As a tenant's stacks tag what they make. */
export const tenantTags = (tenantId: string) => [{ Key: TENANT_TAG, Value: tenantId }];

/** Restores the tenant. */
export type Revert = () => Promise<unknown>;

export interface Detonated {
  /**
   * A part of the evidence that the check must give: it names the change by principal, block or
   * ARN.
   */
  readonly expectedEvidence: string;
  readonly revert: Revert;
  /** What the platform believes of the tenant after the detonation, where that is changed, too. */
  readonly believed?: RoutedSubject;
}

/** A way to break a tenant's isolation through AWS's own API. */
export type AttackTechnique = Technique<Scene>;

/**
 * Makes several changes in turn, and reverts them in reverse. When one fails, those before it are
 * reverted.
 */
export async function inTurn(...changes: readonly (() => Promise<Revert>)[]): Promise<Revert> {
  const reverts: Revert[] = [];
  const revert = async () => {
    for (let last = reverts.pop(); last; last = reverts.pop()) await last();
  };
  try {
    for (const change of changes) reverts.push(await change());
  } catch (thrown) {
    await revert();
    throw thrown;
  }
  return revert;
}

/** An AWS account of a stranger. */
export const STRANGER = '999999999999';
export const STRANGERS_ROOT = `arn:aws:iam::${STRANGER}:root`;
