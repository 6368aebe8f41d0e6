import { DescribeOrganizationCommand, type OrganizationsClient } from '@aws-sdk/client-organizations';
import { isNamed } from '../shared/is-named';
import { once } from '../shared/once';

/**
 * The id of the account's organization, if it is in one. AWS Organizations is asked once in the life
 * of a process: an account changes its organization less often than its code.
 *
 * @param configured of the stage's configuration; then nobody is asked
 */
export const organizationOf = (organizations: Pick<OrganizationsClient, 'send'>, configured?: string) =>
  once(async () => {
    if (configured) return configured;
    try {
      const { Organization } = await organizations.send(new DescribeOrganizationCommand({}));
      return Organization?.Id;
    } catch (thrown) {
      if (isNamed(thrown, 'AWSOrganizationsNotInUseException')) return undefined;
      throw thrown;
    }
  });
