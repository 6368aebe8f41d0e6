import { SHARED_TECHNIQUES } from '../sabotage/all-techniques';
import { CHANGES_BESIDE_THE_PLATFORM } from '../sabotage/benign/beside-the-platform';
import { SHARED_BENIGN_CHANGES } from '../sabotage/benign/of-surroundings';
import {
  listedBy,
  type SharedScene,
  type SharedTarget,
  type SharedTechnique,
  sharedBreaches,
  sharedGroundOf,
  sharedTarget,
} from '../sabotage/surroundings-target';
import { inTurn } from '../sabotage/technique';
import { testOnGround } from '../support/sabotage-tests';

let target: SharedTarget;

type Send = (args: object) => Promise<object>;
interface Observable {
  readonly middlewareStack: {
    add(count: (next: Send) => Send, options: { step: 'build'; name: string }): void;
    remove(name: string): void;
  };
}

/** AWS calls of all questions about the surroundings of one cell, before any attack: each addition to a policy is one
 * more. Lists of the account, by which tenants are judged, too, are read before, and backup plans, which are
 * about tenants' data, are not counted. Lambda lists fifty functions at a time: an account with more costs more. */
const AT_MOST = 60;

test('all questions about a cell cost at most 60 requests', async () => {
  const listed = await listedBy(target);
  let calls = 0;
  const { table, backup: _, ...others } = target.auditor;
  const clients = [table.client, ...Object.values(others)] as unknown as Observable[];
  for (const client of clients)
    client.middlewareStack.add(
      (next) => (args) => {
        calls += 1;
        return next(args);
      },
      { step: 'build', name: 'counting' },
    );
  await sharedBreaches(target, listed);
  for (const client of clients) client.middlewareStack.remove('counting');
  expect(calls).toBeGreaterThan(0);
  expect(calls).toBeLessThanOrEqual(AT_MOST);
});

testOnGround<SharedScene, SharedTechnique>(SHARED_TECHNIQUES, async (platform) => {
  target = await sharedTarget(platform);
  return sharedGroundOf(target);
});

test('no check fails on harmless changes', async () => {
  const revert = await inTurn(
    ...[...SHARED_BENIGN_CHANGES, ...CHANGES_BESIDE_THE_PLATFORM].map(
      ({ make }) =>
        () =>
          make(target),
    ),
  );
  const seen = await sharedBreaches(target).finally(revert);
  expect(seen.map(({ id, evidence }) => `${id}: ${evidence}`)).toEqual([]);
});
