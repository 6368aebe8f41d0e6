import {
  AddPermissionCommand,
  type AddPermissionCommandInput,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  DeleteAliasCommand,
  DeleteFunctionUrlConfigCommand,
  paginateListVersionsByFunction,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import { everyItem } from '../../../functions/shared/paging';
import type { SharedScene, SharedTechnique } from '../surroundings-target';
import { inTurn, type Revert, STRANGER } from '../technique';
import { functionOf } from './platform';

type Permission = Partial<Omit<AddPermissionCommandInput, 'FunctionName'>>;

async function permitted({ root: { lambda } }: SharedScene, FunctionName: string | undefined, change: Permission) {
  const permission = { StatementId: 'Support', Action: 'lambda:InvokeFunction', Principal: STRANGER, ...change };
  const { Qualifier, StatementId } = permission;
  await lambda.send(new AddPermissionCommand({ FunctionName, ...permission }));
  return () => lambda.send(new RemovePermissionCommand({ FunctionName, StatementId, Qualifier }));
}

const calling = (action: string, who = 'another account', change: Permission = {}): SharedTechnique => ({
  name: `let ${who} call ${action}`,
  check: 'platform.permissions',
  detonate: async (scene) => {
    const { FunctionName } = await functionOf(scene, action);
    return {
      expectedEvidence: `the policy of function ${action} has the statement Allow Support`,
      revert: await permitted(scene, FunctionName, change),
    };
  },
});

/** The newest version that a release has published, which its workflows call. */
async function releasedVersion({ root: { lambda } }: SharedScene, FunctionName: string | undefined) {
  const pages = paginateListVersionsByFunction({ client: lambda }, { FunctionName });
  const version = (await everyItem(pages, ({ Versions }) => Versions)).at(-1)?.Version;
  if (!version || version === '$LATEST') throw new Error(`${FunctionName} has no published version`);
  return version;
}

const callingVersion = (action: string): SharedTechnique => ({
  name: `let another account call the released version of ${action}`,
  check: 'platform.permissions',
  detonate: async (scene) => {
    const { FunctionName } = await functionOf(scene, action);
    const Qualifier = await releasedVersion(scene, FunctionName);
    return {
      expectedEvidence: `the policy of function ${action}:${Qualifier} has the statement Allow SupportOfVersion`,
      revert: await permitted(scene, FunctionName, { Qualifier, StatementId: 'SupportOfVersion' }),
    };
  },
});

const callingAlias = (action: string, Name: string, change: Permission = {}): SharedTechnique => ({
  name: `let a stranger call ${action} by the alias ${Name}`,
  check: 'platform.permissions',
  detonate: async (scene) => {
    const { lambda } = scene.root;
    const { FunctionName } = await functionOf(scene, action);
    const makeAlias = async (): Promise<Revert> => {
      await lambda.send(new CreateAliasCommand({ FunctionName, Name, FunctionVersion: '$LATEST' }));
      return () => lambda.send(new DeleteAliasCommand({ FunctionName, Name }));
    };
    const permit = () => permitted(scene, FunctionName, { Qualifier: Name, StatementId: 'SupportOfAlias', ...change });
    return {
      expectedEvidence: `the policy of function ${action}:${Name} has the statement Allow SupportOfAlias`,
      revert: await inTurn(makeAlias, permit),
    };
  },
});

const callingByUrl = (action: string, Principal: string): SharedTechnique => ({
  name: `let ${Principal === '*' ? 'everybody' : 'another account'} call ${action} by a function URL`,
  check: 'platform.permissions',
  detonate: async (scene) => {
    const { lambda } = scene.root;
    const { FunctionName } = await functionOf(scene, action);
    const AuthType = Principal === '*' ? 'NONE' : 'AWS_IAM';
    const makeUrl = async (): Promise<Revert> => {
      await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType }));
      return () => lambda.send(new DeleteFunctionUrlConfigCommand({ FunctionName }));
    };
    const byUrl = { Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: AuthType } as const;
    const permit = () => permitted(scene, FunctionName, { ...byUrl, Principal, StatementId: 'SupportByUrl' });
    return {
      expectedEvidence: `the policy of function ${action} has the statement Allow SupportByUrl`,
      revert: await inTurn(makeUrl, permit),
    };
  },
});

/** Who else calls the platform's functions, by whichever door of theirs. */
export const FUNCTION_PERMISSION_TECHNIQUES: readonly SharedTechnique[] = [
  ...['SuspendTenant', 'ResumeTenant', 'AuditTenant', 'PerformAct', 'DeleteStack', 'AuditSurroundings'].map((action) =>
    calling(action),
  ),
  ...['AskDatabase-c1', 'SetUpDatabase-c1'].map((action) => calling(action)),
  calling('RotateMasterSecret', 'any account’s secret', { Principal: 'secretsmanager.amazonaws.com' }),
  calling('Sweep', 'any account’s bucket', { Principal: 's3.amazonaws.com', SourceArn: 'arn:aws:s3:::theirs' }),
  ...['SuspendTenant', 'VerifyIsolation', 'RetireTenantKey'].map(callingVersion),
  callingAlias('PerformAct', 'live'),
  callingAlias('AskDatabase-c1', 'support', { Principal: '*', PrincipalOrgID: 'o-stranger' }),
  callingByUrl('PrepareDatabase', '*'),
  callingByUrl('PerformAct', STRANGER),
];
