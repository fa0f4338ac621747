import { describe, expect, test } from 'vitest';
import { buildProto } from '#support/proto';
import {
	compareTables,
	draftMigration,
	formOfMessage,
	formOfTable,
	readSchema,
	sdkTypes,
	standardFile,
	standardProto
} from './index.ts';
import type { Schema } from './schema.ts';
import type { TableSpec } from './types.ts';

const tickets = `syntax = "proto3";
package tickets;
import "loam/options.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/struct.proto";

// A piece of work.
message Ticket {
  option (loam.table) = {};
  enum Status { OPEN = 0; DONE = 1; }
  message Estimate { double hours = 1; optional string note = 2; }
  string id = 1 [(loam.column).key = true];
  // What is to be done.
  string title = 2 [(loam.column) = { required: true, max_length: 200 }];
  Status status = 3;
  string project_id = 4 [(loam.column).references = "Project"];
  optional string assignee_id = 5 [(loam.column).references = "people"];
  int32 points = 6;
  int64 size = 7;
  string cost = 8 [(loam.column).type = DECIMAL];
  optional string due = 9 [(loam.column).type = DATE];
  google.protobuf.Timestamp opened_at = 10 [(loam.column) = { default: "now()", required: true }];
  repeated string labels = 11;
  repeated Estimate estimates = 12;
  map<string, string> extra = 13;
  Estimate estimate = 14;
  google.protobuf.Struct data = 15;
  bytes file = 16;
  bool urgent = 17;
  repeated Status history = 18;
}

message Project {
  option (loam.table) = {};
  string id = 1;
  string name = 2 [(loam.column).unique = true];
}

message CloseTicketRequest { string id = 1; optional string note = 2; map<string, int64> votes = 3; }
message CloseTicketResponse { Ticket ticket = 1; }

service Tickets {
  rpc CloseTicket(CloseTicketRequest) returns (CloseTicketResponse);
}
`;

function schemaOf(text: string, module = 'tickets'): Schema {
	return readSchema(buildProto({ 'schema.proto': text }), module);
}

const schema = schemaOf(tickets);
const ticket = schema.tables.find((table) => table.name === 'tickets')!;

