import * as z from 'zod';
import { ColourSchema } from '../../../functions/contract/cell';
import { PlanSchema } from '../../../functions/contract/plans';
import { LiveColourSchema, ReleaseClaimSchema } from '../../../functions/contract/records';
import { TenantStatusSchema } from '../../../functions/contract/tenant';

export const StageSchema = z.object({
  stage: z.string(),
  region: z.string(),
  account: z.string(),
  /** ARN under which the acts of this console are recorded. */
  caller: z.string(),
  domain: z.string(),
  /** A tenant's URL with the word SUBDOMAIN in place of its subdomain. */
  tenantUrl: z.string(),
  plans: z.array(PlanSchema),
  statuses: z.array(TenantStatusSchema),
  /** Name and page in the AWS console; the local stage has no such pages, and the list is empty. */
  links: z.array(z.object({ name: z.string(), url: z.string() })),
});
export type Stage = z.infer<typeof StageSchema>;

export const CellsSchema = z.object({
  cells: z.array(
    z.object({
      name: z.string(),
      capacity: z.number(),
      taken: z.number(),
      left: z.number(),
      liveColour: ColourSchema,
    }),
  ),
});
export type Cells = z.infer<typeof CellsSchema>;

/** `claim`: the release under way, or the last one (`endedAt`). Its run: GET /api/run with its execution. */
export const ReleasesSchema = z.object({
  releases: z.array(
    z.object({
      cell: z.string(),
      live: LiveColourSchema.optional(),
      claim: ReleaseClaimSchema.omit({ waiting: true }).optional(),
      /** The release under way was stopped. AWS redrives it, or no longer does. */
      stopped: z.enum(['redrivable', 'for-good']).optional(),
    }),
  ),
});
export type Releases = z.infer<typeof ReleasesSchema>;

export const AuditsSchema = z.object({
  /** The last executions of TenantIsolationAudit, newest first. */
  audits: z.array(
    z.object({
      executionArn: z.string(),
      name: z.string(),
      status: z.string(),
      startedAt: z.string(),
      endedAt: z.string().optional(),
      /** Number of tenants by verdict, once it has succeeded. */
      counts: z.record(z.string(), z.number()).optional(),
      /** Its page in the AWS console; absent on the local stage. */
      link: z.string().optional(),
    }),
  ),
});
export type Audits = z.infer<typeof AuditsSchema>;

export const QueuesSchema = z.object({
  queues: z.array(
    z.object({
      queue: z.string(),
      visible: z.number(),
      hidden: z.number(),
      /** What waits there, and what to do about it. */
      says: z.string(),
    }),
  ),
});
export type Queues = z.infer<typeof QueuesSchema>;
