import { type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { CellConfig, StageConfig } from '../config/stages';
import { PlatformFunction } from '../constructs/platform-function';

export interface DatabaseFunctionsProps {
  readonly config: StageConfig;
  readonly cell: CellConfig;
  readonly vpc: IVpc;
}

/**
 * File with Amazon's certificate authorities in Lambda's runtime ("Using SSL/TLS to encrypt a
 * connection": Lambda).
 */
const CERTIFICATES_OF_RUNTIME = '/var/runtime/ca-cert.pem';

/**
 * SetUpDatabase and AskDatabase of a cell. They run in the application subnets, the only ones that reach
 * tenants' databases. Their security group admits no other connection, and their roles may only write
 * their logs: the call brings all that they need.
 *
 * They are two, because what verifies must not be able to change anything: AskDatabase has none of the code
 * that sets up, and the verifying functions may not call SetUpDatabase. Functions with the same subnets and group share
 * their network interfaces ("Giving Lambda functions access to resources in an Amazon VPC").
 */
export class DatabaseFunctions extends Construct {
  constructor(scope: Construct, id: string, { config, cell, vpc }: DatabaseFunctionsProps) {
    super(scope, id);
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'SetUpDatabase, to the databases of tenants',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(Peer.ipv4(cell.tenantRange), Port.POSTGRES, 'Databases of tenants');
    const environment = { DATABASE_CERTIFICATES: CERTIFICATES_OF_RUNTIME };
    const environments = {
      SetUpDatabase: { ...environment, COPY_FOR_SECONDS: String(config.copyFor.toSeconds()) },
      AskDatabase: environment,
    };
    for (const [name, variables] of Object.entries(environments))
      new PlatformFunction(this, name, {
        config,
        environment: variables,
        grants: [],
        inCell: { name: cell.name, vpc, securityGroup, subnetGroupName: 'App' },
      });
  }
}
