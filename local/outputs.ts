import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';

export const OUTPUTS_FILE = join(__dirname, '../.local/outputs.json');

/** What a client needs to know of a running platform. */
export const PlatformOutputsSchema = z.object({
  endpointUrl: z.url(),
  region: z.string(),
  accountId: z.string(),
  eventBusName: z.string(),
  stateMachineArn: z.string(),
  tenantsTableName: z.string(),
  /** A request here with `Host: SUBDOMAIN.DOMAIN` reaches the load balancer's listener. */
  loadBalancerUrl: z.url(),
  domain: z.string(),
  undeliveredSignupsUrl: z.url(),
  undeliveredStackEventsUrl: z.url(),
  alarmTopicArn: z.string(),
});
export type PlatformOutputs = z.infer<typeof PlatformOutputsSchema>;

const found = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** @throws Error that says how to start a platform, when none is running */
export function readOutputs(file = OUTPUTS_FILE): PlatformOutputs {
  const text = found(file);
  if (text === undefined) throw new Error(`no platform is running (no ${file}): start one with \`npm run local\``);
  return PlatformOutputsSchema.parse(JSON.parse(text));
}

/**
 * Writes the file for as long as the platform runs. Of two platforms in one clone the later one has it; when that one
 * ends, the earlier gets it back, if it still runs.
 *
 * @returns takes the file back
 */
export function publishOutputs(outputs: PlatformOutputs, file = OUTPUTS_FILE): () => Promise<void> {
  const before = found(file);
  const text = `${JSON.stringify(outputs, null, 2)}\n`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return async () => {
    if (found(file) !== text) return;
    if (before !== undefined && (await answers(before))) writeFileSync(file, before);
    else rmSync(file, { force: true });
  };
}

async function answers(outputs: string): Promise<boolean> {
  const { data } = PlatformOutputsSchema.safeParse(JSON.parse(outputs));
  if (!data) return false;
  const answer = await fetch(`${data.endpointUrl}/_ministack/health`).catch(() => undefined);
  return answer?.ok === true;
}
