import {
  type CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  UpdateStackCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { STACK_KINDS } from '../../../functions/contract/stacks';
import { eventually } from '../../support/running-stage';
import type { AttackTechnique } from '../technique';

const unprotected = (kind: (typeof STACK_KINDS)[number]): AttackTechnique => ({
  name: `take the protection off the ${kind} stack`,
  check: 'stacks.protection',
  detonate: async ({ subject, root: { cloudformation } }) => {
    const { stackName: StackName } = subject.stacks[kind];
    const protect = (EnableTerminationProtection: boolean) =>
      cloudformation.send(new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection }));
    await protect(false);
    return {
      expectedEvidence: `termination protection of the ${kind} stack is false`,
      revert: () => protect(true),
    };
  },
});

async function updated(
  client: CloudFormationClient,
  StackName: string,
  update: { TemplateBody: string } | { Key: string; Value: string },
) {
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
  const [stack] = Stacks ?? [];
  const Parameters = (stack?.Parameters ?? []).map(({ ParameterKey, ParameterValue }) => ({
    ParameterKey,
    ParameterValue: 'Key' in update && update.Key === ParameterKey ? update.Value : ParameterValue,
  }));
  await client.send(
    new UpdateStackCommand({
      StackName,
      Parameters,
      Tags: stack?.Tags,
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      ...('TemplateBody' in update ? { TemplateBody: update.TemplateBody } : { UsePreviousTemplate: true }),
    }),
  );
  await eventually(`the end of the update of ${StackName}`, async () => {
    const now = await client.send(new DescribeStacksCommand({ StackName }));
    return /^UPDATE_(ROLLBACK_)?COMPLETE$/.test(now.Stacks?.[0]?.StackStatus ?? '') || undefined;
  });
}

export const STACK_TECHNIQUES: readonly AttackTechnique[] = [
  ...STACK_KINDS.map(unprotected),
  {
    name: 'update the storage stack to another template',
    check: 'stacks.template',
    detonate: async ({ subject, root: { cloudformation } }) => {
      const { stackName, templateVersion } = subject.stacks.storage;
      const { TemplateBody = '' } = await cloudformation.send(
        new GetTemplateCommand({ StackName: stackName, TemplateStage: 'Original' }),
      );
      const other = { ...JSON.parse(TemplateBody), Description: 'Storage of one tenant, as somebody wants it' };
      await updated(cloudformation, stackName, { TemplateBody: JSON.stringify(other, null, 1) });
      return {
        expectedEvidence: `the storage stack has another template than version ${templateVersion}`,
        revert: () => updated(cloudformation, stackName, { TemplateBody }),
      };
    },
  },
  {
    name: 'send the tenant’s alarms to another topic by the database stack',
    check: 'stacks.parameters',
    detonate: async ({ subject, root: { cloudformation } }) => {
      const { stackName } = subject.stacks.database;
      const to = (Value: string) => updated(cloudformation, stackName, { Key: 'AlarmTopicArn', Value });
      const nobody = `${subject.alarmTopicArn}-of-nobody`;
      await to(nobody);
      return {
        expectedEvidence: `parameter AlarmTopicArn of the database stack is ${nobody}`,
        revert: () => to(subject.alarmTopicArn),
      };
    },
  },
];
