import { type Html, html } from '../../shared/html';
import { FRAMEWORKS, type Framework } from '../check';
import type { Answer } from '../report';
import { anchor, mark, nothing, plural } from './page-parts';

const FRAMEWORK_TITLES: Readonly<Record<Framework, string>> = {
  FSBP: 'AWS Foundational Security Best Practices',
  'CIS AWS Foundations': 'CIS AWS Foundations Benchmark',
  'SOC 2': 'SOC 2 Trust Services Criteria',
};

interface ControlRow {
  readonly id: string;
  readonly answers: readonly Answer[];
}

/** Numbers in ids count as numbers: RDS.9 stands before RDS.38. */
const inOrder = new Intl.Collator('en', { numeric: true }).compare;

/** The controls of one framework, each with the checks that are evidence for it. */
function controlsOf(answers: readonly Answer[], framework: Framework): ControlRow[] {
  const byControl = new Map<string, Answer[]>();
  for (const answer of answers)
    for (const control of answer.controls ?? [])
      if (control.framework === framework) byControl.set(control.id, [...(byControl.get(control.id) ?? []), answer]);
  return [...byControl].map(([id, its]) => ({ id, answers: its })).sort((one, other) => inOrder(one.id, other.id));
}

const link = (answer: Answer) =>
  html`<li><a href="#${anchor(answer)}"><code class="id">${answer.id}</code></a>${answer.passed ? '' : ' ✗ failed'}</li>`;

/** What to do about a control that does not pass, from the checks that failed. */
function toDo(answers: readonly Answer[]): readonly Html[] {
  const remediations = answers.flatMap(({ passed, remediation }) => (passed || !remediation ? [] : [remediation]));
  return remediations.map(
    ({ action, runbook }) =>
      html`<span class="to-do"><strong>What to do:</strong> ${action} <code>${runbook}</code></span>`,
  );
}

const row = ({ id, answers }: ControlRow) =>
  html`<tr><th scope="row">${id}</th><td><ul class="links">${answers.map(link)}</ul>${toDo(answers)}</td>
<td class="verdict-cell">${mark(answers.every(({ passed }) => passed))}</td></tr>`;

function table(answers: readonly Answer[], framework: Framework): readonly Html[] {
  const controls = controlsOf(answers, framework);
  if (controls.length === 0) return nothing;
  return [
    html`<table class="controls"><caption>${FRAMEWORK_TITLES[framework]} <span>· ${plural(controls.length, 'control')}</span></caption>
<thead><tr><th scope="col" class="control">Control</th><th scope="col">Checks</th>
<th scope="col" class="verdict-cell">Result</th></tr></thead><tbody>${controls.map(row)}</tbody></table>`,
  ];
}

/**
 * The answers by framework and control. A control passes when all of its checks pass. A report of
 * version 0.1 of the platform names no structured controls, and has no such view.
 */
export function frameworkView(answers: readonly Answer[]): readonly Html[] {
  const tables = FRAMEWORKS.flatMap((framework) => table(answers, framework));
  if (tables.length === 0) return nothing;
  return [
    html`<section aria-labelledby="frameworks"><h2 id="frameworks">By framework</h2>
<p class="lead">Each control passes when every check that is evidence for it passes. A check may be evidence for several controls, and no
control is covered by these checks alone.</p>${tables}</section>`,
  ];
}
