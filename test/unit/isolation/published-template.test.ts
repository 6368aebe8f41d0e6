import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { propertiesOf } from '../../../functions/isolation/release/expected';
import { publishedTemplate } from '../../../functions/isolation/release/published-template';
import { resolveTemplate } from '../../../functions/isolation/release/resolve-template';
import { awsError, FakeClient } from '../../support/fake-client';
import { aStage } from '../../support/isolated-tenant';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const versionOf = (text: string) => digest(text).slice(0, 12);
const NOBODY = async () => undefined;

/** A bucket with the objects of some keys. */
const bucketWith = (objects: Readonly<Record<string, string>>) => {
  const client = new FakeClient({
    GetObjectCommand: ({ Key }: { Key: string }) =>
      objects[Key] === undefined ? awsError('NoSuchKey') : { Body: { transformToString: async () => objects[Key] } },
  });
  return { client, s3: client as unknown as S3Client };
};
const templates = (version: string) => {
  const { templates: published } = aStage();
  return { ...published, storage: { ...published.storage, version } };
};

/** The other templates of the release are of no interest. */
const versionsOf = (storage: string) => ({ network: 'n', database: 'd', storage, access: 'a' });

test('reads the four templates of a release by one request, once in a process', async () => {
  const versions = versionsOf(versionOf('now'));
  const release = JSON.stringify({ network: 'n', database: 'd', storage: 'now', access: 'a' });
  const { s3, client } = bucketWith({ [`${digest(`n-d-${versionOf('now')}-a`)}.json`]: release });
  const read = () => publishedTemplate(s3, templates('later'), 'storage', versions, NOBODY);
  expect(await Promise.all([read(), read()])).toEqual(['now', 'now']);
  await read();
  expect(client.sent).toHaveLength(1);
});

test.each([
  ['that is no text of the version', JSON.stringify({ storage: 'changed' })],
  ['that is no JSON', 'changed'],
])('a text of all four %s counts for nothing', async (_, release) => {
  const versions = versionsOf(versionOf('now'));
  const { s3 } = bucketWith({ [`${digest(`n-d-${versionOf('now')}-a`)}.json`]: release, 'storage.json': 'now' });
  expect(await publishedTemplate(s3, templates(versionOf('now')), 'storage', versions, NOBODY)).toBe('now');
});

test('reads the template of this release from the deployment’s location, once in a process', async () => {
  const { s3, client } = bucketWith({ 'storage.json': 'now' });
  const versions = versionsOf(versionOf('now'));
  const read = () => publishedTemplate(s3, templates(versionOf('now')), 'storage', versions, NOBODY);
  expect(await Promise.all([read(), read()])).toEqual(['now', 'now']);
  await read();
  expect(client.inputs('GetObjectCommand').filter(({ Key }) => Key === 'storage.json')).toHaveLength(1);
});

test('reads the template of an earlier release by its version', async () => {
  const earlier = versionOf('earlier');
  const { s3 } = bucketWith({ [`${digest(earlier)}.json`]: 'earlier', 'storage.json': 'now' });
  const read = publishedTemplate(s3, templates(versionOf('now')), 'storage', versionsOf(earlier), NOBODY);
  expect(await read).toBe('earlier');
});

test('rejects a text that does not match the version, published or from the stack', async () => {
  const changed = bucketWith({ 'storage.json': 'changed' });
  const version = versionOf('now');
  await expect(
    publishedTemplate(changed.s3, templates(version), 'storage', versionsOf(version), NOBODY),
  ).rejects.toThrow('was changed');
  const absent = bucketWith({});
  const ask = (text: string) =>
    publishedTemplate(absent.s3, templates('v'), 'storage', versionsOf(version), async () => text);
  await expect(ask('changed')).rejects.toThrow('no release has published');
  expect(await ask('now')).toBe('now');
});

test('leaves out a resource whose condition is false, and leaves values that AWS chooses open', () => {
  const text = JSON.stringify({
    Parameters: { Count: { Type: 'String' }, Roles: { Type: 'CommaDelimitedList' } },
    Conditions: { More: { 'Fn::Equals': [{ Ref: 'Count' }, '1'] } },
    Resources: {
      Vpc: { Type: 'AWS::EC2::VPC' },
      Logs: {
        Type: 'AWS::Logs::LogGroup',
        Properties: { LogGroupName: { 'Fn::Join': ['/', ['', 'logs', { Ref: 'Count' }]] } },
      },
      Second: { Type: 'AWS::EC2::VPC', Condition: 'More' },
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          Trusted: { Ref: 'Roles' },
          Writes: { 'Fn::GetAtt': ['Logs', 'Arn'] },
          In: { 'Fn::GetAtt': ['Vpc', 'VpcId'] },
          Choice: { 'Fn::If': ['More', 'many', 'one'] },
        },
      },
    },
  });
  const made = resolveTemplate(text, { parameters: { Count: '0', Roles: 'a,b' }, accountId: '1', region: 'r' });
  expect(made.map(({ id }) => id)).toEqual(['Vpc', 'Logs', 'Role']);
  expect(propertiesOf(made, 'AWS::IAM::Role')).toEqual({
    Trusted: ['a', 'b'],
    Writes: 'arn:aws:logs:r:1:log-group:/logs/0:*',
    In: '<Vpc.VpcId>',
    Choice: 'one',
  });
});
