import { STACK_KINDS } from '../contract/stacks';
import { Html, html } from '../shared/html';
import { CHECK_GROUPS, type CheckGroup } from './check';
import { frameworkView } from './evidence/framework-view';
import { anchor, attribute, mark, nothing, plural, SEVERITY_TITLES, time, timeOfDay } from './evidence/page-parts';
import { pageStyle } from './evidence/page-style';
import { type Evidence, keysOf } from './evidence-report';
import { type Answer, failedOf, type NotAskedAbout, openOf } from './report';

export const GROUP_TITLES: Readonly<Record<CheckGroup, string>> = {
  key: 'Encryption key',
  database: 'Database',
  storage: 'Storage',
  secrets: 'Secrets',
  network: 'Network',
  logs: 'Logs',
  identity: 'Identity and access',
  stacks: 'Stacks',
  routing: 'Routing',
  probes: 'Probes',
  cell: 'Cell',
  platform: 'Platform',
  audit: 'Audit',
};

/** A report without a violation, but with an open answer, says nothing about isolation. */
const verdictWord = (evidence: Evidence) => {
  if (evidence.passed) return 'Isolated';
  return failedOf(evidence).length > 0 ? 'Not isolated' : 'Not verified';
};

function verdict(evidence: Evidence): Html {
  return evidence.passed
    ? html`<p class="verdict good"><span aria-hidden="true">✓</span> ${verdictWord(evidence)}</p>`
    : html`<p class="verdict bad"><span aria-hidden="true">✗</span> ${verdictWord(evidence)}</p>`;
}

function lead(evidence: Evidence): Html {
  const { checks, passed } = evidence;
  const open = openOf(evidence).length;
  if (open > 0 && failedOf(evidence).length === 0)
    return html`<p class="lead"><strong>${open} of ${plural(checks.length, 'check')} could not be answered</strong>. It is not known whether this
tenant is isolated.</p>`;
  const failed = checks.filter((answer) => !answer.passed);
  const critical = failed.filter(({ severity }) => severity === 'critical').length;
  return passed
    ? html`<p class="lead">All ${plural(checks.length, 'check')} passed: no other principal was found with access to this tenant’s data, and
this tenant was denied access to the data of another tenant.</p>`
    : html`<p class="lead"><strong>${failed.length} of ${plural(checks.length, 'check')} failed</strong>, ${critical} of them critical. This tenant is not
isolated until every failure is fixed and a new report passes.</p>`;
}

const fact = (term: string, value: Html, wide = false) =>
  html`<div${attribute('class="wide"', wide)}><dt>${term}</dt><dd>${value}</dd></div>`;
const code = (text: string) => html`<code>${text}</code>`;

function facts(evidence: Evidence, digest: string): Html {
  const { tenantId, cell, routed, verifiedAt, verifiedBy, codeVersion, templateVersions } = evidence;
  const templates = STACK_KINDS.map((kind) => `${kind}\u00a0${templateVersions[kind]}`).join(' · ');
  return html`<dl class="facts">
${[
  fact('Verified at', time(verifiedAt)),
  fact(
    'Route',
    html`${routed ? 'Open: requests were served while the checks ran' : 'Closed: requests were answered with 503 while the checks ran'}`,
  ),
  fact('Tenant', code(tenantId)),
  fact('Cell', code(cell)),
  fact('Verified by', code(verifiedBy), true),
  fact('Code version', code(codeVersion)),
  fact('Template versions', code(templates)),
  fact('SHA-256 of the report', code(digest), true),
]}
</dl>`;
}

const toDo = ({ remediation }: Answer) =>
  remediation
    ? html`<span class="to-do"><strong>What to do:</strong> ${remediation.action} <code>${remediation.runbook}</code></span>`
    : html``;

function failures({ checks }: Evidence): readonly Html[] {
  const failed = checks.filter((answer) => !answer.passed);
  if (failed.length === 0) return nothing;
  const item = (
    answer: Answer,
  ) => html`<li><span class="mark bad" aria-hidden="true">✗</span> <a href="#${anchor(answer)}">${answer.title}</a>
<span class="minor">${SEVERITY_TITLES[answer.severity]} · <code class="id">${answer.id}</code></span>
<span class="seen">${answer.evidence}</span>${toDo(answer)}</li>`;
  return [
    html`<section aria-labelledby="failed"><h2 id="failed" class="bad">What failed</h2>
<ul class="failures">${failed.map(item)}</ul></section>`,
  ];
}

const answersOf = ({ checks }: Evidence, group: CheckGroup) => checks.filter((answer) => answer.group === group);

/** Questions that were left out, each with the reason: an auditor must not take silence for an answer. */
function notAsked({ notAsked: left = [] }: Evidence): readonly Html[] {
  if (left.length === 0) return nothing;
  const item = ({ id, title, because }: NotAskedAbout) =>
    html`<li><span class="title">${title}</span><span class="minor"><code class="id">${id}</code> · ${because}</span></li>`;
  return [
    html`<section aria-labelledby="not-asked"><h2 id="not-asked">What was not asked</h2>
<ul class="plain">${left.map(item)}</ul></section>`,
  ];
}

