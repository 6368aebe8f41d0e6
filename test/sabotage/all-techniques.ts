import type { SharedTechnique } from './surroundings-target';
import type { AttackTechnique } from './technique';
import { CELL_NETWORK_TECHNIQUES } from './techniques/cell-network';
import { CELL_RESOLVER_TECHNIQUES } from './techniques/cell-resolver';
import { CELL_TRAFFIC_TECHNIQUES } from './techniques/cell-traffic';
import { COPIES_TECHNIQUES } from './techniques/copies';
import { COPIES_ELSEWHERE_TECHNIQUES } from './techniques/copies-elsewhere';
import { COPIES_OF_ALL_TECHNIQUES } from './techniques/copies-of-all';
import { CROSS_TENANT_PROBE_TECHNIQUES } from './techniques/cross-tenant-probes';
import { DATABASE_TECHNIQUES } from './techniques/database';
import { DATABASE_DOOR_TECHNIQUES } from './techniques/database-door';
import { DATABASE_LOGIN_TECHNIQUES } from './techniques/database-logins';
import { DATABASE_NETWORK_TECHNIQUES } from './techniques/database-network';
import { DATABASE_SETTINGS_TECHNIQUES } from './techniques/database-settings';
import { EXACT_RESOURCE_POLICY_TECHNIQUES, EXACT_TRUST_TECHNIQUES } from './techniques/exact-policies';
import { EXACT_ROLE_TECHNIQUES } from './techniques/exact-roles';
import { FUNCTION_PERMISSION_TECHNIQUES } from './techniques/function-permissions';
import { IDENTITY_TECHNIQUES } from './techniques/identity';
import { IDENTITY_POLICY_TECHNIQUES } from './techniques/identity-policies';
import { KEY_TECHNIQUES } from './techniques/key';
import { KEY_POLICY_TECHNIQUES } from './techniques/key-policies';
import { LOG_POLICY_TECHNIQUES } from './techniques/log-policies';
import { MEMBER_TECHNIQUES } from './techniques/members';
import { NETWORK_TECHNIQUES } from './techniques/network';
import { NETWORK_ROUTE_TECHNIQUES } from './techniques/network-routes';
import { PLATFORM_TECHNIQUES } from './techniques/platform';
import { PLATFORM_RECORD_TECHNIQUES } from './techniques/platform-records';
import { PLATFORM_SETTING_TECHNIQUES } from './techniques/platform-settings';
import { PRINCIPAL_TECHNIQUES } from './techniques/principals';
import { PROBE_TECHNIQUES } from './techniques/probes';
import { QUIET_ALARM_TECHNIQUES } from './techniques/quiet-alarms';
import { REACH_TECHNIQUES } from './techniques/reach';
import { ROUTE_ITEM_TECHNIQUES } from './techniques/route-items';
import { ROUTING_TECHNIQUES } from './techniques/routing';
import { RUNNING_TASK_TECHNIQUES } from './techniques/running-tasks';
import { SECRETS_TECHNIQUES } from './techniques/secrets';
import { SERVING_TECHNIQUES } from './techniques/serving';
import { SHUT_DOOR_TECHNIQUES } from './techniques/shut-doors';
import { STACK_TECHNIQUES } from './techniques/stacks';
import { STORAGE_TECHNIQUES } from './techniques/storage';
import { STORAGE_POLICY_TECHNIQUES } from './techniques/storage-policy';
import { STORAGE_REPORT_TECHNIQUES } from './techniques/storage-reports';
import { STORAGE_SETTINGS_TECHNIQUES } from './techniques/storage-settings';
import { SURROUNDINGS_TECHNIQUES } from './techniques/surroundings';
import { TAG_TECHNIQUES } from './techniques/tags';
import { TRUSTEE_TECHNIQUES } from './techniques/trustees';
import { VPC_NAME_TECHNIQUES } from './techniques/vpc-names';
import { WEB_ACL_TECHNIQUES } from './techniques/web-acl';

export const ATTACK_TECHNIQUES: readonly AttackTechnique[] = [
  // A master password that somebody sets is looked for beside new versions of the secret: it comes before those that make some.
  ...COPIES_TECHNIQUES,
  ...KEY_TECHNIQUES,
  ...KEY_POLICY_TECHNIQUES,
  ...DATABASE_TECHNIQUES,
  ...DATABASE_NETWORK_TECHNIQUES,
  ...DATABASE_DOOR_TECHNIQUES,
  ...DATABASE_LOGIN_TECHNIQUES,
  ...STORAGE_TECHNIQUES,
  ...STORAGE_POLICY_TECHNIQUES,
  ...SECRETS_TECHNIQUES,
  ...NETWORK_TECHNIQUES,
  ...NETWORK_ROUTE_TECHNIQUES,
  ...IDENTITY_TECHNIQUES,
  ...IDENTITY_POLICY_TECHNIQUES,
  ...ROUTING_TECHNIQUES,
  ...PROBE_TECHNIQUES,
  ...CROSS_TENANT_PROBE_TECHNIQUES,
  ...EXACT_RESOURCE_POLICY_TECHNIQUES,
  ...EXACT_TRUST_TECHNIQUES,
  ...EXACT_ROLE_TECHNIQUES,
  ...SHUT_DOOR_TECHNIQUES,
  ...STACK_TECHNIQUES,
  ...DATABASE_SETTINGS_TECHNIQUES,
  ...STORAGE_SETTINGS_TECHNIQUES,
  ...MEMBER_TECHNIQUES,
  ...PRINCIPAL_TECHNIQUES,
  ...TAG_TECHNIQUES,
  ...COPIES_ELSEWHERE_TECHNIQUES,
  ...LOG_POLICY_TECHNIQUES,
  ...ROUTE_ITEM_TECHNIQUES,
  ...STORAGE_REPORT_TECHNIQUES,
  ...VPC_NAME_TECHNIQUES,
];

/** Those against what all tenants share and trust. */
export const SHARED_TECHNIQUES: readonly SharedTechnique[] = [
  ...TRUSTEE_TECHNIQUES,
  ...SURROUNDINGS_TECHNIQUES,
  ...SERVING_TECHNIQUES,
  ...CELL_NETWORK_TECHNIQUES,
  ...CELL_RESOLVER_TECHNIQUES,
  ...CELL_TRAFFIC_TECHNIQUES,
  ...WEB_ACL_TECHNIQUES,
  ...PLATFORM_TECHNIQUES,
  ...FUNCTION_PERMISSION_TECHNIQUES,
  ...COPIES_OF_ALL_TECHNIQUES,
  ...PLATFORM_SETTING_TECHNIQUES,
  ...PLATFORM_RECORD_TECHNIQUES,
  ...QUIET_ALARM_TECHNIQUES,
  ...REACH_TECHNIQUES,
  ...RUNNING_TASK_TECHNIQUES,
];
