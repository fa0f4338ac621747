import type { ModuleFiles } from '#engine/module';

/** What a new module begins with. */
export type TemplateName = 'empty' | 'starter';

export function isTemplate(name: string): name is TemplateName {
	return name === 'empty' || name === 'starter';
}

/** The files of a new module; both templates pass the gate as they are. The title is made of the name unless told. */
export function fromTemplate(template: TemplateName, name: string, told = ''): ModuleFiles {
	const title = told || name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');
	return new Map(Object.entries(template === 'empty' ? empty(name, title) : starter(name, title)));
}

function json(value: unknown): string {
	return `${JSON.stringify(value, null, 2)}\n`;
}

function empty(name: string, title: string): Record<string, string> {
	return {
		'module.json': json({
			name,
			version: '0.1.0',
			title,
			access: { views: {}, commands: {} },
			navigation: []
		}),
		'schema.proto': emptySchema(name)
	};
}

const emptySchema = (name: string) => `syntax = "proto3";

package ${name};

import "loam/options.proto";

// A message with (loam.table) is a table, and has screens:
//
//   message Book {
//     option (loam.table) = {};
//     string id = 1 [(loam.column).key = true];
//     string title = 2 [(loam.column).required = true];
//     optional string by = 3 [(loam.column).references = "people"];
//   }
//
// A service's methods are commands; logic/ has one handler for each.
`;

/** A list of notes: one table, one view, one command, one page. */
function starter(name: string, title: string): Record<string, string> {
	return {
		'module.json': json({
			name,
			version: '0.1.0',
			title,
			access: {
				views: { open_notes: ['project-user'] },
				commands: { AddNote: ['project-user'], FinishNote: ['project-user'] }
			},
			navigation: [{ title: 'Notes', page: '' }]
		}),
		'schema.proto': starterSchema(name),
		'migrations/0001_notes.sql': starterMigration,
		'views/open_notes.sql': 'SELECT id, text, written_at\nFROM notes\nWHERE NOT done\n',
		'logic/add_note.ts': starterAdd,
		'logic/finish_note.ts': starterFinish,
		// What was typed as a title is no expression.
		'pages/index.page.json': json(starterPage(title.replaceAll('${', '$ {'))),
		'seeds/demo.json': json({
			notes: [{ text: 'Change the page and publish it' }, { text: 'Add a field to the schema' }]
		})
	};
}

const starterSchema = (name: string) => `syntax = "proto3";

package ${name};

import "google/protobuf/timestamp.proto";
import "loam/options.proto";

message Note {
  option (loam.table) = {};
  string id = 1 [(loam.column).key = true];
  string text = 2 [(loam.column) = { required: true, max_length: 500 }];
  bool done = 3;
  google.protobuf.Timestamp written_at = 4 [(loam.column) = { required: true, default: "now()" }];
}

message AddNoteRequest {
  string text = 1;
}

message AddNoteResponse {
  string id = 1;
}

message FinishNoteRequest {
  string id = 1;
}

message FinishNoteResponse {}

service Notes {
  rpc AddNote(AddNoteRequest) returns (AddNoteResponse);
  rpc FinishNote(FinishNoteRequest) returns (FinishNoteResponse);
}
`;

const starterMigration = `CREATE TABLE notes (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	text text NOT NULL CHECK (text <> '' AND char_length(text) <= 500),
	done boolean NOT NULL DEFAULT false,
	written_at timestamptz NOT NULL DEFAULT now()
);
`;

const starterAdd = `import type { AddNoteRequest, AddNoteResponse, Loam } from 'loam';

export default async function addNote(request: AddNoteRequest, loam: Loam): Promise<AddNoteResponse> {
	const text = request.text.trim();
	if (text === '') loam.fail('NOTE_EMPTY', 'Write something first.');
	const note = await loam.db.notes.insert({ text });
	return { id: note.id };
}
`;

const starterFinish = `import type { FinishNoteRequest, FinishNoteResponse, Loam } from 'loam';

export default async function finishNote(request: FinishNoteRequest, loam: Loam): Promise<FinishNoteResponse> {
	const note = await loam.db.notes.update(request.id, { done: true });
	if (!note) loam.fail('NOTE_UNKNOWN', 'That note is gone.');
	return {};
}
`;

const starterPage = (title: string) => ({
	title,
	data: { notes: { view: 'open_notes', order: ['written_at desc'] } },
	card: {
		type: 'AdaptiveCard',
		version: '1.5',
		body: [
			{ type: 'TextBlock', text: title, size: 'extraLarge', weight: 'bolder', style: 'heading' },
			{
				type: 'Input.Text',
				id: 'text',
				label: 'New note',
				isRequired: true,
				errorMessage: 'Write something first.'
			},
			{ type: 'ActionSet', actions: [{ type: 'Action.Execute', title: 'Add', verb: 'AddNote' }] },
			{
				type: 'TextBlock',
				$when: '${count(notes) == 0}',
				text: 'No notes yet. Write the first one above.',
				isSubtle: true,
				wrap: true
			},
			{
				type: 'Container',
				$data: '${notes}',
				separator: true,
				items: [
					{ type: 'TextBlock', text: '${text}', wrap: true },
					{
						type: 'ActionSet',
						actions: [
							{
								type: 'Action.Execute',
								title: 'Done',
								verb: 'FinishNote',
								associatedInputs: 'none',
								data: { id: '${id}' }
							}
						]
					}
				]
			}
		]
	}
});
