import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import * as z from 'zod';

const ReportSchema = z.object({
  pluginReports: z.array(z.object({ pluginName: z.string(), violations: z.array(z.object({ ruleName: z.string() })) })),
});

/**
 * What CloudFormation's own rules object to in a synthesized app. The synthesis itself only warns of it.
 *
 * @param outdir of an app that was synthesized with CDK_VALIDATION=true
 * @throws Error when the rules were not asked
 */
export function violationsIn(outdir: string): string[] {
  const report = ReportSchema.parse(JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')));
  if (!report.pluginReports.some(({ pluginName }) => pluginName === 'CloudFormation Validate'))
    throw new Error('CloudFormation’s rules were not asked');
  return report.pluginReports.flatMap(({ violations }) => violations.map(({ ruleName }) => ruleName));
}

/** What cdk-nag reports of an app: each rule, with the resources that break it. */
export const nagFindings = (app: App) =>
  new AwsSolutionsChecks(app)
    .validateScope(app)
    .violations.map((finding) => [finding.ruleName, finding.violatingResources] as const);

/** The reasons with which the app acknowledges that it breaks rules. */
export const acknowledgedFor = (app: App): string[] =>
  app.node
    .findAll()
    .flatMap(({ node }) => node.metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY))
    .flatMap(({ data }) => Object.values(data as Record<string, string>));
