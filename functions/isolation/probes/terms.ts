import { roleOf, type Subject, tenantIdOf } from '../subject';
import type { Terms } from './doors';

/** The terms on which the shared service takes on the tenant's role. */
export const termsOf = (subject: Subject): Required<Terms> => ({
  roleArn: roleOf(subject),
  externalId: subject.tenant.externalId,
  tenantId: tenantIdOf(subject),
});

export const decoyTermsOf = ({ cell: { decoy } }: Subject): Required<Terms> => ({
  roleArn: decoy.roleArn,
  externalId: decoy.externalId,
  tenantId: decoy.tenantId,
});
