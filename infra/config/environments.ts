export const STAGES = ['local', 'dev', 'prod'] as const;
export type Stage = (typeof STAGES)[number];

/**
 * Account and region of each stage. They have their own file so that operators' commands start
 * without the CDK.
 */
export const environments: Readonly<Record<Stage, { readonly account: string; readonly region: string }>> = {
  local: { account: '000000000000', region: 'eu-central-1' },
  dev: { account: '111122223333', region: 'eu-central-1' },
  prod: { account: '444455556666', region: 'eu-central-1' },
};
