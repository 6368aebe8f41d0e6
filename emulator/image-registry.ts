import { createHash } from 'node:crypto';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar';

const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

export interface Image {
  readonly repository: string;
  /** Beside the digest, for those who name an image by its tag. */
  readonly tag?: string;
  /** A JavaScript file that Node can run. */
  readonly bundle: Buffer;
  /** ENV of its Dockerfile. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Pushes an image to the emulated ECR, as `docker push` does (OCI Distribution Specification). An
 * image has one layer, which is the file that its tasks run.
 *
 * @returns the digest of the image
 * @throws Error when there is no such repository
 */
export async function pushImage(
  endpointUrl: string,
  { repository, tag, bundle, environment = {} }: Image,
): Promise<string> {
  const registry = `${endpointUrl}/v2/${repository}`;
  const send = async (path: string, method: string, body: Buffer, contentType: string) => {
    const answer = await fetch(`${registry}/${path}`, { method, body, headers: { 'content-type': contentType } });
    if (!answer.ok) throw new Error(`image not pushed to ${repository}: ${answer.status} ${await answer.text()}`);
  };
  const Env = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const config = Buffer.from(
    JSON.stringify({ architecture: 'arm64', os: 'linux', config: { Env }, rootfs: { type: 'layers' } }),
  );
  for (const blob of [config, bundle])
    await send(`blobs/uploads/?digest=${digestOf(blob)}`, 'POST', blob, 'application/octet-stream');
  const described = (content: Buffer, mediaType: string) => ({
    mediaType,
    digest: digestOf(content),
    size: content.byteLength,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: described(config, CONFIG),
      layers: [described(bundle, LAYER)],
    }),
  );
  const digest = digestOf(manifest);
  await send(`manifests/${tag ?? digest}`, 'PUT', manifest, MANIFEST);
  return digest;
}
