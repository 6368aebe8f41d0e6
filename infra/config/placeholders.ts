import type { StageConfig } from './stages';

/**
 * Account ids of AWS's documentation: `123456789012` and similar, four digits three times, or one
 * digit twelve times. No real account has such an id.
 */
const DOCUMENTATION = /^(?:123456789012|012345678901|(\d)\1{3}(\d)\2{3}(\d)\3{3})$/;
/** "Reserved Top Level DNS Names" (RFC 2606), second-level domains included. */
const RESERVED_DOMAIN = /(?:^|[.@])(?:example\.(?:com|net|org)|[a-z0-9-]+\.example|[a-z0-9-]+\.invalid)$/;
const ZEROS = /(?:certificate|connection)\/[0-]+$/;

/**
 * Finds what is still an example in a stage's configuration: accounts, domain, certificate,
 * address. It does not check the stage `local`, which has no account.
 *
 * @returns a sentence for each example; none for a stage that is filled in
 */
export function placeholdersIn(config: StageConfig): string[] {
  if (config.credentials === 'cli') return [];
  const { env, billingAccountId, domain, certificateArn, alarmEmail, runbookUrl, pipeline } = config;
  return [
    ...(DOCUMENTATION.test(env.account) ? [`account ${env.account} is one of AWS's documentation`] : []),
    ...(DOCUMENTATION.test(billingAccountId)
      ? [`billing account ${billingAccountId} is one of AWS's documentation`]
      : []),
    ...(RESERVED_DOMAIN.test(domain) ? [`domain ${domain} is reserved for examples`] : []),
    ...(certificateArn && ZEROS.test(certificateArn) ? [`certificate ${certificateArn} is a placeholder`] : []),
    ...(alarmEmail && RESERVED_DOMAIN.test(alarmEmail) ? [`alarm address ${alarmEmail} is reserved for examples`] : []),
    ...(pipeline.build && ZEROS.test(pipeline.build.connectionArn)
      ? [`connection ${pipeline.build.connectionArn} is a placeholder`]
      : []),
    ...(runbookUrl ? [] : ['no runbookUrl: alarms cannot link to the runbook']),
    ...(runbookUrl && RESERVED_DOMAIN.test(new URL(runbookUrl).hostname)
      ? [`runbook address ${runbookUrl} is reserved for examples`]
      : []),
  ];
}

/** @throws Error that names what has to be filled in before the stage can be deployed */
export function requireFilledIn(stage: string, config: StageConfig): void {
  const found = placeholdersIn(config);
  if (found.length > 0)
    throw new Error(`stage ${stage} is not filled in (infra/config/stages.ts): ${found.join('; ')}`);
}
