import { Stack } from 'aws-cdk-lib';
import type { PolicyDocument, PrincipalBase } from 'aws-cdk-lib/aws-iam';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { TRUSTEES_PARAMETER_PATH } from '../../functions/contract/naming';

export interface TrusteeProps {
  /** Part of the parameter's name, the same in every release. */
  readonly name: string;
  readonly roleName: string;
  readonly assumedBy: PrincipalBase;
  readonly policies: readonly PolicyDocument[];
}

/**
 * Statements per parameter. A standard parameter holds 4 KB ("Parameter tiers"); four statements
 * take half of it.
 */
const STATEMENTS = 4;

/**
 * Publishes trust policy and permissions of a role that tenants trust, as the template declares
 * them, in SSM parameters. The check `identity.trustees` compares the role in IAM with them.
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
    // Resolved later: resolved here, a reference to another stack would name a resource that this
    // stack lacks.
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
