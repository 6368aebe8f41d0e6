import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { StageOutputsSchema } from '../functions/contract/outputs';

/** `ONBOARDING_OUTPUTS` names the file of another platform (`npm run local -- --outputs FILE`). */
export const OUTPUTS_FILE = process.env.ONBOARDING_OUTPUTS || join(__dirname, '../.local/outputs.json');

/** What a client must know about a running platform. */
export const PlatformOutputsSchema = z.object({
  endpointUrl: z.url(),
  region: z.string(),
  accountId: z.string(),
  /** A request to this URL with `Host: SUBDOMAIN.DOMAIN` reaches the load balancer's listener. */
  loadBalancerUrl: z.url(),
  /** A tenant's URL with the word SUBDOMAIN in place of its subdomain. It opens in a browser. */
  tenantUrl: z.url(),
  ...StageOutputsSchema.shape,
});
export type PlatformOutputs = z.infer<typeof PlatformOutputsSchema>;

const found = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

const textOf = (outputs: PlatformOutputs) => `${JSON.stringify(outputs, null, 2)}\n`;

function parsed(text: string): PlatformOutputs | undefined {
  try {
    return PlatformOutputsSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function reasonOf(file: string, outputs: PlatformOutputs | undefined): string {
  if (outputs) return `the platform of ${file} has ended`;
  return found(file) === undefined ? `${file} not found` : `${file} was written by another release than this one`;
}

/** @throws Error that says how to start a platform when none is running */
export async function readOutputs(file = OUTPUTS_FILE): Promise<PlatformOutputs> {
  const outputs = parsed(found(file) ?? '');
  if (outputs && (await answers(outputs))) return outputs;
  throw new Error(`no platform is running (${reasonOf(file, outputs)}); start one with \`npm run local\``);
}

/**
 * Removes the file of a platform that has crashed: a reader who waits for the file needs a running
 * one.
 */
export async function forgetEnded(file = OUTPUTS_FILE): Promise<void> {
  const outputs = parsed(found(file) ?? '');
  if (!outputs || !(await answers(outputs))) rmSync(file, { force: true });
}

/** Who waits for the file, or reads it meanwhile, finds all of it. */
function writeWhole(file: string, text: string): void {
  const written = `${file}.${process.pid}`;
  writeFileSync(written, text);
  renameSync(written, file);
}

/**
 * Writes the file while the platform runs. Of two platforms in one clone, the file belongs to the
 * later one. When that one ends, the earlier gets the file back if it still runs.
 *
 * @returns a function that takes the file back
 */
export function publishOutputs(outputs: PlatformOutputs, file = OUTPUTS_FILE): () => Promise<void> {
  const before = parsed(found(file) ?? '');
  const text = textOf(outputs);
  mkdirSync(dirname(file), { recursive: true });
  writeWhole(file, text);
  return async () => {
    if (found(file) !== text) return;
    if (before && (await answers(before))) writeWhole(file, textOf(before));
    else rmSync(file, { force: true });
  };
}

async function answers({ endpointUrl }: PlatformOutputs): Promise<boolean> {
  const answer = await fetch(`${endpointUrl}/_ministack/health`).catch(() => undefined);
  return answer?.ok === true;
}
