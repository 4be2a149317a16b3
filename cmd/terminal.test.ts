import assert from 'node:assert/strict';
import { plainScreen, terminalScreen } from './terminal.ts';

const PART = { name: 'apiserver', detail: 'https://127.0.0.1:6443', atMs: 41.6 };
const ESCAPE = String.fromCharCode(27);

function output(make: (write: (text: string) => void) => ReturnType<typeof plainScreen>): string {
  const texts: string[] = [];
  const screen = make((text) => void texts.push(text));
  screen.title('kubets');
  screen.part(PART);
  screen.part({ ...PART, detail: 'x'.repeat(80) });
  screen.warning(['pods are SIMULATED', 'To mend it: start Docker']);
  screen.ready(312.4, '/root/.kubets/kubeconfig');
  return texts.join('');
}

describe('the screen of up', () => {
  it('is plain lines where there is no terminal', () => {
    const text = output(plainScreen);
    assert.match(text, /^apiserver ready: https:\/\/127\.0\.0\.1:6443 \(42 ms\)$/m);
    assert.match(text, /^WARNING: To mend it: start Docker$/m);
    assert.match(text, /^ready in 312 ms\nexport KUBECONFIG=\/root\/\.kubets\/kubeconfig$/m);
    assert.ok(!text.includes(ESCAPE));
  });

  it('is coloured on a terminal, and aligned whatever the length', () => {
    const text = output((write) => terminalScreen(write, true));
    assert.ok(text.includes(ESCAPE));
    const bare = output((write) => terminalScreen(write, false));
    assert.ok(!bare.includes(ESCAPE));
    const [first = '', second = ''] = bare.split('\n').filter((line) => line.includes('apiserver'));
    assert.equal(first.length, second.length);
    assert.match(bare, /ready in 312 ms/);
  });
});
