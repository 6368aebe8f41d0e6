import type { SessionTerms } from '../../tenants/tenant-session';
import { roleOf, type Subject, tenantIdOf } from '../subject';

/** The terms on which the shared service assumes the tenant's role. */
export const termsOf = (subject: Subject): Required<SessionTerms> => ({
  roleArn: roleOf(subject),
  externalId: subject.tenant.externalId,
  tenantId: tenantIdOf(subject),
});

export const termsOfDecoy = (decoy: Subject['cell']['decoy']): Required<SessionTerms> => ({
  roleArn: decoy.roleArn,
  externalId: decoy.externalId,
  tenantId: decoy.tenantId,
});

export const decoyTermsOf = ({ cell }: Subject): Required<SessionTerms> => termsOfDecoy(cell.decoy);
