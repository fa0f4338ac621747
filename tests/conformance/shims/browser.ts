// What the foreign suite finds of a browser: a page that is visible (the client rests in one that is not). It
// replaces some of it, which jsdom's own window would not let.
import { createRequire } from 'node:module';

interface Jsdom {
	readonly JSDOM: new (html: string, options: object) => { readonly window: Record<string, unknown> };
}

const { JSDOM } = createRequire(import.meta.url)('jsdom') as Jsdom;
const page = new JSDOM('', { url: 'http://localhost:3000', pretendToBeVisual: true }).window;
for (const part of ['window', 'document', 'localStorage', 'sessionStorage']) {
	const value = part === 'window' ? page : page[part];
	Object.defineProperty(globalThis, part, { value, writable: true, configurable: true });
}
