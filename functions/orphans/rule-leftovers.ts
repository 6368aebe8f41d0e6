import {
  DeleteRuleCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  type TagDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Compute } from '../compute/compute';
import { TENANT_TAG } from '../contract/naming';
import { isRuleGone, type LoadBalancer } from '../routing/host-rule';
import { inGroups } from '../shared/in-groups';
import { pages } from '../shared/paging';
import { unless } from '../shared/unless';
import type { Leftover, LeftoverKind } from './leftovers';

export interface RuleLeftoversDeps {
  readonly elb: LoadBalancer;
  readonly compute: Pick<Compute, 'cells'>;
}

/** "DescribeTags": up to 20 resources in one call. */
const TAGGED_AT_ONCE = 20;

function leftoverIn({ ResourceArn, Tags = [] }: TagDescription): Leftover[] {
  const tenantId = Tags.find(({ Key }) => Key === TENANT_TAG)?.Value;
  return tenantId && ResourceArn ? [{ tenantId, id: ResourceArn }] : [];
}

/** Listener rules that carry a tenant's tag; the cell's own have none. */
export function ruleLeftovers({ elb, compute }: RuleLeftoversDeps): LeftoverKind {
  return {
    kind: 'rule',
    list: async function* () {
      for (const { listenerArn } of await compute.cells()) {
        const ask = (Marker?: string) =>
          elb.send(new DescribeRulesCommand({ ListenerArn: listenerArn, PageSize: 400, Marker }));
        for await (const { Rules = [] } of pages(ask, 'NextMarker')) {
          const arns = Rules.flatMap(({ RuleArn, IsDefault }) => (RuleArn && !IsDefault ? [RuleArn] : []));
          for (const ResourceArns of inGroups(arns, TAGGED_AT_ONCE)) {
            const { TagDescriptions = [] } = await elb.send(new DescribeTagsCommand({ ResourceArns }));
            yield* TagDescriptions.flatMap(leftoverIn);
          }
        }
      }
    },
    remove: ({ id }) => unless(elb.send(new DeleteRuleCommand({ RuleArn: id })), isRuleGone),
  };
}
