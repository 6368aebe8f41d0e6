import { SeedRingZeroInput } from '../../../functions/contract/cell';
import { ringZeroHost } from '../../../functions/contract/naming';
import { itemKeys } from '../../../functions/contract/records';
import { seedRingZero } from '../../../functions/routing/seed-ring-zero';
import { aCell, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeLoadBalancer } from '../../support/fake-load-balancer';
import { FakeTable } from '../../support/fake-table';

const { name: Cell, targetGroupArns: TargetGroupArns, decoy } = aCell();
const Host = ringZeroHost(Cell, 'funnels.example');

function aScene(live: object = { colour: 'green', since: NOW }) {
  const elb = new FakeLoadBalancer();
  const rule = elb.add(3, Host);
  rule.Actions = [{ Type: 'forward', TargetGroupArn: TargetGroupArns.blue }];
  const table = new FakeTable({ ...itemKeys.liveColour(Cell), ...live });
  const Credentials = { AccessKeyId: 'a', SecretAccessKey: 'b', SessionToken: 'c' };
  let denials = 0;
  const sts = new FakeClient({
    AssumeRoleCommand: () => (denials-- > 0 ? awsError('AccessDenied') : { Credentials }),
  });
  const s3 = new FakeClient({ PutObjectCommand: {} });
  const ask = (RequestType: string) =>
    seedRingZero.run(
      { table, elb, sts, s3As: () => s3, wait: async () => undefined },
      SeedRingZeroInput.parse({
        RequestType,
        ResourceProperties: {
          ...{ Cell, Host, RuleArn: rule.RuleArn, TargetGroupArns },
          Decoy: {
            ...{ TenantId: decoy.tenantId, ExternalId: decoy.externalId, RoleArn: decoy.roleArn },
            ...{ BucketName: decoy.bucketName, KeyArn: decoy.keyArn },
          },
        },
      }),
    );
  const deny = (times: number) => {
    denials = times;
  };
  return { table, elb, rule, sts, s3, ask, deny, route: () => table.get(itemKeys.route(Host)) };
}

test.each(['Create', 'Update'])(
  '%s puts page and route of the decoy, and leads the rule to the live colour',
  async (type) => {
    const { ask, s3, sts, rule, route } = aScene();
    await ask(type);
    expect(sts.inputs('AssumeRoleCommand')).toMatchObject([{ RoleArn: decoy.roleArn, ExternalId: decoy.externalId }]);
    expect(s3.inputs('PutObjectCommand')).toMatchObject([
      { Bucket: decoy.bucketName, Key: 'index.html', IfNoneMatch: '*' },
    ]);
    expect(route()).toMatchObject({ host: Host, tenantId: decoy.tenantId, status: 'ACTIVE', roleArn: decoy.roleArn });
    expect(route()).not.toHaveProperty('database');
    expect(rule.Actions).toMatchObject([{ TargetGroupArn: TargetGroupArns.green }]);
  },
);

test('waits for IAM to show the decoy’s role, at most a minute', async () => {
  const { ask, deny, route } = aScene();
  deny(11);
  await ask('Create');
  expect(route()).toBeDefined();
  deny(12);
  await expect(ask('Update')).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
});

test('leaves the rule where it is while a release moves tenants', async () => {
  const { ask, rule } = aScene({ colour: 'green', since: NOW, releasing: 'r1.0' });
  await ask('Update');
  expect(rule.Actions).toMatchObject([{ TargetGroupArn: TargetGroupArns.blue }]);
});

test('makes route and page again although the rule is gone', async () => {
  const { ask, elb, route } = aScene();
  elb.rules = [];
  await ask('Update');
  expect(route()).toMatchObject({ host: Host });
});

test('a deletion removes the route, and may come twice; somebody else’s route stays', async () => {
  const { ask, table, route } = aScene();
  await ask('Create');
  await ask('Delete');
  await ask('Delete');
  expect(route()).toBeUndefined();
  table.put({ ...itemKeys.route(Host), host: Host, tenantId: 'somebody' });
  await ask('Delete');
  await expect(ask('Create')).rejects.toMatchObject({ name: 'TransientConflict' });
  expect(route()).toMatchObject({ tenantId: 'somebody' });
});
