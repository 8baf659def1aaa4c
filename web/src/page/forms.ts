/** Two forms: which nodes and whom the reader trusts, and what to open. */
import words from '../read/words.js';
import { h } from './dom.js';
import { KINDS, type RouteKind, format, parse } from './route.js';
import { type Settings, parsed, save } from './settings.js';

/** @param chainId the chain that they are kept for. */
export function readerForm(chainId: number, settings: Settings, changed: (settings: Settings) => void): HTMLElement {
  const { nodes, trust } = settings;
  const input = (id: string, value: string, hint: string) => h('input', { id, value, placeholder: hint, autocomplete: 'off', spellcheck: 'false' });
  const list = (id: string, values: readonly string[]) => {
    const area = h('textarea', { id, rows: 2, spellcheck: 'false' });
    area.value = values.join('\n');
    return area;
  };
  const first = input('node', nodes[0] ?? '', 'https://…');
  const second = input('node2', nodes[1] ?? '', 'none: answers are not compared');
  const hashes = list('codehashes', trust.codehashes);
  const digests = list('deployments', trust.deployments);
  const sources = list('sources', trust.sources);
  const said = h('p', { role: 'status', class: 'quiet' });
  const form = h('form', {
    submit: (event) => {
      event.preventDefault();
      const { settings: next, wrong } = parsed([first.value, second.value], hashes.value, digests.value, sources.value);
      if (wrong.length > 0) {
        said.textContent = `Left out, since they are none of what is asked for: ${wrong.join(', ')}`;
      } else {
        said.textContent = save(chainId, next) ? '' : 'This browser keeps nothing for this page: it holds until you close it.';
      }
      changed(next);
    },
  },
    h('label', {}, 'Node', first),
    h('label', {}, 'Second node, which is asked the same and compared', second),
    h('label', {}, 'Code hashes of verifiers that you know, from assay model show ID --arch FILE', hashes),
    h('label', {}, 'Digests of contracts that you know, though they are not of this release', digests),
    h('label', {}, 'Sources whose attestations you want to see', sources),
    h('button', { type: 'submit' }, 'Read with these'),
    said,
  );
  return h('details', {}, h('summary', {}, `Your nodes of chain ${chainId}, and whom you trust there`), form);
}

const HINTS: Record<RouteKind, string> = {
  verdict: 'an engagement', round: 'a round of predictions', audit: 'an audit', corpus: 'a corpus', model: 'a model', address: 'all that an address did', contracts: 'the contracts',
};

export function opener(): HTMLElement {
  const kind = h('select', { id: 'kind' }, KINDS.map((one) => h('option', { value: one }, HINTS[one])));
  const chain = h('input', { id: 'chain', value: String(words.devnet), inputmode: 'numeric', autocomplete: 'off' });
  const market = h('input', { id: 'market', autocomplete: 'off', spellcheck: 'false', placeholder: '0x…' });
  const id = h('input', { id: 'id', autocomplete: 'off', spellcheck: 'false', placeholder: '0x…' });
  const said = h('p', { role: 'alert', class: 'differs-note' });
  return h('section', { 'aria-labelledby': 'open-title' },
    h('h2', { id: 'open-title' }, 'What do you want to read?'),
    h('p', {}, 'What an engagement, a round or an audit showed, from the chain alone, in words that say no more than the contracts do.'),
    h('form', {
      submit: (event) => {
        event.preventDefault();
        const of = kind.value as RouteKind;
        const link = `#/${of}/${chain.value.trim()}/${market.value.trim()}${of === 'contracts' ? '' : `/${id.value.trim()}`}`;
        const route = parse(link);
        said.textContent = typeof route === 'string' ? route : '';
        if (typeof route !== 'string') location.hash = format(route);
      },
    },
      h('label', {}, 'Open', kind),
      h('label', {}, 'Chain id', chain),
      h('label', {}, 'Market: the accuracy market; of rounds the prediction market, of audits the retrieval market, of corpora their registry', market),
      h('label', {}, 'Id', id),
      h('button', { type: 'submit' }, 'Read it'),
      said,
    ),
  );
}
