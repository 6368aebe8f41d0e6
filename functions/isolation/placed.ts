import { type PlacedByOrganization, PlacedByOrganizationSchema } from '../contract/placed-by-organization';
import type { EnvName } from '../shared/env';
import { parseAt } from '../shared/parse-at';

/** What the stage's organization places, from the environment. */
export const placedByOrganization = (value: (name: EnvName) => string) =>
  parseAt('PLACED_BY_ORGANIZATION', PlacedByOrganizationSchema, JSON.parse(value('PLACED_BY_ORGANIZATION')));

/** Whether the organization backs up tenants' databases by AWS Backup, in vaults of its own. */
export const isBackupPlaced = ({ keyUsers }: PlacedByOrganization): boolean =>
  keyUsers.some((role) => role.startsWith('backup.amazonaws.com/'));
