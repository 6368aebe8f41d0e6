import * as z from 'zod';
import { CellDescriptorSchema } from './cell';
import { PreparedDatabaseSchema } from './records';
import { StackKindSchema, StackOutputSchemas, TenantStacksSchema } from './stacks';
import { CaughtFailureSchema, FailureReportSchema, TenantSchema } from './tenant';

const ofExecution = { executionArn: z.string() };
const ofTenant = { ...ofExecution, tenant: TenantSchema };

const KeySchema = z.object({ keyArn: z.string(), aliasName: z.string() });
/**
 * `nameChangeId`: Route 53's change of the tenant's DNS records, where the stage has a hosted zone.
 * Definitions of earlier releases pass on a route without its time, and some prepare no database: then the revision
 * of its roles is 0.
 */
const RouteSchema = z.object({
  ruleArn: z.string(),
  nameChangeId: z.string().optional(),
  registeredAt: z.iso.datetime().optional(),
  rolesRevision: z.number().int().nonnegative().optional(),
});
const VerificationSchema = z.object({
  checks: z.number().int().positive(),
  verifiedAt: z.iso.datetime(),
  /** SHA-256 of the report, hex. */
  digest: z.string(),
});

export const ReserveTenantInput = z.object({ ...ofExecution, input: z.unknown() });
export const ReserveTenantOutput = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('reserved'), tenant: TenantSchema, cell: CellDescriptorSchema }),
  z.object({
    outcome: z.literal('duplicate'),
    tenantId: z.string(),
    firstExecutionArn: z.string(),
    /** The tenant is ACTIVE, and the first execution ended without success: announce the tenant. */
    tenant: TenantSchema.optional(),
  }),
]);

/** Takes only the execution's input: the reservation may exist although its answer was lost. */
export const ReleaseReservationInput = z.object({ ...ofExecution, input: z.unknown() });
/** `kept`: resources of an earlier run use the slot, so it was not released. */
export const ReleaseReservationOutput = z.object({ released: z.boolean(), kept: z.boolean() });

export const CreateTenantKeyInput = z.object(ofTenant);
export const CreateTenantKeyOutput = KeySchema;

export const RetireTenantKeyInput = z.object(ofTenant);
export const RetireTenantKeyOutput = z.object({ retiredKeyArns: z.array(z.string()) });

/** `outputs`: the outputs of the stacks that were launched before this one. */
export const LaunchStackInput = z.object({
  ...ofTenant,
  cell: CellDescriptorSchema,
  key: KeySchema,
  taskToken: z.string(),
  stack: StackKindSchema,
  outputs: z.object({ network: StackOutputSchemas.network, database: StackOutputSchemas.database }).partial(),
});
/** The function only launches the stack. StackSettled answers the task's token later. */
export const LaunchStackOutput = z.object({ stackId: z.string() });

export const DeleteStackInput = z.object({ ...ofTenant, taskToken: z.string(), stack: StackKindSchema });
export const DeleteStackOutput = z.object({ deleting: z.boolean() });

export const PrepareDatabaseInput = z.object({
  ...ofTenant,
  cell: CellDescriptorSchema,
  key: KeySchema,
  stacks: TenantStacksSchema,
});
/** `version`: the last migration; `seconds`: how long the preparation took. */
export const PrepareDatabaseOutput = PreparedDatabaseSchema;

export const RegisterTenantInput = z.object({
  ...ofTenant,
  cell: CellDescriptorSchema,
  key: KeySchema,
  stacks: TenantStacksSchema,
});
export const RegisterTenantOutput = RouteSchema;

/**
 * A run keeps the definition with which it began. Definitions of earlier releases do not send the
 * count.
 */
const redriveCount = z.number().int().nonnegative().default(0);

export const DeregisterTenantInput = z.object({
  ...ofTenant,
  cell: CellDescriptorSchema,
  redriveCount,
  failure: CaughtFailureSchema,
});
export const DeregisterTenantOutput = z.object({ deregistered: z.boolean() });

export const VerifyIsolationInput = z.object({
  ...ofTenant,
  cell: CellDescriptorSchema,
  key: KeySchema,
  stacks: TenantStacksSchema,
  route: RouteSchema,
});
export const VerifyIsolationOutput = VerificationSchema;

export const ActivateTenantInput = z.object({
  ...ofTenant,
  cell: CellDescriptorSchema,
  key: KeySchema,
  stacks: TenantStacksSchema,
  route: RouteSchema,
  verification: VerificationSchema,
});
export const ActivateTenantOutput = z.object({ activatedAt: z.iso.datetime() });

/**
 * `activatedBy`: the execution that made the tenant ACTIVE, where this one only announces it.
 * `cell`: where the page is asked for. Definitions of earlier releases do not send it.
 */
export const PublishCompletionInput = z.object({
  ...ofTenant,
  cell: CellDescriptorSchema.nullish(),
  redriveCount,
  activatedBy: z.string().nullish(),
});
export const PublishCompletionOutput = z.object({ tenantId: z.string(), url: z.url() });

/** `tenant` is null when the reservation itself failed. `outcome` says what became of the resources. */
export const PublishFailureInput = z.object({
  ...ofExecution,
  redriveCount,
  input: z.unknown(),
  tenant: TenantSchema.nullable(),
  failure: CaughtFailureSchema,
  outcome: z.enum(['rolled-back', 'held', 'claim-lost']),
});
export const PublishFailureOutput = z.object({ published: z.literal(true), report: FailureReportSchema });

/**
 * `concludedAtRedrive` is the redrive count when the failure was published, `redriveCount` the
 * present one. If the present one is higher, an operator has redriven this state, and the
 * onboarding starts over.
 */
export const ConcludeFailureInput = z.object({
  ...ofExecution,
  report: FailureReportSchema,
  concludedAtRedrive: z.number().int().nonnegative(),
  redriveCount: z.number().int().nonnegative(),
});
export const ConcludeFailureOutput = z.object({ startOver: z.literal(true) });
