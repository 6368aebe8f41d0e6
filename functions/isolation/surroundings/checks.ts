import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEqual, expectExactly, finding, Unanswered } from '../check';
import { overlaps } from '../cidr';
import type { CellFacts } from './cell-facts';
import { SURROUNDINGS_METADATA } from './metadata';
import type { PlatformFacts } from './platform-facts';
import { differences, strangersIn } from './statements';
import type { Surroundings } from './surroundings';
import type { TrusteeFacts } from './trustee-facts';

/** Where the answers about the surroundings come from. */
export interface SurroundingsFacts {
  readonly trustees: TrusteeFacts;
  readonly cell: CellFacts;
  readonly platform: PlatformFacts;
}

export type SurroundingsCheck = Check<Surroundings, SurroundingsFacts>;

/** The security policies that accept no TLS older than 1.2 ("Security policies for your Application Load Balancer"). */
const SOUND_TLS = /^ELBSecurityPolicy-(?:TLS13-1-[23]|TLS-1-2|FS-1-2)/;
const DNS_OF_AWS = 'AmazonProvidedDNS';
/** Actions on a log bucket that read nothing: load balancers and S3 deliver by them. */
const DELIVERY = ['s3:PutObject', 's3:GetBucketAcl', 's3:ListBucketMultipartUploads', 's3:AbortMultipartUpload'];

const ATTRIBUTES = (bucketName: string) => ({
  'access_logs.s3.enabled': ['true'],
  'access_logs.s3.bucket': [bucketName],
  'routing.http.drop_invalid_header_fields.enabled': ['true'],
  'routing.http.desync_mitigation_mode': ['defensive', 'strictest'],
});

const isAlive = (state: string | undefined) =>
  !['deleted', 'deleting', 'rejected', 'expired', 'failed'].includes(state ?? '');

/** Questions about what all tenants of a cell share and trust. They are asked once for each audit and cell. */
export const SURROUNDINGS_CHECKS: readonly SurroundingsCheck[] = checksOf<
  (typeof SURROUNDINGS_METADATA)[number]['id'],
  Surroundings,
  SurroundingsFacts
