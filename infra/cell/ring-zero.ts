import { CustomResource, Duration } from 'aws-cdk-lib';
import {
  ApplicationListenerRule,
  type IApplicationListener,
  ListenerAction,
  ListenerCondition,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Colour } from '../../functions/contract/cell';
import { RING_ZERO_PRIORITY, ringZeroHost } from '../../functions/contract/naming';
import type { CellConfig, StageConfig } from '../config/stages';
import type { ColourService } from './colour-service';
import type { DecoyTenant } from './decoy-tenant';
import type { LiveColour } from './live-colour';

export interface RingZeroProps {
  readonly config: StageConfig;
  readonly cell: CellConfig;
  readonly listener: IApplicationListener;
  readonly colours: Readonly<Record<Colour, ColourService>>;
  readonly decoy: DecoyTenant;
  /** The rule is pointed to the live colour, which must be known. */
  readonly live: LiveColour;
  readonly seedRingZero: IFunction;
}

/** CloudFormation calls SeedRingZero when a property changes: raised, this one makes a lost route or page again. */
const REVISION = '1';

/**
 * The page that each release moves before any customer's: a host, its listener rule, a route, and a
 * page in the decoy's bucket. See functions/routing/seed-ring-zero.ts.
 *
 * The template's rule leads to blue, as any colour would do: SeedRingZero points it to the live one.
 */
export class RingZero extends Construct {
  readonly host: string;
  readonly ruleArn: string;

  constructor(scope: Construct, id: string, props: RingZeroProps) {
    super(scope, id);
    const { config, cell, listener, colours, decoy, live, seedRingZero } = props;
    this.host = ringZeroHost(cell.name, config.domain);
    const { blue, green } = colours;
    const rule = new ApplicationListenerRule(this, 'Rule', {
      listener,
      priority: RING_ZERO_PRIORITY,
      conditions: [ListenerCondition.hostHeaders([this.host])],
      action: ListenerAction.forward([blue.targetGroup]),
    });
    this.ruleArn = rule.listenerRuleArn;
    const seeding = new CustomResource(this, 'Seeding', {
      resourceType: 'Custom::RingZero',
      serviceToken: seedRingZero.functionArn,
      serviceTimeout: Duration.minutes(10),
      properties: {
        Revision: REVISION,
        Cell: cell.name,
        Host: this.host,
        RuleArn: this.ruleArn,
        TargetGroupArns: { blue: blue.targetGroup.targetGroupArn, green: green.targetGroup.targetGroupArn },
        Decoy: {
          TenantId: decoy.tenantId,
          ExternalId: decoy.externalId,
          RoleArn: decoy.roleArn,
          BucketName: decoy.bucketName,
          KeyArn: decoy.keyArn,
        },
      },
    });
    seeding.node.addDependency(rule, decoy, live);
  }
}
