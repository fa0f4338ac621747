import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Shape, ShapeStream } from '@electric-sql/client';
import { liveLimits } from '#core/live';
import { liveHouse, type LiveHouse } from '#support/live';

/** Small limits, so that a few thousand rows are cut, spilled and evicted. */
const rowCount = 3_000;
let house: LiveHouse;
beforeAll(async () => {
	house = await liveHouse({
		views: [
			{
				name: 'items',
				columns: [
					{ name: 'id', type: 'integer', dims: 0, notNull: true, keyIndex: 0 },
					{ name: 'title', type: 'text', dims: 0, notNull: true }
				]
			},
			{ name: 'noise', columns: [{ name: 'id', type: 'integer', dims: 0, notNull: true, keyIndex: 0 }] }
		],
		access: { views: { items: { read: [{ roles: ['project-user'] }], columns: {} } }, commands: {} },
		timers: { longPollMs: 800, eventsMs: 2_000, keepAliveMs: 500 },
		limits: {
			...liveLimits,
			tail: { rows: 50, size: 1_000_000, page: 20 },
			feed: { ...liveLimits.feed, page: 2_000, history: 30 },
			snapshot: { ...liveLimits.snapshot, chunk: 20_000, memory: 60_000, totalDisk: 600_000, staleRows: 40 }
		}
	});
	house.grant('ada', 'project-user');
	await house.write(`INSERT INTO i1.items SELECT n, 'title ' || n FROM generate_series(1, ${rowCount}) n`);
});
afterAll(() => house.stop());

const headers = { authorization: 'Bearer ada' };
const get = (params: Record<string, string>) =>
	fetch(house.shapeUrl({ table: 'tickets.items', ...params }), { headers });

async function begin(): Promise<{ handle: string; offset: string; rows: number }> {
	const response = await get({ offset: '-1' });
	const rows = ((await response.json()) as unknown[]).length;
	return {
		handle: response.headers.get('electric-handle')!,
		offset: response.headers.get('electric-offset')!,
		rows
	};
}

describe('a large snapshot', () => {
	test('comes in chunks, and then the log, without a row lost or doubled', async () => {
		let { handle, offset } = await begin();
		expect(offset).toBe('0_0');
		const messages: { key?: string; headers: { control?: string } }[] = [];
		const first = await get({ offset: '-1' });
		messages.push(...((await first.json()) as typeof messages));
		for (let n = 1, isUpToDate = false; !isUpToDate; n++) {
			const response = await get({ offset, handle });
			messages.push(...((await response.json()) as typeof messages));
			isUpToDate = response.headers.has('electric-up-to-date');
			offset = response.headers.get('electric-offset')!;
			handle = response.headers.get('electric-handle')!;
			if (!isUpToDate) expect(offset).toBe(`0_${n}`);
		}
		const keys = messages.flatMap(({ key }) => key ?? []);
		expect([keys.length, new Set(keys).size]).toEqual([rowCount, rowCount]);
		const controls = messages.flatMap(({ headers: { control } }) => control ?? []);
		expect(controls).toEqual(['snapshot-end', 'up-to-date']);
	});

	test('lies on disk, and is gone from there at the end of its time', async () => {
		expect(readdirSync(`${house.directory}/snapshots`).length).toBeGreaterThan(0);
	});

	test('is what the official client reads, with what happened meanwhile', async () => {
		const aborter = new AbortController();
		const stream = new ShapeStream({
			url: `${house.url}/v1/shape`,
			params: { project: 'home/main', table: 'tickets.items' },
			headers,
			signal: aborter.signal
		});
		const shape = new Shape(stream as never);
		const writing = (async () => {
			for (let n = 0; n < 10; n++)
				await house.write(`UPDATE i1.items SET title = 'new' WHERE id % 300 = ${n}`);
		})();
		await shape.rows;
		await writing;
		const deadline = Date.now() + 10_000;
		const fresh = () => shape.currentRows.filter((row) => row['title'] === 'new').length;
		while (fresh() < 100 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
		expect([shape.currentRows.length, fresh()]).toEqual([rowCount, 100]);
		aborter.abort();
	});

	test('that this node does not hold any more is a must-refetch in the middle, not at its end', async () => {
		const { handle, offset } = await begin();
		// Newer snapshots take its room.
		for (let n = 0; n < 6; n++) {
			await get({ offset: '-1', where: `id <> ${n}` });
		}
		expect((await get({ offset, handle })).status).toBe(409);
		const chunks = Number(handle.split('-')[2]);
		expect((await get({ offset: `0_${chunks - 2}`, handle })).status).toBe(409);
		expect((await get({ offset: `0_${chunks - 1}`, handle })).status).toBe(200);
		expect((await get({ offset: `0_${chunks}`, handle })).status).toBe(409);
		expect((await get({ offset: '0_inf', handle })).status).toBe(200);
	});
});

describe('a reader who was away', () => {
	test('is brought up to date out of the database, page by page', async () => {
		const { handle } = await begin();
		let offset = '0_inf';
		for (let n = 0; n < 120; n++)
			await house.write(`UPDATE i1.items SET title = 'away ${n}' WHERE id = ${n + 1}`);
		const titles: string[] = [];
		for (let pages = 0; ; pages++) {
			const response = await get({ offset, handle });
			expect(response.status).toBe(200);
			const messages = (await response.json()) as { value?: { title: string } }[];
			titles.push(...messages.flatMap(({ value }) => value?.title ?? []));
			offset = response.headers.get('electric-offset')!;
			if (response.headers.has('electric-up-to-date')) {
				expect(pages).toBeGreaterThan(2);
				break;
			}
		}
		const away = titles.filter((title) => title.startsWith('away'));
		expect(away).toEqual(Array.from({ length: 120 }, (_, n) => `away ${n}`));
	});

	test('is sent back where the journal was dropped', async () => {
		const { handle } = await begin();
		for (let n = 0; n < 120; n++)
			await house.write(`UPDATE i1.items SET title = 'gone ${n}' WHERE id = ${n + 1}`);
		house.forget(house.live.position());
		const response = await get({ offset: '0_inf', handle });
		expect(response.status).toBe(409);
		expect(response.headers.get('electric-handle')).not.toBe(handle);
	});

	test('waits in vain while other views change, and is told once its own does', async () => {
		const { handle } = await begin();
		let { offset } = { offset: '0_inf' };
		const caughtUp = await get({ offset, handle });
		offset = caughtUp.headers.get('electric-offset')!;
		const waiting = get({ offset, handle, live: 'true' });
		// More than the tail keeps, so that the reader's own place is in memory no longer.
		for (let n = 0; n < 3; n++)
			await house.write(`INSERT INTO i1.noise SELECT generate_series(${n * 60}, ${n * 60 + 59})`);
		await house.write(`UPDATE i1.items SET title = 'at last' WHERE id = 1`);
		const response = await waiting;
		expect(response.status).toBe(200);
		expect(await response.text()).toContain('at last');
	});
});
