const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
} as const;

const policy = (...directives: readonly string[]) => ({ ...HEADERS, 'Content-Security-Policy': directives.join('; ') });

/**
 * Headers of the page and its files: everything comes from the console itself, and nothing else may
 * show the page in a frame. Only the page frames something: an evidence page.
 */
export const PAGE_HEADERS = policy(
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "frame-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
);

/** Headers of the API's answers, which are no documents. */
export const API_HEADERS = {
  ...policy("default-src 'none'", "frame-ancestors 'none'", 'sandbox'),
  'Cache-Control': 'no-store',
};

/**
 * Headers of an evidence page. The report quotes texts of AWS and of customers: the page has an origin
 * of its own, and runs no script, whatever it contains. Links open in a new window.
 */
export const EVIDENCE_HEADERS = {
  ...policy(
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    'img-src data:',
    "frame-ancestors 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    'sandbox allow-popups allow-popups-to-escape-sandbox',
  ),
  'X-Frame-Options': 'SAMEORIGIN',
  'Cache-Control': 'no-store',
};
