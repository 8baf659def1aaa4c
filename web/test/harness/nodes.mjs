// Nodes that lie, are late, or answer with something else: servers between the page and the chain.
import { createServer } from 'node:http';

const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'content-type' };

// Whatever listens, so that a test that fails leaves nothing open, which would keep the process from ending.
const open = new Set();
export const stopAll = () => Promise.all([...open].map((stop) => stop()));

async function listen(handle) {
  const server = createServer((request, response) => {
    if (request.method === 'OPTIONS') {
      response.writeHead(204, CORS).end();
      return;
    }
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => handle(JSON.parse(body || 'null'), response, request));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const stop = () =>
    new Promise((done) => {
      open.delete(stop);
      server.closeAllConnections();
      server.close(done);
    });
  open.add(stop);
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}

export const answer = (response, value, status = 200, type = 'application/json') =>
  response.writeHead(status, { ...CORS, 'content-type': type }).end(typeof value === 'string' ? value : JSON.stringify(value));

// A server that answers every request so; `handle` gets the calls of the batch, the response and the number of the request.
export function serving(handle) {
  let n = 0;
  return listen((calls, response) => handle(calls, response, n++));
}

// A node that tells what another one tells, but for what `change` makes of each answer; `change` gets the call and the answer.
export function between(url, change, allow = CORS) {
  return listen(async (calls, response) => {
    const sent = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(calls) });
    const answers = await sent.json();
    const changed = await Promise.all([answers].flat().map((one, i) => change([calls].flat()[i], one)));
    response.writeHead(200, { ...allow, 'content-type': 'application/json' }).end(JSON.stringify(Array.isArray(calls) ? changed : changed[0]));
  });
}

// A directory over HTTP, as any static host serves it.
export async function served(directory) {
  const { readFileSync } = await import('node:fs');
  const types = { html: 'text/html', js: 'text/javascript', css: 'text/css', mjs: 'text/javascript' };
  return listen((_, response, request) => {
    const name = request.url.split('?')[0].replace(/^\//, '') || 'index.html';
    try {
      answer(response, readFileSync(`${directory}/${name}`, 'utf8'), 200, `${types[name.split('.').pop()]}; charset=utf-8`);
    } catch {
      answer(response, 'none', 404, 'text/plain');
    }
  });
}
