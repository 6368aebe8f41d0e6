import type { CellDescriptor } from '../../contract/cell';
import { settled } from '../../shared/settled';
import { checksOf, finding } from '../check';
import { overlaps } from '../cidr';
import { policyDifferences } from '../comparison/policy-difference';
import { refusing } from '../network-acl';
import type { ExpectedResource } from '../release/resolve-template';
import { CELL_METADATA } from './cell-metadata';
import { dnsViolations } from './dns-violations';
import { attachedPolicy } from './expected-of';
import { flowLogViolations } from './flow-log-violations';
import { endpointViolations, groupViolations } from './group-violations';
import { harmlessDenials } from './harmless-denials';
import { openings, strangeFunctions, unknownInterfaces, withoutPassing } from './known-interfaces';
import { logGroupViolations } from './log-group-violations';
import { blocksOf, routeViolations } from './route-violations';
import { strangersIn } from './statements';
import type { Surroundings } from './surroundings';
import type { SurroundingsFacts } from './surroundings-facts';

/** Actions on a log bucket that read nothing: load balancers and S3 deliver by them. */
const DELIVERY = ['s3:PutObject', 's3:GetBucketAcl', 's3:ListBucketMultipartUploads', 's3:AbortMultipartUpload'];

const isAlive = (state: string | undefined) =>
  !['deleted', 'deleting', 'rejected', 'expired', 'failed'].includes(state ?? '');

/** The widest block, by the length of its prefix, that is some visitors' and not everybody's. */
const SOME_VISITORS = 8;
/**
 * Whether a block has addresses of the cell or its tenants, or of a great part of all visitors. An operator may refuse other
 * addresses: those of an attacker.
 */
const isOurs = (block: string | undefined, resources: readonly ExpectedResource[], { tenantRange }: CellDescriptor) =>
  block !== undefined &&
  ([...blocksOf(resources), tenantRange].some((own) => overlaps(block, own)) ||
    Number(block.split('/')[1]) < SOME_VISITORS);

