import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { settled } from '../../functions/shared/settled';

import type { PageFile } from './bundle-page';

type Encoding = 'br' | 'gzip' | undefined;

/** A file as it is sent, by the encodings that a browser may accept. */
export interface ServedFile {
  readonly contentType: string;
  readonly bodies: ReadonlyMap<Encoding, Buffer>;
  /** The name of the file contains a hash of its content. */
  readonly isNamedByContent: boolean;
}

/** Fonts are compressed already. */
const isCompressible = ({ contentType }: PageFile) => !contentType.startsWith('font/');

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);
/** The highest quality takes seconds for a bundle and saves a few percent. */
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

async function served(path: string, file: PageFile): Promise<readonly [string, ServedFile]> {
  const { body, contentType } = file;
  const compressed: readonly (readonly [Encoding, Buffer])[] = isCompressible(file)
    ? await settled([
        brotli(body, QUALITY).then((small) => ['br', small] as const),
        gzipped(body).then((small) => ['gzip', small] as const),
      ])
    : [];
  return [path, { contentType, bodies: new Map([[undefined, body], ...compressed]), isNamedByContent: path !== '/' }];
}

/** Compresses the page's files once, before they are served. */
export async function servedFiles(files: ReadonlyMap<string, PageFile>): Promise<ReadonlyMap<string, ServedFile>> {
  return new Map(await settled([...files].map(([path, file]) => served(path, file))));
}

/** The smallest body that the browser accepts. */
export function bodyFor({ bodies }: ServedFile, accepted: string): readonly [encoding: Encoding, body: Buffer] {
  const encodings = accepted.split(',').map((each) => each.split(';')[0]?.trim());
  for (const encoding of ['br', 'gzip'] as const) {
    const body = bodies.get(encoding);
    if (body && encodings.includes(encoding)) return [encoding, body];
  }
  return [undefined, bodies.get(undefined) ?? Buffer.alloc(0)];
}
