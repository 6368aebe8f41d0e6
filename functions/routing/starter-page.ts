import { escapeHtml } from '../shared/html';

/** The page a tenant starts with: one file, no script, nothing loaded from elsewhere. */
export function starterPage(companyName: string): string {
  const name = escapeHtml(companyName.trim());
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<style>
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1.125rem/1.6 system-ui, sans-serif;
  color: #1f2937; background: #f8fafc; }
main { max-width: 36rem; padding: 2rem; text-align: center; }
h1 { margin: 0 0 .5rem; font-size: clamp(1.75rem, 6vw, 3rem); line-height: 1.15; overflow-wrap: anywhere; }
p { margin: 0; color: #4b5563; }
@media (prefers-color-scheme: dark) { body { color: #f3f4f6; background: #111827; } p { color: #9ca3af; } }
</style>
</head>
<body>
<main>
<h1><bdi>${name}</bdi></h1>
<p>Your funnel starts here.</p>
</main>
</body>
</html>
`;
}
