import { randomUUID } from 'node:crypto';
import { escapeHtml } from '../functions/shared/html';

const page = (title: string, body: string) => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title></head>
<body><main>${body}</main></body>
</html>
`;

/** The form of a tenant's funnel, with a new id each time it is shown. */
export function contactPage(companyName: string): string {
  const name = escapeHtml(companyName);
  return page(
    name,
    `<h1><bdi>${name}</bdi></h1>
<form method="post" action="/leads">
<input type="hidden" name="id" value="${randomUUID()}">
<p><label>Name <input name="name" required maxlength="200" autocomplete="name"></label></p>
<p><label>E-mail <input name="email" type="email" required maxlength="254" autocomplete="email"></label></p>
<p><label>Message <textarea name="message" maxlength="2000"></textarea></label></p>
<p><button>Send</button></p>
</form>`,
  );
}

export function thanksPage(companyName: string): string {
  const name = escapeHtml(companyName);
  return page(name, `<h1>Thank you</h1><p><bdi>${name}</bdi> has got your message.</p>`);
}
