import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger, type Diagnostic } from '#kernel';
import { createTenancy, type Project, type Tenancy } from '#core/tenancy';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createReport } from '../report.ts';
import { desk, deskWith } from '../tests/desk.ts';
import { createTypeChecker, type TypeChecker } from '../types/checker.ts';
import { runGate } from './gate.ts';
import type { Released } from './migrations.ts';

/** What the release before has is neither taken away nor made into something else, whichever way it is tried. */
let db: TestPostgres;
let tenancy: Tenancy;
let types: TypeChecker;
let project: Project;
let released: Released;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await createTenancy({ postgres: db, log: silentLogger });
	types = createTypeChecker();
	project = (await tenancy.project('home', 'main'))!;
	const { candidate } = await gate(deskWith(base), nothing);
	released = {
		migrations: new Map([['migrations/0001_init.sql', desk['migrations/0001_init.sql']!]]),
		tables: candidate!.artifact.tables,
		descriptor: candidate!.descriptor
	};
});
afterAll(async () => {
	await types.end();
	await tenancy.end();
	await db.drop();
});

const nothing: Released = { migrations: new Map(), tables: [], descriptor: undefined };

/** The desk with a request of several fields. */
const base = {
	'schema.proto': desk['schema.proto']!.replace(
		'message CloseTicketRequest { string id = 1; }',
		`enum Mood { CALM = 0; CROSS = 1; }
message Note { string text = 1; }
message CloseTicketRequest {
  string id = 1;
  string why = 2;
  int32 times = 3;
  Mood mood = 4;
  repeated Note notes = 5;
}`
	)
};

async function gate(files: ReadonlyMap<string, string>, before: Released) {
	const report = createReport();
	const candidate = await runGate(
		{ postgres: db, tenancy, types },
		{ project, module: 'desk', files, released: before },
		report
	);
	return { candidate, ...report.finish() };
}

async function change(
	from: string,
	to: string,
	more: Readonly<Record<string, string>> = {}
): Promise<readonly Diagnostic[]> {
	const schema = base['schema.proto'];
	expect(schema).toContain(from);
	const files = deskWith({ ...base, 'schema.proto': schema.replace(from, to), ...more });
	const { candidate, diagnostics } = await gate(files, released);
	expect(candidate).toBeUndefined();
	return diagnostics;
}

const lineOf = (text: string, schema = base['schema.proto']) =>
	schema.slice(0, schema.indexOf(text)).split('\n').length;

