import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  type DescribeStacksOutput,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type Emulator, startEmulator } from '../../emulator/emulator';
import type { OnBreach } from '../../functions/contract/audit';
import { actionsOf, type Workflow, workflowNamed } from '../../functions/contract/workflows';
import { aslJson } from '../../infra/asl-file';

/** What a scripted function does when it is called: answer, fail under a name, or never answer its task token. */
export type Answer = { output: unknown } | { error: string; message?: string } | { silent: true };

export interface Call {
  readonly function: string;
  readonly event: Record<string, unknown>;
}

/** A workflow, what the placeholders of its file stand for, and what its functions answer as long as no test says else. */
interface Script {
  readonly workflow: Workflow;
  readonly substitutions: Readonly<Record<string, string>>;
  readonly well: Readonly<Record<string, Answer>>;
}

/**
 * The code of every scripted function: it appends its call to a file and answers the n-th call with the n-th line of its
 * script, the last one for good; a stack or a tenant can have a script of its own. ConcludeFailure and ConcludeReturn
 * follow the real rule, or no redrive could be tried, and PublishFailure hands it the failure.
 */
const STUB = `
const fs = require('node:fs');
const { SFNClient, SendTaskSuccessCommand } = require('@aws-sdk/client-sfn');
const sfn = new SFNClient({});
const name = process.env.FUNCTION_NAME;
const read = (file, fallback) => { try { return JSON.parse(fs.readFileSync(process.env.SCRIPT_DIR + '/' + file, 'utf8')); } catch { return fallback; } };
const fail = (error, message) => { throw Object.assign(new Error(message ?? 'scripted'), { name: error }); };
exports.handler = async (event) => {
  fs.appendFileSync(process.env.SCRIPT_DIR + '/calls.jsonl', JSON.stringify({ function: name, event }) + '\\n');
  const about = event.stack ?? (typeof event.tenant === 'string' ? event.tenant : event.tenantId);
  const key = about && fs.existsSync(process.env.SCRIPT_DIR + '/' + name + '.' + about + '.json') ? name + '.' + about : name;
  const counter = process.env.SCRIPT_DIR + '/' + key + '.count';
  const n = fs.existsSync(counter) ? fs.statSync(counter).size : 0;
  fs.appendFileSync(counter, 'x');
  const script = read(key + '.json', [{ output: {} }]);
  const answer = script[Math.min(n, script.length - 1)];
  if (answer.error) fail(answer.error, answer.message);
  if (name === 'ConcludeFailure' && event.redriveCount <= event.concludedAtRedrive) fail(event.report.error, event.report.reason);
  if (name === 'ConcludeReturn' && event.redriveCount <= event.concludedAtRedrive) fail(event.failure.error, event.failure.cause);
  if (name === 'PublishFailure') return { report: event.failure };
  if (event.taskToken && !answer.silent)
    await sfn.send(new SendTaskSuccessCommand({ taskToken: event.taskToken, output: JSON.stringify(answer.output) }));
  return answer.output ?? {};
};
`;

const trust = (service: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
});
const role = (service: string, actions: string[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: trust(service),
    Policies: [
      {
        PolicyName: 'scripted',
        PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] },
      },
    ],
  },
});

const template = (scriptDir: string, functions: readonly string[]) => ({
  Resources: {
    FunctionRole: role('lambda.amazonaws.com', ['states:SendTaskSuccess']),
    MachineRole: role('states.amazonaws.com', ['lambda:InvokeFunction', 'states:StartExecution']),
    ...Object.fromEntries(
      functions.map((name) => [
        name,
        {
          Type: 'AWS::Lambda::Function',
          Properties: {
            FunctionName: name,
            Runtime: 'nodejs24.x',
            Handler: 'index.handler',
            Timeout: 60,
            Role: { 'Fn::GetAtt': ['FunctionRole', 'Arn'] },
            Code: { ZipFile: STUB },
            Environment: { Variables: { FUNCTION_NAME: name, SCRIPT_DIR: scriptDir } },
          },
        },
      ]),
    ),
  },
  Outputs: { MachineRoleArn: { Value: { 'Fn::GetAtt': ['MachineRole', 'Arn'] } } },
});

/** The file as CloudFormation would hand it to Step Functions, its placeholders filled in. */
const definition = ({ workflow, substitutions }: Script, functionArn: (name: string) => string) =>
  aslJson(workflow).replace(/\$\{(\w+)\}/g, (_, name: string) => substitutions[name] ?? functionArn(name));

const FINAL = new Set(['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT']);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The real state machine file, run by the emulator, over functions that do as a test's script says. */
export class ScriptedMachine {
  private constructor(
    private readonly emulator: Emulator,
    private readonly dir: string,
    readonly sfn: SFNClient,
    private readonly scripted: Script,
  ) {}

  static start(onFailure: 'rollback' | 'hold' = 'rollback'): Promise<ScriptedMachine> {
    const workflow = workflowNamed('TenantOnboarding');
    return ScriptedMachine.of({ workflow, substitutions: { OnFailure: onFailure }, well: ONBOARDED });
  }

  static audit(onBreach: OnBreach): Promise<ScriptedMachine> {
    const substitutions = { OnBreach: onBreach, AuditsAtOnce: '4' };
    return ScriptedMachine.of({ workflow: workflowNamed('TenantIsolationAudit'), substitutions, well: AUDITED });
  }

  static migration(): Promise<ScriptedMachine> {
    const substitutions = { MigrationsAtOnce: '2' };
    return ScriptedMachine.of({ workflow: workflowNamed('TenantMigration'), substitutions, well: MIGRATED });
  }

