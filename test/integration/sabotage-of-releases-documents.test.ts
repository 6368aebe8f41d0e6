import { EXACT_RESOURCE_POLICY_TECHNIQUES, EXACT_TRUST_TECHNIQUES } from '../sabotage/techniques/exact-policies';
import { EXACT_ROLE_TECHNIQUES } from '../sabotage/techniques/exact-roles';
import { STACK_TECHNIQUES } from '../sabotage/techniques/stacks';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([
  ...EXACT_RESOURCE_POLICY_TECHNIQUES,
  ...EXACT_TRUST_TECHNIQUES,
  ...EXACT_ROLE_TECHNIQUES,
  ...STACK_TECHNIQUES,
]);
