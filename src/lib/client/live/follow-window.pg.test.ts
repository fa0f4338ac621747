import { afterAll, beforeAll, expect, test } from 'vitest';
import { ShapeStream, type Message, type Row } from '@electric-sql/client';
import { compareRows, parseOrderTerm, parsers, type KeyedRow, type Value } from '#engine/shape';
import { rowCap } from '#core/live';
import { liveHouse, type LiveHouse } from '#support/live';
import { followWindow } from './follow-window.ts';
import { ShapeState } from './shape-state.ts';

let house: LiveHouse;
beforeAll(async () => {
	const column = (name: string, type: string) => ({ name, type, dims: 0, notNull: true });
	house = await liveHouse({
		views: [
			{ name: 'items', columns: [{ ...column('id', 'integer'), keyIndex: 0 }, column('title', 'text')] }
		],
		access: { views: { items: { read: [{ roles: ['project-user'] }], columns: {} } }, commands: {} },
		timers: { longPollMs: 2_000, eventsMs: 3_000, keepAliveMs: 500 }
	});
	house.grant('ada', 'project-user');
});
afterAll(() => house.stop());

const limit = 50;
const headers = { authorization: 'Bearer ada' };

/** What a page holds of a binding of the first rows by title. */
async function openPage() {
	const order = [parseOrderTerm('title')!];
	const shape = house.live.resolve({
		installation: await house.installation(),
		view: 'items',
		roles: new Set(['project-user']),
		principal: 'ada',
		replica: 'full'
	});
	const { rows, handle, offset, schema, complete } = await house.live.read(shape, { order: ['title'] });
	expect([rows.length, complete]).toEqual([rowCap, false]);
	const held = new Map(rows.map((row) => [row.key, row]));
	const aborter = new AbortController();
	const fetched: string[] = [];
	const stream = new ShapeStream<Row<Value>>({
		url: `${house.url}/v1/shape`,
		params: { project: 'home/main', table: 'tickets.items', replica: 'full' },
		handle,
		offset: offset as never,
		log: 'changes_only',
		parser: parsers as never,
		headers,
		signal: aborter.signal,
		fetchClient: (...args) => {
			fetched.push(String(args[0]));
			return fetch(...args);
		}
	});
	let resets = 0;
	const window = followWindow(
		stream,
		{ handle, offset, rows },
		{ order, schema, limit },
		{
			onChange(changes) {
				for (const { operation, key, value } of changes) {
					expect(held.has(key), `${operation} of ${key}`).toBe(operation !== 'insert');
					if (operation === 'delete') held.delete(key);
					else held.set(key, { key, value });
				}
			},
			onReset(all) {
				resets++;
				held.clear();
				for (const row of all) held.set(row.key, row);
			}
		}
	);
	const state = new ShapeState(false, window.listener);
	stream.subscribe((messages) => state.take(messages as Message<Row<Value>>[]));
	const compare = compareRows(order, schema);
	return {
		shown: () => [...held.values()].sort(compare).slice(0, limit).map(titleOf),
		resets: () => resets,
		fetched,
		close() {
			aborter.abort();
			window.close();
		}
	};
}

const titleOf = ({ value }: KeyedRow) => value['title'];

async function first(): Promise<unknown[]> {
	const { rows } = await house.db.admin.query<{ title: string }>(
		`SELECT title FROM i1.items ORDER BY title COLLATE "en-x-icu", id::text COLLATE "C" LIMIT ${limit}`
	);
	return rows.map(({ title }) => title);
}

async function until(check: () => Promise<void>): Promise<void> {
	const deadline = Date.now() + 8_000;
	for (;;) {
		try {
			return await check();
		} catch (error) {
			if (Date.now() > deadline) throw error;
			await new Promise((resolve) => setTimeout(resolve, 25));
		}
	}
}

test('a page of the first rows of a large shape stays right when rows leave, come and change their place', async () => {
	// Upper and lower case and accents stand apart in code points, and together in the order of pages.
	await house.write(
		`INSERT INTO i1.items SELECT n, (ARRAY['a', 'B', 'é', 'Z'])[1 + n % 4] || lpad((n * 7919 % 3000)::text, 4, '0') FROM generate_series(1, 3000) n`
	);
	const page = await openPage();
	await until(async () => expect(page.shown()).toEqual(await first()));
	// All the rows that the page began with leave, and a few of the rest change.
	for (let n = 0; n < 6; n++) {
		await house.write(
			`DELETE FROM i1.items WHERE id IN (SELECT id FROM i1.items ORDER BY title COLLATE "en-x-icu", id LIMIT 300)`,
			`UPDATE i1.items SET title = 'A moved ${n} ' || id WHERE id % 500 = ${n}`,
			`INSERT INTO i1.items VALUES (${10_000 + n}, 'ä new ${n}'), (${20_000 + n}, 'zz ${n}')`
		);
		await until(async () => expect(page.shown()).toEqual(await first()));
	}
	expect(page.resets()).toBeGreaterThan(0);
	// It is never sent the whole shape.
	expect(page.fetched.filter((url) => new URL(url).searchParams.get('offset') === '-1')).toEqual([]);

	const before = page.resets();
	house.rebuild('items');
	await until(async () => expect(page.resets()).toBeGreaterThan(before));
	await house.write(`UPDATE i1.items SET title = '1 first' WHERE id = 10000`);
	await until(async () => expect(page.shown()).toEqual(await first()));
	page.close();
}, 60_000);
