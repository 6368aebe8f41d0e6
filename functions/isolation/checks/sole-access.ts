import { type Check, finding } from '../check';
import { KEY_CHECKS } from './key';
import { SECRETS_CHECKS } from './secrets';
import { STORAGE_CHECKS } from './storage';

/** Every policy by which AWS could let somebody at data of the tenant: nothing else guards key, bucket and secret. */
const GUARDS = ['key.policy', 'key.grants', 'storage.role-only', 'storage.no-grants', 'secrets.policy'];

const guards = [...KEY_CHECKS, ...STORAGE_CHECKS, ...SECRETS_CHECKS].filter(({ id }) => GUARDS.includes(id));

/**
 * One answer to what an auditor asks first. It rests on checks of other groups, whose facts have been read already.
 *
 * Who in the account may call `rds-db:connect` cannot be asked per database: AWS keeps that in the policies of every
 * principal. What stands in the way of such a principal is the network, and the boundary of each tenant's role.
 */
export const SOLE_ACCESS_CHECK: Check = {
  id: 'identity.sole-access',
  title: 'No other principal has a way to the tenant’s data',
  question:
    'Do key, bucket and secret let nobody but the tenant’s role, and the stores that hold its data, at that data?',
  severity: 'critical',
  control: 'SOC 2 CC6.1, CC6.3',
  run: async (subject, sources) => {
    const findings = await Promise.all(guards.map((guard) => guard.run(subject, sources)));
    const violations = findings.flatMap(({ passed, evidence }) => (passed ? [] : [evidence]));
    return finding(violations, 'key, bucket and secret let nobody else in');
  },
};
