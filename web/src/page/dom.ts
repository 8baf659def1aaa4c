/** Elements of the page. Strings become text nodes: nothing that a chain says is ever read as markup. */
import { link, strange } from './show.js';

export type Child = Node | string | number | false | null | undefined | Child[];

type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (typeof child === 'string' || typeof child === 'number') element.append(document.createTextNode(String(child)));
    else if (child) element.append(child);
  }
}

/** A sentence whose `*…*` is stressed, and whose addresses stand back. */
export const stressed = (text: string): Child[] => text.split('*').map((part, i) => (i % 2 === 1 ? h('em', {}, part) : addressed(part)));

const addressed = (text: string): Child[] => text.split(/(0x[0-9a-fA-F]{40})/).map((part, i) => (i % 2 === 1 ? code(part) : part));

/** Something that names a thing on chain: breaks anywhere, so that it fits a narrow screen. */
export const code = (text: string): HTMLElement => h('code', {}, text);

/** A link within the page. */
export const to = (hash: string, ...children: Child[]): HTMLElement => h('a', { href: hash }, ...children);

export const time = (seconds: number, text: string): HTMLElement => {
  const date = new Date(seconds * 1000);
  return h('time', Number.isNaN(date.getTime()) ? {} : { datetime: date.toISOString() }, text);
};

/** A stranger's words, and where they are a link, the link behind a warning. */
export function words(text: string): HTMLElement {
  if (text === '') return h('span', { class: 'quiet' }, 'nothing');
  const href = link(text);
  const quoted = h('q', { class: 'strange' }, strange(text));
  if (!href) return quoted;
  return h('span', {}, quoted, ' ', h('details', { class: 'warned' },
    h('summary', {}, 'Open this link…'),
    h('p', {}, 'A stranger wrote it. Nobody checked where it leads, and whoever runs that place sees that you came.'),
    h('a', { href, rel: 'noopener noreferrer nofollow', target: '_blank', referrerpolicy: 'no-referrer' }, strange(href)),
  ));
}

/** Rows of a name and a value. */
export function facts(rows: [string, Child][]): HTMLElement {
  return h('dl', { class: 'facts' }, rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

/** A table that scrolls by itself where it is too wide. */
export function table(caption: string, heads: string[], rows: Child[][]): HTMLElement {
  return h('div', { class: 'wide', role: 'region', 'aria-label': caption, tabindex: 0 },
    h('table', {},
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, rows.map((row) => h('tr', {}, row.map((cell, i) => (i === 0 ? h('th', { scope: 'row' }, cell) : h('td', {}, cell)))))),
    ),
  );
}

export function section(id: string, title: string, ...children: Child[]): HTMLElement {
  return h('section', { id, 'aria-labelledby': `${id}-title` }, h('h2', { id: `${id}-title` }, title), ...children);
}
