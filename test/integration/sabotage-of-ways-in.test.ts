import { BENIGN_CHANGES } from '../sabotage/benign/all-changes';
import { isUnharmed, tryChanges } from '../sabotage/benign/try-change';
import { EXACT_RESOURCE_POLICY_TECHNIQUES, EXACT_TRUST_TECHNIQUES } from '../sabotage/techniques/exact-policies';
import { EXACT_ROLE_TECHNIQUES } from '../sabotage/techniques/exact-roles';
import { IDENTITY_TECHNIQUES } from '../sabotage/techniques/identity';
import { IDENTITY_POLICY_TECHNIQUES } from '../sabotage/techniques/identity-policies';
import { NETWORK_TECHNIQUES } from '../sabotage/techniques/network';
import { NETWORK_ROUTE_TECHNIQUES } from '../sabotage/techniques/network-routes';
import { ROUTE_ITEM_TECHNIQUES } from '../sabotage/techniques/route-items';
import { ROUTING_TECHNIQUES } from '../sabotage/techniques/routing';
import { STACK_TECHNIQUES } from '../sabotage/techniques/stacks';
import { TAG_TECHNIQUES } from '../sabotage/techniques/tags';
import { VPC_NAME_TECHNIQUES } from '../sabotage/techniques/vpc-names';
import { testTechniques } from '../support/sabotage-tests';

const target = testTechniques([
  ...IDENTITY_TECHNIQUES,
  ...IDENTITY_POLICY_TECHNIQUES,
  ...EXACT_RESOURCE_POLICY_TECHNIQUES,
  ...EXACT_TRUST_TECHNIQUES,
  ...EXACT_ROLE_TECHNIQUES,
  ...NETWORK_TECHNIQUES,
  ...NETWORK_ROUTE_TECHNIQUES,
  ...VPC_NAME_TECHNIQUES,
  ...ROUTING_TECHNIQUES,
  ...ROUTE_ITEM_TECHNIQUES,
  ...STACK_TECHNIQUES,
  ...TAG_TECHNIQUES,
]);

describe('changes that are no breach', () => {
  test('are at least thirty', () => {
    expect(BENIGN_CHANGES.length).toBeGreaterThanOrEqual(30);
    expect(new Set(BENIGN_CHANGES.map(({ name }) => name)).size).toBe(BENIGN_CHANGES.length);
  });

  test('fail no check, and none takes the tenant down', async () => {
    const verdicts = await tryChanges(target(), BENIGN_CHANGES);
    expect(verdicts.map(({ change }) => change)).toEqual(BENIGN_CHANGES.map(({ name }) => name));
    expect(verdicts.filter((verdict) => !isUnharmed(verdict))).toEqual([]);
  });
});
