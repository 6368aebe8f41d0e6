import { type SurroundingsData as Data, surroundings } from '../../support/healthy-surroundings';
import { askSpoilt, type Breach, definition, first, type Harmless, testRoom } from '../../support/surroundings-tests';

const task = ({ loadBalancer }: Data) => first(loadBalancer.serving.tasks);

const BREACHES: Breach[] = [
  [
    'routing.listeners',
    'one more',
    ({ loadBalancer: c }) => c.listeners.push({ ListenerArn: 'arn:other', Protocol: 'HTTP', SslPolicy: '' }),
    'arn:other is unexpected',
  ],
  [
    'routing.listeners',
    'in plain HTTP',
    ({ loadBalancer: c }) => Object.assign(c.listeners[0] ?? {}, { Protocol: 'HTTP', SslPolicy: undefined }),
    'is HTTP, not HTTPS',
  ],
  [
    'routing.listeners',
    'on another port',
    ({ loadBalancer: c }) => Object.assign(c.listeners[0] ?? {}, { Port: 8443 }),
    'is 8443, not 443',
  ],
  [
    'routing.listeners',
    'asking visitors for certificates',
    ({ loadBalancer: c }) => Object.assign(c.listeners[0] ?? {}, { MutualAuthentication: { Mode: 'passthrough' } }),
    'is passthrough, not off',
  ],
  [
    'routing.listeners',
    'without the redirection',
    ({ loadBalancer: c }) => c.listeners.pop(),
    'redirecting is missing',
  ],
  [
    'routing.listeners',
    'redirecting to a stranger',
    ({ loadBalancer: c }) =>
      Object.assign(c.listeners[1] ?? {}, {
        DefaultActions: [
          {
            Type: 'redirect',
            RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301', Host: 'theirs.example' },
          },
        ],
      }),
    'theirs.example',
  ],
  [
    'routing.listeners',
    'a page where there is none',
    ({ loadBalancer: c }) =>
      Object.assign(c.listeners[0] ?? {}, {
        DefaultActions: [
          {
            Type: 'fixed-response',
            FixedResponseConfig: { StatusCode: '404', ContentType: 'text/html', MessageBody: '<script>' },
          },
        ],
      }),
    'text/html',
  ],
  [
    'routing.listeners',
    'a rule at the redirecting one',
    ({ loadBalancer: c }) => c.otherRules.push({ RuleArn: 'arn:theirs', Priority: '1' }),
    'rule arn:theirs is of a listener that serves no tenant',
  ],
  [
    'routing.listeners',
    'weak TLS',
    ({ loadBalancer: c }) => Object.assign(c.listeners[0] ?? {}, { SslPolicy: 'ELBSecurityPolicy-2016-08' }),
    '2016-08',
  ],
  [
    'routing.load-balancer',
    'logs elsewhere',
    ({ loadBalancer: c }) => Object.assign(c.attributes, { 'access_logs.s3.bucket': 'theirs' }),
    'theirs',
  ],
  [
    'cell.service',
    'with shells',
    ({ cell: c }) => Object.assign(c.services[0] ?? {}, { enableExecuteCommand: true }),
    'blue lets shells',
  ],
  ...(
    [
      ['a stranger’s servers', { capacityProviderStrategy: [{ capacityProvider: 'theirs' }] }, 'servers of theirs'],
      ['servers of the account', { launchType: 'EC2' }, 'blue runs its tasks on servers of EC2'],
    ] as const
  ).map(
    ([where, place, evidence]): Breach => [
      'cell.service',
      `on ${where}`,
      ({ cell: c }) => Object.assign(c.services[0] ?? {}, place),
      evidence,
    ],
  ),
  [
    'cell.service',
    'with a task on a server',
    (data) => Object.assign(task(data), { launchType: 'EC2' }),
    'runs on a server of EC2',
  ],
  [
    'routing.load-balancer',
    'logs of health checks elsewhere',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.attributes, {
        ...{ 'health_check_logs.s3.enabled': 'true', 'health_check_logs.s3.bucket': 'theirs' },
      }),
    'health_check_logs.s3.enabled is true, not false',
  ],
  [
    'routing.load-balancer',
    'ports in the addresses of visitors',
    ({ loadBalancer }) => Object.assign(loadBalancer.attributes, { 'routing.http.xff_client_port.enabled': 'true' }),
    'xff_client_port.enabled is true, not false',
  ],
  [
    'routing.load-balancer',
    'without the protection of the template',
    ({ loadBalancer, stacks }) => {
      const { properties } = stacks.cell.find(({ type }) => type.endsWith('::LoadBalancer')) ?? { properties: {} };
      Object.assign(properties, {
        LoadBalancerAttributes: [{ Key: 'deletion_protection.enabled', Value: 'true' }],
      });
      Object.assign(loadBalancer.attributes, { 'deletion_protection.enabled': 'false' });
    },
    'deletion_protection.enabled is false, not true',
  ],
  [
    'routing.load-balancer',
    'a header kept as it came',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.attributes, { 'routing.http.preserve_host_header.enabled': 'true' }),
    'preserve_host_header.enabled is true',
  ],
  [
    'routing.listener-attributes',
    'every origin',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.listenerAttributes, {
        'routing.http.response.access_control_allow_origin.header_value': '*',
      }),
    'access_control_allow_origin.header_value: *',
  ],
  [
    'routing.listener-attributes',
    'another name for a header',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.listenerAttributes, {
        'routing.http.request.x_amzn_mtls_clientcert.header_name': 'X-Forwarded-For',
      }),
    'X-Forwarded-For',
  ],
  [
    'routing.group-attributes',
    'sticky',
    ({ loadBalancer }) => Object.assign(loadBalancer.groupAttributes.green, { 'stickiness.enabled': 'true' }),
    'green: stickiness.enabled is true, not false',
  ],
  [
    'routing.targets',
    'a stranger’s server',
    ({ loadBalancer }) =>
      loadBalancer.serving.targets.push({ colour: 'green', address: '203.0.113.5', state: 'unused' }),
    '203.0.113.5 is a target of green (unused)',
  ],
  [
    'routing.targets',
    'a task of nobody',
    (data) => (task(data).group = 'family:theirs'),
    '10.0.0.7 is a target of blue',
  ],
  ['cell.service', 'a task beside', (data) => (task(data).group = 'family:theirs'), 'arn:task of family:theirs'],
  [
    'cell.service',
    'another role',
    (data) => (definition(data).taskRoleArn = 'arn:theirs'),
    'the task role of cell-blue is arn:theirs',
  ],
  [
    'cell.service',
    'another image',
    (data) => (first(definition(data).containerDefinitions).image = 'theirs/service@sha256:1'),
    'runs the image theirs/service@sha256:1',
  ],
  [
    'cell.service',
    'one variable more',
    (data) => first(definition(data).containerDefinitions).environment.push({ name: 'HTTPS_PROXY', value: 'theirs' }),
    'HTTPS_PROXY=theirs is unexpected',
  ],
  [
    'cell.service',
    'variables from a stranger’s file',
    (data) => first(definition(data).containerDefinitions).environmentFiles.push({ value: 'arn:aws:s3:::theirs/env' }),
    'reads variables from arn:aws:s3:::theirs/env',
  ],
  [
    'cell.service',
    'a stranger’s file system',
    (data) => {
      Object.assign(definition(data), {
        volumes: [{ name: 'theirs', efsVolumeConfiguration: { fileSystemId: 'fs-0theirs' } }],
      });
      first(definition(data).containerDefinitions).mountPoints.push({ sourceVolume: 'theirs' });
    },
    'has the volume theirs of fs-0theirs',
  ],
  [
    'cell.service',
    'its log in a stranger’s group',
    (data) => (first(definition(data).containerDefinitions).logConfiguration.options['awslogs-group'] = 'theirs'),
    'awslogs-group=theirs is unexpected',
  ],
  [
    'cell.service',
    'its log by another driver',
    (data) => (first(definition(data).containerDefinitions).logConfiguration.logDriver = 'splunk'),
    'the log driver of cell-blue is splunk',
  ],
  [
    'cell.service',
    'files that can be changed',
    (data) => (first(definition(data).containerDefinitions).readonlyRootFilesystem = false),
    'the files of cell-blue can be changed',
  ],
  [
    'cell.service',
    'a second container',
    (data) => {
      const { containerDefinitions: containers } = definition(data);
      containers.push({ ...first(containers), name: 'Sidecar' });
    },
    'the container Sidecar',
  ],
  ...Object.entries({
    user: 'root',
    healthCheck: { command: ['CMD-SHELL', 'curl theirs'] },
    systemControls: [{ namespace: 'net.ipv4.ip_forward', value: '1' }],
    portMappings: [{ containerPort: 22, hostPort: 22, protocol: 'tcp' }],
    essential: false,
  }).map(
    ([name, value]): Breach => [
      'cell.service',
      `another ${name}`,
      (data) => Object.assign(first(definition(data).containerDefinitions), { [name]: value }),
      `${name} of container Service of cell-blue is ${JSON.stringify(value)}, not as in the template`,
    ],
  ),
  [
    'cell.service',
    'half the memory',
    (data) => (definition(data).memory = '256'),
    'memory of cell-blue is "256", not as in the template',
  ],
  [
    'cell.service',
    'a property that nobody knows yet',
    (data) => Object.assign(definition(data), { enableFaultInjection: true }),
    'enableFaultInjection of cell-blue is true, not as in the template',
  ],
  [
    'cell.service',
    'a stranger’s target group',
    ({ cell: facts }) =>
      first(facts.services).loadBalancers.push({ targetGroupArn: 'arn:theirs', containerPort: 8080 }),
    'target group of blue: arn:theirs (port 8080) is unexpected',
  ],
  [
    'cell.service',
    'a target group of VPC Lattice',
    ({ cell: facts }) =>
      Object.assign(first(first(facts.services).deployments), {
        vpcLatticeConfigurations: [{ targetGroupArn: 'arn:lattice' }],
      }),
    'blue registers its tasks at arn:lattice',
  ],
  [
    'cell.service',
    'a name of Service Connect',
    ({ cell: facts }) =>
      Object.assign(first(first(facts.services).deployments), {
        serviceConnectConfiguration: { enabled: true, namespace: 'theirs' },
      }),
    'blue is reached by Service Connect in theirs',
  ],
  [
    'cell.service',
    'a function that ECS calls at each deployment',
    ({ cell: facts }) =>
      Object.assign(first(facts.services), {
        deploymentConfiguration: { lifecycleHooks: [{ hookTargetArn: 'arn:theirs' }] },
      }),
    'blue calls arn:theirs at each of its deployments',
  ],
  [
    'cell.service',
    'a register of names',
    ({ cell: facts }) => first(facts.services).serviceRegistries.push({ registryArn: 'arn:theirs' }),
    'blue registers its tasks at arn:theirs',
  ],
  [
    'cell.service',
    'another network',
    ({ cell: facts }) =>
      first(facts.services).networkConfiguration.awsvpcConfiguration.securityGroups.push('sg-theirs'),
    'security group of blue sg-theirs is unexpected',
  ],
  [
    'cell.descriptor',
    'another target group',
    ({ stacks }) =>
      Object.assign(first(stacks.cell.filter(({ type }) => type === 'AWS::SSM::Parameter')).properties, {
        Value: JSON.stringify({ ...surroundings.cell, targetGroupArns: { blue: 'arn:own', green: 'arn:own' } }),
      }),
    'targetGroupArns.blue is',
  ],
];

