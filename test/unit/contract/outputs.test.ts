import {
  CellOutputsSchema,
  CellStackOutputsSchema,
  type StageOutputs,
  StageOutputsSchema,
  StageStackOutputsSchema,
  stackOutputs,
} from '../../../functions/contract/outputs';

const stage: StageOutputs = StageOutputsSchema.parse(
  Object.fromEntries(
    Object.keys(StageOutputsSchema.shape).map((key) => [
      key,
      key.endsWith('Url') ? `https://queue.example/${key}` : key,
    ]),
  ),
);

test('stack outputs begin with a capital letter, and are read back under the clients’ names', () => {
  expect(stackOutputs(stage)).toMatchObject({ Domain: 'domain', StateMachineArn: 'stateMachineArn' });
  expect(StageStackOutputsSchema.parse(stackOutputs(stage))).toEqual(stage);
  const cell = CellOutputsSchema.parse(
    Object.fromEntries(Object.keys(CellOutputsSchema.shape).map((key) => [key, key])),
  );
  expect(CellStackOutputsSchema.parse(stackOutputs(cell))).toEqual(cell);
});

test('a stack that lacks an output is refused, and the error names the output', () => {
  const { Domain, ...others } = stackOutputs(stage);
  expect(Domain).toBe('domain');
  expect(StageStackOutputsSchema.safeParse(others).error?.issues.map(({ path }) => path)).toEqual([['domain']]);
});

test('further outputs of a stack are allowed, such as the exports that other stacks use', () => {
  expect(StageStackOutputsSchema.parse({ ...stackOutputs(stage), ExportsOutputRefTable: 'x' })).toEqual(stage);
});
