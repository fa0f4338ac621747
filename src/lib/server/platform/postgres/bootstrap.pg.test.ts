import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootstrapInstance } from '#platform/postgres';
import { testPostgres, type TestPostgres } from '#support/postgres';

let db: TestPostgres;
beforeAll(async () => {
	db = await testPostgres();
});
afterAll(() => db.drop());

describe('bootstrapInstance', () => {
	test.each(['admin', 'app', 'views', 'replication'] as const)(
		'makes the login %s, no superuser',
		async (login) => {
			const client = await db.connect(db.instance.urlAs(login));
			const { rows } = await client.query(
				'SELECT current_user AS name, rolsuper FROM pg_roles WHERE rolname = current_user'
			);
			await client.end();
			expect(rows).toEqual([{ name: db.instance.logins[login], rolsuper: false }]);
		}
	);

	test('keeps the emitter of markers from everybody but the maintainer', async () => {
		await expect(db.app.query(`SELECT pg_logical_emit_message(false, 'loam', 'x', true)`)).rejects.toThrow(
			/permission denied/
		);
		const views = await db.connect(db.instance.urlAs('views'));
		await expect(
			views.query(`SELECT pg_logical_emit_message(false, 'loam', 'x', true)`)
		).resolves.toBeDefined();
		await views.end();
	});

	test('refuses a role that is no superuser, and says what to do', async () => {
		const admin = db.instance.urlAs('admin');
		await expect(bootstrapInstance(admin)).rejects.toMatchObject({ reason: 'POSTGRES_PRIVILEGE' });
	});

	test('gives a clone an identity of its own', async () => {
		const other = await testPostgres();
		expect(other.instance.id).not.toBe(db.instance.id);
		await other.drop();
	});
});