/** The page made from the stored report is the page: its JSON has its keys in order. */
const byName = ([one]: readonly [string, string], [other]: readonly [string, string]) => (one < other ? -1 : 1);

function madeOf({ parameters, sdkVersions }: Evidence): readonly Html[] {
  const row = ([name, value]: readonly [string, string]) =>
    html`<tr><th scope="row"><code>${name}</code></th><td><code>${value}</code></td></tr>`;
  const table = (caption: string, values: Readonly<Record<string, string>>) =>
    html`<table class="values"><caption>${caption}</caption><tbody>${Object.entries(values).sort(byName).map(row)}</tbody></table>`;
  return [
    ...STACK_KINDS.flatMap((kind) =>
      parameters?.[kind] ? table(`Parameters of the ${kind} stack`, parameters[kind]) : [],
    ),
    ...(sdkVersions ? [table('Clients of the AWS SDK that asked', sdkVersions)] : []),
  ];
}

function summary(evidence: Evidence): Html {
  const row = (title: string, answers: readonly Answer[]) => {
    const failed = answers.filter(({ passed }) => !passed).length;
    return html`<th scope="row">${title}</th><td class="number">${answers.length}</td><td class="number">${failed}</td>
<td class="verdict-cell">${mark(failed === 0)}</td>`;
  };
  const groups = CHECK_GROUPS.map((group) => ({ title: GROUP_TITLES[group], answers: answersOf(evidence, group) }))
    .filter(({ answers }) => answers.length > 0)
    .map(({ title, answers }) => html`<tr>${row(title, answers)}</tr>`);
  return html`<section aria-labelledby="summary"><h2 id="summary">Summary</h2>
<table class="summary"><thead><tr><th scope="col">Checks about</th><th scope="col" class="number">Checks</th>
<th scope="col" class="number">Failed</th><th scope="col" class="verdict-cell">Result</th></tr></thead>
<tbody>${groups}</tbody><tfoot><tr>${row('All', evidence.checks)}</tr></tfoot></table></section>`;
}

function checkRow(answer: Answer): Html {
  const { id, title, question, severity, control, passed, evidence, at } = answer;
  return html`<tr role="row" id="${anchor(answer)}"${attribute('class="failed"', !passed)}>
<td role="cell" class="result">${mark(passed)}<span class="minor">${SEVERITY_TITLES[severity]}</span></td>
<th role="rowheader" scope="row" class="asked"><span class="title">${title}</span>${question}
<span class="minor"><code class="id">${id}</code> · ${control}</span></th>
<td role="cell" class="seen">${evidence}<span class="minor">${timeOfDay(at)}</span></td></tr>`;
}

function group(evidence: Evidence, name: CheckGroup): readonly Html[] {
  const answers = answersOf(evidence, name);
  if (answers.length === 0) return nothing;
  return [
    html`<table role="table" class="checks"><caption>${GROUP_TITLES[name]} <span>· ${plural(answers.length, 'check')}</span></caption>
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col" class="result">Result</th>
<th role="columnheader" scope="col" class="asked">Question</th><th role="columnheader" scope="col">What was seen</th></tr></thead>
<tbody role="rowgroup">${answers.map(checkRow)}</tbody></table>`,
  ];
}

function notes(evidence: Evidence): Html {
  const { json } = keysOf(evidence);
  const file = json.split('/').at(-1) ?? json;
  return html`<section class="notes" aria-label="How to read this report">
<p>Each check reads the tenant’s configuration from AWS, or sends a request with the credentials that the shared service uses. A check
that could not be answered does not pass, and is counted with the failed ones. <strong>Critical</strong>: another principal could reach the tenant’s data now.
<strong>High</strong>: one more mistake is enough. <strong>Medium</strong>: weaker than promised.</p>
<p>This page was made from <code>${file}</code>, which is stored beside it. The SHA-256 above is the digest of that file; the platform wrote
the same digest on the tenant’s record when it verified the tenant.</p></section>`;
}

/**
 * The report as a page for auditors: one file without scripts. It loads nothing, and its content
 * security policy forbids both.
 */
export function evidencePage(evidence: Evidence, digest: string): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${evidence.host}: ${verdictWord(evidence).toLowerCase()}, ${evidence.verifiedAt.slice(0, 10)}</title>
<style>${new Html(pageStyle(digest))}</style>
</head>
<body>
<main>
<header class="head"><div><p class="kicker">Isolation report</p><h1>${evidence.host}</h1></div>${verdict(evidence)}</header>
${lead(evidence)}
${facts(evidence, digest)}
${failures(evidence)}
${summary(evidence)}
${notAsked(evidence)}
${frameworkView(evidence.checks)}
${notes(evidence)}
${CHECK_GROUPS.flatMap((name) => group(evidence, name))}
${madeOf(evidence)}
</main>
</body>
</html>
`.text;
}
