import { awsError } from './fake-client';

interface Version {
  readonly Key: string;
  readonly VersionId: string;
  readonly marker: boolean;
  readonly body?: string;
}
interface Input {
  readonly Bucket: string;
  readonly Key: string;
  readonly Body: string;
  readonly IfNoneMatch?: string;
  readonly Delete: { readonly Objects: { readonly Key: string; readonly VersionId: string }[] };
}
const PAGE = 1000;

/** S3: versioned buckets, listed and deleted a thousand versions at a time. */
export class FakeBuckets {
  readonly buckets = new Map<string, Version[]>();
  /** Keys that DeleteObjects refuses, with the code of the refusal. */
  readonly refused = new Map<string, string>();
  before: (command: string) => void = () => {};
  after: (command: string) => void = () => {};

  /** A bucket with so many versions, every third of them a delete marker. */
  fill(bucket: string, versions: number): void {
    const filled = Array.from({ length: versions }, (_, n) => ({
      Key: `key-${n}`,
      VersionId: `v${n}`,
      marker: n % 3 === 2,
    }));
    this.buckets.set(bucket, filled);
  }

  readonly send = async (command: object): Promise<never> => {
    const name = command.constructor.name;
    this.before(name);
    const answer = this.answer(name, (command as { input: Input }).input);
    this.after(name);
    return answer as never;
  };

  private answer(name: string, input: Input): unknown {
    const versions = this.buckets.get(input.Bucket);
    if (!versions) throw awsError('NoSuchBucket');
    switch (name) {
      case 'ListObjectVersionsCommand': {
        const page = versions.slice(0, PAGE).map(({ Key, VersionId, marker }) => ({ Key, VersionId, marker }));
        const Versions = page.filter(({ marker }) => !marker);
        const DeleteMarkers = page.filter(({ marker }) => marker);
        return { ...(Versions.length > 0 && { Versions }), ...(DeleteMarkers.length > 0 && { DeleteMarkers }) };
      }
      case 'DeleteObjectsCommand': {
        const { Objects } = input.Delete;
        const asked = new Set(Objects.map(({ Key, VersionId }) => `${Key} ${VersionId}`));
        const kept = versions.filter(
          ({ Key, VersionId }) => this.refused.has(Key) || !asked.has(`${Key} ${VersionId}`),
        );
        this.buckets.set(input.Bucket, kept);
        const Errors = Objects.flatMap(({ Key }) =>
          this.refused.has(Key) ? [{ Key, Code: this.refused.get(Key), Message: 'no' }] : [],
        );
        return Errors.length > 0 ? { Errors } : {};
      }
      case 'PutObjectCommand': {
        const { Key, Body: body } = input;
        if (input.IfNoneMatch === '*' && versions.some((version) => version.Key === Key))
          throw awsError('PreconditionFailed');
        versions.push({ Key, VersionId: `v${versions.length}`, marker: false, body });
        return {};
      }
      default:
        throw new Error(`the fake buckets do not know ${name}`);
    }
  }
}
