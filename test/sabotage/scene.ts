import type { FactClients } from '../../functions/isolation/facts/facts';
import type { Subject } from '../../functions/isolation/subject';
import type { AwsAccess } from '../../local/platform';

/** A healthy ACTIVE tenant, and clients that may do anything to it. */
export interface Scene {
  readonly subject: Subject;
  readonly root: FactClients;
  /** For clients that `root` does not hold. */
  readonly aws: AwsAccess;
}

/** Takes back what has been done. */
export type Mend = () => Promise<unknown>;

export interface Sabotaged {
  /** What has been done, as the evidence of the check must name it: the principal, the block, the ARN. */
  readonly cause: string;
  readonly mend: Mend;
}

/** A way to break a tenant's isolation by AWS's own requests. */
export interface Sabotage {
  readonly name: string;
  /** The check that is meant to find it. */
  readonly check: string;
  readonly how: (scene: Scene) => Promise<Sabotaged>;
}

/** Does one thing after the other, and mends in reverse. What cannot be done at all leaves nothing of the rest. */
export async function inTurn(...acts: readonly (() => Promise<Mend>)[]): Promise<Mend> {
  const mends: Mend[] = [];
  const mend = async () => {
    for (let last = mends.pop(); last; last = mends.pop()) await last();
  };
  try {
    for (const act of acts) mends.push(await act());
  } catch (thrown) {
    await mend();
    throw thrown;
  }
  return mend;
}

/** An account of somebody else. */
export const STRANGER = '999999999999';
export const STRANGERS_ROOT = `arn:aws:iam::${STRANGER}:root`;
