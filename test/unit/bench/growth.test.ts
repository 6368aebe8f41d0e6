import { differences, typicalCalls } from '../../bench/growth';

const counts = (calls: Record<string, number>) => new Map(Object.entries(calls));

test('a call that only one of three onboardings makes is not typical', () => {
  const plain = counts({ 'dynamodb:GetItem': 5, 'kms:CreateKey': 1 });
  const refilling = counts({ 'dynamodb:GetItem': 6, 'kms:CreateKey': 1, 'dynamodb:TransactWriteItems': 1 });
  expect(typicalCalls([plain, refilling, plain])).toEqual(plain);
});

test('reports the difference of two lists of calls by name and number', () => {
  const before = counts({ 'dynamodb:GetItem': 5, 'kms:CreateKey': 1 });
  expect(differences(before, before)).toEqual([]);
  expect(differences(before, counts({ 'dynamodb:GetItem': 7, 'dynamodb:Scan': 1 }))).toEqual([
    'dynamodb:GetItem 5 -> 7',
    'kms:CreateKey 1 -> 0',
    'dynamodb:Scan 0 -> 1',
  ]);
});
