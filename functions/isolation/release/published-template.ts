import { createHash } from 'node:crypto';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { type PublishedTemplates, releaseVersion, type StackKind, StackKindSchema } from '../../contract/stacks';
import { once } from '../../shared/once';
import { unlessNamed } from '../../shared/unless';
import { Unanswered } from '../check';

type Versions = Readonly<Record<StackKind, string>>;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The version of a template is the beginning of the digest of its text. */
export const isVersionOf = (version: string, text: string) => version.length >= 12 && sha256(text).startsWith(version);

/**
 * Where a deployment publishes the template of a version: every release names the object after the
 * version (infra/control-plane/tenant-templates.ts), and none removes those of earlier releases.
 */
function placeOf(templates: PublishedTemplates, kind: StackKind, version: string) {
  const published = templates[kind];
  const [Bucket = '', ...key] = new URL(published.url).pathname.slice(1).split('/');
  const Key =
    published.version === version ? key.join('/') : [...key.slice(0, -1), `${sha256(version)}.json`].join('/');
  return { Bucket, Key };
}

const jsonText = z.transform((text: string, context) => {
  try {
    return JSON.parse(text);
  } catch {
    context.issues.push({ code: 'custom', message: 'no JSON', input: text });
    return z.NEVER;
  }
});
const TextsSchema = z.string().pipe(jsonText).pipe(z.partialRecord(StackKindSchema, z.string()));

/** The four templates of a release in one object beside the others; none of a release that has published each by itself. */
function togetherPublished(s3: S3Client, templates: PublishedTemplates, versions: Versions) {
  const { Bucket, Key } = placeOf(templates, 'network', versions.network);
  const name = `${sha256(releaseVersion(versions))}.json`;
  return together.of(s3, { Bucket, Key: [...Key.split('/').slice(0, -1), name].join('/') });
}

/** An object that does not exist is AccessDenied for a caller who may not list the bucket ("GetObject"). */
const ABSENT = ['NoSuchKey', 'AccessDenied'];

/** A text never changes under its digest, so each is read, and made something of, once in the life of a process. */
class Readings<T> {
  private readonly known = new WeakMap<S3Client, Map<string, () => Promise<T>>>();

  constructor(private readonly from: (text: string | undefined) => T) {}

  of(s3: S3Client, place: { Bucket: string; Key: string }): Promise<T> {
    const ofClient = this.known.get(s3) ?? new Map<string, () => Promise<T>>();
    this.known.set(s3, ofClient);
    const name = `${place.Bucket}/${place.Key}`;
    const reading =
      ofClient.get(name) ??
      once(async () => {
        const answer = await unlessNamed(s3.send(new GetObjectCommand(place)), ...ABSENT);
        return this.from(await answer?.Body?.transformToString());
      });
    ofClient.set(name, reading);
    return reading();
  }
}

const single = new Readings((text) => text);
const together = new Readings((text) => TextsSchema.safeParse(text).data ?? {});

/**
 * The template of a tenant's stack as its release published it, read by its digest.
 *
 * @param versions of the release's templates, as the run or the tenant's record names them
 * @param ofStack reads the template that the stack itself has: for stacks of releases that did not
 * publish their templates under their versions. It counts only if it has the same digest
 * @throws Unanswered when neither is a text of this version
 */
export async function publishedTemplate(
  s3: S3Client,
  templates: PublishedTemplates,
  kind: StackKind,
  versions: Versions,
  ofStack: () => Promise<string | undefined>,
): Promise<string> {
  const version = versions[kind];
  const ofRelease = (await togetherPublished(s3, templates, versions))[kind];
  if (ofRelease !== undefined && isVersionOf(version, ofRelease)) return ofRelease;
  const text = await single.of(s3, placeOf(templates, kind, version));
  if (text !== undefined && isVersionOf(version, text)) return text;
  if (text !== undefined)
    throw new Unanswered(`the published template of the ${kind} stack is not version ${version}: it was changed`);
  const own = await ofStack();
  if (own !== undefined && isVersionOf(version, own)) return own;
  throw new Unanswered(`no release has published version ${version} of the ${kind} stack’s template`);
}
