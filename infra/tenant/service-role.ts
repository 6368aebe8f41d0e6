import { Aws, aws_iam as iam } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { TENANT_ROLE_PATH, tenantNames } from '../../functions/contract/naming';

interface ServiceRoleProps {
  readonly tenantId: string;
  readonly boundaryArn: string;
  /** Last part of the role's name: `tenant-ID-PURPOSE`. */
  readonly purpose: string;
  readonly service: string;
  /** The resource for which the service may use the role (confused deputy). */
  readonly sourceArn: string;
  readonly statements: iam.PolicyStatement[];
}

/**
 * A role that an AWS service assumes for one tenant: under the tenants' path, with the tenants'
 * boundary.
 */
export function tenantServiceRole(scope: Construct, id: string, props: ServiceRoleProps): iam.CfnRole {
  return new iam.CfnRole(scope, id, {
    roleName: `${tenantNames.role(props.tenantId)}-${props.purpose}`,
    path: TENANT_ROLE_PATH,
    permissionsBoundary: props.boundaryArn,
    assumeRolePolicyDocument: new iam.PolicyDocument({
      statements: [
        new iam.PolicyStatement({
          actions: ['sts:AssumeRole'],
          principals: [new iam.ServicePrincipal(props.service)],
          conditions: {
            StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
            ArnLike: { 'aws:SourceArn': props.sourceArn },
          },
        }),
      ],
    }),
    policies: [{ policyName: props.purpose, policyDocument: new iam.PolicyDocument({ statements: props.statements }) }],
  });
}
