import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '#kernel';
import { createTenancy, type Project, type Tenancy } from '#core/tenancy';
import { fromTemplate } from '#features/registry';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createReport } from '../report.ts';
import { createTypeChecker, type TypeChecker } from '../types/checker.ts';
import { runGate } from './gate.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let types: TypeChecker;
let project: Project;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await createTenancy({ postgres: db, log: silentLogger });
	types = createTypeChecker();
	project = (await tenancy.project('home', 'main'))!;
});
afterAll(async () => {
	await types.end();
	await tenancy.end();
	await db.drop();
});

async function gate(
	files: ReadonlyMap<string, string>,
	module = 'notes',
	released = new Map<string, string>()
) {
	const report = createReport();
	const candidate = await runGate(
		{ postgres: db, tenancy, types },
		{ project, module, files, released },
		report
	);
	return { candidate, ...report.finish() };
}

describe('runGate', () => {
	test.each(['empty', 'starter'] as const)('lets the template %s through', async (template) => {
		const { candidate, diagnostics, ok, steps } = await gate(fromTemplate(template, 'notes'));
		console.log(steps);
		expect(diagnostics).toEqual([]);
		expect(ok).toBe(true);
		expect(candidate?.hash).toMatch(/^[0-9a-f]{64}$/);
	});
});
