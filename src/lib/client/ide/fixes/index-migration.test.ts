import { expect, test } from 'vitest';
import { fileKind } from '#engine/module';
import { indexMigration } from './index-migration.ts';

const wanted = { table: 'tickets', columns: ['project_id', 'status'] };
const files = new Map([
	['migrations/0001_init.sql', 'CREATE TABLE tickets ();'],
	['views/a.sql', '']
]);

test('an index has a migration of its own, under the next number', () => {
	expect(indexMigration([wanted], files)).toEqual({
		path: 'migrations/0002_index_tickets_project_id_status.sql',
		sql: 'CREATE INDEX ON "tickets" ("project_id", "status");\n',
		isThere: false
	});
});

test('several are one migration', () => {
	const both = indexMigration([wanted, { table: 'projects', columns: ['region'] }], files);
	expect(both.path).toBe('migrations/0002_indexes.sql');
	expect(both.sql.trim().split('\n')).toHaveLength(2);
});

test('one that was drafted already is found again', () => {
	const { path, sql } = indexMigration([wanted], files);
	expect(indexMigration([wanted], new Map(files).set(path, `-- for the views\n${sql}`))).toMatchObject({
		path,
		isThere: true
	});
});

test('the name is one that the gate takes, however long the table’s is', () => {
	const { path } = indexMigration([{ table: 'a'.repeat(63), columns: ['b'.repeat(63)] }], files);
	expect(fileKind(path)).toBe('migration');
});
