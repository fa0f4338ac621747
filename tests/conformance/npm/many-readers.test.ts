import { Agent, get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertOrders, openOrders, schema, type Orders } from './orders.ts';

/** A cache before the server, where nginx is installed. */
const cache = process.env['ELECTRIC_PROXY_CACHE_URL'];
const readerCount = 5_000;
const rounds = 3;
/** Of all that ask for the same at once: nginx lets another through where it has to wait for the first. */
const mostThrough = readerCount / 100;

let orders: Orders;
beforeAll(async () => void (orders = await openOrders()));
afterAll(() => orders?.end());

interface Answer {
	readonly status: number | undefined;
	readonly headers: IncomingMessage['headers'];
	readonly text: string;
	readonly at: number;
}

/** Someone who follows `orders` by plain requests over a connection of its own. */
class Reader {
	readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
	#place: Record<string, string> = { offset: '-1' };
	changes = 0;

	async ask(more: Record<string, string> = {}): Promise<Answer> {
		const query = new URLSearchParams({ table: `${schema}.orders`, ...this.#place, ...more });
		const answer = await this.#get(`${cache!}/v1/shape?${query.toString()}`);
		expect(answer.status).toBe(200);
		const { headers, text } = answer;
		const cursor = headers['electric-cursor'];
		this.#place = {
			offset: String(headers['electric-offset']),
			handle: String(headers['electric-handle']),
			...(cursor === undefined ? {} : { cursor: String(cursor) })
		};
		this.changes += text.split('"lsn":').length - 1;
		return answer;
	}

	end(): void {
		this.#agent.destroy();
	}

	#get(url: string): Promise<Answer> {
		return new Promise((resolve, reject) => {
			const request = get(url, { agent: this.#agent }, (response) => {
				let text = '';
				response.setEncoding('utf8');
				response.on('data', (part: string) => (text += part));
				response.on('error', reject);
				response.on('end', () =>
					resolve({ status: response.statusCode, headers: response.headers, text, at: performance.now() })
				);
			});
			request.on('error', reject);
		});
	}
}

const count = async () => Number(await (await fetch(`${process.env['ELECTRIC_URL']!}/count`)).text());

/** All of them at once; how many requests came through, and when each was answered after `since`. */
async function all(
	readers: readonly Reader[],
	more?: Record<string, string>,
	meanwhile?: () => Promise<unknown>
) {
	const before = await count();
	const asking = Promise.all(readers.map((reader) => reader.ask(more)));
	if (meanwhile) {
		// All are connected and wait.
		await new Promise((resolve) => setTimeout(resolve, 4_000));
		await meanwhile();
	}
	const since = performance.now();
	const answers = await asking;
	const late = answers.map(({ at }) => at - since).sort((a, b) => a - b);
	const through = (await count()) - before;
	return { through, p50: late[late.length >> 1]!, p99: late[Math.floor(late.length * 0.99)]!, answers };
}

test.skipIf(!cache)(
	`${readerCount} readers of one shape behind a cache are a handful of requests to Loam`,
	async () => {
		await orders.applied(await orders.write(insertOrders(1, 50)));
		const readers = Array.from({ length: readerCount }, () => new Reader());
		const tell = (what: string, { through, p50, p99 }: { through: number; p50: number; p99: number }) =>
			process.stdout.write(
				`${what}: ${through} of ${readerCount} requests, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms\n`
			);
		try {
			const first = await all(readers);
			tell('the rows', first);
			expect(first.through).toBeLessThanOrEqual(mostThrough);
			const log = await all(readers);
			tell('the log so far', log);
			expect(log.through).toBeLessThanOrEqual(mostThrough);
			expect(new Set(log.answers.map(({ headers }) => headers['electric-up-to-date']))).toEqual(
				new Set([''])
			);
			for (let round = 0; round < rounds; round++) {
				const change = await all(readers, { live: 'true' }, () =>
					orders.write(`UPDATE orders SET amount = amount + 1 WHERE id = ${round + 1}`)
				);
				tell('a change', change);
				expect(change.through).toBeLessThanOrEqual(mostThrough);
			}
			expect(new Set(readers.map(({ changes }) => changes))).toEqual(new Set([rounds]));
		} finally {
			for (const reader of readers) reader.end();
		}
	},
	120_000
);
