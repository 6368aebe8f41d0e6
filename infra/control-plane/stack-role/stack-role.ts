import { Stack } from 'aws-cdk-lib';
import { type IManagedPolicy, type IRole, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { policyOf } from '../../constructs/grant';
import { platformArns, STACK_ROLE_NAME } from '../../constructs/platform-names';
import { databaseGrants } from './database-grants';
import { identityGrants, observabilityGrants, storageGrants } from './grants';
import { networkGrants } from './network-grants';

/**
 * The role that CloudFormation assumes for tenants' stacks. It can create and delete the resources
 * of the four templates in infra/tenant. It can create roles only under the tenants' path and with
 * the tenants' boundary.
 */
export class TenantStackRole extends Construct {
  readonly role: IRole;

  constructor(scope: Construct, id: string, props: { readonly boundary: IManagedPolicy }) {
    super(scope, id);
    const arns = platformArns(Stack.of(this));
    const inlinePolicies = {
      Identity: policyOf(this, identityGrants(arns, props.boundary.managedPolicyArn)),
      Network: policyOf(this, networkGrants(arns)),
      Database: policyOf(this, databaseGrants(arns)),
      Storage: policyOf(this, storageGrants(arns)),
      Observability: policyOf(this, observabilityGrants(arns)),
    };
    this.role = new Role(this, 'Role', {
      roleName: STACK_ROLE_NAME,
      assumedBy: new ServicePrincipal('cloudformation.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: 'Permissions of CloudFormation for the stacks of tenants',
      inlinePolicies,
    });
  }
}
