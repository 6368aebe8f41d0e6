import * as z from 'zod';

export const ColourSchema = z.enum(['blue', 'green']);
export type Colour = z.infer<typeof ColourSchema>;
export const OTHER_COLOUR: Readonly<Record<Colour, Colour>> = { blue: 'green', green: 'blue' };

const perColour = z.record(ColourSchema, z.string());

/**
 * A cell, as the control plane knows it. Each cell stack publishes its descriptor as JSON in the
 * SSM parameter `/tenant-onboarding/cells/NAME`. So a new cell needs no new deployment of the
 * functions.
 */
export const CellDescriptorSchema = z.object({
  name: z.string(),
  /** Number of slots: the smallest of the cell's quotas, and at most what `tenantRange` holds. */
  capacity: z.number().int().positive(),
  /**
   * How many rules its load balancer may have, without default ones. Descriptors and executions of older
   * releases lack it.
   */
  maxRules: z.number().int().positive().optional(),
  /** The CIDR block from which each slot takes its /24. */
  tenantRange: z.cidrv4(),
  /** Listener priority of slot 0; slot n has `firstPriority + n`. */
  firstPriority: z.number().int().positive(),
  vpcId: z.string(),
  /**
   * The zones of the cell's subnets. Tenants' subnets are in the first two. Descriptors and executions
   * of older releases lack them.
   */
  availabilityZones: z.tuple([z.string(), z.string(), z.string()]).optional(),
  appCidr: z.cidrv4(),
  routeTableIds: z.tuple([z.string(), z.string(), z.string()]),
  clusterName: z.string(),
  services: perColour,
  targetGroupArns: perColour,
  /**
   * The live colour when the cell's stack was deployed. Only descriptors and executions of an older
   * release have this field. Today the live colour is an item of the tenants table, and this field
   * is read only while there is no item.
   */
  liveColour: ColourSchema.optional(),
  listenerArn: z.string(),
  loadBalancerArn: z.string(),
  /**
   * The public address of the listener. VerifyIsolation sends its probe of a tenant's host to this
   * address.
   */
  loadBalancerUrl: z.url(),
  /**
   * DNS name of the load balancer and the hosted zone of that name, for an alias record. Descriptors
   * and executions of older releases lack both.
   */
  loadBalancerDnsName: z.string().optional(),
  loadBalancerZoneId: z.string().optional(),
  /** Least and greatest number of tasks of a live colour. Descriptors and executions of older releases lack it. */
  liveTasks: z.object({ min: z.number().int(), max: z.number().int() }).optional(),
  /**
   * Alarms that ring when visitors of the cell get errors: a release watches them. Descriptors and
   * executions of older releases lack them.
   */
  alarmNames: z.array(z.string()).optional(),
  /**
   * The page that a release moves before any customer's: its host, and its listener rule. Descriptors
   * and executions of older releases lack it.
   */
  ringZero: z.object({ host: z.string(), ruleArn: z.string() }).optional(),
  taskRoleArn: z.string(),
  accessLogBucketName: z.string(),
  /** The permanent decoy tenant of the cell. Probes try to reach its resources. */
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

/** CloudFormation's request for a cell's live colour. In such a request numbers are text. */
export const SeedCellInput = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResourceProperties: z.object({
    Cell: z.string(),
    ClusterName: z.string(),
    Services: perColour,
    TargetGroupArns: perColour,
    /** Minimum number of tasks of the live colour. */
    MinimumTasks: z.coerce.number().int().nonnegative(),
  }),
});
/**
 * CloudFormation's request for the first task definitions of a cell's colours. The definition is part
 * of the request, so that CloudFormation asks again when it changes.
 */
export const SeedTasksInput = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResourceProperties: z.object({ ClusterName: z.string(), TaskDefinition: z.string() }),
});
export const SeedTasksOutput = z.undefined();

/** CloudFormation's request for the page of ring 0: which rule leads to it, and whose resources serve it. */
export const SeedRingZeroInput = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResourceProperties: z.object({
    Cell: z.string(),
    Host: z.string(),
    RuleArn: z.string(),
    TargetGroupArns: perColour,
    Decoy: z.object({
      TenantId: z.string(),
      ExternalId: z.string(),
      RoleArn: z.string(),
      BucketName: z.string(),
      KeyArn: z.string(),
    }),
  }),
});
export const SeedRingZeroOutput = z.undefined();

/** Attributes of the resource: the live colour at the time of the request. A deletion has none. */
export const SeedCellOutput = z.object({ Colour: ColourSchema, TargetGroupArn: z.string() }).optional();
