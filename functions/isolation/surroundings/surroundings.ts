import type { CellDescriptor } from '../../contract/cell';
import type { PlacedByOrganization } from '../../contract/placed-by-organization';

/** What all tenants of the platform share and trust, as the platform expects to find it in AWS. */
export interface PlatformSurroundings {
  readonly accountId: string;
  readonly region: string;
  readonly tableName: string;
  readonly topicArn: string;
  readonly busName: string;
  readonly evidenceBucketName: string;
  /** The only other account that may put signups on the bus. */
  readonly billingAccountId: string;
  /** Of the account, where the stage says it. */
  readonly organizationId?: string | undefined;
  readonly placed: PlacedByOrganization;
}

/** The same with what the tenants of one cell share. */
export interface Surroundings extends PlatformSurroundings {
  readonly cell: CellDescriptor;
}
