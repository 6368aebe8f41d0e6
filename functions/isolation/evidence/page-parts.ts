import { Html, html } from '../../shared/html';
import type { Severity } from '../check';
import type { Answer } from '../report';

export const SEVERITY_TITLES: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
};

export const nothing: readonly Html[] = [];
export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Ids are ours, and yet an attribute gets safe characters only. */
export const anchor = ({ id }: Answer) => `check-${id.replace(/[^a-z0-9-]/gi, '-')}`;

export const mark = (passed: boolean) =>
  passed
    ? html`<span class="mark good"><span aria-hidden="true">✓</span> Passed</span>`
    : html`<span class="mark bad"><span aria-hidden="true">✗</span> Failed</span>`;

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' });
export const time = (at: string) => html`<time datetime="${at}">${DAY.format(new Date(at))}</time>`;
export const timeOfDay = (at: string) => html`<time datetime="${at}">${at.slice(11, 19)} UTC</time>`;

/** An attribute of our own spelling, or none. */
export const attribute = (text: string, isSet: boolean) => new Html(isSet ? ` ${text}` : '');
