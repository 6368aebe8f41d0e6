import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import {
  type Act,
  type ActEntry,
  ActRequestSchema,
  type ActResult,
  PerformActInput,
  PerformActOutput,
} from '../contract/act';
import { PlatformError } from '../contract/errors';
import { tenantIdOf } from '../contract/naming';
import type { RefusedSignup, TenantRecord } from '../contract/records';
import { readableSignupId } from '../contract/signup';
import { REASON_MAX_LENGTH } from '../contract/tenant';
import { functionSeconds } from '../contract/time-limits';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions, EndingWithInvocation, REQUEST_LIMITS } from '../shared/clients';
import { env } from '../shared/env';
import { translateError } from '../shared/error-translation';
import { isNamed } from '../shared/is-named';
import { logger } from '../shared/logger';
import { parseAt } from '../shared/parse-at';
import { tellNews } from '../tenants/changes';
import { isNotFound, lookUpTenant } from '../tenants/tenant-lookup';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { recordAsked, recordResult } from './act-log';
import { callerOf } from './caller-identity';
import { type Effect, type EffectDeps, effectOf } from './effects';
import { CalledFunctionError } from './tenant-calls';

export interface PerformActDeps extends EffectDeps {
  readonly acts: Pick<TenantsTable, 'name' | 'client'>;
  /** ARN of the caller, as STS names it. */
  readonly identify: (signed: z.output<typeof PerformActInput>) => Promise<string>;
  readonly now: () => Date;
}

/** A signed request counts for that long ("Signing AWS API requests": five minutes); milliseconds. */
const COUNTS_FOR = 5 * 60_000;

/** Errors of which the platform's own rules are the reason: an equal request meets them again. */
const REFUSALS = ['InvalidRequest', 'IsolationBreach', 'TenantIsActive', 'ClaimLost', 'SignupConflict'];

const JsonSchema = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'expected JSON' });
    return z.NEVER;
  }
});

function namedTenant(act: Act): string | undefined {
  if ('tenant' in act) return act.tenant;
  return act.kind === 'redrive' && 'tenant' in act.target ? act.target.tenant : undefined;
}

/** The name that was typed, the execution, or the cell of a release. */
function targetOf(act: Act): string | undefined {
  if ('cell' in act) return act.cell;
  return act.kind === 'redrive' && 'executionArn' in act.target ? act.target.executionArn : namedTenant(act);
}

type Found = TenantRecord | RefusedSignup | undefined;

/** @returns the record; undefined for an act on no tenant; the lookup's message where no tenant has the name */
async function find({ table, stage }: PerformActDeps, act: Act): Promise<Found | { readonly missing: string }> {
  const name = namedTenant(act);
  if (name === undefined) return undefined;
  try {
    return await lookUpTenant(table, name, stage.domain);
  } catch (thrown) {
    // A record that nobody can read is there: the message of the error says what is wrong with it.
    if (!isNamed(thrown, 'InvalidRequest') || !isNotFound(thrown)) throw thrown;
    return { missing: thrown.message };
  }
}

function tenantIdFor(act: Act, found: Found): string | undefined {
  if (found) return found.tenantId;
  if (act.kind !== 'signup') return undefined;
  const signupId = readableSignupId(act.signup);
  return signupId === undefined ? undefined : tenantIdOf(signupId);
}

/** What went wrong, under the error's own name. */
function failureOf(thrown: unknown): ActResult {
  const { error, message } =
    thrown instanceof CalledFunctionError
      ? thrown
      : (({ name, message }) => ({ error: name, message }))(translateError(thrown));
  const outcome = REFUSALS.includes(error) ? 'refused' : 'failed';
  return { outcome, error, message: message.slice(0, REASON_MAX_LENGTH) };
}

async function attempted(effect: () => Promise<Effect>): Promise<ActResult & { readonly answer?: unknown }> {
  try {
    const { answer, nothing, details } = await effect();
    return nothing === undefined
      ? { outcome: 'done', answer, details: { ...details } }
      : { outcome: 'nothing', message: nothing.slice(0, REASON_MAX_LENGTH), answer, details: { ...details } };
  } catch (thrown) {
    return failureOf(thrown);
  }
}