/** Questions about the network of a cell, which all of its tenants share. */
export const CELL_CHECKS = checksOf<(typeof CELL_METADATA)[number]['id'], Surroundings, SurroundingsFacts>(
  CELL_METADATA,
  {
    // "Elastic network interfaces": an instance has one in its subnet, from its launch until it is terminated.
    'cell.instances': async ({ cell }, { cell: facts }) =>
      finding(
        (await facts.interfaces()).flatMap(({ Attachment, SubnetId, Status }) =>
          Attachment?.InstanceId ? [`instance ${Attachment.InstanceId} is in ${SubnetId} (${Status})`] : [],
        ),
        `no instance is in ${cell.vpcId}`,
      ),
    'cell.interfaces': async ({ cell }, facts) => {
      const [interfaces, { tasks }, functions, resources] = await settled([
        facts.cell.interfaces(),
        facts.loadBalancer.serving(),
        facts.policies.functions(),
        facts.stacks.cell(),
      ]);
      const unknown = unknownInterfaces(interfaces, tasks, resources, cell);
      return finding(
        [
          ...(await withoutPassing(unknown, facts.loadBalancer.laterTasks)).map(
            ({ NetworkInterfaceId, Description, SubnetId, RequesterId, OwnerId }) =>
              `network interface ${NetworkInterfaceId} (${Description || 'no description'}) of ${RequesterId ?? OwnerId} is in ${SubnetId}`,
          ),
          ...openings(interfaces, resources, cell),
          ...strangeFunctions(functions, resources, cell),
        ],
        `${interfaces.length} network interfaces, all of the cell’s own`,
      );
    },
    'cell.groups': async ({ cell }, { cell: facts, stacks }) => {
      const [groups, endpoints, resources] = await settled([facts.groups(), facts.endpoints(), stacks.cell()]);
      return finding(
        groupViolations(groups, endpoints, resources),
        `${groups.length} security groups in ${cell.vpcId}, with the rules of the cell’s stack`,
      );
    },
    'cell.routes': async ({ cell }, { cell: facts, stacks }) => {
      const [tables, resources] = await settled([facts.routeTables(), stacks.cell()]);
      return finding(
        routeViolations(tables, resources, cell),
        `${tables.length} route tables, with the routes of the cell’s stack and of tenants`,
      );
    },
    'cell.dns': async ({ placed }, { cell }) =>
      finding(await dnsViolations(cell, placed), 'the cell’s hosts ask AWS’s own name server, and nobody else is told'),
    'cell.network': async (surroundings, { cell: facts, stacks, trustees }) => {
      const { accountId, region, cell, placed } = surroundings;
      const [all, endpoints, resources, harmless] = await settled([
        facts.peerings(),
        facts.endpoints(),
        stacks.cell(),
        harmlessDenials(surroundings, { trustees }),
      ]);
      const services = placed.endpointServices.map((service) => `com.amazonaws.${region}.${service}`);
      const peerings = all.filter(({ Status }) => isAlive(Status?.Code));
      const pending = ['initiating-request', 'pending-acceptance', 'provisioning'];
      const strange = peerings
        .filter(({ Status }) => !pending.includes(Status?.Code ?? ''))
        .filter(({ RequesterVpcInfo, AccepterVpcInfo }) => {
          const { CidrBlock, OwnerId = accountId } = RequesterVpcInfo ?? {};
          const isTenants =
            CidrBlock !== undefined && overlaps(CidrBlock, cell.tenantRange) && CidrBlock.endsWith('/24');
          return !isTenants || OwnerId !== accountId || AccepterVpcInfo?.VpcId !== cell.vpcId;
        });
      return finding(
        [
          ...endpointViolations(endpoints, resources, services, harmless),
          ...strange.map(
            ({ VpcPeeringConnectionId, RequesterVpcInfo, AccepterVpcInfo }) =>
              `peering ${VpcPeeringConnectionId} of ${RequesterVpcInfo?.VpcId} (${RequesterVpcInfo?.CidrBlock}) with ${AccepterVpcInfo?.VpcId} is no tenant’s`,
          ),
        ],
        `${peerings.length} peerings, all of tenants’ blocks in ${cell.tenantRange}`,
      );
    },
    'cell.flow-logs': async (surroundings, { cell: facts, stacks }) => {
      const [logs, interfaces, resources] = await settled([facts.flowLogs(), facts.interfaces(), stacks.cell()]);
      return finding(
        flowLogViolations(logs, interfaces, resources, surroundings),
        `all traffic of ${surroundings.cell.vpcId} is sent to the log group of the cell’s stack, and none elsewhere`,
      );
    },
    'cell.acls': async ({ cell }, { cell: facts, stacks }) => {
      const [acls, resources] = await settled([facts.acls(), stacks.cell()]);
      const governing = acls.filter(({ Associations = [] }) => Associations.length > 0);
      return finding(
        governing.flatMap((acl) => refusing(acl, ({ CidrBlock }) => isOurs(CidrBlock, resources, cell))),
        `${governing.length} network ACLs, which let all traffic of the cell pass`,
      );
    },
    'cell.access-logs': async (surroundings, { cell: facts, stacks, trustees }) => {
      const { accountId, cell } = surroundings;
      const [ofGroups, harmless, policy, resources] = await settled([
        logGroupViolations(surroundings, { cell: facts, stacks }),
        harmlessDenials(surroundings, { trustees }),
        facts.accessLogPolicy(),
        stacks.cell(),
      ]);
      const reading = policy.filter(
        ({ inverted, actions }) => inverted || actions.some((action) => !DELIVERY.includes(action)),
      );
      const expected = attachedPolicy(resources, 'AWS::S3::BucketPolicy', 'Bucket', cell.accessLogBucketName);
      const bucket = `the policy of ${cell.accessLogBucketName}`;
      return finding(
        [
          ...strangersIn(reading, [accountId]),
          ...policyDifferences(bucket, policy, expected, harmless.at()),
          ...ofGroups,
        ],
        'the log bucket has the policy of the cell’s stack, and no policy or export gives the log groups of cell and platform away',
      );
    },
  },
);
