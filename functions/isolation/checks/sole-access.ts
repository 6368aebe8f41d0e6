import { settled } from '../../shared/settled';
import { type Check, checksOf, finding } from '../check';
import { SOLE_ACCESS_METADATA } from '../metadata/identity';
import { KEY_CHECKS } from './key';
import { SECRETS_CHECKS } from './secrets';
import { STORAGE_CHECKS } from './storage';

/**
 * Every policy that can grant access to the tenant's data: nothing else protects key, bucket and
 * secret.
 */
const GUARDS = ['key.policy', 'key.grants', 'storage.role-only', 'storage.no-grants', 'secrets.policy'];

const guards = [...KEY_CHECKS, ...STORAGE_CHECKS, ...SECRETS_CHECKS].filter(({ id }) => GUARDS.includes(id));

/**
 * One answer to an auditor's first question. It runs checks of other groups again, over facts that
 * are already read.
 *
 * No request lists who in the account may call `rds-db:connect` on one database: AWS keeps that in
 * the policies of every principal. The network and the boundary of each tenant's role keep such a
 * principal out.
 */
export const SOLE_ACCESS_CHECKS: readonly Check[] = checksOf(SOLE_ACCESS_METADATA, {
  'identity.sole-access': async (subject, sources) => {
    const findings = await settled(guards.map((guard) => guard.run(subject, sources)));
    const violations = findings.flatMap(({ passed, evidence }) => (passed ? [] : [evidence]));
    return finding(violations, 'the policies of key, bucket and secret grant access to no other principal');
  },
});
