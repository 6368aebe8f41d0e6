import * as z from 'zod';

export const ColourSchema = z.enum(['blue', 'green']);
export type Colour = z.infer<typeof ColourSchema>;

const perColour = z.record(ColourSchema, z.string());

/**
 * What a cell tells the control plane about itself. Each cell stack writes one as JSON to the SSM parameter
 * `/tenant-onboarding/cells/NAME`; a new cell is known without a new deployment of the functions.
 */
export const CellDescriptorSchema = z.object({
  name: z.string(),
  /** Slots: the smallest of the cell's quotas, never more than the tenant range holds. */
  capacity: z.number().int().positive(),
  /** The CIDR block out of which each slot takes its /24. */
  tenantRange: z.cidrv4(),
  /** Listener priority of slot 0; slot n has `firstPriority + n`. */
  firstPriority: z.number().int().positive(),
  vpcId: z.string(),
  appCidr: z.cidrv4(),
  routeTableIds: z.tuple([z.string(), z.string(), z.string()]),
  clusterName: z.string(),
  services: perColour,
  targetGroupArns: perColour,
  /**
   * What was live when the cell's stack was deployed. Stacks of today do not publish it: the live colour is an item of the
   * tenants table. Descriptors and executions that are older than the item carry it, and it is read while there is no item.
   */
  liveColour: ColourSchema.optional(),
  listenerArn: z.string(),
  loadBalancerArn: z.string(),
  /** Where a request with a tenant's Host reaches the listener from outside, as a browser's does: VerifyIsolation tries it. */
  loadBalancerUrl: z.url(),
  taskRoleArn: z.string(),
  accessLogBucketName: z.string(),
  /** The permanent decoy tenant of the cell, against which isolation is probed. */
  decoy: z.object({
    tenantId: z.string(),
    bucketName: z.string(),
    keyArn: z.string(),
    secretArn: z.string(),
    roleArn: z.string(),
    externalId: z.string(),
  }),
});
export type CellDescriptor = z.infer<typeof CellDescriptorSchema>;

/** A request of CloudFormation for a cell's live colour. In a request every number of the template is text. */
export const SeedCellInput = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResourceProperties: z.object({
    Cell: z.string(),
    ClusterName: z.string(),
    Services: perColour,
    TargetGroupArns: perColour,
    /** Tasks that the live colour has at least. */
    MinimumTasks: z.coerce.number().int().nonnegative(),
  }),
});
/** Attributes of the resource: what was live when CloudFormation asked. A deletion answers nothing. */
export const SeedCellOutput = z.object({ Colour: ColourSchema, TargetGroupArn: z.string() }).optional();