describe('a field of a message', () => {
	test.each([
		[
			'with another number',
			'string why = 2;',
			'string why = 7;',
			'FIELD_RENUMBERED',
			/"why" of CloseTicketRequest has the number 2 in the last release, and 7 here\./,
			/Write why = 2 again\..*new name and the number 8\./
		],
		[
			'with another name',
			'string why = 2;',
			'string reason = 2;',
			'FIELD_RENAMED',
			/Number 2 of CloseTicketRequest is "why" in the last release, and "reason" here\./,
			/Keep why = 2\. Or write reserved 2; reserved "why"; and give "reason" the number 6\./
		],
		[
			'with another type',
			'int32 times = 3;',
			'string times = 3;',
			'FIELD_RETYPED',
			/"times" of CloseTicketRequest changes from int32 to string\./,
			/a new name and the number 6\./
		],
		[
			'with a wider type',
			'int32 times = 3;',
			'int64 times = 3;',
			'FIELD_RETYPED',
			/from int32 to int64/,
			/Keep its type/
		],
		[
			'that becomes a list',
			'string why = 2;',
			'repeated string why = 2;',
			'FIELD_RETYPED',
			/from one value to repeated/,
			/Keep its type/
		],
		[
			'of another enum',
			'Mood mood = 4;',
			'Ticket.Status mood = 4;',
			'FIELD_RETYPED',
			/from desk\.Mood to desk\.Ticket\.Status/,
			/Keep its type/
		]
	])('%s is refused at its place', async (_, from, to, reason, message, hint) => {
		const found = await change(from, to);
		expect(found.map((one) => [one.severity, one.file, one.line, one.reason])).toEqual([
			['error', 'schema.proto', lineOf(from), reason]
		]);
		expect(found[0]!.message).toMatch(message);
		expect(found[0]!.hint).toMatch(hint);
	});

	test('that is gone is refused, until its number and name are reserved', async () => {
		const found = await change('  string why = 2;\n', '');
		expect(found.map((one) => [one.line, one.reason, one.hint])).toEqual([
			[
				lineOf('message CloseTicketRequest'),
				'FIELD_DROPPED',
				'Write in the message: reserved 2; reserved "why";'
			]
		]);
		const reserved = base['schema.proto'].replace('string why = 2;', 'reserved 2; reserved "why";');
		const { diagnostics } = await gate(deskWith({ 'schema.proto': reserved }), released);
		expect(diagnostics).toEqual([]);
	});

	test('two that swap their numbers are both told', async () => {
		const found = await change('string id = 1;\n  string why = 2;', 'string id = 2;\n  string why = 1;');
		expect(new Set(found.map((one) => one.reason))).toEqual(new Set(['FIELD_RENAMED']));
		expect(found).toHaveLength(2);
	});

	test('of a nested or inner message is told where it is', async () => {
		const found = await change('message Note { string text = 1; }', 'message Note { int32 text = 1; }');
		expect(found.map((one) => [one.line, one.reason])).toEqual([[lineOf('message Note'), 'FIELD_RETYPED']]);
	});

	test('new ones, and new messages, are welcome', async () => {
		const schema = base['schema.proto'].replace(
			'int32 times = 3;',
			'int32 times = 3; optional string more = 6; map<string, Note> by_name = 9;'
		);
		expect((await gate(deskWith({ 'schema.proto': schema }), released)).diagnostics).toEqual([]);
	});
});

describe('a value of an enum', () => {
	test.each([
		[
			'with another name',
			'CROSS = 1',
			'ANGRY = 1',
			'ENUM_VALUE_RENAMED',
			/Number 1 of Mood is CROSS .* ANGRY here/
		],
		['that is gone', ' CROSS = 1;', '', 'ENUM_VALUE_DROPPED', /Number 1 of Mood is gone/]
	])('%s is refused', async (_, from, to, reason, message) => {
		const found = await change(from, to);
		expect(found.map((one) => [one.line, one.reason])).toEqual([[lineOf('enum Mood'), reason]]);
		expect(found[0]!.message).toMatch(message);
		expect(found[0]!.hint).toMatch(/Keep old values/);
	});
});

test('the request of a command becomes no other message', async () => {
	const found = await change('rpc CloseTicket(CloseTicketRequest)', 'rpc CloseTicket(Note)', {
		'logic/close_ticket.ts': 'export default async () => ({ closed: true });'
	});
	expect(found.map((one) => one.reason)).toContain('SCHEMA_BREAKING');
});