describe('readSchema', () => {
	test('finds nothing wrong', () => expect(schema.diagnostics).toEqual([]));

	test('maps every field to a column', () => {
		const shown = ticket.columns.map((column) => [
			column.name,
			column.type + (column.array ? '[]' : ''),
			column.nullable ? 'null' : 'not null',
			column.default
		]);
		expect(shown).toEqual([
			['id', 'uuid', 'not null', 'uuidv7()'],
			['title', 'text', 'not null', undefined],
			['status', 'text', 'not null', `'OPEN'`],
			['project_id', 'uuid', 'not null', undefined],
			['assignee_id', 'uuid', 'null', undefined],
			['points', 'integer', 'not null', '0'],
			['size', 'bigint', 'not null', '0'],
			['cost', 'numeric', 'not null', '0'],
			['due', 'date', 'null', undefined],
			['opened_at', 'timestamptz', 'not null', 'now()'],
			['labels', 'text[]', 'not null', `'{}'`],
			['estimates', 'jsonb', 'not null', `'[]'`],
			['extra', 'jsonb', 'not null', `'{}'`],
			['estimate', 'jsonb', 'null', undefined],
			['data', 'jsonb', 'null', undefined],
			['file', 'bytea', 'not null', `'\\x'`],
			['urgent', 'boolean', 'not null', 'false'],
			['history', 'text[]', 'not null', `'{}'`]
		]);
	});

	test('names tables, keys, references, values and lines', () => {
		expect(ticket).toMatchObject({ message: 'tickets.Ticket', key: ['id'], label: 'Ticket', line: 8 });
		expect(ticket.columns.find((c) => c.name === 'project_id')).toMatchObject({
			references: 'projects',
			line: 16,
			label: 'Project'
		});
		expect(ticket.columns.find((c) => c.name === 'status')?.values).toEqual(['OPEN', 'DONE']);
	});

	test('has the own methods and five of each table', () => {
		expect(schema.methods.map((method) => method.name)).toEqual([
			'CloseTicket',
			'CreateTicket',
			'GetTicket',
			'ListTickets',
			'UpdateTicket',
			'DeleteTicket',
			'CreateProject',
			'GetProject',
			'ListProjects',
			'UpdateProject',
			'DeleteProject'
		]);
		expect(schema.methods[0]).toEqual({
			name: 'CloseTicket',
			service: 'tickets.Tickets',
			request: 'tickets.CloseTicketRequest',
			response: 'tickets.CloseTicketResponse',
			run: { kind: 'handler', file: 'logic/close_ticket.ts' }
		});
	});

	test.each<[string, string, string, number]>([
		[
			'a reference to nothing',
			'message A { option (loam.table) = {}; string id = 1; string b = 2 [(loam.column).references = "B"]; }',
			'COLUMN_REFERENCES',
			4
		],
		[
			'a reference of another type',
			'message A { option (loam.table) = {}; string id = 1; int64 a = 2 [(loam.column).references = "A"]; }',
			'COLUMN_REFERENCES',
			4
		],
		['no key', 'message A { option (loam.table) = {}; string name = 1; }', 'TABLE_KEY', 4],
		[
			'a column in capitals',
			'message A { option (loam.table) = {}; string id = 1; string someName = 2; }',
			'COLUMN_NAME',
			4
		],
		[
			'a table named people',
			'message A { option (loam.table) = { name: "people" }; string id = 1; }',
			'TABLE_NAME',
			4
		],
		[
			'two tables of one name',
			'message A { option (loam.table) = { name: "x" }; string id = 1; }\nmessage B { option (loam.table) = { name: "x" }; string id = 1; }',
			'TABLE_NAME',
			5
		],
		[
			'a type on a number',
			'message A { option (loam.table) = {}; string id = 1; int32 n = 2 [(loam.column).type = DATE]; }',
			'COLUMN_TYPE',
			4
		],
		[
			'a name of the standard methods',
			'message A { option (loam.table) = {}; string id = 1; }\nmessage CreateARequest {}',
			'NAME_TAKEN',
			5
		],
		[
			'a name of the SDK',
			'message A { option (loam.table) = {}; string id = 1; }\nmessage NewA {}',
			'NAME_TAKEN',
			5
		],
		['a stream', 'message A {}\nservice S { rpc Watch(A) returns (stream A); }', 'METHOD_STREAM', 5],
		[
			'a method twice',
			'message A {}\nservice S { rpc Go(A) returns (A); }\nservice T { rpc Go(A) returns (A); }',
			'METHOD_TWICE',
			6
		]
	])('refuses %s', (_, body, reason, line) => {
		const found = schemaOf(
			`syntax = "proto3";\npackage m;\nimport "loam/options.proto";\n${body}\n`,
			'm'
		).diagnostics;
		expect(found.map((d) => [d.reason, d.file, d.line])).toEqual([[reason, 'schema.proto', line]]);
	});

	test('wants the package named as the module', () => {
		const found = schemaOf('syntax = "proto3";\npackage other;\n', 'm').diagnostics;
		expect(found).toMatchObject([{ reason: 'PACKAGE', line: 2, hint: 'Write "package m;".' }]);
	});
});

describe('standardProto', () => {
	test('compiles beside the schema, with presence where a field may be left out', () => {
		const text = standardProto(schema.file, schema.tables);
		const whole = readSchema(buildProto({ 'schema.proto': tickets, [standardFile]: text }), 'tickets');
		const service = whole.registry.getService('tickets.TicketService')!;
		expect(service.methods.map((method) => `${method.input.name} ${method.output.name}`)).toEqual([
			'CreateTicketRequest Ticket',
			'GetTicketRequest Ticket',
			'ListTicketsRequest ListTicketsResponse',
			'UpdateTicketRequest Ticket',
			'DeleteTicketRequest DeleteTicketResponse'
		]);
		expect(text).toContain(
			'optional string id = 1;\n\tstring title = 2;\n\toptional .tickets.Ticket.Status status = 3;\n\tstring project_id = 4;'
		);
		expect(text).toContain('google.protobuf.FieldMask update_mask');
	});
});

