import { Duration, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { type IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  type ApplicationListener,
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ListenerAction,
  SslPolicy,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { CellConfig, StageConfig } from '../config/stages';
import { cellName } from '../constructs/platform-names';

export interface CellLoadBalancerProps {
  readonly config: StageConfig;
  readonly cell: CellConfig;
  readonly vpc: IVpc;
  readonly accessLogs: IBucket;
}

/** The load balancer of a cell. It answers 404 for a host that no tenant's rule names. */
export class CellLoadBalancer extends Construct {
  readonly loadBalancer: ApplicationLoadBalancer;
  readonly listener: ApplicationListener;

  constructor(scope: Construct, id: string, props: CellLoadBalancerProps) {
    super(scope, id);
    const { config, cell, vpc } = props;
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'The internet, to the load balancer of the cell',
      allowAllOutbound: false,
    });
    Validations.of(securityGroup).acknowledge({
      id: 'AwsSolutions-EC23',
      reason: "Tenants' pages are public: the load balancer's port is open to everyone.",
    });
    this.loadBalancer = new ApplicationLoadBalancer(this, 'LoadBalancer', {
      loadBalancerName: cellName(cell.name),
      vpc,
      vpcSubnets: { subnetGroupName: 'Public' },
      internetFacing: true,
      securityGroup,
      dropInvalidHeaderFields: true,
      deletionProtection: config.deletionProtection,
      idleTimeout: Duration.seconds(60),
    });
    this.loadBalancer.logAccessLogs(props.accessLogs, 'load-balancer');
    const defaultAction = ListenerAction.fixedResponse(404, {
      contentType: 'text/plain',
      messageBody: 'There is nothing under this name.',
    });
    this.listener = config.certificateArn
      ? this.https(config.certificateArn, defaultAction)
      : this.loadBalancer.addListener('Http', { protocol: ApplicationProtocol.HTTP, defaultAction });
  }

  private https(certificateArn: string, defaultAction: ListenerAction): ApplicationListener {
    this.loadBalancer.addListener('Http', {
      protocol: ApplicationProtocol.HTTP,
      defaultAction: ListenerAction.redirect({ protocol: 'HTTPS', port: '443', permanent: true }),
    });
    return this.loadBalancer.addListener('Https', {
      protocol: ApplicationProtocol.HTTPS,
      certificates: [Certificate.fromCertificateArn(this, 'Certificate', certificateArn)],
      sslPolicy: SslPolicy.TLS13_RES,
      defaultAction,
    });
  }
}
