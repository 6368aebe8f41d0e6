import fc from 'fast-check';
import { starterPage } from '../../../functions/routing/starter-page';

test('names the company in its title and on the page', () => {
  const page = starterPage('  Müller & Söhne 株式会社 ');
  expect(page).toContain('<title>Müller &amp; Söhne 株式会社</title>');
  expect(page).toContain('<h1><bdi>Müller &amp; Söhne 株式会社</bdi></h1>');
});

test('shows a company name with markup as text', () => {
  const tags = (page: string) => page.match(/<[^>]*>/g);
  const expected = tags(starterPage('Acme'));
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', 'script', 'a', '-', '!') }), (name) => {
      expect(tags(starterPage(name))).toEqual(expected);
    }),
  );
});

test('loads nothing from elsewhere and runs no script', () => {
  expect(starterPage('Acme')).not.toMatch(/<script|<link|<img|src=|https?:/);
});
