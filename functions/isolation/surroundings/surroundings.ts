import type { CellDescriptor } from '../../contract/cell';
import type { PlacedByOrganization } from '../../contract/placed-by-organization';

/** What all tenants of a cell share and trust, as the platform expects to find it in AWS. */
export interface Surroundings {
  readonly accountId: string;
  readonly region: string;
  readonly cell: CellDescriptor;
  readonly tableName: string;
  readonly topicArn: string;
  readonly busName: string;
  readonly evidenceBucketName: string;
  /** The only other account that may put signups on the bus. */
  readonly billingAccountId: string;
  readonly placed: PlacedByOrganization;
}
