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

test('an output of the stack is spelled with a capital, and read back as clients spell it', () => {
  expect(stackOutputs(stage)).toMatchObject({ Domain: 'domain', StateMachineArn: 'stateMachineArn' });
  expect(StageStackOutputsSchema.parse(stackOutputs(stage))).toEqual(stage);
  const cell = CellOutputsSchema.parse(
    Object.fromEntries(Object.keys(CellOutputsSchema.shape).map((key) => [key, key])),
  );
  expect(CellStackOutputsSchema.parse(stackOutputs(cell))).toEqual(cell);
});

test('a stack without one of the outputs is refused, and the refusal names it', () => {
  const { Domain, ...others } = stackOutputs(stage);
  expect(Domain).toBe('domain');
  expect(StageStackOutputsSchema.safeParse(others).error?.issues.map(({ path }) => path)).toEqual([['domain']]);
});

test('a stack may have further outputs, such as the exports that other stacks use', () => {
  expect(StageStackOutputsSchema.parse({ ...stackOutputs(stage), ExportsOutputRefTable: 'x' })).toEqual(stage);
});
