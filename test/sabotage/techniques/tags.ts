import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateTagsCommand, DeleteTagsCommand } from '@aws-sdk/client-ec2';
import { AddTagsToResourceCommand } from '@aws-sdk/client-rds';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { type Subject, tenantIdOf, vpcOf } from '../../../functions/isolation/subject';
import { databaseOf, groupOf } from '../database-changes';
import { firstSubnetOf, networkOf } from '../network-changes';
import { type AttackTechnique, tenantTags } from '../technique';

/** Gives a resource of the network the tag of another tenant, or takes the tag from it. */
const retagged = (
  name: string,
  resource: (subject: Subject) => string,
  other: (subject: Subject) => string | undefined,
): AttackTechnique => ({
  name,
  check: 'network.tags',
  detonate: async ({ subject, root: { ec2 } }) => {
    const id = resource(subject);
    const Resources = [id];
    const Value = other(subject);
    if (Value) await ec2.send(new CreateTagsCommand({ Resources, Tags: tenantTags(Value) }));
    else await ec2.send(new DeleteTagsCommand({ Resources, Tags: [{ Key: TENANT_TAG }] }));
    return {
      expectedEvidence: `the tag ${TENANT_TAG} of ${id} is ${Value ?? 'absent'}`,
      revert: () => ec2.send(new CreateTagsCommand({ Resources, Tags: tenantTags(tenantIdOf(subject)) })),
    };
  },
});

/** By their tags the platform's roles tell tenants' resources from others, and the orphan search a living tenant's from a dead one's. */
export const TAG_TECHNIQUES: readonly AttackTechnique[] = [
  retagged('tag the VPC as another tenant’s', vpcOf, ({ cell }) => cell.decoy.tenantId),
  retagged(
    'remove the tag of a subnet',
    (subject) => firstSubnetOf(subject) ?? '',
    () => undefined,
  ),
  retagged('remove the tag of the database’s security group', groupOf, () => undefined),
  retagged(
    'tag the peering as nobody’s',
    (subject) => networkOf(subject).PeeringConnectionId,
    () => 'nobody',
  ),
  {
    name: 'tag the database as another tenant’s',
    check: 'database.tag',
    detonate: async ({ subject, root: { rds } }) => {
      const { InstanceId } = databaseOf(subject);
      const ResourceName = `arn:aws:rds:${subject.region}:${subject.accountId}:db:${InstanceId}`;
      const tagged = (Value: string) =>
        rds.send(new AddTagsToResourceCommand({ ResourceName, Tags: tenantTags(Value) }));
      await tagged(subject.cell.decoy.tenantId);
      return {
        expectedEvidence: `the tag ${TENANT_TAG} of ${InstanceId} is ${subject.cell.decoy.tenantId}`,
        revert: () => tagged(tenantIdOf(subject)),
      };
    },
  },
  {
    name: 'make a queue with the tenant’s tag',
    check: 'stacks.members',
    detonate: async ({ subject, aws }) => {
      const sqs = new SQSClient(aws);
      const tags = { [TENANT_TAG]: tenantIdOf(subject) };
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'support', tags }));
      return {
        expectedEvidence: ':support has the tenant’s tag',
        revert: () => sqs.send(new DeleteQueueCommand({ QueueUrl })),
      };
    },
  },
  {
    name: 'make a table with the tenant’s tag',
    check: 'stacks.members',
    detonate: async ({ subject, root: { dynamodb } }) => {
      const TableName = 'copy';
      await dynamodb.send(
        new CreateTableCommand({
          ...{ TableName, BillingMode: 'PAY_PER_REQUEST', Tags: tenantTags(tenantIdOf(subject)) },
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        }),
      );
      return {
        expectedEvidence: 'table/copy has the tenant’s tag',
        revert: () => dynamodb.send(new DeleteTableCommand({ TableName })),
      };
    },
  },
];
