import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger, type AppError } from '#kernel';
import { bootstrapInstance, migrate, openPools, readMigrations, type Instance } from '#platform/postgres';
import { createTenancy } from '#core/tenancy';
import { createViews } from '#core/views';
import { makePlace } from '#support/places';
import { dropInstance, testPostgres, type TestPostgres } from '#support/postgres';
import { throughSpec } from '#support/view-specs';

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

	test('takes an ordinary role once a superuser has run what it is told', { timeout: 60_000 }, async () => {
		const fresh = await emptyDatabase();
		const refused = await bootstrapInstance(fresh.url).then(
			() => undefined,
			(error: AppError) => error
		);
		expect(refused?.reason).toBe('POSTGRES_PRIVILEGE');
		const sql = refused!.message.slice(refused!.message.indexOf('ALTER ROLE'));
		await fresh.asSuperuser(sql);
		const instance = await bootstrapInstance(fresh.url);
		await migrate(instance, readMigrations('migrations'));
		// a later start finds all as it should be
		expect(await bootstrapInstance(fresh.url)).toMatchObject({ id: instance.id });
		const pools = openPools(instance);
		const { rows } = await pools.admin.query(
			'SELECT rolname FROM pg_roles WHERE rolsuper AND rolname = ANY ($1)',
			[[fresh.role, ...Object.values(instance.logins)]]
		);
		expect(rows).toEqual([]);
		const tenancy = await createTenancy({ postgres: pools, log: silentLogger });
		const views = await createViews({ postgres: pools, log: silentLogger, asOwner: tenancy.asOwner });
		const place = await makePlace(pools, tenancy, 'notes', 'CREATE TABLE notes (id int PRIMARY KEY)');
		const spec = throughSpec('notes', 'id', [['id', 'integer']], 'ab00000000000001');
		await views.ensure(place, [{ name: 'notes', key: ['id'] }], [spec]);
		const before = views.position();
		const xid = await tenancy.asOwner(place, async (owner) => {
			await owner.query('BEGIN; INSERT INTO notes VALUES (1)');
			const { rows } = await owner.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
			await owner.query('COMMIT');
			return BigInt(rows[0]!.xid);
		});
		await views.whenApplied(xid, 10_000);
		expect(await views.journal(before, 10)).toMatchObject([{ operation: 'insert', new: { id: '1' } }]);
		await expect(
			tenancy.asOwner(place, (owner) => owner.query(`SELECT set_config('role', 'x', true)`))
		).rejects.toThrow(/permission denied/);
		await views.stop();
		await tenancy.end();
		await pools.end();
		await fresh.drop(instance);
	});

	test('several nodes at once agree', async () => {
		const started = await Promise.all([1, 2, 3, 4].map(() => bootstrapInstance(db.superuserUrl)));
		expect(new Set(started.map(({ id }) => id))).toEqual(new Set([db.instance.id]));
	});

	test('gives a clone an identity of its own', async () => {
		const other = await testPostgres();
		expect(other.instance.id).not.toBe(db.instance.id);
		await other.drop();
	});
});

/** A database that Loam never saw, and the url of an ordinary role. */
async function emptyDatabase() {
	const name = `t_${randomBytes(6).toString('hex')}`;
	const role = `${name}_role`;
	const onServer = async (sql: string, url = db.superuserUrl) => {
		const client = await db.connect(url);
		await client.query(sql).finally(() => client.end());
	};
	await onServer(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
	await onServer(`CREATE DATABASE ${name}`);
	const within = (user?: string) => {
		const url = new URL(db.superuserUrl);
		url.pathname = `/${name}`;
		if (user) Object.assign(url, { username: user, password: 'secret' });
		return url.toString();
	};
	return {
		role,
		url: within(role),
		asSuperuser: (sql: string) => onServer(sql, within()),
		async drop(instance: Instance) {
			await dropInstance(db.superuserUrl, name, instance.id);
			await onServer(`DROP ROLE ${role}`);
		}
	};
}
