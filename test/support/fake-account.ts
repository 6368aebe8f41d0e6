import { tenantNames } from '../../functions/contract/naming';
import { itemKeys } from '../../functions/contract/records';
import { ACCOUNT_ID, DOMAIN, REGION } from './builders';
import { awsError, FakeClient } from './fake-client';
import type { FakeTable } from './fake-table';
import { FakeZone } from './fake-zone';

/** Everything that a tenant may leave, by kind; `list` answers of the services hold it, a few things a page. */
export class FakeAccount {
  readonly things = new Map<string, { kind: string; id: string; tenantId: string; state?: string }>();

  has(kind: string, id: string): boolean {
    return kind === 'name' ? this.zone.at(id, 'TXT') !== undefined : this.things.has(`${kind} ${id}`);
  }

  private get(kind: string, id: string) {
    return this.things.get(`${kind} ${id}`);
  }

  constructor(private readonly table: FakeTable) {}

  /** @returns kind and id of each, as the search for orphans names them */
  fill(tenantId: string, slot: number): [kind: string, id: string][] {
    const subdomain = `s${slot}`;
    const claims = [
      { ...itemKeys.takenSlot('cell1', slot), number: slot, tenantId },
      { ...itemKeys.subdomain(subdomain), subdomain, tenantId },
      { ...itemKeys.route(`${subdomain}.${DOMAIN}`), tenantId },
    ];
    for (const claim of claims) this.table.put(claim);
    const made: [string, string][] = [
      ['rule', `arn:rule/${slot}`],
      ['stack', tenantNames.stack(tenantId, 'network')],
      ['stack', tenantNames.stack(tenantId, 'storage')],
      ['database', tenantNames.database(tenantId)],
      ['automated backup', `db-${slot}`],
      ['snapshot', `last-words-of-${slot}`],
      ['role', tenantNames.role(tenantId)],
      ['bucket', tenantNames.bucket(tenantId, ACCOUNT_ID, REGION)],
      ['secret', tenantNames.secret(tenantId)],
      ['log group', `/tenants/${tenantId}/flow-logs`],
      ['log group', `/aws/rds/instance/${tenantNames.database(tenantId)}/postgresql`],
      ['key', `arn:key/${slot}`],
      ['alias', tenantNames.keyAlias(tenantId)],
    ];
    for (const [kind, id] of made) this.things.set(`${kind} ${id}`, { kind, id, tenantId });
    const host = `${subdomain}.${DOMAIN}`;
    this.named(tenantId, host);
    return [...made, ['name', host], ...claims.map(({ pk, sk }) => ['claim', `${pk}|${sk}`] as [string, string])];
  }

  /** The records of the zone: those of nobody, and a tenant's pair for each name. */
  readonly zone = new FakeZone();

  private named(tenantId: string, host: string) {
    const Value = `"tenant-onboarding tenantId=${tenantId}"`;
    this.zone.put({ Name: host, Type: 'TXT', TTL: 300, ResourceRecords: [{ Value }] });
    this.zone.put({
      Name: host,
      Type: 'A',
      AliasTarget: { DNSName: 'lb', HostedZoneId: 'Z', EvaluateTargetHealth: false },
    });
  }

  set(kind: string, id: string, state: string): void {
    const thing = this.get(kind, id);
    if (thing) thing.state = state;
  }

  private of(kind: string) {
    return [...this.things.values()].filter((thing) => thing.kind === kind);
  }

  /** Two a page; every page but the last has a token. */
  private page<T>(items: readonly T[], key: string, token: string | undefined, tokenKey: string) {
    const from = Number(token || 0);
    return {
      [key]: items.slice(from, from + 2),
      ...(from + 2 < items.length && { [tokenKey]: String(from + 2) }),
    };
  }

  private gone(kind: string, id: string, name: string): object {
    return this.things.delete(`${kind} ${id}`) ? {} : awsError(name);
  }

