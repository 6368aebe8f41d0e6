import type { StageConfig } from './stages';

/**
 * Account ids of AWS's documentation: `123456789012` and its like, four digits three times, one digit
 * twelve times. No account has them that a stage could mean.
 */
const DOCUMENTATION = /^(?:123456789012|012345678901|(\d)\1{3}(\d)\2{3}(\d)\3{3})$/;
/** "Reserved Top Level DNS Names" (RFC 2606), second-level domains included. */
const RESERVED_DOMAIN = /(?:^|[.@])(?:example\.(?:com|net|org)|[a-z0-9-]+\.example|[a-z0-9-]+\.invalid)$/;
const ZEROS = /certificate\/[0-]+$/;

/**
 * What in a stage's configuration still is an example's: accounts, domain, certificate, address.
 * The stage `local` has no account, and nothing of it is checked.
 *
 * @returns a sentence for each, none for a stage that is filled in
 */
export function placeholdersIn(config: StageConfig): string[] {
  if (config.credentials === 'cli') return [];
  const { env, billingAccountId, domain, certificateArn, alarmEmail, runbookUrl } = config;
  return [
    ...(DOCUMENTATION.test(env.account) ? [`account ${env.account} is one of AWS's documentation`] : []),
    ...(DOCUMENTATION.test(billingAccountId)
      ? [`billing account ${billingAccountId} is one of AWS's documentation`]
      : []),
    ...(RESERVED_DOMAIN.test(domain) ? [`domain ${domain} is reserved for examples`] : []),
    ...(certificateArn && ZEROS.test(certificateArn) ? [`certificate ${certificateArn} is a placeholder`] : []),
    ...(alarmEmail && RESERVED_DOMAIN.test(alarmEmail) ? [`alarm address ${alarmEmail} is reserved for examples`] : []),
    ...(runbookUrl ? [] : ['no runbookUrl: alarms cannot link to the runbook']),
    ...(runbookUrl && RESERVED_DOMAIN.test(new URL(runbookUrl).hostname)
      ? [`runbook address ${runbookUrl} is reserved for examples`]
      : []),
  ];
}

/** @throws Error that names what has to be filled in, for a stage that would be deployed to nobody's account */
export function requireFilledIn(stage: string, config: StageConfig): void {
  const found = placeholdersIn(config);
  if (found.length > 0)
    throw new Error(`stage ${stage} is not filled in (infra/config/stages.ts): ${found.join('; ')}`);
}
