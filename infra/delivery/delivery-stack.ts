import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnPipeline } from 'aws-cdk-lib/aws-codepipeline';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { RELEASE_PIPELINE, SERVICE_REPOSITORY } from '../../functions/contract/naming';
import { workflowNamed } from '../../functions/contract/workflows';
import type { StageConfig } from '../config/stages';
import { policyOf } from '../constructs/grant';
import { PlatformAlarm } from '../constructs/platform-alarm';
import { platformArns } from '../constructs/platform-names';
import { runbookLink } from '../constructs/runbook-link';
import { telling } from '../control-plane/functions/context';
import { ImageBuild } from './image-build';
import { PipelineArtifacts } from './pipeline-artifacts';

/**
 * Name of the source action. The digest of the pushed image overrides its revision; later actions
 * read its variables.
 */
const SOURCE = 'Image';
const DETAIL = { result: 'result', digest: 'image-digest' } as const;

type Stages = CfnPipeline.StageDeclarationProperty[];

const action = (
  name: string,
  category: string,
  provider: string,
  more: Partial<CfnPipeline.ActionDeclarationProperty> = {},
): CfnPipeline.ActionDeclarationProperty => ({
  name,
  actionTypeId: { category, owner: 'AWS', provider, version: '1' },
  ...more,
});

const failures = (namespace: string, metricName: string, dimensionsMap: Record<string, string>) =>
  new Metric({ namespace, metricName, dimensionsMap, period: Duration.minutes(5), statistic: 'Sum' });

export interface DeliveryStackProps extends StackProps {
  readonly config: StageConfig;
  /** The operators' topic: an approval that waits is told there. */
  readonly topic: ITopic;
}

/**
 * Starts releases of a stage: a pushed image of the shared service goes to one cell after another.
 *
 * The pipeline adds a trigger, an approval and a picture. The state of a release is in the state
 * machine. A release is idempotent by cell, id and digest, so a retried stage of the pipeline
 * starts the same release again. A failed release has returned its tenants by itself, so no stage
 * has a rollback ("AWS Step Functions invoke action reference": the action waits for the end).
 */
export class DeliveryStack extends Stack {
  constructor(scope: Construct, id: string, props: DeliveryStackProps) {
    super(scope, id, props);
    const { config, topic } = props;
    const { approval, build } = config.pipeline;
    const artifacts = new PipelineArtifacts(this, 'Artifacts', { config });
    const arns = platformArns(this);
    const release = workflowNamed('TenantRelease');
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codepipeline.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
      description: 'Reads which image was pushed, tells operators of an approval, and starts releases; nothing else.',
      inlinePolicies: {
        Grants: policyOf(this, [
          { actions: ['ecr:DescribeImages'], resources: [arns.serviceImages] },
          { actions: ['states:StartExecution', 'states:DescribeStateMachine'], resources: [arns.machine(release)] },
          {
            actions: ['states:DescribeExecution'],
            resources: [arns.executions(release)],
            wildcardBecause: 'CodePipeline names the executions that it starts.',
          },
          ...artifacts.using(),
          ...(approval ? telling({ config, topic }).grants : []),
        ]),
      },
    });
    const stages: Stages = [
      {
        name: 'Source',
        actions: [
          action(SOURCE, 'Source', 'ECR', {
            configuration: { RepositoryName: SERVICE_REPOSITORY },
            namespace: SOURCE,
            outputArtifacts: [{ name: SOURCE }],
          }),
        ],
      },
      ...(approval
        ? [
            {
              name: 'Approval',
              actions: [
                action('Approve', 'Approval', 'Manual', {
                  configuration: {
                    NotificationArn: topic.topicArn,
                    CustomData:
                      `Image #{${SOURCE}.ImageDigest} of the shared service waits: it reaches the tenants of ` +
                      `${config.domain} when somebody approves. Later images wait behind it. How to approve or reject: ` +
                      runbookLink(config, 'docs/runbook.md#approval-late'),
                  },
                }),
              ],
            },
          ]
        : []),
      {
        name: 'Release',
        actions: config.cells.map(({ name: cell }, index) =>
          action(cell, 'Invoke', 'StepFunctions', {
            runOrder: index + 1,
            inputArtifacts: [{ name: SOURCE }],
            configuration: {
              StateMachineArn: arns.machine(release),
              InputType: 'Literal',
              Input: JSON.stringify({
                cell,
                digest: `#{${SOURCE}.ImageDigest}`,
                releaseId: 'p-#{codepipeline.PipelineExecutionId}',
              }),
            },
          }),
        ),
      },
    ];
    const pipeline = new CfnPipeline(this, 'Pipeline', {
      name: RELEASE_PIPELINE,
      pipelineType: 'V2',
      executionMode: 'QUEUED',
      roleArn: role.roleArn,
      artifactStore: artifacts.store(),
      stages,
    });
    if (build) {
      const { projectName } = new ImageBuild(this, 'ImageBuild', { config, source: build, key: artifacts.key });
      new PlatformAlarm(this, 'BuildFailed', {
        config,
        topic,
        metric: failures('AWS/CodeBuild', 'FailedBuilds', { ProjectName: projectName }),
        impact: 'a change of the shared service has no image, so no tenant gets it.',
        runbook: 'docs/runbook.md#image-not-released',
      });
    }
    const { ref: RuleName } = this.startOnPush(
      `arn:${this.partition}:codepipeline:${this.region}:${this.account}:${pipeline.ref}`,
    );
    new PlatformAlarm(this, 'PushUndelivered', {
      config,
      topic,
      metric: failures('AWS/Events', 'FailedInvocations', { RuleName }),
      impact: 'an image was pushed and no release has started: no tenant gets it.',
      runbook: 'docs/runbook.md#image-not-released',
    });
  }

  /**
   * The pushed digest is the revision, whatever tags say later ("Amazon ECR source actions and
   * EventBridge resources").
   */
  private startOnPush(pipelineArn: string): CfnRule {
    const starting = new Role(this, 'PushRole', {
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
      description: 'Starts the pipeline for a pushed image, nothing else.',
      inlinePolicies: {
        Grants: new PolicyDocument({
          statements: [
            new PolicyStatement({ actions: ['codepipeline:StartPipelineExecution'], resources: [pipelineArn] }),
          ],
        }),
      },
    });
    return new CfnRule(this, 'Push', {
      description: 'A pushed image of the shared service starts the pipeline',
      eventPattern: {
        source: ['aws.ecr'],
        'detail-type': ['ECR Image Action'],
        detail: { 'action-type': ['PUSH'], [DETAIL.result]: ['SUCCESS'], 'repository-name': [SERVICE_REPOSITORY] },
      },
      targets: [
        {
          id: 'Pipeline',
          arn: pipelineArn,
          roleArn: starting.roleArn,
          // A push that fails for longer is told. By default EventBridge would try for a day.
          retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 30 },
          inputTransformer: {
            inputPathsMap: { digest: `$.detail.${DETAIL.digest}` },
            inputTemplate: JSON.stringify({
              sourceRevisions: [{ actionName: SOURCE, revisionType: 'IMAGE_DIGEST', revisionValue: '<digest>' }],
            }),
          },
        },
      ],
    });
  }
}