  readonly cloudformation = new FakeClient({
    ListStacksCommand: ({ NextToken, StackStatusFilter }: { NextToken?: string; StackStatusFilter: string[] }) => {
      if (StackStatusFilter.includes('DELETE_COMPLETE')) throw new Error('deleted stacks are nobody’s orphans');
      const all = [{ StackName: 'TenantOnboarding-Cell-c1' }, ...this.of('stack').map(({ id }) => ({ StackName: id }))];
      return this.page(all, 'StackSummaries', NextToken, 'NextToken');
    },
    DescribeStacksCommand: ({ StackName }: { StackName: string }) => ({
      Stacks: [{ StackName, EnableTerminationProtection: this.get('stack', StackName)?.state === 'protected' }],
    }),
    DeleteStackCommand: ({ StackName }: { StackName: string }) => {
      this.things.delete(`stack ${StackName}`);
      return {};
    },
  });

  readonly rds = new FakeClient({
    DescribeDBInstancesCommand: ({ Marker }: { Marker?: string }) => {
      const all = [
        { DBInstanceIdentifier: 'reporting' },
        ...this.of('database').map(({ id }) => ({ DBInstanceIdentifier: id })),
      ];
      return this.page(all, 'DBInstances', Marker, 'Marker');
    },
    DescribeDBInstanceAutomatedBackupsCommand: ({ Marker }: { Marker?: string }) => {
      const all = this.of('automated backup').map(({ id, tenantId }) => ({
        DbiResourceId: id,
        DBInstanceIdentifier: tenantNames.database(tenantId),
      }));
      return this.page(all, 'DBInstanceAutomatedBackups', Marker, 'Marker');
    },
    DescribeDBSnapshotsCommand: ({ Marker }: { Marker?: string }) => {
      const all = this.of('snapshot').map(({ id, tenantId }) => ({
        DBSnapshotIdentifier: id,
        DBInstanceIdentifier: tenantNames.replica(tenantId),
      }));
      return this.page(all, 'DBSnapshots', Marker, 'Marker');
    },
    DeleteDBInstanceAutomatedBackupCommand: ({ DbiResourceId }: { DbiResourceId: string }) =>
      this.gone('automated backup', DbiResourceId, 'DBInstanceAutomatedBackupNotFoundFault'),
    DeleteDBSnapshotCommand: ({ DBSnapshotIdentifier }: { DBSnapshotIdentifier: string }) =>
      this.gone('snapshot', DBSnapshotIdentifier, 'DBSnapshotNotFoundFault'),
  });

  readonly elb = new FakeClient({
    DescribeRulesCommand: ({ Marker }: { Marker?: string }) => {
      const all = [
        { RuleArn: 'arn:rule/default', IsDefault: true },
        { RuleArn: 'arn:rule/of-the-cell' },
        ...this.of('rule').map(({ id }) => ({ RuleArn: id })),
      ];
      return this.page(all, 'Rules', Marker, 'NextMarker');
    },
    DescribeTagsCommand: ({ ResourceArns }: { ResourceArns: string[] }) => ({
      TagDescriptions: ResourceArns.map((ResourceArn) => {
        const tenantId = this.get('rule', ResourceArn)?.tenantId;
        return { ResourceArn, Tags: tenantId ? [{ Key: 'tenantId', Value: tenantId }] : [] };
      }),
    }),
    DeleteRuleCommand: ({ RuleArn }: { RuleArn: string }) => this.gone('rule', RuleArn, 'RuleNotFoundException'),
  });

  readonly iam = new FakeClient({
    ListRolesCommand: ({ Marker, PathPrefix }: { Marker?: string; PathPrefix: string }) => {
      if (PathPrefix !== '/tenants/') throw new Error('the account has roles that are no tenant’s');
      return this.page(
        this.of('role').map(({ id }) => ({ RoleName: id })),
        'Roles',
        Marker,
        'Marker',
      );
    },
    ListRolePoliciesCommand: { PolicyNames: ['inline'] },
    DeleteRolePolicyCommand: {},
    DeleteRoleCommand: ({ RoleName }: { RoleName: string }) => this.gone('role', RoleName, 'NoSuchEntityException'),
  });