describe('sdkTypes', () => {
	const types = sdkTypes(schema);

	test('a new row says what its texts may be', () => {
		expect(types).toMatch(
			/interface NewTicket \{[^}]*\/\*\* Title: at most 200 characters, and not empty\. \*\/\s+title: string;/
		);
	});
	test('types rows, new rows, messages and enums', () => {
		expect(types).toContain(`export type Ticket_Status = 'OPEN' | 'DONE';`);
		expect(types).toContain('\t\tassignee_id: string | null;');
		expect(types).toContain('\t\tpoints?: number;');
		expect(types).toContain('\t\tsize: string;');
		expect(types).toContain('\t\testimates: Ticket_Estimate[];');
		expect(types).toContain('\t\tnote?: string | null;');
		expect(types).toContain('\t\tvotes: { [key: string]: string };');
		expect(types).toContain('readonly tickets: Sdk.Table<Ticket, NewTicket, TicketKey>;');
		expect(types).toContain('/** What is to be done. */');
	});
});

describe('draftMigration', () => {
	test('creates tables after those they reference', () => {
		const { sql, title, refused } = draftMigration([], schema.tables);
		expect(refused).toEqual([]);
		expect(title).toBe('create_projects_and_create_tickets');
		expect(sql.indexOf('CREATE TABLE "projects"')).toBeLessThan(sql.indexOf('CREATE TABLE "tickets"'));
		expect(sql).toContain(
			`"status" text NOT NULL DEFAULT 'OPEN'\n\t\tCONSTRAINT "tickets_status_check" CHECK ("status" IN ('OPEN', 'DONE'))`
		);
		expect(sql).toContain(
			`"title" text NOT NULL\n\t\tCONSTRAINT "tickets_title_check" CHECK ("title" <> '' AND char_length("title") <= 200)`
		);
		expect(sql).toContain('"project_id" uuid NOT NULL REFERENCES "projects"');
		expect(sql).toContain('"assignee_id" uuid,');
		expect(sql).toContain('CREATE INDEX ON "tickets" ("project_id");');
	});

	const change = (edit: (text: string) => string) =>
		draftMigration(schema.tables, schemaOf(edit(tickets)).tables);

	test('has nothing to do for the same', () => {
		expect(draftMigration(schema.tables, schema.tables)).toEqual({ sql: '', title: 'change', refused: [] });
	});

	test('adds a column', () => {
		expect(
			change((t) => t.replace('bool urgent = 17;', 'bool urgent = 17; optional int32 rank = 19;')).sql
		).toBe('ALTER TABLE "tickets" ADD COLUMN "rank" integer;');
	});

	test('widens an enum', () => {
		expect(change((t) => t.replace('DONE = 1;', 'DONE = 1; LATER = 2;')).sql).toContain(
			`ALTER TABLE "tickets"\n\tDROP CONSTRAINT IF EXISTS "tickets_status_check",\n\tADD CONSTRAINT "tickets_status_check" CHECK ("status" IN ('OPEN', 'DONE', 'LATER'));`
		);
	});

	test('keeps lines short enough to be read, and the file’s name too', () => {
		const more =
			'optional string colour_of_the_cover = 20 [(loam.column).max_length = 80]; bool a_long_flag_name = 21;';
		const { sql, title } = change((t) => t.replace('bool urgent = 17;', `bool urgent = 17; ${more}`));
		expect(sql).toBe(
			[
				'ALTER TABLE "tickets" ADD COLUMN "colour_of_the_cover" text',
				'\tCONSTRAINT "tickets_colour_of_the_cover_check" CHECK (char_length("colour_of_the_cover") <= 80);',
				'',
				'ALTER TABLE "tickets" ADD COLUMN "a_long_flag_name" boolean NOT NULL DEFAULT false;'
			].join('\n')
		);
		expect(title).toBe('add_tickets_colour_of_the_cover_and_more');
	});

	test.each<[string, [string, string], string]>([
		['drops', ['bool urgent = 17;', ''], 'COLUMN_DROPPED'],
		['renames', ['bool urgent = 17;', 'bool hot = 17;'], 'COLUMN_RENAMED'],
		['changes a type', ['int32 points', 'int64 points'], 'COLUMN_TYPE_CHANGED'],
		['makes required', ['optional string due', 'string due'], 'COLUMN_MADE_REQUIRED'],
		['loses a value', ['DONE = 1;', ''], 'COLUMN_NARROWER'],
		[
			'adds a column that needs a value',
			['bool urgent = 17;', 'bool urgent = 17; string owner_id = 19 [(loam.column).references = "Project"];'],
			'COLUMN_NEEDS_DEFAULT'
		]
	])('refuses what %s', (_, [from, to], reason) => {
		const { sql, refused } = change((t) => t.replace(from, to));
		expect(sql).not.toContain('DROP COLUMN');
		expect(refused[0]).toMatchObject({ reason, hint: expect.any(String) });
	});
});

