import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '#platform/postgres';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { compareCodePoints, lowerCase, upperCase } from './letter-case.ts';

let db: TestPostgres;
let client: Client;
beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl);
});
afterAll(async () => {
	await client.end();
	await db.drop();
});

test('every code point has the lower and upper case that pg_c_utf8 gives it', async () => {
	const { rows } = await client.query<{ point: string; lower: string; upper: string }>(
		`SELECT chr(n) AS point, lower(chr(n) COLLATE pg_c_utf8) AS lower, upper(chr(n) COLLATE pg_c_utf8) AS upper
		   FROM generate_series(1, 1114111) n WHERE n NOT BETWEEN 55296 AND 57343`
	);
	expect(rows).toHaveLength(1_112_063);
	const name = (text: string) => Array.from(text, (point) => point.codePointAt(0)!.toString(16)).join(' ');
	const wrong = rows
		.filter(({ point, lower, upper }) => lowerCase(point) !== lower || upperCase(point) !== upper)
		.map(({ point, lower, upper }) => [
			name(point),
			name(lower),
			name(upper),
			name(lowerCase(point)),
			name(upperCase(point))
		]);
	expect(wrong).toEqual([]);
});

test('the order of code points is that of COLLATE "C"', async () => {
	const texts = ['', 'a', 'B', 'ab', 'é', 'z', '\ud7ff', '\ue000', '\uffff', '😀', '😀a', '\ufffd😀', '𐀀'];
	const { rows } = await client.query<{ text: string }>(
		'SELECT text FROM unnest($1::text[]) text ORDER BY text COLLATE "C"',
		[texts]
	);
	expect([...texts].sort(compareCodePoints)).toEqual(rows.map(({ text }) => text));
});
