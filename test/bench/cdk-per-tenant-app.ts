import { App, CliCredentialsStackSynthesizer, Fn, type IReusableStackSynthesizer, Stack } from 'aws-cdk-lib';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import * as z from 'zod';
import { LaunchStackInput } from '../../functions/contract/onboarding';
import { STACK_KINDS, StackKindSchema, StackOutputSchemas } from '../../functions/contract/stacks';
import { stackParameters } from '../../functions/stacks/stack-parameters';
import { asInterface } from '../../infra/constructs/cdk-interface';

/** Environment variable that says for which tenant the app is. */
export const TENANT_VARIABLE = 'BENCH_TENANT';

export const CdkTenantSchema = z.object({
  templates: z.record(StackKindSchema, z.string()),
  launch: LaunchStackInput.pick({ executionArn: true, tenant: true, cell: true, key: true }),
  platform: z.object({
    accountId: z.string(),
    region: z.string(),
    boundaryArn: z.string(),
    alarmTopicArn: z.string(),
    runbookUrl: z.string(),
    trustedRoleArns: z.array(z.string()),
    availabilityZones: z.array(z.string()),
  }),
});
export type CdkTenant = z.infer<typeof CdkTenantSchema>;

const LISTS = new Set(['DatabaseSubnetIds', 'TrustedRoleArns']);

/**
 * One tenant's four stacks as an app of their own, the way a system without this control plane deploys them: values stand
 * in the place of parameters, and the stacks refer to each other.
 */
function tenantApp({ templates, launch, platform }: CdkTenant): App {
  const app = new App({ analyticsReporting: false, treeMetadata: false });
  const outputs: Record<string, Record<string, string>> = {};
  for (const kind of STACK_KINDS) {
    const stack = new Stack(app, `cdk-${launch.tenant.tenantId}-${kind}`, {
      env: { account: platform.accountId, region: platform.region },
      synthesizer: asInterface<IReusableStackSynthesizer>(new CliCredentialsStackSynthesizer()),
    });
    const { network, database } = outputs;
    const step = LaunchStackInput.parse({ ...launch, taskToken: '', stack: kind, outputs: { network, database } });
    const parameters = Object.fromEntries(
      stackParameters(step, platform).map(({ ParameterKey, ParameterValue }) => [
        ParameterKey,
        LISTS.has(ParameterKey) ? Fn.split(',', ParameterValue) : ParameterValue,
      ]),
    );
    const template = new CfnInclude(stack, 'Template', { templateFile: templates[kind], parameters });
    const names = Object.keys(StackOutputSchemas[kind].shape);
    outputs[kind] = Object.fromEntries(names.map((name) => [name, String(template.getOutput(name).value)]));
  }
  return app;
}

if (require.main === module) {
  tenantApp(CdkTenantSchema.parse(JSON.parse(process.env[TENANT_VARIABLE] ?? ''))).synth();
}