  readonly s3 = new FakeClient({
    ListBucketsCommand: ({ ContinuationToken }: { ContinuationToken?: string }) => {
      const all = [{ Name: 'tenant-onboarding-evidence' }, ...this.of('bucket').map(({ id }) => ({ Name: id }))];
      return this.page(all, 'Buckets', ContinuationToken, 'ContinuationToken');
    },
    ListObjectVersionsCommand: {},
    DeleteBucketCommand: ({ Bucket }: { Bucket: string }) => this.gone('bucket', Bucket, 'NoSuchBucket'),
  });

  readonly secrets = new FakeClient({
    ListSecretsCommand: ({ NextToken }: { NextToken?: string }) => {
      const all = this.of('secret').map(({ id, state }) => ({ Name: id, ...(state && { DeletedDate: new Date() }) }));
      return this.page(all, 'SecretList', NextToken, 'NextToken');
    },
    DeleteSecretCommand: (input: { SecretId: string; ForceDeleteWithoutRecovery?: boolean }) => {
      if (input.ForceDeleteWithoutRecovery) return this.gone('secret', input.SecretId, 'ResourceNotFoundException');
      this.set('secret', input.SecretId, 'in its recovery window');
      return {};
    },
  });

  readonly logs = new FakeClient({
    DescribeLogGroupsCommand: ({
      nextToken,
      logGroupNamePrefix,
    }: {
      nextToken?: string;
      logGroupNamePrefix: string;
    }) => {
      const all = this.of('log group').filter(({ id }) => id.startsWith(logGroupNamePrefix));
      return this.page(
        all.map(({ id }) => ({ logGroupName: id })),
        'logGroups',
        nextToken,
        'nextToken',
      );
    },
    DeleteLogGroupCommand: ({ logGroupName }: { logGroupName: string }) =>
      this.gone('log group', logGroupName, 'ResourceNotFoundException'),
  });

  readonly kms = new FakeClient({
    DescribeKeyCommand: ({ KeyId }: { KeyId: string }) =>
      this.has('key', KeyId)
        ? { KeyMetadata: { Arn: KeyId, KeyState: this.get('key', KeyId)?.state ?? 'Enabled' } }
        : awsError('NotFoundException'),
    // The policy names the tenant of the tag; a key that the test calls `foreign` serves another one.
    GetKeyPolicyCommand: ({ KeyId }: { KeyId: string }) => {
      const { tenantId, state } = this.get('key', KeyId) ?? {};
      return { Policy: `role/tenants/tenant-${state === 'foreign' ? 't000000000000000' : tenantId}` };
    },
    ListAliasesCommand: ({ Marker, KeyId }: { Marker?: string; KeyId?: string }) => {
      if (KeyId) return { Aliases: [] };
      const all = [{ AliasName: 'alias/aws/rds' }, ...this.of('alias').map(({ id }) => ({ AliasName: id }))];
      return this.page(all, 'Aliases', Marker, 'NextMarker');
    },
    DisableKeyCommand: {},
    ScheduleKeyDeletionCommand: ({ KeyId }: { KeyId: string }) => {
      this.set('key', KeyId, 'PendingDeletion');
      return {};
    },
    DeleteAliasCommand: ({ AliasName }: { AliasName: string }) => this.gone('alias', AliasName, 'NotFoundException'),
  });

  readonly tagging = new FakeClient({
    GetResourcesCommand: ({ PaginationToken }: { PaginationToken?: string }) => {
      const all = this.of('key').map(({ id, tenantId }) => ({
        ResourceARN: id,
        Tags: [{ Key: 'tenantId', Value: tenantId }],
      }));
      return { PaginationToken: '', ...this.page(all, 'ResourceTagMappingList', PaginationToken, 'PaginationToken') };
    },
  });
}
