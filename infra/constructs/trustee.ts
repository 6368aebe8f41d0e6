import { Stack } from 'aws-cdk-lib';
import type { PolicyDocument, PrincipalBase } from 'aws-cdk-lib/aws-iam';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { TRUSTEES_PARAMETER_PATH } from '../../functions/contract/naming';

export interface TrusteeProps {
  /** Part of the parameter's name: the same in every release. */
  readonly name: string;
  readonly roleName: string;
  readonly assumedBy: PrincipalBase;
  readonly policies: readonly PolicyDocument[];
}

/** "Parameter tiers": a standard parameter holds 4 KB. So many statements take half of it. */
const STATEMENTS = 4;

/**
 * Publishes what the template makes of a role that tenants trust: its trust and its policies, in parts.
 * The check `identity.trustees` compares IAM with it.
 */
export class Trustee extends Construct {
  constructor(scope: Construct, id: string, props: TrusteeProps) {
    super(scope, id);
    const { name, roleName, assumedBy, policies } = props;
    const stack = Stack.of(this);
    const { conditions, principalJson } = assumedBy.policyFragment;
    const hasConditions = Object.keys(conditions).length > 0;
    const trust = {
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: principalJson,
          ...(hasConditions && { Condition: conditions }),
        },
      ],
    };
    // Not resolved here: a reference to another stack would stay one to a resource that this stack does not have.
    const statements = policies.flatMap((policy) => policy.toJSON()?.Statement ?? []);
    for (let first = 0; first < statements.length; first += STATEMENTS) {
      const part = { role: roleName, trust, policy: { Statement: statements.slice(first, first + STATEMENTS) } };
      new StringParameter(this, `Part${first / STATEMENTS}`, {
        parameterName: `${TRUSTEES_PARAMETER_PATH}/${name}/${first / STATEMENTS}`,
        description: `What the release grants to a role that tenants trust: ${name}`,
        stringValue: stack.toJsonString(part),
      });
    }
  }
}
