import { Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { CHANGE_INDEX, IN_CHANGE_INDEX, STATE_INDEX } from '../../functions/contract/records';
import type { StageConfig } from '../config/stages';

/** How DynamoDB uses a table's key ("Using a customer managed key with DynamoDB"). */
const USE_BY_DYNAMODB = [
  ...['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext'],
  ...['CreateGrant', 'DescribeKey'],
].map((action) => `kms:${action}`);

/**
 * The control plane's one table; functions/contract/records.ts describes its items.
 *
 * It has a key of its own, so that CloudTrail has the key's use and an operator can end it. Only
 * DynamoDB may use the key, for any principal of the account that may use the table. So no
 * function needs a permission on the key, and none can use the key directly ("DynamoDB encryption
 * at rest: how it works", policy of the key `aws/dynamodb`).
 */
export class TenantsTable extends Construct {
  readonly table: Table;
  readonly key: Key;

  constructor(scope: Construct, id: string, props: { readonly config: StageConfig }) {
    super(scope, id);
    const { removalPolicy, deletionProtection } = props.config;
    this.key = new Key(this, 'Key', {
      description: 'The tenants table of the onboarding platform',
      enableKeyRotation: true,
      pendingWindow: Duration.days(7),
      removalPolicy,
    });
    const { key } = this;
    const { account, region } = Stack.of(this);
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'DynamoDbForThisAccount',
        principals: [new AnyPrincipal()],
        actions: USE_BY_DYNAMODB,
        resources: ['*'],
        conditions: {
          StringEquals: { 'kms:CallerAccount': account, 'kms:ViaService': `dynamodb.${region}.amazonaws.com` },
        },
      }),
    );
    if (deletionProtection) {
      key.addToResourcePolicy(
        new PolicyStatement({
          sid: 'TableStaysReadable',
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions: ['kms:ScheduleKeyDeletion', 'kms:DisableKey'],
          resources: ['*'],
        }),
      );
    }
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      deletionProtection,
      removalPolicy,
    });
    // A sparse index: only tenants and waiting tasks have these keys.
    this.table.addGlobalSecondaryIndex({
      indexName: STATE_INDEX,
      partitionKey: { name: 'statePk', type: AttributeType.STRING },
      sortKey: { name: 'stateSk', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    // What a console asks once a second: its entries are small, and it has no tenant's data.
    this.table.addGlobalSecondaryIndex({
      indexName: CHANGE_INDEX,
      partitionKey: { name: 'changePk', type: AttributeType.STRING },
      sortKey: { name: 'changeSk', type: AttributeType.STRING },
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: [...IN_CHANGE_INDEX],
    });
  }
}
