import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ViewSpec } from '#engine/view';
import type { Client } from '#platform/postgres';
import type { Place, Tenancy } from '#core/tenancy';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { planned } from '#support/planned';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createViews, type BuildProgress } from './index.ts';

/** Large views are filled range by range, beside writers, and another node goes on where one died. */
const orderCount = 160_000;
const column = (name: string, type: string) => ({ name, type, array: false, nullable: false });
const tables = [
	{ name: 'customers', key: ['id'], columns: [column('id', 'integer'), column('name', 'text')] },
	{
		name: 'orders',
		key: ['id'],
		columns: [column('id', 'bigint'), column('customer', 'integer'), column('amount', 'integer')]
	}
];
const selects = {
	lines:
		'SELECT o.id, c.name, o.amount FROM orders o JOIN customers c ON c.id = o.customer WHERE o.amount > 5',
	totals:
		'SELECT c.name, count(*) AS n, sum(o.amount) AS amount, max(o.amount) AS most FROM orders o JOIN customers c ON c.id = o.customer GROUP BY c.name',
	large: 'SELECT t.name, t.n FROM totals t WHERE t.n > 100'
};

let db: TestPostgres;
let tenancy: Tenancy;
let place: Place;
let specs: ViewSpec[];
let superuser: Client;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	superuser = await db.connect(db.superuserUrl);
	place = await makePlace(
		db,
		tenancy,
		'shop',
		'CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL)',
		'CREATE TABLE orders (id bigint PRIMARY KEY, customer integer NOT NULL, amount integer NOT NULL, note text NOT NULL)',
		'CREATE INDEX ON orders (customer)',
		`INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 1000) AS n`,
		`INSERT INTO orders SELECT n, 1 + n % 1000, n % 100, repeat('x', 100) FROM generate_series(1, ${orderCount}) AS n`
	);
	const all = Object.entries(selects).map(([name, sql]) => ({ name, sql, file: `views/${name}.sql` }));
	specs = await Promise.all(
		all.map((view) =>
			tenancy.asOwner(place, (owner) => planned(owner, place.schema, { ...view, tables, views: all }))
		)
	);
});
afterAll(async () => {
	await superuser?.end();
	await tenancy?.end();
	await db?.drop();
});

test(
	'a view that is filled by ranges goes on where a killed node left it',
	{ timeout: 120_000 },
	async () => {
		expect(specs.map(({ program }) => program.ranges)).toEqual([['orders'], ['orders'], undefined]);
		const child = await startNode();
		const views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
		const writer = write();
		const ensured = views.ensure(place, tables, specs);
		const seen: BuildProgress[] = [];
		const underway = async () => {
			const [build] = await views.builds();
			if (build) seen.push(build);
			return build && build.rowsDone > 2_000 && build.rowsDone < orderCount * 0.9;
		};
		await Promise.race([
			waitUntil(underway),
			ensured.then(() => Promise.reject(new Error('it was too fast')))
		]);
		child.kill('SIGKILL');
		await once(child, 'exit');
		const left = (await views.builds())[0]!;
		expect(left.rowsEstimated).toBeGreaterThan(orderCount / 2);
		await waitUntil(async () => {
			await underway();
			return views.maintains();
		});
		await ensured;
		// what was done before the kill was not done again
		const goneOn = seen.filter((build) => build.view === left.view && build.updatedAt >= left.updatedAt);
		expect(goneOn.every((build) => build.rowsDone >= left.rowsDone)).toBe(true);
		await writer.stop();
		await views.whenApplied(writer.last(), 30_000);
		for (const spec of specs) await expectExact(views, spec);
		expect(await views.builds()).toEqual([]);
		const { rows } = await db.app.query('SELECT FROM loam.view_gathered');
		expect(rows).toEqual([]);
		await views.stop();
	}
);

/** A node of its own, to be killed; resolves when it maintains. */
async function startNode(): Promise<ChildProcess> {
	const child = spawn(process.execPath, ['--no-warnings', 'tests/support/views-child.ts', db.superuserUrl], {
		stdio: ['ignore', 'pipe', 'inherit']
	});
	await waitUntil(async () => {
		const { rows } = await db.app.query<{ held: boolean }>(
			`SELECT expires_at > now() AS held FROM loam.lease WHERE name = 'views'`
		);
		return rows[0]!.held;
	});
	return child;
}

/** Changes, adds and removes orders and customers all along. */
function write() {
	let stopped = false;
	let last = 0n;
	const data = place.schema;
	const writing = (async () => {
		for (let n = 1; !stopped; n++) {
			const id = 1 + Math.floor(Math.random() * orderCount);
			await superuser.query(
				`BEGIN; UPDATE ${data}.orders SET amount = amount + 1, customer = 1 + (customer + ${n}) % 1000 WHERE id = ${id}; DELETE FROM ${data}.orders WHERE id = ${id} + 7; INSERT INTO ${data}.orders VALUES (${orderCount + n}, ${1 + (n % 1000)}, ${n % 100}, ''); UPDATE ${data}.customers SET name = name || '.' WHERE id = ${1 + (n % 50)}`
			);
			const { rows } = await superuser.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
			await superuser.query('COMMIT');
			last = BigInt(rows[0]!.xid);
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	})();
	return {
		last: () => last,
		async stop() {
			stopped = true;
			await writing;
		}
	};
}

async function expectExact(
	views: Awaited<ReturnType<typeof createViews>>,
	{ name, hash }: ViewSpec
): Promise<void> {
	const { spec, schema, stateSchema } = views.find(place, hash)!;
	const columns = spec.columns.map((one) => one.name).join(', ');
	const kept = spec.program.read.replaceAll('{data}', schema).replaceAll('{state}', stateSchema);
	const totals = selects.totals.replaceAll(/\b(orders|customers) /g, `${schema}.$1 `);
	const truth = selects[name as keyof typeof selects]
		.replaceAll(/\b(orders|customers) /g, `${schema}.$1 `)
		.replace('FROM totals t', `FROM (${totals}) t`);
	const { rows } = await superuser.query(
		`(SELECT ${columns} FROM (${kept}) k EXCEPT ALL SELECT ${columns} FROM (${truth}) t)
		 UNION ALL (SELECT ${columns} FROM (${truth}) t EXCEPT ALL SELECT ${columns} FROM (${kept}) k)`
	);
	expect({ name, rows }).toEqual({ name, rows: [] });
}

async function waitUntil(condition: () => Promise<unknown>, ms = 60_000): Promise<void> {
	for (const until = Date.now() + ms; !(await condition());) {
		if (Date.now() > until) throw new Error('it did not come to pass in time');
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}
