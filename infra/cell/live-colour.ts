import { CustomResource, Duration } from 'aws-cdk-lib';
import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Colour } from '../../functions/contract/cell';
import type { CellConfig } from '../config/stages';
import type { ColourService } from './colour-service';

export interface LiveColourProps {
  readonly cell: CellConfig;
  readonly cluster: ICluster;
  readonly colours: Readonly<Record<Colour, ColourService>>;
  readonly seedCell: IFunction;
}

/**
 * Sets the cell's first live colour, which is run-time state. See functions/compute/seed-cell.ts.
 */
export class LiveColour extends Construct {
  readonly targetGroupArn: string;

  constructor(scope: Construct, id: string, { cell, cluster, colours, seedCell }: LiveColourProps) {
    super(scope, id);
    const { blue, green } = colours;
    const seeding = new CustomResource(this, 'Seeding', {
      resourceType: 'Custom::LiveColour',
      serviceToken: seedCell.functionArn,
      // The default is an hour: a function that cannot answer would delay the deployment by that
      // time.
      serviceTimeout: Duration.minutes(10),
      properties: {
        Cell: cell.name,
        ClusterName: cluster.clusterName,
        Services: { blue: blue.service.serviceName, green: green.service.serviceName },
        TargetGroupArns: { blue: blue.targetGroup.targetGroupArn, green: green.targetGroup.targetGroupArn },
        MinimumTasks: cell.service.liveTasks.min,
      },
    });
    this.targetGroupArn = seeding.getAttString('TargetGroupArn');
  }
}