  private static async of(scripted: Script): Promise<ScriptedMachine> {
    const dir = mkdtempSync(join(tmpdir(), 'scripted-machine-'));
    const emulator = await startEmulator({ patience: 0, env: { SFN_WAIT_SCALE: '0' } });
    const access = {
      endpoint: emulator.endpointUrl,
      region: emulator.region,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    const cloudformation = new CloudFormationClient(access);
    const machine = new ScriptedMachine(emulator, dir, new SFNClient(access), scripted);
    try {
      await cloudformation.send(
        new CreateStackCommand({
          StackName: 'scripted',
          TemplateBody: JSON.stringify(template(dir, actionsOf(scripted.workflow))),
          Capabilities: ['CAPABILITY_IAM'],
        }),
      );
      const { reason } = await waitUntilStackCreateComplete(
        { client: cloudformation, maxWaitTime: 50, minDelay: 0.2, maxDelay: 0.5 },
        { StackName: 'scripted' },
      );
      const here = `${emulator.region}:${emulator.accountId}`;
      await machine.sfn.send(
        new CreateStateMachineCommand({
          name: 'Scripted',
          roleArn: (reason as DescribeStacksOutput).Stacks?.[0]?.Outputs?.[0]?.OutputValue,
          definition: definition(scripted, (name) => `arn:aws:lambda:${here}:function:${name}`),
        }),
      );
      machine.reset();
      return machine;
    } catch (failure) {
      await machine.stop();
      throw failure;
    }
  }

  async stop(): Promise<void> {
    this.sfn.destroy();
    await this.emulator.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Forgets calls and scripts; every function then answers as in an execution that goes well. */
  reset(): void {
    for (const file of readdirSync(this.dir)) rmSync(join(this.dir, file));
    const { workflow, well } = this.scripted;
    for (const name of actionsOf(workflow)) this.script(name, { output: {} });
    for (const [key, answer] of Object.entries(well)) this.script(key, answer);
    writeFileSync(join(this.dir, 'calls.jsonl'), '');
  }

  /** @param key the function's name; of one stack or tenant alone, `LaunchStack.database` and the like */
  script(key: string, ...answers: Answer[]): void {
    writeFileSync(join(this.dir, `${key}.json`), JSON.stringify(answers));
    rmSync(join(this.dir, `${key}.count`), { force: true });
  }

  /** These answers first, then the one of an execution that goes well. */
  scriptAtFirst(key: string, ...answers: Answer[]): void {
    this.script(key, ...answers, this.scripted.well[key] ?? { output: {} });
  }

  calls(): Call[] {
    const lines = readFileSync(join(this.dir, 'calls.jsonl'), 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Call);
  }

  /** The calls as names, launches and deletions with their stack: `LaunchStack.network`. */
  called(): string[] {
    return this.calls().map(({ function: fn, event }) => (event.stack ? `${fn}.${event.stack}` : fn));
  }

  async begin(input: object): Promise<string> {
    const stateMachineArn = `arn:aws:states:${this.emulator.region}:${this.emulator.accountId}:stateMachine:Scripted`;
    const { executionArn } = await this.sfn.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    if (!executionArn) throw new Error('no execution was started');
    return executionArn;
  }

  async run(input: object = { signupId: 'sub_1' }): Promise<DescribeExecutionOutput> {
    return this.end(await this.begin(input));
  }

  async redrive(executionArn: string | undefined): Promise<DescribeExecutionOutput> {
    await this.sfn.send(new RedriveExecutionCommand({ executionArn }));
    return this.end(executionArn);
  }

  async end(executionArn: string | undefined): Promise<DescribeExecutionOutput> {
    const deadline = Date.now() + 50_000;
    while (Date.now() < deadline) {
      const execution = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (FINAL.has(execution.status ?? '')) return execution;
      await pause(50);
    }
    throw new Error(`${executionArn} did not end in 50 s`);
  }
}

const ONBOARDED: Record<string, Answer> = {
  ReserveTenant: { output: { outcome: 'reserved', tenant: { tenantId: 't1' }, cell: { name: 'cell-1' } } },
  CreateTenantKey: { output: { keyArn: 'arn:key' } },
  PrepareDatabase: { output: { version: '0001' } },
  RegisterTenant: { output: { ruleArn: 'arn:rule' } },
  VerifyIsolation: { output: { checks: 40 } },
  ActivateTenant: { output: { activatedAt: 'now' } },
  PublishCompletion: { output: { tenantId: 't1', url: 'https://acme.funnels.example' } },
  ...Object.fromEntries(
    ['network', 'database', 'storage', 'access'].flatMap((stack) => [
      [`LaunchStack.${stack}`, { output: { stackName: stack, outputs: { [stack]: 'made' } } }],
      [`DeleteStack.${stack}`, { output: {} }],
    ]),
  ),
};

const AUDITED: Record<string, Answer> = {
  ListTenants: { output: { tenantIds: ['t1', 't2', 't3'], next: null } },
  AuditTenant: { output: { verdict: 'isolated', host: 'acme.funnels.example', failed: [], reason: '' } },
  AuditSurroundings: { output: { reports: [], failing: 0 } },
  JudgeAudit: { output: { reports: [], held: 0, uncounted: 0 } },
  ReportBreach: { output: { reported: true } },
};

const MIGRATED: Record<string, Answer> = {
  ClaimMigration: { output: { cell: 'c1', phase: 'expand', target: '0002' } },
  PlanMigration: {
    output: {
      target: '0002',
      behind: ['t1', 't2', 't3'].map((tenantId) => ({ tenantId })),
      current: 5,
      unreadable: [],
    },
  },
  PrepareDatabase: { output: { outcome: 'migrated' } },
  StopMigration: { output: { outcome: 'failed' } },
  SettleMigration: { output: { target: '0002', failure: null } },
};
