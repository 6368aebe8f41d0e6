import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Image, pushImage } from '../emulator/image-registry';

const DOCKERFILE = join(__dirname, '../service/Dockerfile');

/** What ENV of the last stage of a Dockerfile says ("Dockerfile reference"). */
export function environmentOf(dockerfile: string): Record<string, string> {
  const [last = ''] = dockerfile.split(/^FROM /m).slice(-1);
  const settings = [...last.matchAll(/^ENV (.+)$/gm)].flatMap(([, words = '']) => words.split(' '));
  return Object.fromEntries(settings.map((setting) => setting.split(/=(.*)/s, 2)));
}

/**
 * Pushes a bundle of the shared service, with the environment that its Dockerfile gives it on AWS.
 *
 * @returns the digest of the image
 */
export const pushService = (endpointUrl: string, image: Omit<Image, 'environment'>): Promise<string> =>
  pushImage(endpointUrl, { ...image, environment: environmentOf(readFileSync(DOCKERFILE, 'utf8')) });
