import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { WORKFLOWS } from '../../functions/contract/workflows';
import type { Grant } from '../constructs/grant';
import { DASHBOARD_NAME } from '../constructs/platform-names';
import { onNoResource } from './functions/context';

/**
 * What a person needs to see the dashboard and to run the saved queries ("Actions, resources, and
 * condition keys for Amazon CloudWatch" and "... for Amazon CloudWatch Logs").
 */
export function dashboardGrants(stack: Stack): Grant[] {
  const logGroup = (name: string) =>
    stack.formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: `${name}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  return [
    {
      actions: ['cloudwatch:GetDashboard'],
      resources: [
        stack.formatArn({ service: 'cloudwatch', region: '', resource: 'dashboard', resourceName: DASHBOARD_NAME }),
      ],
    },
    {
      actions: ['logs:StartQuery'],
      resources: [
        logGroup('/tenant-onboarding/*'),
        ...WORKFLOWS.map(({ name }) => logGroup(`/aws/vendedlogs/states/${name}`)),
      ],
      wildcardBecause: "A log group's ARN ends in :*; only the platform's functions have logs under the prefix.",
    },
    onNoResource('cloudwatch:GetMetricData', 'logs:DescribeQueryDefinitions', 'logs:GetQueryResults'),
  ];
}
