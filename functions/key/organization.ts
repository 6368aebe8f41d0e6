import { DescribeOrganizationCommand, type OrganizationsClient } from '@aws-sdk/client-organizations';
import { once } from '../shared/once';
import { unlessNamed } from '../shared/unless';

/**
 * The id of the account's organization, if it is in one. AWS Organizations is asked once in the life
 * of a process: an account changes its organization less often than its code.
 *
 * @param configured of the stage's configuration; then nobody is asked
 */
export const organizationOf = (organizations: Pick<OrganizationsClient, 'send'>, configured?: string) =>
  once(async () => {
    if (configured) return configured;
    const asked = organizations.send(new DescribeOrganizationCommand({}));
    return (await unlessNamed(asked, 'AWSOrganizationsNotInUseException'))?.Organization?.Id;
  });
