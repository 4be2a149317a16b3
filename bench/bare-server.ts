/**
 * What Node itself costs: an HTTPS server that answers the load generator's requests with bytes of the size kubets
 * answers with, and does nothing else: no schema, no revisions, no disk, no watch.
 * `node dist/bench/bare-server.js --port N --cert FILE --key FILE --template FILE`; the template is a pod as served.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    template: { type: 'string' },
  },
});
const template = readFileSync(values.template ?? '', 'utf8').trim();
const templateName = (JSON.parse(template) as { metadata: { name: string } }).metadata.name;
const pods = new Map<string, { bytes: Buffer; group: string }>();
const SELECTED = 'group%3D';
const JSON_TYPE = 'application/json';

function answer(response: ServerResponse, status: number, bytes: Buffer | string): void {
  response.writeHead(status, { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(bytes) });
  response.end(bytes);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function list(url: string): Buffer {
  const at = url.indexOf(SELECTED);
  const group = at < 0 ? undefined : decodeURIComponent(url.slice(at + SELECTED.length).split('&')[0] ?? '');
  const chosen = [...pods.values()].filter((pod) => group === undefined || pod.group === group);
  const pieces: Buffer[] = [];
  for (const { bytes } of chosen) pieces.push(pieces.length === 0 ? Buffer.alloc(0) : Buffer.from(','), bytes);
  const head = Buffer.from('{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[');
  return Buffer.concat([head, ...pieces, Buffer.from(']}')]);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const body = method === 'GET' ? '' : await bodyOf(request);
  const [, name] = /\/pods\/([^/?]+)/.exec(url) ?? [];
  if (url.startsWith('/version')) return answer(response, 200, '{"major":"0","minor":"0","gitVersion":"bare"}');
  if (!url.includes('/pods')) return answer(response, method === 'POST' ? 201 : 200, '{"kind":"Status"}');
  if (method === 'POST') {
    const { metadata } = JSON.parse(body) as { metadata: { name: string; labels?: { group?: string } } };
    const bytes = Buffer.from(template.replaceAll(`"${templateName}"`, `"${metadata.name}"`));
    pods.set(metadata.name, { bytes, group: metadata.labels?.group ?? '' });
    return answer(response, 201, bytes);
  }
  if (name === undefined) return answer(response, 200, method === 'GET' ? list(url) : '{"kind":"Status"}');
  const pod = pods.get(name);
  if (method === 'DELETE') pods.delete(name);
  answer(response, pod ? 200 : 404, pod?.bytes ?? '{"kind":"Status","code":404}');
}

const server = createServer(
  { cert: readFileSync(values.cert ?? ''), key: readFileSync(values.key ?? '') },
  (request, response) => {
    handle(request, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  },
);
server.listen(Number(values.port), '127.0.0.1', () => console.log('ready'));
