import type { CheckMetadata } from '../check';

export const LOGS_METADATA = [
  {
    id: 'logs.subscriptions',
    title: 'Nobody streams the tenant’s logs',
    question: 'Has none of the tenant’s log groups a subscription filter, which sends its events elsewhere?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.7'] },
    remediation: 'Delete the subscription filter that the evidence names, and find out what it has sent.',
  },
  {
    id: 'logs.readers',
    title: 'Nobody but those whom the stage lists reads the tenant’s logs',
    question:
      'Does no own policy of a principal name an action that reads the tenant’s log groups, but for the principals that the stage lists?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.3'] },
    remediation:
      'Remove the action from the policies of the principal that the evidence names, or list the principal in `logReaders` of the stage.',
  },
  {
    id: 'logs.filters',
    title: 'No metric is made of the tenant’s logs',
    question: 'Has none of the tenant’s log groups a metric filter, which turns its text into metrics?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.7'] },
    remediation: 'Delete the metric filters of the log group that the evidence names, and the metrics’ dimensions.',
  },
  {
    id: 'logs.account-policies',
    title: 'No policy of the account sends all logs away',
    question:
      'Has CloudWatch Logs no subscription and no data protection that sends logs of the whole account, or findings in them, elsewhere?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.7'] },
    remediation:
      'Delete the policy of the account that the evidence names, and find out what its destination has received.',
  },
  {
    id: 'logs.data-protection',
    title: 'No data protection policy reads the tenant’s logs',
    question:
      'Has none of the tenant’s log groups a data protection policy, which masks events or sends findings elsewhere?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.7', 'CC7.2'] },
    remediation:
      'Delete the data protection policy of the log group that the evidence names, after its destinations are known.',
  },
  {
    id: 'logs.resource-policies',
    title: 'No resource policy opens the tenant’s logs',
    question:
      'Does no resource policy of CloudWatch Logs let anybody at the tenant’s log groups, but AWS services that bring events?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation: 'Delete the resource policy that the evidence names, and find out what its principal has read.',
  },
] as const satisfies readonly CheckMetadata[];
