import { CfnQueryDefinition, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { PlatformFunction } from '../constructs/platform-function';

/** A query of CloudWatch Logs Insights: its commands, and the log groups that it searches. */
export interface SavedQuery {
  readonly commands: readonly string[];
  readonly groups: readonly ILogGroup[];
}

export interface SavedQueriesProps {
  readonly functions: readonly PlatformFunction[];
  /** Log group of the state machine TenantOnboarding. */
  readonly onboardings: ILogGroup;
}

/** Every saved query has this prefix, by which the console shows them as one folder. */
const FOLDER = 'tenant-onboarding';

/** Called by deployments alone, which show how they fail; no tenant is named in their logs. */
const OF_DEPLOYMENTS: readonly string[] = ['SeedCell', 'SeedRingZero', 'SeedTasks'];

function logsOf(functions: readonly PlatformFunction[], ...names: string[]): ILogGroup[] {
  return names.map((name) => {
    const found = functions.find(({ node }) => node.id === name);
    if (!found) throw new Error(`there is no function ${name}`);
    return found.logGroup;
  });
}

/**
 * Queries over the logs of functions and onboardings ("CloudWatch Logs Insights language query
 * syntax"; two `stats` commands: "Use multiple stats commands in a single query").
 *
 * `step durations`: Step Functions logs an event when a run enters and leaves a state ("Logging in
 * CloudWatch Logs": `execution_arn`, `type`, `details.name`). The time between includes waiting for a
 * stack, retries, and the time until a redrive.
 */
function queriesOf({ functions, onboardings }: SavedQueriesProps) {
  // A query searches at most 50 log groups ("AWS::Logs::QueryDefinition").
  const all = functions.filter(({ node }) => !OF_DEPLOYMENTS.includes(node.id)).map(({ logGroup }) => logGroup);
  return {
    'failed onboardings': {
      groups: logsOf(functions, 'ConcludeFailure'),
      commands: [
        'fields @timestamp, tenantId, error, reason, executionArn',
        'filter message = "onboarding.failed"',
        'sort @timestamp desc',
        'limit 100',
      ],
    },
    'failures by error': {
      groups: logsOf(functions, 'ConcludeFailure'),
      commands: ['filter message = "onboarding.failed"', 'stats count(*) as failures by error', 'sort failures desc'],
    },
    'step durations': {
      groups: [onboardings],
      commands: [
        'fields details.name as state',
        'filter type like /StateEntered|StateExited/',
        'stats (max(@timestamp) - min(@timestamp)) / 1000 as seconds by execution_arn, state',
        'stats count(*) as runs, pct(seconds, 50) as p50, pct(seconds, 95) as p95 by state',
        'sort p95 desc',
      ],
    },
    'one run': {
      groups: [onboardings],
      commands: [
        'fields @timestamp, type, details.name',
        'filter execution_arn = "EXECUTION_ARN"',
        'sort @timestamp asc',
      ],
    },
    'one tenant': {
      groups: all,
      commands: [
        'fields @timestamp, step, level, message, error, reason',
        'filter tenantId = "TENANT_ID"',
        'sort @timestamp asc',
      ],
    },
    'errors by function': {
      groups: all,
      commands: ['filter level = "ERROR"', 'stats count(*) as errors by step, error', 'sort errors desc'],
    },
    'reported breaches': {
      groups: logsOf(functions, 'ReportBreach'),
      commands: [
        'fields @timestamp, verdict, tenantId, suspension',
        'filter message = "breach.reported"',
        'sort @timestamp desc',
      ],
    },
    'returned releases': {
      groups: logsOf(functions, 'ReturnTenants'),
      commands: [
        'fields @timestamp, cell, releaseId, error, reason, tenants',
        'filter message = "release.returned"',
        'sort @timestamp desc',
      ],
    },
  } as const satisfies Record<string, SavedQuery>;
}

/** The queries that operators find in the console of CloudWatch Logs Insights. */
export class SavedQueries extends Construct {
  readonly queries: ReturnType<typeof queriesOf>;

  constructor(scope: Construct, id: string, props: SavedQueriesProps) {
    super(scope, id);
    this.queries = queriesOf(props);
    for (const [name, { commands, groups }] of Object.entries<SavedQuery>(this.queries)) {
      new CfnQueryDefinition(this, name.replaceAll(' ', '-'), {
        name: `${FOLDER}/${name}`,
        queryString: commands.join('\n| '),
        logGroupNames: groups.map(({ logGroupName }) => logGroupName),
      });
    }
  }
}