/**
 * Does what an operator asks for, and records who asked for it. It is the only way to change a tenant
 * or a release by hand: an operator's IAM policy allows this function, and no effect.
 *
 * 1. Ask STS who has signed the act. Without a caller nothing is done or recorded.
 * 2. Look the tenant up, and record what is asked for. Without the record nothing is done.
 * 3. Do it: start or redrive an execution, steer a release, or call AuditTenant, SuspendTenant,
 *    ResumeTenant, RetryMove or RestoreDatabase. A refusal and a failure are answers of this function, not errors.
 * 4. Record what came of it.
 *
 * 2 and 4 also tell open consoles that there is news. A function that is killed between 2 and 4
 * leaves an act without a result, which the list shows.
 *
 * Throws `AccessDenied` when STS does not confirm the caller; `InvalidRequest` for a malformed,
 * a late or a repeated request; `Transient*`.
 */
export const performAct: Action<typeof PerformActInput, typeof PerformActOutput, PerformActDeps> = {
  name: 'PerformAct',
  input: PerformActInput,
  output: PerformActOutput,
  run: async (deps, signed) => {
    const by = await deps.identify(signed);
    const request = parseAt('act', JsonSchema.pipe(ActRequestSchema), signed.request);
    const { id, at, act } = request;
    if (Math.abs(deps.now().getTime() - Date.parse(at)) > COUNTS_FOR)
      throw new PlatformError('InvalidRequest', `the act was signed at ${at}, more than five minutes from now`);
    const found = await find(deps, act);
    const missing = found && 'missing' in found ? found.missing : undefined;
    const record = found && 'missing' in found ? undefined : found;
    const tenantId = tenantIdFor(act, record);
    const target = targetOf(act);
    const entry: ActEntry = {
      ...{ id, at, by, kind: act.kind },
      ...(tenantId && { tenantId }),
      ...(target && { target }),
      ...(act.reason && { reason: act.reason }),
    };
    await recordAsked(deps.acts, entry);
    await tellNews(deps.table, 'acts');
    const { answer, ...result } =
      missing === undefined
        ? await attempted(() => effectOf(deps, request, by, record))
        : { outcome: 'not-found' as const, error: 'InvalidRequest', message: missing, answer: undefined };
    await recordResult(deps.acts, { ...entry, endedAt: deps.now().toISOString(), result });
    await tellNews(deps.table, 'acts');
    logger.info('act.done', { actId: id, kind: act.kind, by, tenantId, outcome: result.outcome, error: result.error });
    return { ...result, id, by, ...(tenantId && { tenantId }), ...(answer !== undefined && { answer }) };
  },
};

/** One attempt: a verification is not repeated unasked. It waits as long as the slowest of the functions. */
const CALLING = {
  ...clientOptions,
  maxAttempts: 1,
  requestHandler: new EndingWithInvocation({
    ...REQUEST_LIMITS,
    requestTimeout: functionSeconds('RestoreDatabase') * 1000,
  }),
};

const realDeps = (): PerformActDeps => {
  const table = tenantsTable();
  return {
    table,
    acts: {
      get name() {
        return env('ACTS_TABLE_NAME');
      },
      client: table.client,
    },
    sfn: new SFNClient(clientOptions),
    sqs: new SQSClient(clientOptions),
    lambda: new LambdaClient(CALLING),
    get stage() {
      return {
        domain: env('DOMAIN'),
        stateMachineArn: env('ONBOARDING_MACHINE_ARN'),
        undeliveredSignupsUrl: env('UNDELIVERED_SIGNUPS_URL'),
        auditTenantFunction: env('AUDIT_TENANT_FUNCTION'),
        suspendTenantFunction: env('SUSPEND_TENANT_FUNCTION'),
        resumeTenantFunction: env('RESUME_TENANT_FUNCTION'),
        retryMoveFunction: env('RETRY_MOVE_FUNCTION'),
        restoreDatabaseFunction: env('RESTORE_DATABASE_FUNCTION'),
        releaseMachineArn: env('RELEASE_MACHINE_ARN'),
        migrationMachineArn: env('MIGRATION_MACHINE_ARN'),
        planMigrationFunction: env('PLAN_MIGRATION_FUNCTION'),
      };
    },
    identify: (signed) => callerOf(signed, env('ACCOUNT_ID')),
    now: () => new Date(),
  };
};

export const handler = actionHandler(performAct, realDeps());
