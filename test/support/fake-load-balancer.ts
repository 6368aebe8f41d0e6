import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2';
import { awsError } from './fake-client';

export interface FakeRule {
  RuleArn: string;
  Priority: string;
  hosts: string[];
  Actions: Action[];
  tags: Record<string, string>;
}

interface Input {
  readonly Priority: number;
  readonly Conditions: { HostHeaderConfig: { Values: string[] } }[];
  readonly Actions: Action[];
  readonly Tags?: { Key: string; Value: string }[];
  readonly ResourceArns: string[];
  readonly RuleArn: string;
  readonly PageSize: number;
  readonly Marker?: string;
}

/** A listener with its rules: priorities are unique, rules have tags, pages have the size that was asked for. */
export class FakeLoadBalancer {
  rules: FakeRule[] = [];
  readonly calls: string[] = [];
  /** Whether DescribeRules shows no rule yet. */
  hidden = false;
  /** Called before each command; may throw. */
  before: (command: string) => void = () => {};
  /** Called after the effect of a command; may throw, as if the answer was lost. */
  after: (command: string) => void = () => {};

  add(priority: number, host: string, tenantId?: string): FakeRule {
    const rule = {
      RuleArn: `arn:rule/${priority}/${this.calls.length}`,
      Priority: String(priority),
      hosts: [host],
      Actions: [],
      tags: { ...(tenantId && { tenantId }) },
    };
    this.rules.push(rule);
    return rule;
  }

  at(priority: number): FakeRule | undefined {
    return this.rules.find((rule) => rule.Priority === String(priority));
  }

  readonly send = async (command: object): Promise<never> => {
    const name = command.constructor.name;
    this.calls.push(name);
    this.before(name);
    const answer = this.answer(name, (command as { input: Input }).input);
    this.after(name);
    return answer as never;
  };

  private named(arn: string): FakeRule {
    const rule = this.rules.find((each) => each.RuleArn === arn);
    if (!rule) throw awsError('RuleNotFoundException');
    return rule;
  }

  private answer(name: string, input: Input): unknown {
    switch (name) {
      case 'CreateRuleCommand': {
        if (this.at(input.Priority)) throw awsError('PriorityInUseException');
        const rule = this.add(input.Priority, input.Conditions[0]?.HostHeaderConfig.Values[0] ?? '');
        rule.Actions = input.Actions;
        for (const { Key, Value } of input.Tags ?? []) rule.tags[Key] = Value;
        return { Rules: [rule] };
      }
      case 'DescribeRulesCommand': {
        const from = Number(input.Marker ?? 0);
        const page = this.hidden ? [] : this.rules.slice(from, from + input.PageSize);
        const Rules = page.map(({ hosts, ...rule }) => ({
          ...rule,
          Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: hosts } }],
        }));
        const next = from + input.PageSize;
        return { Rules, ...(next < this.rules.length && { NextMarker: String(next) }) };
      }
      case 'DescribeTagsCommand': {
        const Tags = Object.entries(this.named(input.ResourceArns[0] ?? '').tags).map(([Key, Value]) => ({
          Key,
          Value,
        }));
        return { TagDescriptions: [{ Tags }] };
      }
      case 'ModifyRuleCommand':
        this.named(input.RuleArn).Actions = input.Actions;
        return {};
      case 'DeleteRuleCommand':
        this.named(input.RuleArn);
        this.rules = this.rules.filter((rule) => rule.RuleArn !== input.RuleArn);
        return {};
      default:
        throw new Error(`the fake load balancer does not know ${name}`);
    }
  }
}
