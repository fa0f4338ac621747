/** A small module that uses everything once: two tables, a join view, a group, a command, two pages, a demo. */
export const desk: Readonly<Record<string, string>> = {
	'module.json': JSON.stringify(
		{
			name: 'desk',
			version: '1.0.0',
			title: 'Desk',
			roles: { agent: { title: 'Agent' } },
			access: {
				views: {
					open_tickets: ['project-user'],
					tickets: {
						read: [{ roles: ['project-user'], where: 'assignee_id = principal()' }],
						columns: { points: ['agent'] }
					},
					points: []
				},
				commands: {
					CloseTicket: ['agent'],
					UpdateTicket: [{ roles: ['project-user'], where: 'assignee_id = principal()' }]
				}
			},
			navigation: [
				{ title: 'Open', page: 'index' },
				{ title: 'Projects', page: 'projects' }
			]
		},
		null,
		2
	),
	'schema.proto': `syntax = "proto3";
package desk;

import "loam/options.proto";
import "google/protobuf/timestamp.proto";

message Project {
  option (loam.table) = {};
  string id = 1 [(loam.column).key = true];
  string name = 2 [(loam.column).required = true];
}

message Ticket {
  option (loam.table) = {};
  enum Status { OPEN = 0; DONE = 1; }
  string id = 1 [(loam.column).key = true];
  string project_id = 2 [(loam.column).references = "Project"];
  string title = 3 [(loam.column).required = true];
  Status status = 4;
  int32 points = 5;
  optional string assignee_id = 6 [(loam.column).references = "people"];
  google.protobuf.Timestamp opened_at = 7 [(loam.column) = { required: true, default: "now()" }];
}

message CloseTicketRequest { string id = 1; }
message CloseTicketResponse { bool closed = 1; }

service Desk {
  rpc CloseTicket(CloseTicketRequest) returns (CloseTicketResponse);
}
`,
	'migrations/0001_init.sql': `CREATE TABLE projects (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	name text NOT NULL CHECK (name <> '')
);
CREATE TABLE tickets (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	project_id uuid NOT NULL REFERENCES projects,
	title text NOT NULL CHECK (title <> ''),
	status text NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'DONE')),
	points integer NOT NULL DEFAULT 0,
	assignee_id uuid,
	opened_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tickets_project ON tickets (project_id);
`,
	'views/open_tickets.sql': `SELECT t.id, t.title, t.points, t.project_id, p.name AS project
FROM tickets t
JOIN projects p ON p.id = t.project_id
WHERE t.status = 'OPEN'
`,
	'views/points.sql': `SELECT p.id, p.name, count(*) AS tickets, sum(t.points) AS points
FROM projects p
JOIN tickets t ON t.project_id = p.id
GROUP BY p.id, p.name
`,
	'logic/close_ticket.ts': `import type { CloseTicketRequest, CloseTicketResponse, Loam } from 'loam';
import { isOpen } from './shared/status.ts';

export default async function closeTicket(request: CloseTicketRequest, loam: Loam): Promise<CloseTicketResponse> {
	const ticket = await loam.db.tickets.get(request.id);
	if (!ticket) return loam.fail('TICKET_UNKNOWN', 'That ticket is gone.');
	if (!isOpen(ticket)) return { closed: false };
	await loam.db.tickets.update(ticket.id, { status: 'DONE' });
	return { closed: true };
}
`,
	'logic/shared/status.ts': `import type { Ticket } from 'loam';

export function isOpen(ticket: Ticket): boolean {
	return ticket.status === 'OPEN';
}
`,
	'pages/index.page.json': JSON.stringify(
		{
			title: 'Open tickets',
			data: { tickets: { view: 'open_tickets', order: ['points desc', 'id'], limit: 50 } },
			card: {
				type: 'AdaptiveCard',
				version: '1.5',
				body: [
					{
						type: 'Container',
						$data: '${tickets}',
						items: [
							{ type: 'TextBlock', text: '${title} in ${project}' },
							{
								type: 'ActionSet',
								actions: [
									{ type: 'Action.Execute', title: 'Close', verb: 'CloseTicket', data: { id: '${id}' } }
								]
							}
						]
					}
				]
			}
		},
		null,
		2
	),
	'pages/projects/[id].page.json': JSON.stringify(
		{
			title: 'Project',
			data: { tickets: { view: 'open_tickets', where: "project_id = param('id')" } },
			card: { type: 'AdaptiveCard', version: '1.5', body: [{ type: 'TextBlock', text: 'Tickets' }] }
		},
		null,
		2
	),
	'locales/en.json': '{}\n',
	'seeds/demo.json': JSON.stringify({
		tickets: [
			{
				project_id: '01930000-0000-7000-8000-000000000001',
				title: 'First',
				points: 3,
				assignee_id: { $person: 0 }
			},
			{ project_id: '01930000-0000-7000-8000-000000000001', title: 'Second' }
		],
		projects: [{ id: '01930000-0000-7000-8000-000000000001', name: 'Web' }]
	})
};

/** The module with some files changed; undefined takes one away. */
export function deskWith(changes: Readonly<Record<string, string | undefined>> = {}): Map<string, string> {
	const files = new Map(Object.entries(desk));
	for (const [path, text] of Object.entries(changes)) {
		if (text === undefined) files.delete(path);
		else files.set(path, text);
	}
	return files;
}

/** The module with one text replaced in one file. Fails where it is not there. */
export function deskEdited(path: string, from: string, to: string): Map<string, string> {
	const before = desk[path]!;
	if (!before.includes(from)) throw new Error(`${path} has no ${from}`);
	return deskWith({ [path]: before.replace(from, to) });
}
