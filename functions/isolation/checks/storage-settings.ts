import type { IntelligentTieringConfiguration, LifecycleRule, ObjectLockRule } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { tenantIdIn } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectExactly, finding } from '../check';
import { STORAGE_SETTINGS_METADATA } from '../metadata/storage-settings';
import { propertiesOf } from '../release/expected';
import { bucketOf, tenantIdOf } from '../subject';

/** What a lifecycle rule takes out of reach. Uploads that were never finished, and delete markers, hold no data. */
interface Deletion {
  readonly prefix: string;
  /** Days, or a date, after which current objects go. */
  readonly objects?: string | undefined;
  /** Days after which earlier versions go. */
  readonly versions?: string | undefined;
  /** Storage classes from which objects must be restored for hours before anybody reads them, and after how long. */
  readonly archived?: readonly string[];
}

/** "Understanding S3 Glacier storage classes for long-term data storage": the two that are not read at once. */
const ARCHIVES = ['GLACIER', 'DEEP_ARCHIVE'];

const wordsOf = ({ prefix, objects, versions, archived = [] }: Deletion): string[] => [
  ...(objects === undefined ? [] : [`objects under "${prefix}" go after ${objects}`]),
  ...(versions === undefined ? [] : [`earlier versions under "${prefix}" go after ${versions}`]),
  ...archived.map((each) => `objects under "${prefix}" cannot be read after ${each}`),
];

const days = (number: number | undefined) => (number === undefined ? undefined : `${number} days`);

function deletionOf(rule: LifecycleRule): Deletion {
  const { Filter, Prefix, Expiration, NoncurrentVersionExpiration } = rule;
  const { Transitions = [], NoncurrentVersionTransitions = [] } = rule;
  const isArchive = ({ StorageClass = '' }: { readonly StorageClass?: string | undefined }) =>
    ARCHIVES.includes(StorageClass);
  return {
    prefix: Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '',
    objects: days(Expiration?.Days) ?? Expiration?.Date?.toISOString(),
    versions: days(NoncurrentVersionExpiration?.NoncurrentDays),
    archived: [
      ...Transitions.filter(isArchive).map(
        ({ Days, Date: at, StorageClass }) => `${days(Days) ?? at?.toISOString()} (${StorageClass})`,
      ),
      ...NoncurrentVersionTransitions.filter(isArchive).map(
        ({ NoncurrentDays, StorageClass }) => `${days(NoncurrentDays)} as an earlier version (${StorageClass})`,
      ),
    ],
  };
}

const ExpectedRulesSchema = z.object({
  Rules: z.array(
    z
      .looseObject({
        Prefix: z.string().default(''),
        ExpirationInDays: z.number().optional(),
        NoncurrentVersionExpiration: z.object({ NoncurrentDays: z.number() }).optional(),
      })
      .transform(
        ({ Prefix: prefix, ExpirationInDays, NoncurrentVersionExpiration }): Deletion => ({
          prefix,
          objects: days(ExpirationInDays),
          versions: days(NoncurrentVersionExpiration?.NoncurrentDays),
        }),
      ),
  ),
});

/** A rule that keeps earlier versions for longer than the release keeps what it promises. */
function noSooner(deletion: Deletion, made: readonly Deletion[]): Deletion {
  const { prefix, versions = '' } = deletion;
  const promised = made.find((each) => each.prefix === prefix && each.versions !== undefined)?.versions ?? '';
  return Number.parseInt(versions, 10) > Number.parseInt(promised, 10) ? { ...deletion, versions: promised } : deletion;
}

/** "Amazon S3 Intelligent-Tiering": of its tiers the two that a bucket opts in to are archives. */
const archivedBy = ({ Id, Status, Filter, Tierings = [] }: IntelligentTieringConfiguration): string[] =>
  Status === 'Enabled'
    ? Tierings.map(
        ({ Days, AccessTier }) =>
          `configuration ${Id}: objects under "${Filter?.Prefix ?? Filter?.And?.Prefix ?? ''}" cannot be read when nobody has read them for ${Days} days (${AccessTier})`,
      )
    : [];

/** "Locking objects with Object Lock": nobody deletes such a version, neither its owner nor who erases what has left. */
const lockedBy = (lock: ObjectLockRule | undefined): string[] => {
  const { Mode, Days, Years } = lock?.DefaultRetention ?? {};
  return Mode === undefined ? [] : [`each object is locked for ${Days ? `${Days} days` : `${Years} years`} (${Mode})`];
};

export const STORAGE_SETTINGS_CHECKS: readonly Check[] = checksOf(STORAGE_SETTINGS_METADATA, {
  'storage.lifecycle': async (_, { facts }) => {
    const [rules, tiers, lock, resources] = await settled([
      facts.storage.lifecycle(),
      facts.storage.tiers(),
      facts.storage.lock(),
      facts.release.storage(),
    ]);
    const { LifecycleConfiguration } = propertiesOf(resources, 'AWS::S3::Bucket');
    const made = ExpectedRulesSchema.parse(LifecycleConfiguration).Rules;
    const expected = made.flatMap(wordsOf);
    const actual = rules
      .filter(({ Status }) => Status === 'Enabled')
      .flatMap((rule) => wordsOf(noSooner(deletionOf(rule), made)));
    return finding(
      [...expectExactly('rule: ', actual, expected), ...tiers.flatMap(archivedBy), ...lockedBy(lock)],
      expected.join('; '),
    );
  },
  'storage.cors': async (_, { facts }) =>
    finding(
      (await facts.storage.cors()).map(
        ({ AllowedOrigins = [], AllowedMethods = [] }) =>
          `pages of ${AllowedOrigins.join(', ')} may ${AllowedMethods.join(', ')} objects`,
      ),
      'no CORS rule',
    ),
  'storage.notifications': async (_, { facts }) =>
    finding(
      (await facts.storage.notified()).map((each) => `the bucket notifies ${each} of its objects`),
      'nobody is notified',
    ),
  'storage.reports': async (_, { facts }) =>
    finding(
      (await facts.storage.reports()).map(({ name, bucket }) => `${name} lists the bucket’s objects in ${bucket}`),
      'no inventory, and no analysis that is exported',
    ),
  'storage.website': async (_, { facts }) => {
    const website = await facts.storage.website();
    const leadsTo = website?.RedirectAllRequestsTo?.HostName;
    return finding(
      website ? [`the bucket is a website${leadsTo ? ` that leads to ${leadsTo}` : ''}`] : [],
      'the bucket is no website',
    );
  },
  'storage.only-one': async (subject, { facts }) => {
    const [named, tagged] = await settled([facts.storage.named(), facts.tagged.arns()]);
    const buckets = [
      ...named.filter((name) => tenantIdIn(name) === tenantIdOf(subject)),
      ...tagged.filter((arn) => arn.startsWith('arn:aws:s3:::')).map((arn) => arn.slice('arn:aws:s3:::'.length)),
    ];
    const others = new Set(buckets.filter((name) => name !== bucketOf(subject)));
    return finding(
      [...others].map((name) => `bucket ${name} has the tenant’s name or tag`),
      `only ${bucketOf(subject)} has the tenant’s name or tag`,
    );
  },
});
