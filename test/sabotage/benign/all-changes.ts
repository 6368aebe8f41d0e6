import type { BenignChange } from './benign-change';
import { CHANGES_BY_AN_OPERATOR } from './by-an-operator';
import { CHANGES_BY_AWS } from './by-aws';
import { CHANGES_BY_THE_ORGANIZATION } from './by-the-organization';
import { CHANGES_BY_THE_PLATFORM } from './by-the-platform';
import { CHANGES_BY_THE_TENANT } from './by-the-tenant';
import { CHANGES_IN_THE_DATABASE } from './in-the-database';
import { PERIMETER_OF_TENANTS } from './perimeter-of-tenants';
import { CHANGES_TOLD_AT_MOST } from './told-at-most';

export const BENIGN_CHANGES: readonly BenignChange[] = [
  ...CHANGES_BY_THE_TENANT,
  ...CHANGES_BY_AN_OPERATOR,
  ...CHANGES_BY_AWS,
  ...CHANGES_BY_THE_ORGANIZATION,
  ...PERIMETER_OF_TENANTS,
  ...CHANGES_BY_THE_PLATFORM,
  ...CHANGES_IN_THE_DATABASE,
  ...CHANGES_TOLD_AT_MOST,
];
