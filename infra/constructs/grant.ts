import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference';
import type { Construct } from 'constructs';

type Conditions = Record<string, Record<string, string | readonly string[]>>;

/**
 * Permissions of one role. A resource with a wildcard needs a reason why AWS cannot name it more
 * closely.
 */
export interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Conditions;
  readonly wildcardBecause?: string;
}

/**
 * Makes one policy document of the grants, and acknowledges each of their wildcards with its
 * reason for cdk-nag.
 *
 * @throws Error for a wildcard resource without a reason, and for any wildcard in an action
 */
export function policyOf(scope: Construct, grants: readonly Grant[]): PolicyDocument {
  for (const { actions, resources, wildcardBecause } of grants) {
    if (actions.some((action) => action.includes('*'))) throw new Error(`a grant names a wildcard action: ${actions}`);
    for (const resource of resources.map((each) => flattenCfnReference(Stack.of(scope).resolve(each)))) {
      if (!resource.includes('*')) continue;
      if (!wildcardBecause) throw new Error(`${scope.node.path}: a grant on ${resource} needs a reason`);
      Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason: wildcardBecause });
    }
  }
  return new PolicyDocument({
    statements: grants.map(
      ({ actions, resources, conditions }) =>
        new PolicyStatement({ actions: [...actions], resources: [...resources], ...(conditions && { conditions }) }),
    ),
  });
}