/** Each a way to lose or rename a column: of the schema, and of the tables. */
const ways: readonly (readonly [string, string, string, string, number | undefined])[] = [
	['its field is gone', '  int32 points = 5;\n', '', 'COLUMN_DROPPED', lineOf('message Ticket')],
	[
		'its field is a comment',
		'  int32 points = 5;',
		'  // int32 points = 5;',
		'COLUMN_DROPPED',
		lineOf('message Ticket')
	],
	[
		'its field is gone and reserved',
		'  int32 points = 5;',
		'  reserved 5; reserved "points";',
		'COLUMN_DROPPED',
		lineOf('message Ticket')
	],
	['its field has another name', 'int32 points = 5;', 'int32 size = 5;', 'COLUMN_RENAMED', undefined],
	[
		'its field has another name and number',
		'int32 points = 5;',
		'int32 size = 9;',
		'COLUMN_DROPPED',
		lineOf('message Ticket')
	],
	['its field has another number', 'int32 points = 5;', 'int32 points = 9;', 'COLUMN_RENUMBERED', undefined],
	['its field has another type', 'int32 points = 5;', 'int64 points = 5;', 'COLUMN_TYPE_CHANGED', undefined],
	[
		'its field has another type of one column type',
		'int32 points = 5;',
		'sint32 points = 5;',
		'FIELD_RETYPED',
		undefined
	],
	[
		'its field is a list',
		'int32 points = 5;',
		'repeated int32 points = 5;',
		'COLUMN_TYPE_CHANGED',
		undefined
	],
	[
		'its message is no table any more',
		'message Ticket {\n  option (loam.table) = {};',
		'message Ticket {',
		'TABLE_DROPPED',
		1
	],
	[
		'its table has another name',
		'message Ticket {\n  option (loam.table) = {};',
		'message Ticket {\n  option (loam.table) = { name: "issues" };',
		'TABLE_DROPPED',
		1
	],
	[
		'it joins the key',
		'int32 points = 5;',
		'int32 points = 5 [(loam.column).key = true];',
		'KEY_CHANGED',
		lineOf('message Ticket')
	]
];

describe('a column of a table', () => {
	test.each(ways)('%s: refused at its place, with what to do instead', async (_, from, to, reason, line) => {
		const found = await change(from, to);
		const told = found.find((one) => one.reason === reason);
		expect(told).toMatchObject({ severity: 'error', file: 'schema.proto', line: line ?? lineOf(from) });
		expect(told!.hint).toBeTruthy();
		const same = found.filter(
			(one) => one.line === told!.line && /^(?:FIELD|COLUMN|SCHEMA)_/.test(one.reason)
		);
		expect(same).toHaveLength(/^(?:TABLE|KEY)/.test(reason) ? 0 : 1);
	});

	test.each([
		'ALTER TABLE tickets DROP COLUMN points',
		'ALTER TABLE tickets DROP points',
		'ALTER TABLE tickets DROP COLUMN IF EXISTS points CASCADE',
		'ALTER TABLE tickets ADD COLUMN size integer, DROP COLUMN points',
		'ALTER TABLE tickets RENAME COLUMN points TO size',
		'ALTER TABLE tickets RENAME points TO size',
		'ALTER TABLE tickets RENAME TO issues',
		'ALTER TABLE tickets ALTER COLUMN points TYPE bigint',
		'ALTER TABLE tickets ALTER points SET DATA TYPE text USING points::text',
		'ALTER TABLE tickets SET SCHEMA public',
		'DROP TABLE tickets',
		'DROP TABLE IF EXISTS tickets CASCADE',
		'CREATE TABLE tickets2 (LIKE tickets)',
		"DO $$ BEGIN EXECUTE 'ALTER TABLE tickets DROP COLUMN points'; END $$",
		'CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS $$ ALTER TABLE tickets DROP COLUMN points $$',
		'UPDATE pg_attribute SET attisdropped = true',
		'DELETE FROM pg_catalog.pg_attribute'
	])('by a migration, "%s", is refused with what to do instead', async (sql) => {
		const files = deskWith({ ...base, 'migrations/0002_more.sql': `${sql};` });
		const { candidate, diagnostics } = await gate(files, released);
		expect(candidate).toBeUndefined();
		const [told] = diagnostics.filter((one) => one.file === 'migrations/0002_more.sql');
		expect(told).toMatchObject({ severity: 'error', line: 1 });
		expect(told!.hint).toBeTruthy();
	});
});

test('buf takes less than half a second', async () => {
	const times: number[] = [];
	for (let i = 0; i < 5; i++) {
		const report = createReport();
		// Another schema each time: the same one is judged once.
		const files = deskWith({ ...base, 'schema.proto': `${base['schema.proto']}// ${i}\n` });
		await runGate({ postgres: db, tenancy, types }, { project, module: 'desk', files, released }, report);
		times.push(report.finish().steps.find((step) => step.step === 'breaking')!.ms);
	}
	expect(times.sort((a, b) => a - b)[2]).toBeLessThan(500);
});
