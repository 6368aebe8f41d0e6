import type { Template } from 'aws-cdk-lib/assertions';
import { ReleaseRequestSchema } from '../../functions/contract/release';
import { STAGES, stages } from '../../infra/config/stages';
import { listed, resourcesOf, stageTemplates, statementsIn } from '../support/stage-templates';

/** What the roles may do that these services assume. */
function actionsOf(template: Template, services: readonly string[]): string[] {
  const roles = resourcesOf(template, 'AWS::IAM::Role').filter(([, { Properties }]) =>
    services.includes(Properties.AssumeRolePolicyDocument.Statement[0].Principal.Service),
  );
  return roles
    .flatMap(([, { Properties }]) => statementsIn(Properties.Policies).flatMap(({ Action }) => listed(Action)))
    .sort();
}

describe.each(STAGES)('the pipeline of stage %s', (stage) => {
  const { delivery } = stageTemplates(stage);
  const [[, pipeline] = []] = resourcesOf(delivery, 'AWS::CodePipeline::Pipeline');
  const phases: { Name: string; Actions: Record<string, never>[]; OnFailure?: unknown }[] =
    pipeline?.Properties.Stages ?? [];

  test('releases to one cell after another, with an approval if the stage wants one', () => {
    expect(pipeline?.Properties).toMatchObject({ PipelineType: 'V2', ExecutionMode: 'QUEUED' });
    const approval = stages[stage].pipeline.approval ? ['Approval'] : [];
    expect(phases.map(({ Name }) => Name)).toEqual(['Source', ...approval, 'Release']);
    const actions = phases.at(-1)?.Actions ?? [];
    expect(actions.map(({ Name }) => Name)).toEqual(stages[stage].cells.map(({ name }) => name));
    expect(actions.map(({ RunOrder }) => RunOrder)).toEqual(stages[stage].cells.map((_, index) => index + 1));
    // A failed release has returned its tenants by itself.
    expect(phases.filter(({ OnFailure }) => OnFailure)).toEqual([]);
  });

  test('starts a release with a valid input once its variables have values', () => {
    for (const { Configuration } of phases.at(-1)?.Actions ?? []) {
      const { Input, InputType } = Configuration as unknown as Record<string, string>;
      expect(InputType).toBe('Literal');
      const filled = Input?.replace('#{Image.ImageDigest}', `sha256:${'0'.repeat(64)}`).replace(
        '#{codepipeline.PipelineExecutionId}',
        '12345678-1234-1234-1234-123456789012',
      );
      expect(ReleaseRequestSchema.safeParse(JSON.parse(filled ?? '{}')).success).toBe(true);
    }
  });

  test('starts at a push to the repository, with the digest of that push', () => {
    const [[, rule] = []] = resourcesOf(delivery, 'AWS::Events::Rule');
    expect(rule?.Properties.EventPattern).toMatchObject({
      source: ['aws.ecr'],
      detail: { 'action-type': ['PUSH'], result: ['SUCCESS'], 'repository-name': ['tenant-onboarding/service'] },
    });
    const [target] = rule?.Properties.Targets ?? [];
    expect(target.InputTransformer.InputPathsMap).toEqual({ digest: '$.detail.image-digest' });
    expect(JSON.parse(target.InputTransformer.InputTemplate)).toEqual({
      sourceRevisions: [{ actionName: 'Image', revisionType: 'IMAGE_DIGEST', revisionValue: '<digest>' }],
    });
  });

  test('tells the operators of a push that starts nothing, and of a build that fails', () => {
    const [[ruleId, rule] = []] = resourcesOf(delivery, 'AWS::Events::Rule');
    expect(rule?.Properties.Targets).toEqual([
      expect.objectContaining({ RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 30 } }),
    ]);
    const alarms = resourcesOf(delivery, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
    const [[projectId] = []] = resourcesOf(delivery, 'AWS::CodeBuild::Project');
    const build = { MetricName: 'FailedBuilds', Dimensions: [{ Name: 'ProjectName', Value: { Ref: projectId } }] };
    const push = { MetricName: 'FailedInvocations', Dimensions: [{ Name: 'RuleName', Value: { Ref: ruleId } }] };
    expect(alarms).toHaveLength(projectId ? 2 : 1);
    for (const wanted of [push, ...(projectId ? [build] : [])]) {
      expect(alarms).toContainEqual(
        expect.objectContaining({ ...wanted, Threshold: 1, AlarmActions: [expect.anything()] }),
      );
    }
  });

  test('tells the operators that an approval waits, of which image and what to do', () => {
    const actions = phases.find(({ Name }) => Name === 'Approval')?.Actions ?? [];
    expect(actions).toHaveLength(stages[stage].pipeline.approval ? 1 : 0);
    for (const { Configuration } of actions) {
      const { NotificationArn, CustomData } = Configuration as unknown as Record<string, unknown>;
      expect(NotificationArn).toBeTruthy();
      expect(CustomData).toEqual(expect.stringMatching(/#\{Image\.ImageDigest\}.*#approval-late$/));
    }
  });

  test('may start releases, tell operators of an approval and read which image was pushed, and nothing else', () => {
    const toTell = stages[stage].pipeline.approval ? ['kms:Decrypt', 'kms:GenerateDataKey', 'sns:Publish'] : [];
    const others = [
      'codepipeline:StartPipelineExecution',
      'ecr:DescribeImages',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      's3:GetObject',
      's3:PutObject',
      'states:DescribeExecution',
      'states:DescribeStateMachine',
      'states:StartExecution',
    ];
    const actions = actionsOf(delivery, ['codepipeline.amazonaws.com', 'events.amazonaws.com']);
    expect(actions).toEqual([...others, ...toTell].sort());
  });

  test('encrypts its artifacts with its own key', () => {
    expect(pipeline?.Properties.ArtifactStore).toMatchObject({ Type: 'S3', EncryptionKey: { Type: 'KMS' } });
    delivery.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });
});

describe.each(STAGES.filter((stage) => stages[stage].pipeline.build))('the image build of stage %s', (stage) => {
  const { delivery } = stageTemplates(stage);
  const [[, project] = []] = resourcesOf(delivery, 'AWS::CodeBuild::Project');

  test('builds for the architecture of the tasks, when the branch changes', () => {
    expect(project?.Properties.Environment).toMatchObject({ Type: 'ARM_CONTAINER', PrivilegedMode: true });
    const [{ Properties } = { Properties: undefined }] = stageTemplates(stage).cells.flatMap((cell) =>
      resourcesOf(cell, 'AWS::ECS::TaskDefinition').map(([, task]) => task),
    );
    expect(Properties?.RuntimePlatform.CpuArchitecture).toBe('ARM64');
    expect(project?.Properties.Triggers).toMatchObject({
      Webhook: true,
      FilterGroups: [
        expect.arrayContaining([{ Type: 'HEAD_REF', Pattern: `^refs/heads/${stages[stage].pipeline.build?.branch}$` }]),
      ],
    });
  });

  test('pushes one manifest under the tag of the commit, to the repository that starts the pipeline', () => {
    const variables = Object.fromEntries(
      project?.Properties.Environment.EnvironmentVariables.map((each: Record<string, unknown>) => [
        each.Name,
        each.Value,
      ]),
    );
    expect(variables).toMatchObject({ REPOSITORY: 'tenant-onboarding/service', BUILDX_NO_DEFAULT_ATTESTATIONS: '1' });
    const [command] = JSON.parse(project?.Properties.Source.BuildSpec).phases.build.commands;
    expect(command).toContain('docker push "$REGISTRY/$REPOSITORY:$TAG"');
  });

  test('may read the code and push images, and start nothing', () => {
    expect(actionsOf(delivery, ['codebuild.amazonaws.com'])).toEqual([
      'codeconnections:GetConnection',
      'codeconnections:GetConnectionToken',
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:CompleteLayerUpload',
      'ecr:DescribeImages',
      'ecr:GetAuthorizationToken',
      'ecr:InitiateLayerUpload',
      'ecr:PutImage',
      'ecr:UploadLayerPart',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ]);
  });
});
