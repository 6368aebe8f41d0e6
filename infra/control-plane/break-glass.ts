import { Duration, Stack } from 'aws-cdk-lib';
import { CfnRule, type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BREAK_GLASS_ROLE, breakGlassRoleArn, TENANT_TAG } from '../../functions/contract/naming';
import { DeadLetterQueue } from '../constructs/dead-letter-queue';
import { type Grant, policyOf } from '../constructs/grant';
import { type PlatformArns, platformArns } from '../constructs/platform-names';

const OF_ANY_TENANT = 'It restores the database of any tenant; the prefix is theirs alone.';

/** "Restoring a DB instance to a specified time": the restored instance is a new one beside the tenant's own. */
const breakGlassGrants = (arns: PlatformArns, region: string): Grant[] => [
  {
    actions: ['rds:RestoreDBInstanceToPointInTime', 'rds:RestoreDBInstanceFromDBSnapshot', 'rds:AddTagsToResource'],
    resources: [
      ...['db', 'subgrp', 'pg', 'snapshot', 'snapshot:rds'].map(arns.rds),
      arns.rdsAutomatedBackups,
      arns.defaultOptionGroups,
    ],
    wildcardBecause: OF_ANY_TENANT,
  },
  {
    actions: ['rds:ModifyDBInstance', 'rds:DeleteDBInstance'],
    resources: [`${arns.rds('db')}-restored`],
    wildcardBecause: 'Restored instances alone: a tenant’s own has another name.',
  },
  {
    actions: ['rds:DescribeDBInstances', 'rds:DescribeDBSnapshots', 'rds:DescribeDBInstanceAutomatedBackups'],
    resources: ['*'],
    wildcardBecause: 'A list by filter is a request on all instances.',
  },
  {
    actions: ['pi:DescribeDimensionKeys', 'pi:GetDimensionKeyDetails', 'pi:GetResourceMetrics'],
    resources: [arns.insights],
    wildcardBecause: 'Database Insights names instances by ids of their own; the key decides whose it shows.',
  },
  {
    actions: ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
    resources: [arns.keys],
    conditions: {
      StringEquals: { 'kms:ViaService': `rds.${region}.amazonaws.com` },
      Null: { [`aws:ResourceTag/${TENANT_TAG}`]: 'false' },
    },
    wildcardBecause: 'Key ids are random; the condition admits keys of tenants only.',
  },
];

/**
 * The door for an emergency: a role with which a person restores a tenant's database or reads its
 * Database Insights. Nobody assumes it in daily work. Policies of the account decide who may.
 *
 * CloudTrail tells EventBridge of each attempt to assume the role and of each change made with it. Both
 * are kept on a queue, and an alarm rings as long as there is one. EventBridge sends the event of a
 * read-only call, as AssumeRole is one, only to rules in this state ("Receiving read-only management
 * events from AWS services"), and only in an account with a trail that logs management events.
 */
export class BreakGlass extends Construct {
  /** Uses of the role that nobody has looked at yet. */
  readonly uses: Queue;
  /** Uses that EventBridge could not put on the queue within a day. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { account, region } = Stack.of(this);
    const assumedBy = new AccountRootPrincipal();
    const policy = policyOf(this, breakGlassGrants(platformArns(Stack.of(this)), region));
    new Role(this, 'Role', {
      roleName: BREAK_GLASS_ROLE,
      description: 'Break glass: restores databases of tenants and reads their Database Insights; its use is alarmed',
      assumedBy,
      maxSessionDuration: Duration.hours(1),
      inlinePolicies: { Restore: policy },
    });
    this.uses = new DeadLetterQueue(this, 'Uses').queue;
    this.undelivered = new DeadLetterQueue(this, 'Undelivered').queue;
    const roleArn = [breakGlassRoleArn(account)];
    this.keep('Assumed', 'Keeps attempts to assume the break-glass role', {
      source: ['aws.sts'],
      detailType: ['AWS API Call via CloudTrail'],
      detail: { eventName: ['AssumeRole'], requestParameters: { roleArn } },
    });
    this.keep('Used', 'Keeps what is done with the break-glass role', {
      detailType: ['AWS API Call via CloudTrail'],
      detail: { userIdentity: { sessionContext: { sessionIssuer: { arn: roleArn } } } },
    });
  }

  private keep(id: string, description: string, eventPattern: EventPattern): void {
    const kept = new SqsQueue(this.uses, { deadLetterQueue: this.undelivered });
    const rule = new Rule(this, id, { description, eventPattern, targets: [kept] });
    const { defaultChild } = rule.node;
    if (defaultChild instanceof CfnRule) defaultChild.state = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
  }
}
