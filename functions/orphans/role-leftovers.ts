import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  type IAMClient,
  ListRolePoliciesCommand,
  ListRolesCommand,
} from '@aws-sdk/client-iam';
import { TENANT_ROLE_PATH, tenantIdIn } from '../contract/naming';
import { pages } from '../shared/paging';
import { unlessNamed } from '../shared/unless';
import type { LeftoverKind } from './leftovers';

const GONE = 'NoSuchEntityException';

/** Roles under the tenants' path; they have inline policies alone. */
export function roleLeftovers(iam: Pick<IAMClient, 'send'>): LeftoverKind {
  return {
    kind: 'role',
    list: async function* () {
      const ask = (Marker?: string) => iam.send(new ListRolesCommand({ PathPrefix: TENANT_ROLE_PATH, Marker }));
      for await (const { Roles = [] } of pages(ask, 'Marker')) {
        for (const { RoleName = '' } of Roles) {
          const tenantId = tenantIdIn(RoleName);
          if (tenantId) yield { tenantId, id: RoleName };
        }
      }
    },
    remove: async ({ id: RoleName }) => {
      const remove = async () => {
        const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
        for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
        await iam.send(new DeleteRoleCommand({ RoleName }));
      };
      await unlessNamed(remove(), GONE);
    },
  };
}
