import { type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { CellConfig, StageConfig } from '../config/stages';
import { PlatformFunction } from '../constructs/platform-function';

export interface DatabaseSetupProps {
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
 * SetUpDatabase of a cell. It runs in the application subnets, the only ones that reach tenants'
 * databases. Its security group admits no other connection, and its role may only write its log:
 * the call brings all that it needs.
 */
export class DatabaseSetup extends Construct {
  constructor(scope: Construct, id: string, { config, cell, vpc }: DatabaseSetupProps) {
    super(scope, id);
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'SetUpDatabase, to the databases of tenants',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(Peer.ipv4(cell.tenantRange), Port.POSTGRES, 'Databases of tenants');
    new PlatformFunction(this, 'SetUpDatabase', {
      config,
      environment: { DATABASE_CERTIFICATES: CERTIFICATES_OF_RUNTIME },
      grants: [],
      inCell: { name: cell.name, vpc, securityGroup, subnetGroupName: 'App' },
    });
  }
}
