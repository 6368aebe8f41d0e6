import { DATABASE_MASTER, DATABASE_NAME, tenantIdIn } from '../../contract/naming';
import { type Check, checksOf, expectEqual, finding } from '../check';
import { COPIES_METADATA } from '../metadata/copies';
import { type Subject, tenantIdOf, vpcOf } from '../subject';
import { exportsOf } from './logs';
import { orShut } from './own-doors';

/** The names of a tenant's databases and of their snapshots contain the tenant's id. */
const isOf = (subject: Subject, sourceArn = '', keyArn = '') =>
  tenantIdIn(sourceArn) === tenantIdOf(subject) || keyArn === subject.key.keyArn;

/** What holds or leads to the tenant's data besides its own resources. */
export const COPIES_CHECKS: readonly Check[] = checksOf(COPIES_METADATA, {
  'database.proxies': async (subject, { facts }) => {
    const { SecretArn } = subject.stacks.database.outputs;
    const proxies = (await facts.lists.proxies()).filter(
      ({ VpcId, Auth = [] }) => VpcId === vpcOf(subject) || Auth.some((each) => each.SecretArn === SecretArn),
    );
    return finding(
      proxies.map(
        ({ DBProxyName, RequireTLS, Endpoint }) =>
          `proxy ${DBProxyName} leads to the tenant’s database ${RequireTLS ? 'over TLS' : 'without TLS'}: ${Endpoint}`,
      ),
      'no proxy leads to the tenant’s database',
    );
  },
  'database.exports': async (subject, { facts }) => {
    const exports = await facts.lists.exports();
    return finding(
      exports
        .filter(({ SourceArn, KmsKeyId }) => isOf(subject, SourceArn, KmsKeyId))
        .map(
          ({ ExportTaskIdentifier, SourceArn, S3Bucket, Status }) =>
            `export ${ExportTaskIdentifier} of ${SourceArn} to bucket ${S3Bucket} is ${Status}`,
        ),
      'no export of the tenant’s database',
    );
  },
  'database.integrations': async (subject, { facts }) => {
    const integrations = await facts.lists.integrations();
    return finding(
      integrations
        .filter(({ SourceArn, KMSKeyId }) => isOf(subject, SourceArn, KMSKeyId))
        .map(
          ({ IntegrationName, SourceArn, TargetArn }) =>
            `integration ${IntegrationName} replicates ${SourceArn} to ${TargetArn}`,
        ),
      'no integration with the tenant’s database',
    );
  },
  'database.event-subscriptions': async (subject, { facts }) => {
    const strange = (await facts.lists.eventSubscriptions()).filter(
      ({ SnsTopicArn, SourceIdsList = [] }) =>
        SnsTopicArn?.split(':')[4] !== subject.accountId &&
        !subject.placed.eventTopics.includes(SnsTopicArn ?? '') &&
        (SourceIdsList.length === 0 || SourceIdsList.some((id) => tenantIdIn(id) === tenantIdOf(subject))),
    );
    return finding(
      strange.map(
        ({ CustSubscriptionId, SnsTopicArn }) => `subscription ${CustSubscriptionId} tells ${SnsTopicArn} of events`,
      ),
      'nobody of another account is told of the database’s events',
    );
  },
  'logs.exports': async (subject, { facts }) => {
    const isTenants = (logGroupName: string) => tenantIdIn(logGroupName) === tenantIdOf(subject);
    return finding(exportsOf(await facts.lists.logExports(), isTenants), 'no export of the tenant’s logs');
  },
  'secrets.only-one': async (subject, { facts }) => {
    const tenantId = tenantIdOf(subject);
    const { SecretArn } = subject.stacks.database.outputs;
    const others = (await facts.secrets.named()).filter(
      ({ ARN, Name = '', Description = '', Tags = [], DeletedDate }) =>
        ARN !== SecretArn &&
        DeletedDate === undefined &&
        [Name, Description, ...Tags.map(({ Value = '' }) => Value)].some((text) => text.includes(tenantId)),
    );
    return finding(
      others.map(
        ({ Name, KmsKeyId }) => `secret ${Name} is about this tenant, under ${KmsKeyId ?? 'the account’s key'}`,
      ),
      'no other secret is about this tenant',
    );
  },
  'secrets.target': async ({ stacks }, { probes }) => {
    const { SecretArn, EndpointAddress, EndpointPort } = stacks.database.outputs;
    const opened = await orShut(probes.own.tenant.secret)();
    if (!opened.allowed) {
      const evidence = `could not be answered: the tenant’s role may not read its secret: ${opened.denial}`;
      return { passed: false, unanswered: true, evidence, restsOn: 'role' };
    }
    const { host, port, username, dbname } = await probes.tenant.secretTarget(SecretArn);
    return finding(
      [
        ...(host === undefined ? [] : expectEqual('the secret’s server', host, EndpointAddress)),
        ...(port === undefined ? [] : expectEqual('the secret’s port', port, EndpointPort)),
        ...expectEqual('the secret’s user', username, DATABASE_MASTER),
        ...(dbname === undefined ? [] : expectEqual('the secret’s database', dbname, DATABASE_NAME)),
      ],
      `the secret leads to ${host ?? 'no server'}`,
    );
  },
  'key.only-one': async ({ key }, { facts }) => {
    const others = (await facts.tagged.keys()).filter(
      ({ Arn, KeyState }) => Arn !== key.keyArn && KeyState === 'Enabled',
    );
    return finding(
      others.map(({ Arn }) => `key ${Arn} has the tenant’s tag and is enabled`),
      'no other enabled key has the tenant’s tag',
    );
  },
});
