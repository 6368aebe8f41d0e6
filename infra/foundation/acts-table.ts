import { Stack } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  type ITable,
  ProjectionType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { DAY_INDEX } from '../../functions/contract/act';
import type { StageConfig } from '../config/stages';
import { asInterface } from '../constructs/cdk-interface';
import { platformArns } from '../constructs/platform-names';

/**
 * Actions that change or remove an item ("Actions, resources, and condition keys for Amazon
 * DynamoDB").
 */
const CHANGING = [
  ...['UpdateItem', 'DeleteItem', 'BatchWriteItem', 'PartiQLUpdate', 'PartiQLDelete', 'PartiQLInsert'],
  'UpdateTimeToLive',
].map((action) => `dynamodb:${action}`);

/**
 * The record of acts: who did what. functions/acts/act-log.ts describes the items.
 *
 * It is a table of its own, because functions may write whole items of the tenants table. Its
 * resource-based policy denies every principal, administrators included, to change or remove an
 * item. It denies every principal except PerformAct to add one ("Using resource-based policies for
 * DynamoDB": a Deny there is final). No condition key can require a condition expression, so a
 * PutItem of PerformAct could replace an item. Therefore its code adds each item on the condition
 * that there is none.
 */
export class ActsTable extends Construct {
  readonly table: ITable;

  constructor(scope: Construct, id: string, props: { readonly config: StageConfig; readonly encryptionKey: IKey }) {
    super(scope, id);
    const { removalPolicy, deletionProtection } = props.config;
    const everybody = [new AnyPrincipal()];
    const writer = platformArns(Stack.of(this)).functionRole('PerformAct');
    const table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: props.encryptionKey,
      deletionProtection,
      removalPolicy,
      resourcePolicy: new PolicyDocument({
        statements: [
          new PolicyStatement({
            sid: 'NobodyChangesAnAct',
            effect: Effect.DENY,
            principals: everybody,
            actions: CHANGING,
            resources: ['*'],
          }),
          new PolicyStatement({
            sid: 'OnlyPerformActAddsOne',
            effect: Effect.DENY,
            principals: everybody,
            actions: ['dynamodb:PutItem'],
            resources: ['*'],
            conditions: { ArnNotEquals: { 'aws:PrincipalArn': writer } },
          }),
        ],
      }),
    });
    table.addGlobalSecondaryIndex({
      indexName: DAY_INDEX,
      partitionKey: { name: 'day', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    this.table = asInterface<ITable>(table);
  }
}
