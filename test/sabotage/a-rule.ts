import {
  DeleteRuleCommand,
  type EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import type { Revert } from './technique';

/** A rule of the account's default bus with one target, by a role: a bus of another account takes one. */
export async function aRule(
  events: EventBridgeClient,
  rule: { readonly Name: string; readonly EventPattern: string },
  { Arn, accountId }: { readonly Arn: string; readonly accountId: string },
): Promise<Revert> {
  const RoleArn = `arn:aws:iam::${accountId}:role/events`;
  await events.send(new PutRuleCommand(rule));
  await events.send(new PutTargetsCommand({ Rule: rule.Name, Targets: [{ Id: 'one', Arn, RoleArn }] }));
  return async () => {
    await events.send(new RemoveTargetsCommand({ Rule: rule.Name, Ids: ['one'] }));
    await events.send(new DeleteRuleCommand({ Name: rule.Name }));
  };
}
