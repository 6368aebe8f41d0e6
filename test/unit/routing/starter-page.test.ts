import fc from 'fast-check';
import { starterPage } from '../../../functions/routing/starter-page';

test('names the company, in its title and on the page', () => {
  const page = starterPage('  Müller & Söhne 株式会社 ');
  expect(page).toContain('<title>Müller &amp; Söhne 株式会社</title>');
  expect(page).toContain('<h1><bdi>Müller &amp; Söhne 株式会社</bdi></h1>');
});

test('a company’s name is text, whatever it looks like', () => {
  const tags = (page: string) => page.match(/<[^>]*>/g);
  const expected = tags(starterPage('Acme'));
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', 'script', 'a', '-', '!') }), (name) => {
      expect(tags(starterPage(name))).toEqual(expected);
    }),
  );
});

test('loads nothing from elsewhere and runs nothing', () => {
  expect(starterPage('Acme')).not.toMatch(/<script|<link|<img|src=|https?:/);
});
