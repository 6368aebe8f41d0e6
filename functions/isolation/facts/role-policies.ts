import {
  GetRolePolicyCommand,
  type IAMClient,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
} from '@aws-sdk/client-iam';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { parsePolicy, type Statement } from '../policy-document';

/** The statements of all inline policies of a role. */
export async function inlineStatements(client: IAMClient, RoleName: string): Promise<Statement[]> {
  const names = await everyItem(paginateListRolePolicies({ client }, { RoleName }), (page) => page.PolicyNames);
  const policies = await settled(
    names.map((PolicyName) => client.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
  );
  return policies.flatMap(({ PolicyDocument = '' }) => parsePolicy(PolicyDocument));
}

/** ARNs of the managed policies of a role. */
export async function attachedPolicies(client: IAMClient, RoleName: string): Promise<(string | undefined)[]> {
  const pages = paginateListAttachedRolePolicies({ client }, { RoleName });
  return (await everyItem(pages, (page) => page.AttachedPolicies)).map(({ PolicyArn }) => PolicyArn);
}