describe('compareTables', () => {
	const wanted: TableSpec = schema.tables.find((table) => table.name === 'projects')!;
	const column = {
		default: undefined,
		generated: false,
		references: undefined,
		unique: false,
		checks: [],
		notNull: true
	};
	const id = { ...column, name: 'id', type: 'uuid', declared: 'uuid', default: 'uuidv7()' };
	const name = { ...column, name: 'name', type: 'text', declared: 'text', unique: true };
	const table = { name: 'projects', columns: [id, name], key: ['id'], keyDeferrable: false, logged: true };

	test('agrees', () => expect(compareTables([table], [wanted])).toEqual([]));

	test.each([
		['TABLE_MISSING', []],
		['TABLE_UNKNOWN', [table, { ...table, name: 'other' }]],
		['TABLE_KEY', [{ ...table, key: [] }]],
		['TABLE_KEY', [{ ...table, keyDeferrable: true }]],
		['TABLE_UNLOGGED', [{ ...table, logged: false }]],
		['COLUMN_MISSING', [{ ...table, columns: [id] }]],
		['COLUMN_UNKNOWN', [{ ...table, columns: [id, name, { ...name, name: 'more' }] }]],
		[
			'COLUMN_TYPE',
			[{ ...table, columns: [id, { ...name, type: 'character varying', declared: 'character varying(20)' }] }]
		],
		['COLUMN_PRESENCE', [{ ...table, columns: [id, { ...name, notNull: false }] }]],
		['COLUMN_DEFAULT', [{ ...table, columns: [{ ...id, default: undefined }, name] }]],
		['COLUMN_UNIQUE', [{ ...table, columns: [id, { ...name, unique: false }] }]],
		['COLUMN_REFERENCES', [{ ...table, columns: [id, { ...name, references: 'x' }] }]]
	])('tells %s', (reason, found) => {
		expect(compareTables(found, [wanted]).map((d) => d.reason)).toEqual([reason]);
	});
});

test('formOfTable leaves the key out and knows what must be filled in', () => {
	const form = formOfTable(ticket);
	expect(form.map((field) => field.name)).not.toContain('id');
	expect(form.find((field) => field.name === 'title')).toEqual({
		name: 'title',
		label: 'Title',
		input: 'text',
		required: true,
		maxLength: 200
	});
	expect(form.find((field) => field.name === 'status')).toMatchObject({
		input: 'choice',
		values: ['OPEN', 'DONE'],
		initial: 'OPEN'
	});
	expect(form.find((field) => field.name === 'project_id')).toMatchObject({
		input: 'reference',
		references: 'projects',
		required: true
	});
	expect(form.find((field) => field.name === 'due')).toMatchObject({ input: 'date', required: false });
});

test('formOfMessage is the form of a command', () => {
	const form = formOfMessage(schema.registry.getMessage('tickets.CloseTicketRequest')!);
	expect(form).toEqual([
		{ name: 'id', label: 'Id', input: 'text', required: false, initial: '' },
		{ name: 'note', label: 'Note', input: 'text', required: false },
		{ name: 'votes', label: 'Votes', input: 'json', required: false, initial: '{}' }
	]);
});
