import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { STATE_INDEX } from '../../functions/contract/records';
import type { StageConfig } from '../config/stages';

/** The one table of the control plane; functions/contract/records.ts says what is in it. */
export class TenantsTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, props: { readonly config: StageConfig }) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.config.deletionProtection,
      removalPolicy: props.config.removalPolicy,
    });
    // Sparse: only tenants and waiting tasks have these keys.
    this.table.addGlobalSecondaryIndex({
      indexName: STATE_INDEX,
      partitionKey: { name: 'statePk', type: AttributeType.STRING },
      sortKey: { name: 'stateSk', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
  }
}
