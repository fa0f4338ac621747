import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '#kernel';
import { createTenancy, type Tenancy } from '#core/tenancy';
import { createRegistry, readShippedModules } from '#features/registry';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createReleases, type Releases } from '../index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let releases: Releases;
const shipped = readShippedModules('modules');

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await createTenancy({ postgres: db, log: silentLogger });
	const quiet = async () => {};
	const status = { status: async () => [], lag: async () => undefined };
	const views = { ensure: quiet, retain: quiet, ...status };
	const registry = createRegistry({ pool: db.app, shipped });
	releases = await createReleases({ postgres: db, tenancy, views, registry, log: silentLogger });
});
afterAll(async () => {
	await releases.end();
	await tenancy.end();
	await db.drop();
});

test.each([...shipped.keys()])('the shipped module %s passes the gate', async (name) => {
	const [project] = await tenancy.projects();
	const module = { id: '00000000-0000-0000-0000-000000000000', name };
	const report = await releases.check({ project: project!, module, files: shipped.get(name)! });
	expect(report.diagnostics).toEqual([]);
	expect(report.ok).toBe(true);
});
