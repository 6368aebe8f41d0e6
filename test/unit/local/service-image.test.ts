import { environmentOf } from '../../../local/service-image';

test('the environment of an image is that of the last stage of its Dockerfile', () => {
  const dockerfile = 'FROM a AS build\nENV A=1\nFROM b\nENV B=2 C=--size=3\nRUN true\nENV D=/file\nCMD ["node"]\n';
  expect(environmentOf(dockerfile)).toEqual({ B: '2', C: '--size=3', D: '/file' });
});
