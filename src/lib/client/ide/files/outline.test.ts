import { expect, it } from 'vitest';
import { readOutline } from './outline.ts';

const source = `syntax = "proto3";
package tickets;
import "loam/options.proto";
message Ticket {
	option (loam.table) = { label: "Ticket" };
	string id = 1 [(loam.column).key = true];
	optional string project_id = 2;
}
message Person {
	option (loam.table).name = "staff";
	string id = 1 [(loam.column).key = true];
}
message Plain { option (loam.table) = {}; string id = 1; }
message CloseTicketRequest { string id = 1; }
message CloseTicketResponse {}
service Desk { rpc CloseTicket(CloseTicketRequest) returns (CloseTicketResponse); }
`;

const id = { name: 'id', type: 'string' };

it('finds tables, their columns and the methods of services', () => {
	expect(readOutline(source)).toEqual({
		outline: {
			package: 'tickets',
			tables: [
				{ message: 'Ticket', name: 'tickets', columns: [id, { name: 'project_id', type: 'string' }] },
				{ message: 'Person', name: 'staff', columns: [id] },
				{ message: 'Plain', name: 'plains', columns: [id] }
			],
			methods: [
				{
					name: 'CloseTicket',
					service: 'Desk',
					request: 'CloseTicketRequest',
					response: 'CloseTicketResponse'
				}
			]
		}
	});
});

it('says where a schema is broken', () => {
	const result = readOutline(source.replace('string id = 1 [(loam', 'string id = ; [(loam'));
	expect(result).toMatchObject({ problem: { file: 'schema.proto', line: 6, reason: 'PROTO_SYNTAX' } });
});
