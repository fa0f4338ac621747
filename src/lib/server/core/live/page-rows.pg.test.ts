import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { liveHouse, type LiveHouse } from '#support/live';
import { rowCap } from './index.ts';

let house: LiveHouse;
const integer = (name: string, keyIndex?: number) => ({
	name,
	type: 'integer',
	dims: 0,
	notNull: true,
	...(keyIndex === undefined ? {} : { keyIndex })
});
beforeAll(async () => {
	const columns = [integer('id', 0), integer('n'), { name: 'title', type: 'text', dims: 0, notNull: false }];
	house = await liveHouse({
		views: [
			{ name: 'few', columns },
			{ name: 'many', columns }
		],
		access: { views: {}, commands: {} }
	});
	await house.write(
		`INSERT INTO i1.few SELECT i, i % 3, 'title ' || i FROM generate_series(1, 9) i`,
		`INSERT INTO i1.many SELECT i, i % 7, 'title ' || i FROM generate_series(1, ${rowCap + 500}) i`
	);
});
afterAll(() => house.stop());

async function read(view: string, order: string[] = [], where?: string) {
	const installation = await house.installation();
	const roles = new Set(['project-admin']);
	const shape = house.live.resolve({ installation, view, roles, principal: undefined, where });
	const answer = await house.live.read(shape, { order, limit: 5 });
	return { ...answer, ids: answer.rows.map(({ value }) => value['id'] as number) };
}

describe('rows for a page', () => {
	test('come typed, in order, with ties broken by the key', async () => {
		const { rows, ids, complete } = await read('few', ['n desc', 'id desc']);
		expect(ids).toEqual([8, 5, 2, 7, 4, 1, 9, 6, 3]);
		expect(rows[0]).toEqual({ key: '"tickets"."few"/"8"', value: { id: 8, n: 2, title: 'title 8' } });
		expect(complete).toBe(true);
		expect((await read('few', ['n'])).ids).toEqual([3, 6, 9, 1, 4, 7, 2, 5, 8]);
	});

	test('follow what happens, without another query', async () => {
		const first = await read('few', ['id'], 'n = 1');
		expect(first.ids).toEqual([1, 4, 7]);
		const reads = house.reads();
		const seq = await house.write(
			`UPDATE i1.few SET n = 1 WHERE id = 2`,
			`UPDATE i1.few SET n = 0 WHERE id = 4`,
			`DELETE FROM i1.few WHERE id = 7`,
			`INSERT INTO i1.few VALUES (10, 1, 'ten')`
		);
		const then = await read('few', ['id'], 'n = 1');
		expect(then.ids).toEqual([1, 2, 10]);
		expect(then.offset).toBe(`${seq}_0`);
		expect(house.reads()).toBe(reads);
	});

	test('are asked for once by pages that come together', async () => {
		const reads = house.reads();
		const pages = await Promise.all(Array.from({ length: 20 }, () => read('few', ['id'], 'n >= 0')));
		expect(house.reads()).toBe(reads + 1);
		expect(new Set(pages.map(({ ids }) => ids.join())).size).toBe(1);
	});

	test('of a large shape are the first in that order, and it says so', async () => {
		const { ids, complete } = await read('many', ['n desc', 'id desc']);
		expect([ids.length, complete]).toEqual([rowCap, false]);
		const all = Array.from({ length: rowCap + 500 }, (_, i) => i + 1);
		expect(ids).toEqual(all.sort((a, b) => (b % 7) - (a % 7) || b - a).slice(0, rowCap));
	});

	test('that grow beyond the cap are given up, not kept', async () => {
		expect((await read('many', ['id'], 'n = 100')).complete).toBe(true);
		await house.write(`UPDATE i1.many SET n = 100`);
		expect((await read('many', ['id'], 'n = 100')).complete).toBe(false);
	});

	test('of a rebuilt view are read anew', async () => {
		await read('few', ['id']);
		const reads = house.reads();
		house.rebuild('few');
		const { handle } = await read('few', ['id']);
		expect(house.reads()).toBe(reads + 1);
		expect(handle).not.toBe('');
	});
});
