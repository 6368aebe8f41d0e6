import type * as z from 'zod';
import {
  ONBOARDING_SOURCE,
  SIGNUP_CONFLICT,
  SignupConflictSchema,
  TENANT_ONBOARDED,
  TENANT_ONBOARDING_FAILED,
  TENANT_ONBOARDING_FAILING,
  TENANT_RELEASE_COMPLETED,
  TENANT_RELEASE_RETURNED,
  TenantOnboardedSchema,
  TenantOnboardingFailedSchema,
  TenantOnboardingFailingSchema,
  TenantReleaseCompletedSchema,
  TenantReleaseReturnedSchema,
} from './events';
import { RESERVED_SUBDOMAINS, SIGNUP_DETAIL_TYPE, SIGNUP_SOURCE, SignupSchema } from './signup';

/**
 * An event on the platform's bus, as docs/events and the schema registry describe it for other
 * teams.
 */
export interface CataloguedEvent {
  /** The detail-type. */
  readonly type: string;
  readonly version: number;
  readonly source: string;
  /** Seen from the platform: `in` events start a run, `out` events report its result. */
  readonly direction: 'in' | 'out';
  readonly summary: string;
  readonly detail: z.ZodObject;
  /** One sentence for each field of the detail. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Every field of the schema needs its sentence: a field without one does not compile. */
function catalogued<Shape extends z.core.$ZodLooseShape>(
  event: Omit<CataloguedEvent, 'detail' | 'fields'> & {
    readonly detail: z.ZodObject<Shape>;
    readonly fields: Readonly<Record<keyof Shape & string, string>>;
  },
): CataloguedEvent {
  return event;
}

const SIGNUP_ID = 'Id of the signup in the billing system: the idempotency key.';
const TENANT_ID = 'Id of the tenant, derived from signupId: all events of one signup carry the same one.';
const SENT_ORDER = {
  attempt: 'Attempt of the run: 1 for the first, one more with each redrive.',
  occurredAt: 'When the platform established this, ISO 8601 in UTC: by it events of one signup are put in order.',
};
const SINCE_WHEN = 'Always sent; absent only in old events.';
const ORDER = {
  attempt: `${SENT_ORDER.attempt} ${SINCE_WHEN}`,
  occurredAt: `${SENT_ORDER.occurredAt} ${SINCE_WHEN}`,
};
const EXECUTION = 'The run that tells this, an execution of the state machine TenantOnboarding.';

const OF_RELEASE = {
  version: 'Version of this schema.',
  releaseId: 'Name of the release: the same one for each cell that it rolls over.',
  cell: 'Name of the cell.',
  digest: 'Digest of the image that the release has brought to the cell.',
  tenants: 'Number of tenants that its rings had moved.',
  executionArn: 'The run that tells this, an execution of the state machine TenantRelease.',
  ...SENT_ORDER,
};

/**
 * All events that the platform receives and publishes. docs/events and the schema registry are
 * generated from this list.
 */
export const EVENT_CATALOGUE: readonly CataloguedEvent[] = [
  catalogued({
    type: SIGNUP_DETAIL_TYPE,
    version: 1,
    source: SIGNUP_SOURCE,
    direction: 'in',
    summary: 'A customer has signed up. Starts the onboarding of one tenant.',
    detail: SignupSchema,
    fields: {
      version: 'Version of this schema.',
      signupId: `${SIGNUP_ID} Any number of equal events leaves one tenant.`,
      companyName: 'Name of the company in any script: one line, at least one visible character.',
      subdomain: `Label of the tenant's host name. Not an internationalized (xn--) one, and not reserved: ${RESERVED_SUBDOMAINS.join(', ')}.`,
      contactEmail: 'E-mail address of the contact. Internationalized addresses are accepted.',
      plan: "Plan that the customer bought: the sizing of the tenant's database.",
    },
  }),
  catalogued({
    type: TENANT_ONBOARDED,
    version: 1,
    source: ONBOARDING_SOURCE,
    direction: 'out',
    summary: 'The tenant is verified and in service.',
    detail: TenantOnboardedSchema,
    fields: {
      version: 'Version of this schema.',
      signupId: SIGNUP_ID,
      tenantId: TENANT_ID,
      subdomain: 'The subdomain of the signup.',
      url: "Address of the tenant's page.",
      cell: 'Name of the cell whose compute serves the tenant.',
      executionArn: EXECUTION,
      ...ORDER,
    },
  }),
  catalogued({
    type: TENANT_ONBOARDING_FAILED,
    version: 1,
    source: ONBOARDING_SOURCE,
    direction: 'out',
    summary: 'An attempt to onboard the tenant failed, or the signup was refused. A later attempt may succeed.',
    detail: TenantOnboardingFailedSchema,
    fields: {
      version: 'Version of this schema.',
      signupId: `${SIGNUP_ID} Empty if the signup is too malformed to read one.`,
      tenantId: `${TENANT_ID} Absent if no signupId can be read.`,
      failedStep: 'The state of the run that failed.',
      error: 'Name of the error. `InvalidSignup`: the signup is malformed and was refused.',
      reason: 'The cause in words. Of a malformed signup: each bad field and what was expected.',
      executionArn: EXECUTION,
      redrivable: 'Whether a redrive of the run can succeed. False for a malformed signup: send a corrected one.',
      outcome: 'What became of the resources of the run.',
      undone: 'Undos that are done.',
      remaining: 'Undos that are not done: what they remove may still exist.',
      stoppedAt: 'Where and why the run itself ended, if not at the failed step.',
      links: 'Where an operator of the platform finds more.',
      ...ORDER,
    },
  }),
  catalogued({
    type: TENANT_ONBOARDING_FAILING,
    version: 1,
    source: ONBOARDING_SOURCE,
    direction: 'out',
    summary:
      'An attempt to onboard the tenant is failing: its rollback begins, and may take many minutes. `TenantOnboardingFailed` of the same attempt follows.',
    detail: TenantOnboardingFailingSchema,
    fields: {
      version: 'Version of this schema.',
      signupId: SIGNUP_ID,
      tenantId: TENANT_ID,
      failedStep: 'The state of the run that failed.',
      error: 'Name of the error.',
      reason: 'The cause in words: of a stack, the first resource that failed.',
      executionArn: EXECUTION,
      ...SENT_ORDER,
    },
  }),
  catalogued({
    type: SIGNUP_CONFLICT,
    version: 1,
    source: ONBOARDING_SOURCE,
    direction: 'out',
    summary: 'A signup has the id of an earlier one and another content. The tenant stays as it is.',
    detail: SignupConflictSchema,
    fields: {
      version: 'Version of this schema.',
      signupId: SIGNUP_ID,
      tenantId: TENANT_ID,
      fields:
        'Names of the fields in which the signup differs from the accepted one; malformed and missing fields are among them.',
      status: 'Status of the tenant when this was established. The signup has not changed it.',
      executionArn: EXECUTION,
      ...SENT_ORDER,
    },
  }),
  catalogued({
    type: TENANT_RELEASE_COMPLETED,
    version: 1,
    source: ONBOARDING_SOURCE,
    direction: 'out',
    summary: 'A version of the shared service has reached every tenant of a cell.',
    detail: TenantReleaseCompletedSchema,
    fields: { ...OF_RELEASE, colour: 'Colour that is live in the cell from now on: blue or green.' },
  }),
  catalogued({
    type: TENANT_RELEASE_RETURNED,
    version: 1,
    source: ONBOARDING_SOURCE,
    direction: 'out',
    summary:
      'A release has failed or was taken back: every tenant of the cell has the former version. Or it was stopped, as its reason says, and another event follows.',
    detail: TenantReleaseReturnedSchema,
    fields: {
      ...OF_RELEASE,
      failedStep: 'The state of the release that failed.',
      error: 'Name of the error. `ReleaseRecalled`: an operator has taken the release back.',
      reason: 'The cause in words: which tasks or pages failed, and how.',
    },
  }),
];
