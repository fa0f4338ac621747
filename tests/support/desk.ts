import { create, toBinary } from '@bufbuild/protobuf';
import {
	FieldDescriptorProto_Label,
	FieldDescriptorProto_Type,
	FileDescriptorSetSchema
} from '@bufbuild/protobuf/wkt';
import { silentLogger, uuidv7, type Json, type Logger } from '#kernel';
import type { ReleaseArtifact } from '#engine/module';
import type { ColumnSpec, MethodSpec, StandardOperation, TableSpec } from '#engine/schema';
import { createCommands, type CommandCall, type CommandResult } from '#core/commands';
import { createTenancy, type Installation, type LiveRelease, type Place, type Tenancy } from '#core/tenancy';
import type { Isolates } from '#platform/isolates';
import type { Postgres } from '#platform/postgres';

/** A small module, provisioned and called without the gate: projects and tickets. */
export interface Desk {
	readonly place: Place;
	readonly installation: Installation;
	/** Runs the body of a handler: `request` and `loam` are in scope. */
	handle(body: string, request?: Json, more?: Partial<CommandCall>): Promise<CommandResult>;
	/** Runs a standard method of `tickets`, or of another table. */
	standard(operation: StandardOperation, request: Json, more?: Partial<CommandCall>): Promise<CommandResult>;
}

export const deskSql = `
	CREATE TABLE projects (id uuid PRIMARY KEY DEFAULT uuidv7(), name text NOT NULL UNIQUE);
	CREATE TABLE tickets (
		id uuid PRIMARY KEY DEFAULT uuidv7(),
		title text NOT NULL CONSTRAINT tickets_title_check CHECK (title <> '' AND char_length(title) <= 20),
		status text NOT NULL CONSTRAINT tickets_status_check CHECK (status IN ('OPEN', 'CLOSED')),
		project_id uuid REFERENCES projects,
		points integer NOT NULL,
		price numeric,
		size bigint,
		tags text[] NOT NULL,
		extra jsonb,
		file bytea,
		took interval,
		opened_at timestamptz NOT NULL DEFAULT now(),
		assignee uuid
	)`;

const column = (
	number: number,
	name: string,
	type: ColumnSpec['type'],
	more: Partial<ColumnSpec> = {}
): ColumnSpec => ({
	name,
	number,
	type,
	array: false,
	nullable: false,
	unique: false,
	required: false,
	label: name.charAt(0).toUpperCase() + name.slice(1).replace('_', ' '),
	multiline: false,
	line: number,
	...more
});

export const deskTables: readonly TableSpec[] = [
	{
		name: 'projects',
		message: 'desk.Project',
		key: ['id'],
		label: 'Project',
		line: 1,
		columns: [column(1, 'id', 'uuid', { default: 'uuidv7()' }), column(2, 'name', 'text', { unique: true })]
	},
	{
		name: 'tickets',
		message: 'desk.Ticket',
		key: ['id'],
		label: 'Ticket',
		line: 10,
		columns: [
			column(1, 'id', 'uuid', { default: 'uuidv7()' }),
			column(2, 'title', 'text', { required: true, maxLength: 20 }),
			column(3, 'status', 'text', { values: ['OPEN', 'CLOSED'] }),
			column(4, 'project_id', 'uuid', { nullable: true, references: 'projects' }),
			column(5, 'points', 'integer'),
			column(6, 'price', 'numeric', { nullable: true }),
			column(7, 'size', 'bigint', { nullable: true }),
			column(8, 'tags', 'text', { array: true }),
			column(9, 'extra', 'jsonb', { nullable: true }),
			column(10, 'file', 'bytea', { nullable: true }),
			column(11, 'took', 'interval', { nullable: true }),
			column(12, 'opened_at', 'timestamptz', { default: 'now()' }),
			column(13, 'assignee', 'uuid', { nullable: true })
		]
	}
] as const;

/** One message, `desk.Reply { string text = 1; int32 count = 2; repeated string names = 3; }`. */
const descriptor = toBinary(
	FileDescriptorSetSchema,
	create(FileDescriptorSetSchema, {
		file: [
			{
				name: 'schema.proto',
				package: 'desk',
				syntax: 'proto3',
				messageType: [
					{
						name: 'Reply',
						field: [
							field(1, 'text', FieldDescriptorProto_Type.STRING),
							field(2, 'count', FieldDescriptorProto_Type.INT32),
							field(3, 'names', FieldDescriptorProto_Type.STRING, FieldDescriptorProto_Label.REPEATED)
						]
					}
				]
			}
		]
	})
);

function field(
	number: number,
	name: string,
	type: FieldDescriptorProto_Type,
	label = FieldDescriptorProto_Label.OPTIONAL
) {
	return { number, name, jsonName: name, type, label };
}

export function deskRelease(bundle: string): LiveRelease {
	const artifact = {
		format: 1,
		manifest: { name: 'desk', title: 'Desk' },
		package: 'desk',
		tables: deskTables,
		methods: [],
		views: [],
		pages: [],
		bundle,
		locales: {}
	} as unknown as ReleaseArtifact;
	const id = uuidv7();
	return { id, hash: id.replaceAll('-', '').padEnd(64, '0'), shortHash: id.slice(-12), artifact, descriptor };
}

/** Provisions the module under `name` in home/main. */
export async function openDesk(
	db: Postgres,
	isolates: Isolates,
	name = 'desk',
	log: Logger = silentLogger
): Promise<Desk & { readonly tenancy: Tenancy; end(): Promise<void> }> {
	const tenancy = await createTenancy({ postgres: db, log: silentLogger });
	const project = (await tenancy.project('home', 'main'))!;
	const { rows } = await db.app.query<{ id: string }>(
		'INSERT INTO loam.module (project_id, name) VALUES ($1, $2) RETURNING id',
		[project.id, name]
	);
	const place = await tenancy.provision(project.id, rows[0]!.id, name);
	await tenancy.asOwner(place, (client) => client.query(deskSql));
	const commands = createCommands({ postgres: db, isolates, log });
	const installation: Installation = { ...place, release: deskRelease(''), previous: undefined };
	const releases = new Map<string, LiveRelease>();
	const caller = {
		principal: { id: uuidv7(), name: 'Ann', email: undefined, sysAdmin: false, grantsVersion: 0n },
		roles: new Set(['project-user'])
	};

	function releaseOf(body: string): LiveRelease {
		const found = releases.get(body);
		if (found) return found;
		const made = deskRelease(
			`globalThis.__handlers = { 'logic/do.ts': async (request, loam) => { ${body} } };`
		);
		releases.set(body, made);
		return made;
	}

	return {
		place,
		installation,
		tenancy,
		handle: (body, request = {}, more = {}) =>
			commands.run({
				installation,
				release: releaseOf(body),
				method: {
					name: 'Do',
					service: 'desk.Desk',
					request: 'desk.DoRequest',
					response: 'desk.Anything',
					run: { kind: 'handler', file: 'logic/do.ts' }
				},
				request,
				...caller,
				...more
			}),
		standard: (operation, request, more = {}) =>
			commands.run({
				installation,
				release: installation.release,
				method: standardMethod(operation),
				request,
				...caller,
				...more
			}),
		end: () => tenancy.end()
	};
}

export function standardMethod(operation: StandardOperation, table = 'tickets'): MethodSpec {
	return {
		name: operation,
		service: 'desk.TicketService',
		request: 'desk.Request',
		response: 'desk.Ticket',
		run: { kind: 'standard', operation, table }
	};
}
