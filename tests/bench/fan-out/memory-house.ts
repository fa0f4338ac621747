// The neighbours of core/live, in memory: one view of one row that changes when told.
import type { ReleaseArtifact } from '#engine/module';
import type { ViewSpec } from '#engine/view';
import type { StreamParts } from '#api/stream';
import type { Installation } from '#core/tenancy';
import type { JournalRow, Position, Views } from '#core/views';
import type { LiveParts } from '#core/live';

const columns = ['id', 'title', 'owner'].map((name) => ({
	name,
	type: name === 'id' ? 'integer' : 'text',
	dims: 0,
	notNull: true,
	...(name === 'id' ? { keyIndex: 0 } : {})
}));
const spec = {
	name: 'items',
	hash: 'items',
	columns,
	opaqueKey: false,
	kind: 'maintained'
} as unknown as ViewSpec;

export function memoryHouse() {
	const project = {
		id: 'p',
		organization: 'o',
		path: 'home/main',
		orgSlug: 'home',
		slug: 'main',
		name: 'Main'
	};
	const access = { views: { items: { read: [{ roles: ['project-user'] }], columns: {} } }, commands: {} };
	const artifact = { manifest: { name: 'tickets', access }, views: [spec] } as unknown as ReleaseArtifact;
	const installation = {
		id: 'n',
		module: 'tickets',
		project,
		release: { hash: 'a', artifact }
	} as unknown as Installation;
	const journal: JournalRow[] = [];
	const listeners = new Set<(position: Position) => void>();
	let seq = 1n;
	const principal = { id: 'p', name: 'p', email: undefined, sysAdmin: false, grantsVersion: 1n };
	const views = {
		position: () => ({ seq }),
		oldest: () => ({ seq: 0n }),
		onAdvance(listener: (position: Position) => void) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		journal: async (after: Position) => journal.filter((row) => row.seq > after.seq),
		find: () => ({ id: 1, spec, schema: 's', stateSchema: 's', generation: 1 })
	} as unknown as Views;
	const tenancy = {
		project: async () => project,
		installation: async () => installation,
		onChange: () => () => {}
	} as StreamParts['tenancy'];
	const identity = {
		authenticate: async () => principal,
		refresh: async () => principal,
		rolesIn: () => new Set(['project-user']),
		grantsVersion: () => 1n,
		grantsHeardAt: () => Date.now(),
		onGrantsChanged: () => () => {}
	} as StreamParts['identity'];
	const postgres = {
		instance: { id: 'bench' },
		app: { query: async () => ({ rows: [{ timeline: '00000001' }] }) }
	} as unknown as LiveParts['postgres'];

	/** Writes one change of a row that `owner` has. */
	function change(owner = 'someone'): void {
		seq += 1n;
		const old = { id: '1', title: String(seq - 1n), owner };
		journal.length = 0;
		journal.push({
			seq,
			op: 0,
			view: 1,
			operation: 'update',
			key: '"1"',
			old,
			new: { ...old, title: String(seq) },
			txids: [seq]
		});
		for (const listener of listeners) listener({ seq });
	}
	return { views, postgres, tenancy, identity, installation, change };
}