>(SURROUNDINGS_METADATA, {
  'identity.trustees': async ({ cell }, { trustees }) => {
    const [expected, found] = await settled([trustees.expected(), trustees.found()]);
    if (!expected.some(({ role }) => cell.taskRoleArn.endsWith(`/${role}`)))
      throw new Unanswered(`no template has published the task role ${cell.taskRoleArn}`);
    const violations = expected.flatMap(({ role, trust, inline }, n) => {
      const actual = found[n];
      if (!actual) return [`role ${role} does not exist`];
      return [
        ...differences(`the trust of ${role}`, actual.trust, trust),
        ...differences(`the policy of ${role}`, actual.inline, inline),
        ...actual.attached.map((arn) => `policy ${arn} is attached to ${role}`),
      ];
    });
    return finding(
      violations,
      `${expected.length} roles have the trust and the policies of the release, and no others`,
    );
  },
  'routing.listeners': async ({ cell }, { cell: facts }) => {
    const listeners = await facts.listeners();
    const arns = listeners.map(({ ListenerArn }) => ListenerArn);
    const weak = listeners.filter(({ Protocol, SslPolicy = '' }) => Protocol === 'HTTPS' && !SOUND_TLS.test(SslPolicy));
    return finding(
      [
        ...expectExactly('listener', arns, [cell.listenerArn]),
        ...weak.map(({ ListenerArn, SslPolicy }) => `listener ${ListenerArn} has the policy ${SslPolicy}`),
        ...listeners.flatMap(({ ListenerArn, MutualAuthentication }) =>
          MutualAuthentication?.IgnoreClientCertificateExpiry
            ? [`listener ${ListenerArn} takes expired certificates`]
            : [],
        ),
      ],
      `the only listener is ${cell.listenerArn}`,
    );
  },
  'routing.load-balancer': async ({ cell }, { cell: facts }) => {
    const attributes = await facts.attributes();
    return finding(
      Object.entries(ATTRIBUTES(cell.accessLogBucketName))
        .filter(([key, values]) => !values.includes(attributes[key] ?? ''))
        .map(([key, values]) => `${key} is ${attributes[key] ?? 'absent'}, not ${values.join(' or ')}`),
      `it logs to ${cell.accessLogBucketName}, drops invalid header fields and mitigates desync`,
    );
  },
  'cell.instances': async ({ cell }, { cell: facts }) => {
    const running = (await facts.instances()).filter(({ State }) => State?.Name !== 'terminated');
    return finding(
      running.map(({ InstanceId, SubnetId, State }) => `instance ${InstanceId} is ${State?.Name} in ${SubnetId}`),
      `no instance is in ${cell.vpcId}`,
    );
  },
  'cell.dns': async (_, { cell: facts }) => {
    const options = await facts.dhcpOptions();
    const servers = (options?.DhcpConfigurations ?? [])
      .filter(({ Key }) => Key === 'domain-name-servers')
      .flatMap(({ Values = [] }) => Values.map(({ Value }) => Value));
    return finding(
      servers
        .filter((server) => server !== DNS_OF_AWS)
        .map((server) => `options ${options?.DhcpOptionsId} name the name server ${server}`),
      'the cell’s hosts ask AWS’s own name server',
    );
  },
  'cell.network': async ({ accountId, cell }, { cell: facts }) => {
    const peerings = (await facts.peerings()).filter(({ Status }) => isAlive(Status?.Code));
    const pending = ['initiating-request', 'pending-acceptance', 'provisioning'];
    const strange = peerings
      .filter(({ Status }) => !pending.includes(Status?.Code ?? ''))
      .filter(({ RequesterVpcInfo, AccepterVpcInfo }) => {
        const { CidrBlock, OwnerId = accountId } = RequesterVpcInfo ?? {};
        const isTenants = CidrBlock !== undefined && overlaps(CidrBlock, cell.tenantRange) && CidrBlock.endsWith('/24');
        return !isTenants || OwnerId !== accountId || AccepterVpcInfo?.VpcId !== cell.vpcId;
      });
    return finding(
      strange.map(
        ({ VpcPeeringConnectionId, RequesterVpcInfo, AccepterVpcInfo }) =>
          `peering ${VpcPeeringConnectionId} of ${RequesterVpcInfo?.VpcId} (${RequesterVpcInfo?.CidrBlock}) with ${AccepterVpcInfo?.VpcId} is no tenant’s`,
      ),
      `${peerings.length} peerings, all of tenants’ blocks in ${cell.tenantRange}`,
    );
  },
  'cell.service': async ({ cell }, { cell: facts }) => {
    const services = await facts.services();
    return finding(
      [
        ...expectEqual('the number of services', services.length, Object.keys(cell.services).length),
        ...services
          .filter(({ enableExecuteCommand }) => enableExecuteCommand === true)
          .map(({ serviceName }) => `service ${serviceName} lets shells into its tasks`),
      ],
      'ECS Exec is off',
    );
  },
  'cell.access-logs': async ({ accountId }, { cell: facts }) => {
    const reading = (await facts.accessLogPolicy()).filter(
      ({ inverted, actions }) => inverted || actions.some((action) => !DELIVERY.includes(action)),
    );
    return finding(strangersIn(reading, [accountId]), 'no principal outside this account reads the logs');
  },
  'platform.table': async ({ accountId }, { platform }) => {
    const [policy, streams, table] = await settled([platform.tablePolicy(), platform.tableStreams(), platform.table()]);
    return finding(
      [
        ...strangersIn(policy, [accountId]),
        ...streams.map((stream) => `changes of the table go to ${stream}`),
        ...(table?.StreamSpecification?.StreamEnabled ? [`the table has the stream ${table.LatestStreamArn}`] : []),
      ],
      'no policy for others, and no stream',
    );
  },
  'platform.bus': async ({ accountId, billingAccountId }, { platform }) =>
    finding(
      strangersIn(await platform.busPolicy(), [accountId, billingAccountId]),
      `the bus admits this account and ${billingAccountId} only`,
    ),
  'platform.topic': async ({ accountId }, { platform }) => {
    const [policy, subscriptions] = await settled([platform.topicPolicy(), platform.subscriptions()]);
    const foreign = subscriptions.filter(
      ({ Owner, Endpoint = '' }) =>
        (Owner !== undefined && Owner !== accountId) ||
        (Endpoint.startsWith('arn:') && Endpoint.split(':')[4] !== accountId),
    );
    return finding(
      [
        ...strangersIn(policy, [accountId]),
        ...foreign.map(({ Protocol, Endpoint, Owner }) => `${Protocol} ${Endpoint} of ${Owner} hears the alarms`),
      ],
      `${subscriptions.length} subscriptions, all of this account`,
    );
  },
  'platform.evidence': async (_, { platform }) => {
    const retention = (await platform.evidenceLock())?.DefaultRetention;
    const { Mode, Days = 0, Years = 0 } = retention ?? {};
    return finding(
      Mode === undefined || Days + Years < 1 ? ['the evidence bucket has no default retention'] : [],
      `each report is locked for ${Years > 0 ? `${Years} years` : `${Days} days`} (${Mode})`,
    );
  },
  'audit.alarms': async (_, { platform }) => {
    const alarms = await platform.alarms();
    return finding(
      [
        ...(alarms.length === 0 ? ['no alarm acts on the alarm topic'] : []),
        ...alarms
          .filter(({ ActionsEnabled }) => ActionsEnabled === false)
          .map(({ AlarmName }) => `the actions of alarm ${AlarmName} are disabled`),
      ],
      `${alarms.length} alarms act on the topic`,
    );
  },
});
