// Makes the calls that come as JSON on standard input, all at once; prints what came of each.
import { text } from 'node:stream/consumers';

const calls = JSON.parse(await text(process.stdin));

async function make({ url, headers, body, patience }) {
  const started = performance.now();
  const outcome = { error: null, status: null, content_type: null, body: '' };
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(patience) });
    outcome.status = answer.status;
    outcome.content_type = answer.headers.get('content-type');
    outcome.body = await answer.text();
  } catch (error) {
    outcome.error = error.cause?.code ?? error.name;
  }
  return { ...outcome, took: (performance.now() - started) / 1000 };
}

console.log(JSON.stringify(await Promise.all(calls.map(make))));
