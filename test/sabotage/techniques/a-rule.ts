import {
  DeleteRuleCommand,
  type EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import type { Revert } from '../technique';

/** A rule of the account's default bus with one target. */
export async function aRule(
  events: EventBridgeClient,
  rule: { readonly Name: string; readonly EventPattern: string },
  Arn: string,
): Promise<Revert> {
  await events.send(new PutRuleCommand(rule));
  await events.send(new PutTargetsCommand({ Rule: rule.Name, Targets: [{ Id: 'one', Arn }] }));
  return async () => {
    await events.send(new RemoveTargetsCommand({ Rule: rule.Name, Ids: ['one'] }));
    await events.send(new DeleteRuleCommand({ Name: rule.Name }));
  };
}
