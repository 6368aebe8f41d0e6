import * as z from 'zod';

/**
 * What the organization itself places in tenants' resources: a security product, a backup service.
 * The stage lists it. Whatever else is found there was placed by somebody else.
 */
export const PlacedByOrganizationSchema = z.object({
  /** AWS services with an interface endpoint in tenants' VPCs, e.g. `guardduty-data`. */
  endpointServices: z.array(z.string()),
  /**
   * AWS services whose service-linked role may hold grants on tenants' keys:
   * `backup.amazonaws.com/AWSServiceRoleForBackup`.
   */
  keyUsers: z.array(z.string()),
  /** Accounts to whose vaults the organization's backup may copy what it keeps of tenants. */
  backupAccounts: z.array(z.string()).default([]),
  /** Names of roles, users and groups whose own policies may read tenants' log groups. */
  logReaders: z.array(z.string()).default([]),
  /** ARNs of destinations, streams and functions to which the organization has log groups, or all of the account, send their events. */
  logDestinations: z.array(z.string()).default([]),
  /** Buckets into which the organization exports the tenants table. */
  tableExports: z.array(z.string()).default([]),
  /** ARNs of buckets and delivery streams to which the organization has web ACLs send their logs. */
  webAclLogs: z.array(z.string()).default([]),
  /** ARNs of buckets and delivery streams to which the organization sends flow logs of every VPC. */
  flowLogs: z.array(z.string()).default([]),
  /** ARNs of topics of other accounts that the organization has RDS tell of databases' events. */
  eventTopics: z.array(z.string()).default([]),
  /** ARNs of buses of other accounts, and of API destinations, to which the organization sends the account's own events. */
  eventTargets: z.array(z.string()).default([]),
  /**
   * Ids of what the organization has answer the names that VPCs ask for, or tell it of them: Resolver rules, query log
   * configurations, DNS Firewall rule groups, private hosted zones and DHCP options.
   */
  nameServices: z.array(z.string()).default([]),
  /** Names of roles, users and groups whose own policies may name tenants' resources, or those of the platform. */
  administrators: z.array(z.string()).default([]),
  /** E-mail and web addresses, and ARNs of other accounts, that hear the platform's alarms by a subscription made by hand. */
  alarmListeners: z.array(z.string()).default([]),
});
export type PlacedByOrganization = z.infer<typeof PlacedByOrganizationSchema>;
