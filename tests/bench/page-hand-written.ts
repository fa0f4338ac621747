import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { quantile, row, type Row } from './row.ts';

const app = fileURLToPath(new URL('./page-hand-written/', import.meta.url));
const rounds = 15;
const warmUp = 5;
const pages = 60;

/**
 * A page of 200 rows out of a module's card against a page of the same DOM written by hand: two routes of
 * one Kit app, built for production, each answering a whole request with the same rows, in turns.
 */
export async function run(): Promise<Row[]> {
	try {
		build();
		const answer = await serve();
		if (dom(await answer('/card')) !== dom(await answer('/hand')))
			throw new Error('the DOM of the two pages differs');
		const [value, reference] = await measure(answer);
		return [
			row({
				name: 'page hand-written',
				value,
				unit: 'pages a second',
				against: 'a hand-written Kit page',
				reference,
				goal: '>= 0.7'
			})
		];
	} finally {
		rmSync(join(app, '.svelte-kit'), { recursive: true, force: true });
	}
}

function build(): void {
	const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js');
	execFileSync(process.execPath, [vite, 'build'], { cwd: app, stdio: ['ignore', 'ignore', 'inherit'] });
}

type Answer = (path: string) => Promise<string>;

interface KitServer {
	init(options: { env: Record<string, string> }): Promise<void>;
	respond(request: Request, options: { getClientAddress(): string }): Promise<Response>;
}

async function serve(): Promise<Answer> {
	const built = (file: string) =>
		import(pathToFileURL(join(app, '.svelte-kit', 'output', 'server', file)).href) as Promise<
			Record<string, unknown>
		>;
	const { Server } = (await built('index.js')) as { Server: new (manifest: unknown) => KitServer };
	const { manifest } = await built('manifest-full.js');
	const server = new Server(manifest);
	await server.init({ env: {} });
	return async (path) => {
		const response = await server.respond(new Request(`http://bench.local${path}`), {
			getClientAddress: () => '127.0.0.1'
		});
		if (!response.ok) throw new Error(`${path} answered ${response.status}`);
		return response.text();
	};
}

/** Elements, attributes and words of the page: what hydration writes between them is no DOM. */
function dom(html: string): string {
	return html
		.slice(html.indexOf('<div class="ac-card"'))
		.replace(/<script.*/s, '')
		.replace(/<!--.*?-->/gs, '')
		.replace(/>\s+|\s+</g, (found) => found.trim())
		.replace(/\s*\/>/g, '>');
}

/** Pages a second of each: the median of the rounds. */
async function measure(answer: Answer): Promise<[number, number]> {
	const [card, hand]: [number[], number[]] = [[], []];
	for (let i = 0; i < warmUp + rounds; i++) {
		const [ofCard, ofHand] = [await perSecond(answer, '/card'), await perSecond(answer, '/hand')];
		if (i < warmUp) continue;
		card.push(ofCard);
		hand.push(ofHand);
	}
	return [quantile(card, 0.5), quantile(hand, 0.5)];
}

/** By the CPU time of the thread that serves, which other work on the machine does not change. */
async function perSecond(answer: Answer, path: string): Promise<number> {
	const before = process.threadCpuUsage();
	for (let i = 0; i < pages; i++) await answer(path);
	const { user, system } = process.threadCpuUsage(before);
	return (pages / (user + system)) * 1e6;
}