const HARMLESS: Harmless[] = [
  [
    'cell.service',
    'tasks on Fargate’s spare capacity',
    ({ cell: c }) =>
      Object.assign(c.services[0] ?? {}, { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }] }),
  ],
  [
    'routing.listener-attributes',
    'an attribute that AWS has added to all listeners',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.listenerAttributes, { 'routing.http.request.smuggling_protection.mode': 'strict' }),
  ],
  ...['connection_logs', 'health_check_logs'].map(
    (logs): Harmless => [
      'routing.load-balancer',
      `${logs} in the bucket of the cell’s own logs`,
      ({ loadBalancer }) =>
        Object.assign(loadBalancer.attributes, {
          ...{ [`${logs}.s3.enabled`]: 'true', [`${logs}.s3.bucket`]: surroundings.cell.accessLogBucketName },
        }),
    ],
  ),
  [
    'routing.load-balancer',
    'a longer timeout, and protection from deletion',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.attributes, {
        'idle_timeout.timeout_seconds': '120',
        'deletion_protection.enabled': 'true',
      }),
  ],
  [
    'routing.listeners',
    'a renewed certificate',
    ({ loadBalancer: c }) =>
      Object.assign(c.listeners[0] ?? {}, {
        Certificates: [{ CertificateArn: 'arn:aws:acm:r:1:certificate/renewed' }],
      }),
  ],
  [
    'routing.listener-attributes',
    'an attribute that AWS has made, and leaves off',
    ({ loadBalancer: c }) =>
      Object.assign(c.listenerAttributes, {
        'routing.http.response.new.enabled': 'false',
        'routing.http.response.server.enabled': 'false',
      }),
  ],
  [
    'routing.group-attributes',
    'another algorithm',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.groupAttributes.blue, {
        'load_balancing.algorithm.type': 'least_outstanding_requests',
      }),
  ],
  ['routing.targets', 'a target that goes', ({ loadBalancer }) => loadBalancer.serving.targets.splice(0)],
];

testRoom('serving', BREACHES, HARMLESS);

describe('cell.service, after a deployment of the stack with another variable', () => {
  const later = (data: Data) => {
    const [made] = data.stacks.cell.filter(({ type }) => type === 'AWS::ECS::TaskDefinition');
    Object.assign(made ?? {}, { updatedAt: new Date('2026-03-02T12:00:00Z') });
    first(first(definition(data).containerDefinitions).environment).value = '9090';
  };

  test('passes the definition of an earlier release', async () => {
    expect(await askSpoilt('cell.service', later)).toMatchObject({ passed: true });
  });

  test('fails on a definition that was registered after it', async () => {
    const spoil = (data: Data) => {
      later(data);
      definition(data).registeredAt = new Date('2026-03-03T12:00:00Z');
    };
    expect(await askSpoilt('cell.service', spoil)).toMatchObject({
      passed: false,
      evidence: expect.stringContaining('PORT=9090 is unexpected'),
    });
  });

  test('fails on another role all the same', async () => {
    const spoil = (data: Data) => {
      later(data);
      definition(data).taskRoleArn = 'arn:theirs';
    };
    expect(await askSpoilt('cell.service', spoil)).toMatchObject({ passed: false });
  });
});
